//! What a restatement changed: the same question to two states of the store.

use super::change::{difference, one_currency};
use super::query::NameOf;
use super::question::Question;
use super::request::{GroupBy, Rates, Terms, page, request};
use super::settled::{Settled, settle};
use super::summary::{DimensionValue, named, serialize_dimensions};
use super::sums::Sums;
use crate::model::charge::CostView;
use crate::model::filter::Filter;
use crate::model::money::{Currency, Money};
use crate::model::time::{Interval, Period, Stamp, Window, Zone};
use crate::{Error, Result};
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use std::cmp::Reverse;
use std::collections::HashMap;

request! {
    /// Which states to compare, and by what.
    pub struct DiffRequest {
        /// The number of the earlier state.
        pub snapshot_a: Option<u64>,
        /// That of the later one.
        pub snapshot_b: Option<u64>,
        /// The period, such as `2024-01`. Without it and a window, all charges.
        pub period: Option<Period>,
        /// Or the window, such as `30d`.
        pub window: Option<Window>,
        /// What to break down by; nothing gives the totals alone.
        pub group_by: GroupBy,
        /// Which charges count.
        pub filter: Filter,
        /// The currency of the answer; by default the one that all charges have.
        pub currency: Option<Currency>,
        /// Which cost, by default the effective one.
        pub view: CostView,
        /// What other currencies are worth in that of the answer.
        pub exchange_rates: Rates,
        /// Where periods lie, by default UTC.
        pub time_zone: Zone,
        /// How many items to give, 1 to 1000; by default all.
        pub limit: Option<i64>,
        /// How many items to leave out before.
        pub offset: Option<i64>,
    }
}

/// What differs between two states.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct StateDiff {
    /// The number of the one state.
    pub snapshot_a: u64,
    /// That of the other.
    pub snapshot_b: u64,
    /// When the window starts; none when all charges are compared.
    pub window_start: Option<Stamp>,
    /// When it ends, exclusive.
    pub window_end: Option<Stamp>,
    /// The currency of every amount.
    pub currency: Option<Currency>,
    /// Which cost was added up.
    pub view: CostView,
    /// What everything cost and how much that changed.
    pub total: DiffFigures,
    /// How many items differ, on all pages.
    pub count: u64,
    /// The items that differ, the largest change first, up or down; last those whose change is unknown.
    pub items: Vec<DiffItem>,
}

/// A cost in two states.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct DiffFigures {
    /// The cost in the one state: zero without charges, none when every charge lacks the cost.
    pub cost_a: Option<Money>,
    /// The cost in the other.
    pub cost_b: Option<Money>,
    /// By how much the other is above the one; none when either is unknown.
    pub change: Option<Money>,
    /// How many charges the one state has.
    pub charges_a: u64,
    /// How many the other has.
    pub charges_b: u64,
}

/// What differs of a group.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct DiffItem {
    /// Its values, in the order of `group_by`.
    pub dimensions: Vec<DimensionValue>,
    /// Its figures.
    pub figures: DiffFigures,
}

impl Serialize for DiffItem {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        serialize_dimensions(&self.dimensions, &mut map)?;
        map.serialize_entry("cost_a", &self.figures.cost_a)?;
        map.serialize_entry("cost_b", &self.figures.cost_b)?;
        map.serialize_entry("change", &self.figures.change)?;
        map.serialize_entry("charges_a", &self.figures.charges_a)?;
        map.serialize_entry("charges_b", &self.figures.charges_b)?;
        map.end()
    }
}

/// A comparison in the making.
#[derive(Debug)]
pub struct DiffQuery<'q> {
    request: &'q DiffRequest,
    states: (u64, u64),
    interval: Interval,
    page: (Option<usize>, usize),
}

impl DiffRequest {
    /// The query, seen from `now`.
    ///
    /// # Errors
    /// `invalid_argument` for a request that cannot be answered.
    pub fn query(&self, now: Stamp) -> Result<DiffQuery<'_>> {
        let state = |number: Option<u64>, field| {
            number.ok_or_else(|| {
                Error::invalid(field, "is missing: give the number of a state, as `snapshots` lists them")
            })
        };
        let states = (state(self.snapshot_a, "snapshot_a")?, state(self.snapshot_b, "snapshot_b")?);
        let interval = match (&self.period, &self.window) {
            (Some(_), Some(_)) => return Err(Error::invalid("period", "give either `period` or `window`, not both")),
            (Some(period), None) => period.interval(self.time_zone)?,
            (None, Some(window)) => window.resolve(now, self.time_zone)?,
            (None, None) => Interval::always(),
        };
        self.group_by.check()?;
        self.exchange_rates.check()?;
        Ok(DiffQuery { request: self, states, interval, page: page(self.limit, self.offset)? })
    }
}

impl DiffQuery<'_> {
    /// The numbers of the two states.
    pub const fn states(&self) -> (u64, u64) {
        self.states
    }

    /// What both states are asked.
    pub fn question(&self) -> Question {
        let mut question = Question::new(self.interval, self.request.view);
        question.dimensions.clone_from(&self.request.group_by.0);
        question.filter = self.request.filter.clone();
        question
    }

    /// The comparison, from what the two states answer.
    ///
    /// # Errors
    /// `mixed_currencies`, `overflow`, and whatever `name` gives.
    pub fn finish(self, sums_a: Sums, sums_b: Sums, name: NameOf<'_>) -> Result<StateDiff> {
        let request = self.request;
        let terms = Terms { currency: request.currency, rates: &request.exchange_rates };
        let (one, other) = (settle(sums_a, &terms)?, settle(sums_b, &terms)?);
        let currency = one_currency(one.currency, other.currency)?.or(request.currency);
        let bounded = request.period.is_some() || request.window.is_some();
        let total = figures((one.total(0), one.charges()), (other.total(0), other.charges()))?;
        let mut items = if request.group_by.0.is_empty() { Vec::new() } else { differing(&one, &other)? };
        let size = |figures: &DiffFigures| Reverse(figures.change.and_then(|change| change.abs().ok()));
        items.sort_by(|(values, one), (others, other)| size(one).cmp(&size(other)).then_with(|| values.cmp(others)));
        let count = u64::try_from(items.len()).unwrap_or(u64::MAX);
        let (limit, offset) = self.page;
        let items =
            items.into_iter().skip(offset).take(limit.unwrap_or(usize::MAX)).map(|(values, figures)| {
                Ok(DiffItem { dimensions: named(&request.group_by.0, &values, name)?, figures })
            });
        Ok(StateDiff {
            snapshot_a: self.states.0,
            snapshot_b: self.states.1,
            window_start: bounded.then(|| self.interval.start()),
            window_end: bounded.then(|| self.interval.end()),
            currency,
            view: request.view,
            total,
            count,
            items: items.collect::<Result<_>>()?,
        })
    }
}

fn figures(one: (Option<Money>, u64), other: (Option<Money>, u64)) -> Result<DiffFigures> {
    let ((cost_a, charges_a), (cost_b, charges_b)) = (one, other);
    Ok(DiffFigures { cost_a, cost_b, change: difference(cost_b, cost_a)?, charges_a, charges_b })
}

/// A group with its figures, not named yet.
type Differing<'s> = (Vec<Option<&'s str>>, DiffFigures);

fn differing<'s>(one: &'s Settled, other: &'s Settled) -> Result<Vec<Differing<'s>>> {
    let mut found: HashMap<Vec<Option<&str>>, [Option<usize>; 2]> = HashMap::new();
    for (side, settled) in [one, other].into_iter().enumerate() {
        for group in 0..settled.len() {
            if let Some(place) = found.entry(settled.values_of(group)).or_default().get_mut(side) {
                *place = Some(group);
            }
        }
    }
    let known = |settled: &Settled, group: Option<usize>| {
        let absent = ((Some(Money::ZERO), 0), 0);
        group.map_or(absent, |group| {
            ((settled.cost_of(group, 0), settled.charges_of(group)), settled.unknown_of(group, 0))
        })
    };
    let mut items = Vec::new();
    for (values, [group_a, group_b]) in found {
        let (a, b) = (known(one, group_a), known(other, group_b));
        if a != b {
            items.push((values, figures(a.0, b.0)?));
        }
    }
    Ok(items)
}
