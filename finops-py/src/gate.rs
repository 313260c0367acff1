//! The gate of budgets as an object of Python. A call is answered from memory under the interpreter's lock, which takes
//! less time than releasing it; where the core says that budgets have to be looked at first, the lock is released.

use crate::engine::Engine;
use crate::{errors, input, output};
use finops_core::engine::{Decision, Refused, RefusedBy, Released, SpendAnswer, SpendCheck, SpendRequest};
use finops_core::model::id::{self, Id};
use finops_core::model::money::{Money, Quantity};
use finops_core::model::time::Stamp;
use finops_core::{Answer, Error, Finops};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyFloat, PyInt, PyString, PyTuple};
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// The fields of a spend, in the order in which Python passes their values.
static FIELDS: LazyLock<&'static [&'static str]> = LazyLock::new(|| {
    let reserve = finops_core::operations().find(|operation| operation.name == "budgets.reserve");
    reserve.map_or(&[], |operation| operation.fields)
});

/// The gate of an engine; use `iof.finops.budgets` instead.
#[pyclass(name = "Gate", module = "iof._iof", frozen)]
pub(crate) struct Gate {
    engine: Py<Engine>,
}

#[pymethods]
impl Gate {
    #[new]
    fn new(engine: Py<Engine>) -> Self {
        Self { engine }
    }

    /// Whether a spend may happen now.
    #[pyo3(signature = (*values))]
    fn check<'py>(&self, py: Python<'py>, values: &Bound<'py, PyTuple>) -> PyResult<Bound<'py, PyAny>> {
        self.with(py, |core| {
            let request = request(values)?;
            let checked = match core.check_at_once(&request) {
                Ok(None) => py.detach(|| core.budgets_check(&request)),
                Ok(Some(checked)) => Ok(checked),
                Err(error) => Err(error),
            };
            told_check(py, checked.map_err(|error| errors::exception(py, &error))?)
        })
    }

    /// Holds the amount of a spend.
    #[pyo3(signature = (*values))]
    fn reserve<'py>(&self, py: Python<'py>, values: &Bound<'py, PyTuple>) -> PyResult<Bound<'py, PyAny>> {
        self.with(py, |core| {
            let request = request(values)?;
            let answered = match core.reserve_at_once(&request) {
                Ok(None) => py.detach(|| core.budgets_reserve(&request)),
                Ok(Some(answered)) => Ok(answered),
                Err(error) => Err(error),
            };
            told_reserve(py, answered.map_err(|error| errors::exception(py, &error))?)
        })
    }

    /// Holds the amount of a spend, and gives the id of the reservation and the amount; raises when it is refused.
    /// Without `wait`, none when budgets have to be looked at first.
    #[pyo3(signature = (wait, values))]
    fn spend<'py>(
        &self,
        py: Python<'py>,
        wait: bool,
        values: &Bound<'py, PyTuple>,
    ) -> PyResult<Option<(String, Bound<'py, PyAny>)>> {
        self.with(py, |core| {
            let request = request(values)?;
            let held = match core.spend_at_once(&request) {
                Ok(None) if wait => py.detach(|| core.spend(&request)).map(Some),
                held => held,
            };
            let Some(held) = held.map_err(|error| errors::exception(py, &error))? else { return Ok(None) };
            let amount = held.amount();
            let id = held.into_id().to_string();
            Ok(Some((id, output::decimal(py, amount)?)))
        })
    }

    /// Says what a reservation came to.
    fn settle<'py>(
        &self,
        py: Python<'py>,
        reservation_id: &Bound<'py, PyAny>,
        amount: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        self.with(py, |core| {
            let (Some(id), Some(amount)) = (reservation(reservation_id), money(amount)?) else {
                return by_name(py, core, "budgets.settle", &[reservation_id, amount]);
            };
            let (settled, is_due) = core.settle_at_once(id, amount).map_err(|error| errors::exception(py, &error))?;
            if is_due {
                py.detach(|| core.look_at_budgets());
            }
            let dict = PyDict::new(py);
            dict.set_item(intern!(py, "posted"), output::decimal(py, settled.posted)?)?;
            dict.set_item(intern!(py, "released"), output::decimal(py, settled.released)?)?;
            dict.set_item(intern!(py, "overrun"), settled.overrun)?;
            dict.set_item(intern!(py, "late"), settled.late)?;
            Ok(dict.into_any())
        })
    }

    /// Lets go of what a reservation held.
    fn release<'py>(&self, py: Python<'py>, reservation_id: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        self.with(py, |core| {
            let Some(id) = reservation(reservation_id) else {
                return by_name(py, core, "budgets.release", &[reservation_id]);
            };
            let Released { released, .. } = core.budgets_release(id).map_err(|error| errors::exception(py, &error))?;
            let dict = PyDict::new(py);
            dict.set_item(intern!(py, "released"), output::decimal(py, released)?)?;
            Ok(dict.into_any())
        })
    }
}

impl Gate {
    fn with<T>(&self, py: Python<'_>, call: impl FnOnce(&Finops) -> PyResult<T>) -> PyResult<T> {
        self.engine.get().with(py, call)
    }
}

/// A spend by its values. What is not of the usual types is read as the parameters of any other call.
fn request(values: &Bound<'_, PyTuple>) -> PyResult<SpendRequest> {
    if let Some(request) = usual(values)? {
        return Ok(request);
    }
    let py = values.py();
    let params = PyDict::new(py);
    for (name, value) in FIELDS.iter().zip(values) {
        params.set_item(name, value)?;
    }
    SpendRequest::from_json(input::object(&params)?).map_err(|error| errors::exception(py, &error))
}

/// A spend whose values are of the usual types; none of any other.
fn usual(values: &Bound<'_, PyTuple>) -> PyResult<Option<SpendRequest>> {
    let mut request = SpendRequest::default();
    for (name, value) in FIELDS.iter().zip(values.iter_borrowed()) {
        if value.is_none() {
            continue;
        }
        let is_read = match *name {
            "amount" => {
                request.amount = money(&value)?;
                request.amount.is_some()
            }
            "ttl_seconds" => {
                request.ttl_seconds = money(&value)?.map(|seconds| Quantity::from_mantissa(seconds.mantissa()));
                request.ttl_seconds.is_some()
            }
            "currency" => {
                request.currency = text(&value).and_then(|text| text.parse().ok());
                request.currency.is_some()
            }
            "id" => {
                request.id = reservation(&value);
                request.id.is_some()
            }
            "tags" => {
                let tags = tags(&value);
                tags.map(|tags| request.tags = tags).is_some()
            }
            name => text(&value).is_some_and(|id| request.set_id(name, id.to_owned())),
        };
        if !is_read {
            return Ok(None);
        }
    }
    Ok(Some(request))
}

fn text<'a>(value: &'a Bound<'_, PyAny>) -> Option<&'a str> {
    value.cast::<PyString>().ok()?.to_str().ok()
}

fn tags(value: &Bound<'_, PyAny>) -> Option<BTreeMap<String, String>> {
    let tags = value.cast::<PyDict>().ok()?.iter();
    tags.map(|(key, value)| Some((text(&key)?.to_owned(), text(&value)?.to_owned()))).collect()
}

fn reservation(value: &Bound<'_, PyAny>) -> Option<Id<id::Reservation>> {
    text(value)?.parse().ok()
}

/// An amount of the usual types. A float counts as the shortest decimal that reads back as it.
fn money(value: &Bound<'_, PyAny>) -> PyResult<Option<Money>> {
    if value.is_exact_instance(output::decimal_type(value.py())?) {
        return Ok(text(value.str()?.as_any()).and_then(|text| text.parse().ok()));
    }
    if value.is_exact_instance_of::<PyInt>() {
        return Ok(value.extract::<i64>().ok().map(Money::from_units));
    }
    if let Ok(float) = value.cast_exact::<PyFloat>() {
        return Ok(Money::from_f64_shortest(float.value()).ok());
    }
    Ok(text(value).and_then(|text| text.parse().ok()))
}

/// The same call by its name, as the parameters of any other call are read: it says what is wrong with them.
fn by_name<'py>(
    py: Python<'py>,
    core: &Finops,
    operation: &str,
    values: &[&Bound<'py, PyAny>],
) -> PyResult<Bound<'py, PyAny>> {
    let known = finops_core::operations().find(|known| known.name == operation);
    let params = PyDict::new(py);
    for (name, value) in known.map_or(&[][..], |known| known.fields).iter().zip(values) {
        params.set_item(name, value)?;
    }
    let params = input::object(&params)?;
    let answer = py.detach(|| core.call(operation, params, &()));
    output::object(py, &raised(py, answer)?)
}

fn raised(py: Python<'_>, answer: Result<Answer, Error>) -> PyResult<Answer> {
    answer.map_err(|error| errors::exception(py, &error))
}

fn told_check(py: Python<'_>, checked: SpendCheck) -> PyResult<Bound<'_, PyAny>> {
    let dict = PyDict::new(py);
    decided(&dict, checked.decision, checked.budgets, checked.reason, checked.refused_by)?;
    Ok(dict.into_any())
}

fn told_reserve(py: Python<'_>, answered: SpendAnswer) -> PyResult<Bound<'_, PyAny>> {
    let dict = PyDict::new(py);
    dict.set_item(intern!(py, "reservation_id"), answered.reservation_id.map(|id| id.to_string()))?;
    decided(&dict, answered.decision, answered.budgets, answered.reason, answered.refused_by)?;
    dict.set_item(intern!(py, "expires_at"), answered.expires_at.map(Stamp::to_utc))?;
    dict.set_item(intern!(py, "repeated"), answered.repeated)?;
    Ok(dict.into_any())
}

/// What a check and a reservation answer alike. Made here and not by the listener that other answers are told to,
/// which takes longer than the gate; the tests compare the two.
fn decided(
    dict: &Bound<'_, PyDict>,
    decision: Decision,
    budgets: Option<u64>,
    reason: Option<Refused>,
    refused_by: Option<Box<RefusedBy>>,
) -> PyResult<()> {
    let py = dict.py();
    let word = if decision == Decision::Allow { intern!(py, "allow") } else { intern!(py, "deny") };
    dict.set_item(intern!(py, "decision"), word)?;
    dict.set_item(intern!(py, "budgets"), budgets)?;
    dict.set_item(intern!(py, "reason"), reason.map(Refused::as_str))?;
    dict.set_item(intern!(py, "refused_by"), refused_by.map(|by| refusal(py, *by)).transpose()?)
}

fn refusal(py: Python<'_>, by: RefusedBy) -> PyResult<Bound<'_, PyDict>> {
    let money = |amount: Option<Money>| amount.map(|amount| output::decimal(py, amount)).transpose();
    let dict = PyDict::new(py);
    dict.set_item(intern!(py, "budget_id"), by.budget_id.to_string())?;
    dict.set_item(intern!(py, "name"), by.name)?;
    dict.set_item(intern!(py, "limit"), money(by.limit)?)?;
    let percent = by.threshold_percent.map(|percent| Money::from_mantissa(percent.mantissa()));
    dict.set_item(intern!(py, "threshold_percent"), money(percent)?)?;
    dict.set_item(intern!(py, "spent"), money(by.spent)?)?;
    dict.set_item(intern!(py, "reserved"), money(Some(by.reserved))?)?;
    dict.set_item(intern!(py, "requested"), money(Some(by.requested))?)?;
    dict.set_item(intern!(py, "until"), by.until.to_utc())?;
    Ok(dict)
}
