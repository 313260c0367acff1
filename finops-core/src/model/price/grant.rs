//! Grants: what a tenant has to its credit, to be used up before anything is paid for.

use super::check;
use super::terms::on_a_quarter;
use crate::model::id::{self, Id};
use crate::model::money::{Currency, Money, Quantity};
use crate::model::time::{Interval, Recurrence, RecurrenceUnit, Stamp, Zone, nth_period, period_at};
use crate::{Error, Result};
use serde::{Deserialize, Serialize};

/// How long before it is given a grant may begin, in microseconds: ten years. All of its time is gone through again.
const MOST_BEFORE: i64 = 3_653 * 86_400_000_000;

/// A credit of a tenant: money, such as a prepaid amount, or units of a meter, such as a free allowance.
///
/// Grants are used up in the order of [`Grant::burn_order`]. Who has used more than all grants hold has an *overage*,
/// which the next grant or refill is used for first.
///
/// ```
/// use finops_core::model::price::Grant;
///
/// let grant: Grant = serde_json::from_str(r#"{
///     "id": "grt_01hk153x000000000000000000", "tenant_id": "acme", "amount": {"units": "1000", "meter": "api_calls"},
///     "priority": 1, "effective_from": "2024-01-01T00:00:00Z", "created_at": "2024-01-01T00:00:00Z",
///     "recurrence": {"every": 1, "unit": "month"}
/// }"#).unwrap();
/// grant.validate()?;
/// # Ok::<(), finops_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Grant {
    /// Its id.
    pub id: Id<id::Grant>,
    /// Whose it is. 1 to 256 bytes.
    pub tenant_id: String,
    /// How much it holds when it starts, and to how much it is refilled.
    pub amount: GrantAmount,
    /// Lower ones are used up first.
    #[serde(default)]
    pub priority: u32,
    /// The first instant at which it can be used: a quarter of an hour in UTC.
    pub effective_from: Stamp,
    /// The first instant at which what is left is gone: a quarter of an hour in UTC. Without one it lasts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Stamp>,
    /// When it was given; of two that are equal otherwise, the older is used up first.
    pub created_at: Stamp,
    /// What is left of it after a reset; without one a reset does not touch it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rollover: Option<Rollover>,
    /// How often it is refilled to its amount, counted from `effective_from`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recurrence: Option<GrantRecurrence>,
    /// Whether an overage outlives a reset and is taken from what was rolled over.
    #[serde(default)]
    pub preserve_overage: bool,
}

/// How much a grant holds: money in a currency, or units of a meter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, untagged, expecting = "must be {\"money\", \"currency\"} or {\"units\", \"meter\"}")]
pub enum GrantAmount {
    /// Money, which pays for whatever is charged.
    Money {
        /// How much.
        money: Money,
        /// In which currency.
        currency: Currency,
    },
    /// Units, which are used without being paid for.
    Units {
        /// How many.
        units: Quantity,
        /// The slug of the meter.
        meter: String,
    },
}

impl GrantAmount {
    /// How much it is, in units of its currency or its meter.
    pub const fn size(&self) -> Quantity {
        match self {
            Self::Money { money, .. } => Quantity::from_mantissa(money.mantissa()),
            Self::Units { units, .. } => *units,
        }
    }

    /// Whether both count the same thing, so that one pool can hold both.
    pub fn is_like(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Money { currency: one, .. }, Self::Money { currency: other, .. }) => one == other,
            (Self::Units { meter: one, .. }, Self::Units { meter: other, .. }) => one == other,
            _ => false,
        }
    }
}

/// What is left of a grant after a reset: the balance, at least `min` and at most `max`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rollover {
    /// At least this much, even of an empty grant. 0 or more.
    #[serde(default)]
    pub min: Quantity,
    /// At most this much; not more than the grant's amount.
    pub max: Quantity,
}

impl Rollover {
    /// The balance after a reset.
    pub fn apply(&self, ending: Quantity) -> Quantity {
        self.max.min(self.min.max(ending))
    }
}

/// How often a grant is refilled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GrantRecurrence {
    /// Every how many units, at least 1.
    pub every: u32,
    /// The unit.
    pub unit: RecurrenceUnit,
    /// Whose calendar that is.
    #[serde(default)]
    pub time_zone: Zone,
}

impl Grant {
    /// A grant that starts full, lasts, and is the first to be used.
    pub fn new(id: Id<id::Grant>, tenant_id: impl Into<String>, amount: GrantAmount, effective_from: Stamp) -> Self {
        Self {
            id,
            tenant_id: tenant_id.into(),
            amount,
            priority: 0,
            effective_from,
            expires_at: None,
            created_at: effective_from,
            rollover: None,
            recurrence: None,
            preserve_overage: false,
        }
    }

    /// Checks it.
    ///
    /// # Errors
    /// `invalid_argument` with the field.
    pub fn validate(&self) -> Result<()> {
        check::tenant("tenant_id", &self.tenant_id)?;
        check::quantity("amount", self.amount.size())?;
        if let GrantAmount::Units { meter, .. } = &self.amount {
            check::meter("amount.meter", meter)?;
        }
        on_a_quarter("effective_from", self.effective_from)?;
        let earliest = self.created_at.micros().saturating_sub(MOST_BEFORE);
        if self.effective_from.micros() < earliest {
            let message = format!("must lie at most ten years back, got {}", self.effective_from);
            return Err(Error::invalid("effective_from", message));
        }
        if let Some(end) = self.expires_at {
            on_a_quarter("expires_at", end)?;
            if end <= self.effective_from {
                let message = format!("must lie after effective_from {}, got {end}", self.effective_from);
                return Err(Error::invalid("expires_at", message));
            }
        }
        if let Some(rollover) = self.rollover {
            check::quantity("rollover.min", rollover.min)?;
            let size = self.amount.size();
            if rollover.max > size {
                let message = format!("must not be above the grant's amount {size}, got {}", rollover.max);
                return Err(Error::invalid("rollover.max", message));
            }
            if rollover.min > rollover.max {
                let message = format!("must not be above rollover.max {}, got {}", rollover.max, rollover.min);
                return Err(Error::invalid("rollover.min", message));
            }
        }
        match self.recurrence {
            Some(GrantRecurrence { every: 0, .. }) => {
                Err(Error::invalid("recurrence.every", "must be 1 or more, got 0"))
            }
            _ => Ok(()),
        }
    }

    /// What decides which grant is used up first: priority, then expiry (never is last), then age, then id.
    pub fn burn_order(&self) -> impl Ord + use<> {
        (self.priority, self.expires_at.is_none(), self.expires_at, self.created_at, self.id)
    }

    /// The first instant of a span at which it starts or is refilled; none when there is no such instant in it.
    ///
    /// ```
    /// use finops_core::model::price::Grant;
    /// use finops_core::model::time::Interval;
    ///
    /// let grant: Grant = serde_json::from_str(r#"{
    ///     "id": "grt_01hk153x000000000000000000", "tenant_id": "acme", "amount": {"money": "10", "currency": "USD"},
    ///     "effective_from": "2024-01-05T00:00:00Z", "created_at": "2024-01-01T00:00:00Z",
    ///     "recurrence": {"every": 1, "unit": "month"}, "expires_at": "2024-03-01T00:00:00Z"
    /// }"#).unwrap();
    /// let first = |from: &str, to: &str| -> finops_core::Result<_> {
    ///     Ok(grant.fills_in(Interval::new(from.parse()?, to.parse()?)?))
    /// };
    /// assert_eq!(first("2024-01-01T00:00:00Z", "2024-02-01T00:00:00Z")?, Some("2024-01-05T00:00:00Z".parse()?));
    /// assert_eq!(first("2024-01-06T00:00:00Z", "2024-02-06T00:00:00Z")?, Some("2024-02-05T00:00:00Z".parse()?));
    /// assert_eq!(first("2024-02-06T00:00:00Z", "2024-04-01T00:00:00Z")?, None);
    /// # Ok::<(), finops_core::Error>(())
    /// ```
    pub fn fills_in(&self, span: Interval) -> Option<Stamp> {
        if self.effective_from >= span.start() {
            return Some(self.effective_from).filter(|from| span.contains(*from));
        }
        let GrantRecurrence { every, unit, time_zone } = self.recurrence?;
        let before = Stamp::from_micros(span.start().micros().checked_sub(1)?).ok()?;
        // The end of time is no error: nothing is refilled after it.
        let period = period_at(self.effective_from, Recurrence { every, unit }, before, time_zone).ok()?;
        Some(period.end()).filter(|at| span.contains(*at) && self.expires_at.is_none_or(|end| *at < end))
    }

    /// When it is refilled for the n-th time, 1 and up; none when it is not, or has expired by then.
    pub fn refill(&self, n: i64) -> Option<Stamp> {
        let GrantRecurrence { every, unit, time_zone } = self.recurrence?;
        // The end of time is no error: nothing is refilled after it.
        let period: Option<Interval> =
            nth_period(self.effective_from, Recurrence { every, unit }, n, time_zone).ok().filter(|_| every > 0);
        period.map(|period| period.start()).filter(|at| self.expires_at.is_none_or(|end| *at < end))
    }
}
