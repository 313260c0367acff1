//! The gate of budgets, on the thread of the event loop: it answers from memory in less time than it takes to hand a
//! call to another thread. Where the core says that budgets have to be looked at first, the caller may let that be
//! done on the thread pool.
//!
//! Texts cross the line: fields of a spend as `name NUL value NUL`, or as JSON what does not fit that; answers that
//! allow as fields between NULs, refusals as JSON.

#![allow(clippy::needless_pass_by_value, reason = "what comes from JavaScript is ours")]

use crate::engine::Engine;
use crate::json;
use crate::tasks::{LookAtBudgets, SpendLater, guarded, parse};
use finops_core::engine::{Released, SpendCheck, SpendGuard, SpendRequest};
use finops_core::model::id::{self, Id};
use finops_core::model::money::{Money, Quantity};
use finops_core::{Answer, Error, Finops};
use napi::bindgen_prelude::{AsyncTask, Either};
use napi_derive::napi;

#[napi]
#[allow(clippy::needless_pass_by_value, reason = "the macro calls with what it has made of a JavaScript text")]
impl Engine {
    /// Whether a spend may happen: how many budgets cover it; or the answer as JSON text where it is a refusal, or
    /// where that is not told. Without `wait`, null when budgets have to be looked at first.
    #[napi]
    pub fn check(&self, spend: String, exact: bool, wait: bool) -> napi::Result<Option<Either<u32, String>>> {
        self.at_once(exact, |core| {
            let request = request(&spend)?;
            let checked = match core.check_at_once(&request)? {
                None if wait => Some(core.budgets_check(&request)?),
                checked => checked,
            };
            let told = |checked: SpendCheck| match checked.budgets {
                Some(budgets) => Ok(Either::A(u32::try_from(budgets).unwrap_or(u32::MAX))),
                None => json::text(&Answer::from(checked), exact).map(Either::B),
            };
            checked.map(told).transpose()
        })
    }

    /// Holds the amount of a spend: its id, how many budgets cover it or nothing, when it expires or nothing, and
    /// whether it was asked before; or the refusal as JSON text. Without `wait`, null when budgets have to be looked
    /// at first.
    #[napi]
    pub fn reserve(&self, spend: String, exact: bool, wait: bool) -> napi::Result<Option<String>> {
        self.at_once(exact, |core| {
            let request = request(&spend)?;
            let answered = match core.reserve_at_once(&request)? {
                None if wait => Some(core.budgets_reserve(&request)?),
                answered => answered,
            };
            let Some(answered) = answered else { return Ok(None) };
            let Some(id) = answered.reservation_id else {
                return json::text(&Answer::from(answered), exact).map(Some);
            };
            let budgets = answered.budgets.map(|budgets| budgets.to_string()).unwrap_or_default();
            let expires_at = answered.expires_at.map(|at| at.to_string()).unwrap_or_default();
            Ok(Some(format!("{id}\0{budgets}\0{expires_at}\0{}", answered.repeated)))
        })
    }

    /// Holds the amount of a spend: its id and the amount. Throws when it is refused; null when budgets have to be
    /// looked at first.
    #[napi]
    pub fn spend(&self, spend: String, exact: bool) -> napi::Result<Option<String>> {
        self.at_once(exact, |core| Ok(core.spend_at_once(&request(&spend)?)?.map(held)))
    }

    /// The same with budgets looked at first, on the thread pool.
    #[napi]
    pub fn spend_later(&self, spend: String, exact: bool) -> napi::Result<AsyncTask<SpendLater>> {
        Ok(AsyncTask::new(SpendLater { core: Some(self.core()?), spend, exact }))
    }

    /// Says what a reservation came to: what is posted, what is released, whether it is an overrun, whether late, and
    /// whether budgets are to be looked at, which is done already with `wait`.
    #[napi]
    pub fn settle(&self, reservation_id: String, amount: String, exact: bool, wait: bool) -> napi::Result<String> {
        self.at_once(exact, |core| {
            let (id, amount) = (reservation(&reservation_id)?, amount.parse::<Money>());
            let amount = amount.map_err(|error| error.with_field("amount"))?;
            let (settled, is_due) = core.settle_at_once(id, amount)?;
            if is_due && wait {
                core.look_at_budgets();
            }
            let is_due = is_due && !wait;
            let (posted, released) = (settled.posted, settled.released);
            Ok(format!("{posted}\0{released}\0{}\0{}\0{is_due}", settled.overrun, settled.late))
        })
    }

    /// Lets go of what a reservation held: how much that was.
    #[napi]
    pub fn release(&self, reservation_id: String, exact: bool) -> napi::Result<String> {
        self.at_once(exact, |core| {
            let Released { released, .. } = core.budgets_release(reservation(&reservation_id)?)?;
            Ok(released.to_string())
        })
    }

    /// Looks at budgets, so that somebody is told of what was settled.
    #[napi]
    pub fn look_at_budgets(&self) -> napi::Result<AsyncTask<LookAtBudgets>> {
        Ok(AsyncTask::new(LookAtBudgets { core: Some(self.core()?) }))
    }
}

impl Engine {
    fn at_once<T>(&self, exact: bool, call: impl FnOnce(&Finops) -> Result<T, Error>) -> napi::Result<T> {
        let core = self.core()?;
        guarded(exact, || call(&core))
    }
}

/// The id of a reservation, given up to JavaScript, and its amount.
pub(crate) fn held(guard: SpendGuard) -> String {
    let amount = guard.amount();
    format!("{}\0{amount}", guard.into_id())
}

pub(crate) fn request(spend: &str) -> Result<SpendRequest, Error> {
    if spend.starts_with('{') {
        return SpendRequest::from_json(parse(spend)?);
    }
    let mut request = SpendRequest::default();
    let mut parts = spend.split('\0');
    while let (Some(name), Some(value)) = (parts.next(), parts.next()) {
        let wrong = |error: Error| error.with_field(name);
        match name {
            "amount" => request.amount = Some(value.parse().map_err(wrong)?),
            "currency" => request.currency = Some(value.parse().map_err(wrong)?),
            "ttl_seconds" => request.ttl_seconds = Some(value.parse::<Quantity>().map_err(wrong)?),
            "id" => request.id = Some(value.parse().map_err(wrong)?),
            name => match name.strip_prefix('#') {
                Some(key) => drop(request.tags.insert(key.to_owned(), value.to_owned())),
                None if request.set_id(name, value.to_owned()) => {}
                None => return Err(Error::invalid(name, "is no field of a spend")),
            },
        }
    }
    Ok(request)
}

fn reservation(id: &str) -> Result<Id<id::Reservation>, Error> {
    id.parse().map_err(|error: Error| error.with_field("reservation_id"))
}
