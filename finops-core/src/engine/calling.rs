//! Calling an operation by its name.

use super::operations::operations;
use super::params::parse;
use super::{Answer, Finops, Observer};
use crate::insight::query::{AnswerTo, CostRequest};
use crate::insight::{BreakdownRequest, ItemColumns};
use crate::model::access::Needs;
use crate::{Error, ErrorCode, Result};
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::fmt;

type Call = fn(&Finops, Value, &dyn Observer) -> Result<Answer>;

/// An operation that can be called by name.
#[non_exhaustive]
pub struct Operation {
    /// Its name, such as `costs.daily`.
    pub name: &'static str,
    /// What a handle needs to call it.
    pub access: Needs,
    /// The fields of its parameters.
    pub fields: &'static [&'static str],
    pub(super) call: Call,
}

impl fmt::Debug for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Operation").field("name", &self.name).field("fields", &self.fields).finish_non_exhaustive()
    }
}

impl Finops {
    /// Calls an operation by its name, with its parameters as a JSON object.
    ///
    /// ```
    /// use finops_core::Finops;
    /// use serde_json::json;
    ///
    /// let finops = Finops::open(":memory:")?;
    /// let entry = finops.call("catalog.upsert", json!({"kind": "team", "id": "t1", "name": "Search"}), &())?;
    /// assert_eq!(serde_json::to_value(entry).unwrap()["name"], "Search");
    /// # Ok::<(), finops_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// `not_found` for an unknown name; `forbidden` for what this handle may not; `invalid_argument`, with the field,
    /// for parameters that cannot be read; else what the operation gives.
    pub fn call(&self, operation: &str, params: Value, observer: &dyn Observer) -> Result<Answer> {
        let known = operations().find(|known| known.name == operation);
        let known = known.ok_or_else(|| {
            Error::new(ErrorCode::NotFound, format!("there is no operation '{operation}'")).with_field("operation")
        })?;
        // Before the parameters are read: whoever may not call it learns nothing of them.
        self.permit(known.name)?;
        (known.call)(self, params, observer)
    }

    /// The same, with the rows of the answer by column where that spares making them. Then they are not in the answer.
    ///
    /// # Errors
    /// As [`Finops::call`].
    pub fn call_by_column(
        &self,
        operation: &str,
        params: Value,
        observer: &dyn Observer,
    ) -> Result<(Answer, Option<ItemColumns>)> {
        if operation != BreakdownRequest::OPERATION {
            return self.call(operation, params, observer).map(|answer| (answer, None));
        }
        self.permit(BreakdownRequest::OPERATION)?;
        let (answer, columns) = self.costs_breakdown_columns(&parse(params)?, observer)?;
        Ok((answer.into(), Some(columns)))
    }
}

/// Answers a cost request.
pub(super) fn answer<R>(finops: &Finops, params: Value, observer: &dyn Observer) -> Result<Answer>
where
    R: CostRequest + DeserializeOwned,
    for<'q> AnswerTo<'q, R>: Into<Answer>,
{
    let request: R = parse(params)?;
    finops.ask(&request, observer).map(Into::into)
}
