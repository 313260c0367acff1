//! Why a call of the gate failed. Whatever it is, nothing was changed.

use super::value::Resolution;
use crate::model::id::{self, Id};
use crate::model::money::Currency;
use crate::{Error, ErrorCode};

/// Why a call failed; it changed nothing.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GateError {
    /// The time is outside of the period of a budget: tell the one that holds with
    /// [`Gate::rebase`](super::Gate::rebase), call again.
    #[error("the time is outside of the period of budget {0}: evaluate it and call again")]
    Rolled(Id<id::Budget>),
    /// A budget that has a limit, or is closed, counts in another currency.
    #[error("budget {budget} is in {wanted}, the spend in {currency}: spend in {wanted}")]
    Currency {
        /// The budget.
        budget: Id<id::Budget>,
        /// Its currency.
        wanted: Currency,
        /// That of the spend.
        currency: Currency,
    },
    /// No such reservation: it never was, was refused, or was resolved so long ago that it is forgotten.
    #[error("there is no reservation {0}: it was never made, was refused, or is long over")]
    NotFound(Id<id::Reservation>),
    /// The reservation is over; it can be resolved once.
    #[error("reservation {id} was {}", match resolution {
        Resolution::Settled => "settled already",
        Resolution::Released => "released already",
        Resolution::Expired => "held until its time ran out",
    })]
    Resolved {
        /// The reservation.
        id: Id<id::Reservation>,
        /// What became of it.
        resolution: Resolution,
    },
    /// The id was used before for something else.
    #[error("reservation {id} was asked for with another {field}: use a new id for another spend")]
    Differs {
        /// The reservation.
        id: Id<id::Reservation>,
        /// What differs: `scope`, `amount` or `ttl`.
        field: &'static str,
    },
    /// A sum of a budget's amounts does not fit.
    #[error("the amounts of budget {0} do not fit: use a smaller amount")]
    Overflow(Id<id::Budget>),
    /// What was taken before is neither written nor given back.
    #[error("what was settled is being written: wait for it")]
    Taken,
    /// An argument is wrong, or a sum does not fit.
    #[error(transparent)]
    Other(#[from] Error),
}

impl GateError {
    /// The one error of the crate. (Not a `From`: `?` could then no longer tell which error a closure gives.)
    pub fn into_error(self) -> Error {
        let code = match self {
            Self::Rolled(_) | Self::Resolved { .. } | Self::Differs { .. } | Self::Taken => ErrorCode::Conflict,
            Self::Currency { .. } => ErrorCode::MixedCurrencies,
            Self::Overflow(_) => ErrorCode::Overflow,
            Self::NotFound(_) => ErrorCode::NotFound,
            Self::Other(error) => return error,
        };
        let error = Error::new(code, self.to_string());
        match self {
            Self::Differs { field, .. } => error.with_field(field),
            _ => error,
        }
    }
}
