//! Assessing a budget: where it stands, and what of that is news.

use super::{Alert, BudgetEvent, Forecast};
use crate::Result;
use crate::model::budget::{Action, Basis, Budget, Health, Lifecycle, Threshold};
use crate::model::money::Money;
use crate::model::time::{Interval, Stamp};

/// What is known of a budget's spending in a period.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Observed {
    /// The period: the one that holds now, or an earlier one for which charges came late.
    pub period: Interval,
    /// What has been spent in it; none when that is not known, which is not zero: then everything on it stays as it is.
    pub spent: Option<Money>,
    /// What will have been spent at its end, as far as that can be told.
    pub forecast: Option<Forecast>,
    /// The present.
    pub now: Stamp,
}

/// Where a budget stands, and what is new.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Assessment {
    /// The alerts that are new or have changed, to be kept in place of those of the same period and threshold.
    pub alerts: Vec<Alert>,
    /// What is to be told, in ascending order of the thresholds: one for each alert that is new or has changed.
    pub events: Vec<BudgetEvent>,
    /// Whether spending goes on.
    pub lifecycle: Lifecycle,
    /// How the period stands; none while it is not known what has been spent.
    pub health: Option<Health>,
    /// The thresholds that are crossed now, in ascending order.
    pub crossed: Vec<Threshold>,
}

impl Assessment {
    /// The most severe threshold that holds spending up.
    pub fn closed_by(&self) -> Option<&Threshold> {
        self.crossed.iter().rev().find(|threshold| threshold.action == Action::Pause)
    }
}

/// Compares a budget with what was observed, and with the alerts of it that are kept; those of other periods are passed
/// over.
///
/// A threshold is told of when it is crossed and was not in this period, or came to another amount then; one that was
/// left by a refund is told of again only when the budget is to `rearm`. Of a paused budget nothing is told. Called
/// again with what it gave, it has nothing new.
///
/// ```
/// use finops_core::model::budget::{BudgetCreate, Lifecycle};
/// use finops_core::pipeline::budget::{Observed, assess};
///
/// let form: BudgetCreate = serde_json::from_str(r#"{
///     "name": "Spend", "scope": {"level": "platform"},
///     "budget": {"amount": 100, "currency": "USD", "period": "monthly"},
///     "thresholds": [{"percent": 75, "action": "alert"}, {"percent": 100, "action": "pause"}]
/// }"#).unwrap();
/// let now = "2025-01-20T00:00:00Z".parse()?;
/// let mut budget = form.into_budget("bud_01hk153x000000000000000000".parse()?, now)?;
/// let period = budget.period_at(now)?.unwrap();
/// let observed = Observed { period, spent: Some("120".parse()?), forecast: None, now };
///
/// let first = assess(&budget, &[], &observed)?;
/// assert_eq!((first.events.len(), first.lifecycle), (2, Lifecycle::Exhausted));
/// budget.status = first.lifecycle;
/// assert!(assess(&budget, &first.alerts, &observed)?.events.is_empty(), "nothing is told twice");
/// # Ok::<(), finops_core::Error>(())
/// ```
///
/// # Errors
/// `overflow`; not of a budget that is [valid](Budget::validate).
pub fn assess(budget: &Budget, known: &[Alert], observed: &Observed) -> Result<Assessment> {
    let amount = budget.budget.amount;
    let (mut events, mut crossed) = (Vec::new(), Vec::new());
    for threshold in budget.thresholds.iter() {
        let last = last_of(known, threshold, observed.period);
        let is_open = last.is_some_and(|alert| alert.recovered_at.is_none());
        let measured = match threshold.basis {
            Basis::Actual => observed.spent,
            Basis::Forecasted => observed.forecast.as_ref().map(|forecast| forecast.expected),
        };
        let is_crossed = measured.map_or(is_open, |measured| threshold.percent.is_reached(measured, amount));
        if is_crossed {
            crossed.push(*threshold);
        }
        let Some(measured) = measured.filter(|_| budget.status.is_enabled()) else { continue };
        let absolute = threshold.percent.of(amount)?;
        if is_crossed && last.is_none_or(|last| tells_again(budget, last, absolute)) {
            let (threshold, period, fired_at) = (*threshold, observed.period, observed.now);
            let alert = Alert { threshold, period, absolute, measured, fired_at, recovered_at: None, rearmed: false };
            events.push(BudgetEvent::Crossed(alert));
        }
        if let Some(last) = last.filter(|_| is_open && !is_crossed) {
            let rearmed = last.absolute != absolute;
            events.push(BudgetEvent::Recovered(Alert { recovered_at: Some(observed.now), rearmed, ..last.clone() }));
        }
    }
    let alerts = events.iter().map(|event| event.alert().clone()).collect();
    let lifecycle = lifecycle(budget.status, crossed.iter().any(|threshold| threshold.action == Action::Pause))?;
    let health = observed.spent.map(|spent| Health::of(spent, amount, &budget.thresholds));
    Ok(Assessment { alerts, events, lifecycle, health, crossed })
}

/// What was last told of a threshold in a period. Of several, which there are when the days changed on which the budget
/// starts anew, the latest counts, and of those of the same instant the one of this very period.
fn last_of<'a>(known: &'a [Alert], threshold: &Threshold, period: Interval) -> Option<&'a Alert> {
    let alike = known.iter().filter(|alert| alert.threshold == *threshold && alert.is_of(period));
    alike.max_by_key(|alert| (alert.fired_at, alert.period == period))
}

/// Whether a threshold that is crossed is news, although it was told of before.
fn tells_again(budget: &Budget, last: &Alert, absolute: Money) -> bool {
    last.absolute != absolute || (last.recovered_at.is_some() && (last.rearmed || budget.rearm))
}

/// The lifecycle, one step on if it takes one.
fn lifecycle(status: Lifecycle, is_closed: bool) -> Result<Lifecycle> {
    match (status, is_closed) {
        (Lifecycle::Active, true) => status.exhaust(),
        (Lifecycle::Exhausted, false) => status.replenish(),
        (unmoved, _) => Ok(unmoved),
    }
}
