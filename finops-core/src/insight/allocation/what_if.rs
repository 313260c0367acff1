//! Who would pay more and who less by other rules.

use super::Allocated;
use super::by_center::{ByCenter, Piece, name_of};
use super::totals::{health, totals};
use crate::insight::change::change_pct;
use crate::insight::health::{About, DataHealth, Held};
use crate::insight::request::{Bound, Span, request};
use crate::model::allocation::{CenterId, RuleSet};
use crate::model::charge::CostView;
use crate::model::history::AsOf;
use crate::model::money::{Currency, Money, Quantity};
use crate::model::time::{Day, Interval, Period, Stamp, Window, Zone};
use crate::pipeline::allocation::Finding;
use crate::{Error, Result};
use serde::Serialize;
use serde_json::Value;
use std::cmp::Reverse;
use std::collections::BTreeSet;

request! {
    /// What other rules are tried on.
    pub struct AllocationWhatIfRequest {
        /// The period, such as `2024-01`; a charge belongs to it by the start of its charge period.
        pub period: Option<Period>,
        /// Or the window, such as `30d`. Without any of these, the thirty days up to tonight.
        pub window: Option<Window>,
        /// Or the first day, as a date or an instant; by default thirty days before the end.
        pub start_date: Option<Bound>,
        /// And the end, exclusive; by default tonight.
        pub end_date: Option<Bound>,
        /// The rules in place of all that there are, each as `allocation.rules.create` takes it; one may have an `id`.
        pub rules: Option<Vec<Value>>,
        /// The cost that is allocated, by default the effective one.
        pub view: CostView,
        /// Only what is charged in that currency; by default each currency by itself. Nothing is converted.
        pub currency: Option<Currency>,
        /// Where days begin and periods lie, by default UTC.
        pub time_zone: Zone,
        /// Charges as of which state of the store: its number, or an instant; by default the present one.
        pub as_of: Option<AsOf>,
    }
}

/// What other rules would change.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct AllocationWhatIf {
    /// The period that was asked for; none when it was said otherwise.
    pub period: Option<Period>,
    /// When it starts.
    pub window_start: Stamp,
    /// When it ends, exclusive.
    pub window_end: Stamp,
    /// Which cost is allocated.
    pub view: CostView,
    /// The only currency; none when there are several, or no charge.
    pub currency: Option<Currency>,
    /// How many centres there are whose cost changes, counted once for each currency.
    pub changed: u64,
    /// By currency every centre that bears anything before or after, and what nobody bears; the largest change first.
    pub items: Vec<AllocationChange>,
    /// What somebody should know of the other rules.
    pub findings: Vec<Finding>,
    /// How complete the data is.
    pub data_health: DataHealth,
    /// The state of the store that was read.
    pub snapshot: u64,
}

/// What a centre would pay more or less.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct AllocationChange {
    /// The centre; none for what nobody bears.
    pub cost_center_id: Option<CenterId>,
    /// What it is called.
    pub cost_center_name: Option<String>,
    /// The currency.
    pub currency: Currency,
    /// What it bears by the rules that there are.
    pub before: Money,
    /// What it would bear.
    pub after: Money,
    /// The difference: above zero it would pay more.
    pub change: Money,
    /// The difference in percent of what it bears, at 2 decimals; none where that is zero.
    pub change_pct: Option<Quantity>,
}

/// A comparison in the making.
#[derive(Debug)]
pub struct AllocationWhatIfQuery<'q> {
    request: &'q AllocationWhatIfRequest,
    interval: Interval,
    days: Vec<Day>,
    now: Stamp,
}

impl<'q> AllocationWhatIfQuery<'q> {
    /// # Errors
    /// `invalid_argument` for a request that cannot be answered.
    pub fn new(request: &'q AllocationWhatIfRequest, now: Stamp) -> Result<Self> {
        if request.rules.is_none() {
            return Err(Error::invalid("rules", "is missing: give all rules that are to be tried, [] for none at all"));
        }
        let (start, end) = (request.start_date, request.end_date);
        let span = Span { period: request.period.as_ref(), window: request.window.as_ref(), start, end };
        let (interval, days) = span.resolve(now, request.time_zone)?;
        Ok(Self { request, interval, days, now })
    }

    /// The window.
    pub const fn interval(&self) -> Interval {
        self.interval
    }

    /// The answer, from the allocations by the rules that there are and by the others.
    ///
    /// # Errors
    /// `overflow`.
    pub fn finish(
        self,
        before: &Allocated,
        after: &Allocated,
        rules: &RuleSet,
        held: Held<'_>,
    ) -> Result<AllocationWhatIf> {
        let Self { request, interval, days, now } = &self;
        let view = request.view;
        let totals = totals(before, view, request.currency)?;
        let data_health = health(held, About { interval: *interval, days, now: *now }, &totals)?;
        let by_center = |allocated: &Allocated| {
            let lines = allocated.iter().flat_map(|(_, allocation)| allocation.lines());
            let wanted = lines.filter(|line| request.currency.is_none_or(|currency| currency == line.currency));
            ByCenter::of(wanted.map(|line| Piece::of(line, view)))
        };
        let (before, after_costs) = (by_center(before)?, by_center(after)?);
        let keys: BTreeSet<_> = before.keys().chain(after_costs.keys()).collect();
        let item = |(currency, center): (Currency, Option<CenterId>)| {
            let (before, after) = (before.cost(currency, center)?, after_costs.cost(currency, center)?);
            Ok(AllocationChange {
                cost_center_id: center,
                cost_center_name: name_of(rules.centers(), center),
                currency,
                before,
                after,
                change: after.checked_sub(before)?,
                change_pct: change_pct(Some(after), Some(before))?,
            })
        };
        let mut items = keys.into_iter().map(item).collect::<Result<Vec<_>>>()?;
        let place = |item: &AllocationChange| item.cost_center_id.map(|center| rules.centers().place(center));
        items.sort_by_key(|item| {
            (item.currency, Reverse(item.change.mantissa().unsigned_abs()), item.cost_center_id.is_none(), place(item))
        });
        let changed = items.iter().filter(|item| item.cost_center_id.is_some() && !item.change.is_zero()).count();
        Ok(AllocationWhatIf {
            period: request.period.clone(),
            window_start: interval.start(),
            window_end: interval.end(),
            view,
            currency: if let [total] = totals.as_slice() { Some(total.currency) } else { None },
            changed: u64::try_from(changed).unwrap_or(u64::MAX),
            items,
            findings: super::run::findings(after),
            data_health,
            snapshot: held.snapshot,
        })
    }
}
