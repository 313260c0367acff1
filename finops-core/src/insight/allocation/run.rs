//! Who bears what a period cost, line by line: each with its rule, its part of the pool and what it goes by.

use super::by_center::{ByCenter, CenterCost};
use super::items::{AllocationItem, Items};
use super::totals::{AllocationTotal, Summed, health, totals};
use super::{Allocated, Told, carried};
use crate::Result;
use crate::insight::health::{About, DataHealth, Held};
use crate::insight::query::NameOf;
use crate::insight::request::{Bound, GroupBy, Span, page, request};
use crate::model::allocation::RuleSet;
use crate::model::charge::CostView;
use crate::model::dimension::Dimension;
use crate::model::filter::Filter;
use crate::model::history::AsOf;
use crate::model::money::{Currency, Money};
use crate::model::time::{Day, Interval, Period, Stamp, Window, Zone};
use crate::pipeline::allocation::{Finding, Line};
use serde::Serialize;
use std::collections::HashSet;

request! {
    /// What an allocation is asked for.
    ///
    /// ```
    /// use finops_core::insight::AllocationRunRequest;
    ///
    /// let request: AllocationRunRequest =
    ///     serde_json::from_str(r#"{"period": "2024-01", "group_by": "service"}"#).unwrap();
    /// assert_eq!(request.group_by.0.len(), 1);
    /// ```
    pub struct AllocationRunRequest {
        /// The period, such as `2024-01`; a charge belongs to it by the start of its charge period.
        pub period: Option<Period>,
        /// Or the window, such as `30d`. Without any of these, the thirty days up to tonight.
        pub window: Option<Window>,
        /// Or the first day, as a date or an instant; by default thirty days before the end.
        pub start_date: Option<Bound>,
        /// And the end, exclusive; by default tonight.
        pub end_date: Option<Bound>,
        /// The cost that bases and sizes of pools are taken from, and that is given as `cost`; by default the effective
        /// one. All four are shared out by the same weights.
        pub view: CostView,
        /// Which lines to give, after everything is shared out: by `cost_center`, which is who bears or caused it, and
        /// by the values of the direct cost in whose favour a line is.
        pub filter: Filter,
        /// What else to tell items apart by: values of the direct cost in whose favour they are.
        pub group_by: GroupBy,
        /// Only what is charged in that currency; by default each currency by itself. Nothing is converted.
        pub currency: Option<Currency>,
        /// Where days begin and periods lie, by default UTC. Months of fixed amounts, tiers and capacities are of UTC.
        pub time_zone: Zone,
        /// How many items to give, 1 to 1000; by default all.
        pub limit: Option<i64>,
        /// How many items to leave out before.
        pub offset: Option<i64>,
        /// Charges as of which state of the store: its number, or an instant; by default the present one. Rules and
        /// centres are those that there are.
        pub as_of: Option<AsOf>,
    }
}

/// Who bears what a period cost.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct AllocationRun {
    /// The period that was asked for; none when it was said otherwise.
    pub period: Option<Period>,
    /// When it starts.
    pub window_start: Stamp,
    /// When it ends, exclusive.
    pub window_end: Stamp,
    /// Which cost stands as `cost`.
    pub view: CostView,
    /// The only currency; none when there are several, or no charge.
    pub currency: Option<Currency>,
    /// What the charges cost; none when they are in several currencies, or there is none.
    pub total_in: Option<Money>,
    /// What all lines come to, which is the same; none when they are in several currencies, or there is none.
    pub total_out: Option<Money>,
    /// What came in and went out, by currency.
    pub totals: Vec<AllocationTotal>,
    /// What each centre bears, of what the filter lets through: by currency, the largest first, and last what nobody
    /// bears.
    pub cost_centers: Vec<CenterCost>,
    /// How many items there are, on all pages.
    pub count: u64,
    /// The items of the page: by currency, the largest first.
    pub items: Vec<AllocationItem>,
    /// What somebody should know.
    pub findings: Vec<Finding>,
    /// How complete the data is.
    pub data_health: DataHealth,
    /// The state of the store that was read.
    pub snapshot: u64,
}

/// A run in the making.
#[derive(Debug)]
pub struct AllocationRunQuery<'q> {
    request: &'q AllocationRunRequest,
    interval: Interval,
    days: Vec<Day>,
    now: Stamp,
    carry: Vec<Dimension>,
}

impl<'q> AllocationRunQuery<'q> {
    /// # Errors
    /// `invalid_argument` for a request that cannot be answered.
    pub fn new(request: &'q AllocationRunRequest, now: Stamp) -> Result<Self> {
        let (start, end) = (request.start_date, request.end_date);
        let span = Span { period: request.period.as_ref(), window: request.window.as_ref(), start, end };
        let (interval, days) = span.resolve(now, request.time_zone)?;
        let carry = carried(&request.group_by, &request.filter)?;
        page(request.limit, request.offset)?;
        Ok(Self { request, interval, days, now, carry })
    }

    /// The window.
    pub const fn interval(&self) -> Interval {
        self.interval
    }

    /// The dimensions that lines have to carry.
    pub fn carry(&self) -> &[Dimension] {
        &self.carry
    }

    /// The answer, from the allocations of the window, the rules that made them and the state that they are of.
    ///
    /// # Errors
    /// `overflow`, and whatever `name` gives.
    pub fn finish(
        self,
        allocated: &Allocated,
        rules: &RuleSet,
        held: Held<'_>,
        name: NameOf<'_>,
    ) -> Result<AllocationRun> {
        let Self { request, interval, days, now, .. } = &self;
        let view = request.view;
        let mut totals = totals(allocated, view, request.currency)?;
        let data_health = health(held, About { interval: *interval, days, now: *now }, &totals)?;
        let selected = self.selected(allocated)?;
        let told = Told { rules, group_by: &request.group_by.0, view };
        let items = Items::of(told, &selected)?;
        for piece in items.pieces() {
            if let Some(total) = totals.iter_mut().find(|total| total.currency == piece.currency) {
                total.cost = total.cost.checked_add(piece.cost)?;
            }
        }
        let by_center = ByCenter::of(items.pieces())?;
        let (limit, offset) = page(request.limit, request.offset)?;
        let totals: Vec<AllocationTotal> = totals.iter().map(Summed::told).collect();
        let only = if let [total] = totals.as_slice() { Some(total) } else { None };
        Ok(AllocationRun {
            period: request.period.clone(),
            window_start: interval.start(),
            window_end: interval.end(),
            view,
            currency: only.map(|total| total.currency),
            total_in: only.and_then(|total| total.total_in),
            total_out: only.and_then(|total| total.total_out),
            cost_centers: by_center.costs(rules.centers())?,
            count: u64::try_from(items.len()).unwrap_or(u64::MAX),
            items: items.page(limit, offset, name)?,
            findings: findings(allocated),
            totals,
            data_health,
            snapshot: held.snapshot,
        })
    }

    /// The lines to be told of, each with the number of its stretch.
    fn selected<'a>(&self, allocated: &'a Allocated) -> Result<Vec<(usize, &'a Line)>> {
        let mut selected = Vec::new();
        for (stretch, (_, allocation)) in allocated.iter().enumerate() {
            let lines = allocation.select(&self.request.filter)?.into_iter();
            let wanted = |line: &&Line| self.request.currency.is_none_or(|currency| currency == line.currency);
            selected.extend(lines.filter(wanted).map(|line| (stretch, line)));
        }
        Ok(selected)
    }
}

/// What the runs of all stretches came upon, each thing once.
pub(super) fn findings(allocated: &Allocated) -> Vec<Finding> {
    let mut seen = HashSet::new();
    let all = allocated.iter().flat_map(|(_, allocation)| &allocation.findings);
    all.filter(|found| seen.insert((found.code, found.rule_id, found.cost_center_id))).cloned().collect()
}
