//! Unit economics: what something that the platform meters costs.

use super::buckets::{Granularity, buckets};
use super::change::is_covered;
use super::health::{About, DataHealth, Held, known_cost};
use super::query::{CostQuery, CostRequest, NameOf};
use super::question::{METERED, METERED_BY, Question};
use super::request::{Bound, GroupBy, Rates, Span, Terms, request};
use super::settled::{Settled, settle};
use super::summary::{DimensionValue, named, serialize_dimensions};
use super::sums::Sums;
use crate::model::charge::CostView;
use crate::model::filter::Filter;
use crate::model::history::AsOf;
use crate::model::money::{Currency, Money, Quantity, Rounding, ratio};
use crate::model::time::{Day, Interval, Period, Stamp, Window, Zone};
use crate::{Error, Result};
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};

/// How many items one answer has at most.
const MAX_ITEMS: usize = 1_000_000;
/// Of how many units the cost is given at most.
const MAX_SCALE: i64 = 1_000_000_000;

request! {
    /// What unit economics are asked for.
    pub struct UnitRequest {
        /// What the cost is divided by: `api_calls`, `ledger_transactions`, `search_queries`, `storage`, `compute` or
        /// `bandwidth`.
        pub per: String,
        /// Of how many units the cost is given, such as 1000; by default 1.
        pub scale: Option<i64>,
        /// Which charges count as cost.
        pub filter: Filter,
        /// Which charges the quantity is read from; by default all for which the platform metered `per`.
        pub per_filter: Filter,
        /// The window, such as `30d`. Without it, a period and dates: the thirty days up to tonight.
        pub window: Option<Window>,
        /// Or the period, such as `2024-01`.
        pub period: Option<Period>,
        /// Or the first day, as a date or an instant.
        pub start_date: Option<Bound>,
        /// And the end, exclusive; by default tonight.
        pub end_date: Option<Bound>,
        /// How long the spans are that are told apart; by default the window is one.
        pub granularity: Option<Granularity>,
        /// What to break down by.
        pub group_by: GroupBy,
        /// The currency of the answer; by default the one that all charges have.
        pub currency: Option<Currency>,
        /// Which cost, by default the effective one.
        pub view: CostView,
        /// What other currencies are worth in that of the answer.
        pub exchange_rates: Rates,
        /// Where days begin, by default UTC.
        pub time_zone: Zone,
        /// As of which state of the store: its number, or an instant; by default the present one.
        pub as_of: Option<AsOf>,
    }
}

/// What something that is metered costs.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct UnitCosts {
    /// What the cost is divided by.
    pub per: &'static str,
    /// Of how many units the cost is given.
    pub scale: i64,
    /// When the window starts.
    pub window_start: Stamp,
    /// When it ends, exclusive.
    pub window_end: Stamp,
    /// How long the spans are that are told apart; none when the window is one.
    pub granularity: Option<Granularity>,
    /// Where days begin.
    pub time_zone: Zone,
    /// The currency of every amount.
    pub currency: Option<Currency>,
    /// Which cost was added up.
    pub view: CostView,
    /// The groups, those that cost most first, and within each the spans in order; none when nothing is told apart.
    pub items: Vec<UnitItem>,
    /// Everything together.
    pub total: UnitCost,
    /// How complete the data behind the cost is.
    pub data_health: DataHealth,
    /// The state of the store that was read.
    pub snapshot: u64,
}

/// A cost, a quantity, and the one by the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct UnitCost {
    /// The cost; none when it is unknown.
    pub cost: Option<Money>,
    /// What the platform metered; none when it metered nothing.
    pub quantity: Option<Quantity>,
    /// The cost of `scale` units, half even at 18 decimals; none when the quantity is zero or unknown, or the cost is.
    pub cost_per_unit: Option<Money>,
}

/// The cost of a unit in a group or a span.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct UnitItem {
    /// When the span starts; none when spans are not told apart.
    pub date: Option<Stamp>,
    /// Its values, in the order of `group_by`.
    pub dimensions: Vec<DimensionValue>,
    /// The figures.
    pub figures: UnitCost,
}

impl Serialize for UnitItem {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        if let Some(date) = &self.date {
            map.serialize_entry("date", date)?;
        }
        serialize_dimensions(&self.dimensions, &mut map)?;
        map.serialize_entry("cost", &self.figures.cost)?;
        map.serialize_entry("quantity", &self.figures.quantity)?;
        map.serialize_entry("cost_per_unit", &self.figures.cost_per_unit)?;
        map.end()
    }
}

/// Unit economics in the making.
#[derive(Debug)]
pub struct UnitQuery<'q> {
    request: &'q UnitRequest,
    /// The place of what is divided by in [`METERED`], and its name.
    per: (usize, &'static str),
    scale: i64,
    interval: Interval,
    days: Vec<Day>,
    /// The spans that are told apart, with their days; the whole interval when none are.
    spans: Vec<Day>,
    now: Stamp,
}

impl CostRequest for UnitRequest {
    const OPERATION: &str = "costs.unit";

    type Query<'q> = UnitQuery<'q>;

    fn as_of(&self) -> Option<AsOf> {
        self.as_of
    }

    fn query(&self, now: Stamp) -> Result<UnitQuery<'_>> {
        let known = METERED.map(|(name, _)| name);
        let per =
            known.into_iter().enumerate().find(|(_, name)| *name == self.per).ok_or_else(|| {
                Error::invalid("per", format!("must be one of {}, got '{}'", known.join(", "), self.per))
            })?;
        let scale = self.scale.unwrap_or(1);
        if !(1..=MAX_SCALE).contains(&scale) {
            return Err(Error::invalid("scale", format!("must be 1 to {MAX_SCALE}, got {scale}")));
        }
        let (start, end) = (self.start_date, self.end_date);
        let span = Span { period: self.period.as_ref(), window: self.window.as_ref(), start, end };
        let (interval, days) = span.resolve(now, self.time_zone)?;
        self.group_by.check()?;
        self.exchange_rates.check()?;
        let spans = match self.granularity {
            Some(granularity) => buckets(interval, granularity, self.time_zone)?,
            None => Vec::new(),
        };
        let spans = spans.into_iter().map(|bucket| Day { date: bucket.date, interval: bucket.interval }).collect();
        Ok(UnitQuery { request: self, per, scale, interval, days, spans, now })
    }
}

impl CostQuery for UnitQuery<'_> {
    type Answer = UnitCosts;

    fn questions(&self) -> Vec<Question> {
        let mut cost = Question::new(self.interval, self.request.view);
        cost.buckets = (!self.spans.is_empty()).then(|| self.spans.iter().map(|span| span.interval).collect());
        cost.dimensions.clone_from(&self.request.group_by.0);
        cost.filter = self.request.filter.clone();
        let only = Filter::equals(METERED_BY, self.per.1);
        let filter = Filter::All(vec![only, self.request.per_filter.clone()]);
        let metered = Question { metered: true, filter, ..cost.clone() };
        vec![cost, metered]
    }

    fn finish(self, sums: Vec<Sums>, held: Held<'_>, name: NameOf<'_>) -> Result<UnitCosts> {
        let request = self.request;
        let terms = Terms { currency: request.currency, rates: &request.exchange_rates };
        let mut sums = sums.into_iter();
        let settled = settle(sums.next().unwrap_or_default(), &terms)?;
        let metered = sums.next().unwrap_or_default();
        let about = About { interval: self.interval, days: &self.days, now: self.now };
        let data_health = DataHealth::of(held, about, &settled, &terms)?;
        let quantities = (0..metered.len()).filter_map(|group| self.metered_in(&metered, group));
        let quantity = quantities.clone().try_fold(None, add)?;
        let cost = settled.total(0).filter(|_| is_covered(held, &self.days, &settled));
        Ok(UnitCosts {
            per: self.per.1,
            scale: self.scale,
            window_start: self.interval.start(),
            window_end: self.interval.end(),
            granularity: request.granularity,
            time_zone: request.time_zone,
            currency: settled.currency.or(request.currency),
            view: request.view,
            items: self.items(&settled, &metered, held, name)?,
            total: self.unit_cost(cost, quantity)?,
            data_health,
            snapshot: held.snapshot,
        })
    }
}

fn add(sum: Option<Quantity>, quantity: Quantity) -> Result<Option<Quantity>> {
    sum.unwrap_or(Quantity::ZERO).checked_add(quantity).map(Some)
}

/// What was found of a group in a span.
#[derive(Debug, Clone, Copy, Default)]
struct Found {
    cost: Money,
    charges: u64,
    unknown: u64,
    quantity: Option<Quantity>,
}

impl UnitQuery<'_> {
    fn metered_in(&self, metered: &Sums, group: usize) -> Option<Quantity> {
        metered.metered_of(group).get(self.per.0).copied().flatten()
    }

    fn unit_cost(&self, cost: Option<Money>, quantity: Option<Quantity>) -> Result<UnitCost> {
        let divisor = quantity.filter(|quantity| !quantity.is_zero());
        let cost_per_unit = cost.zip(divisor).map(|(cost, divisor)| {
            let cost = cost.checked_mul(Quantity::from_units(self.scale), Rounding::HalfEven)?;
            let each = ratio(cost, Money::from_mantissa(divisor.mantissa()), Money::SCALE);
            each.map(|each| Money::from_mantissa(each.mantissa())).ok_or_else(|| {
                Error::overflow("the cost of a unit does not fit: the quantity is tiny. Ask for a smaller scale")
            })
        });
        Ok(UnitCost { cost, quantity, cost_per_unit: cost_per_unit.transpose()? })
    }

    fn items(&self, settled: &Settled, metered: &Sums, held: Held<'_>, name: NameOf<'_>) -> Result<Vec<UnitItem>> {
        let dimensions = &self.request.group_by.0;
        if dimensions.is_empty() && self.spans.is_empty() {
            return Ok(Vec::new());
        }
        let spans = self.spans.len().max(1);
        let mut groups = self.found(settled, metered)?;
        if dimensions.is_empty() {
            groups.entry(Vec::new()).or_default();
        }
        if groups.len().saturating_mul(spans) > MAX_ITEMS {
            let message = format!("gives {} groups of {spans} spans: filter, or ask for less time", groups.len());
            return Err(Error::invalid("group_by", message));
        }
        let mut ordered = Vec::with_capacity(groups.len());
        for (values, found) in groups {
            ordered.push((Reverse(Money::try_sum(found.values().map(|found| found.cost))?), values, found));
        }
        ordered.sort_by(|one, other| (one.0, &one.1).cmp(&(other.0, &other.1)));
        let whole = [Day { date: self.days.first().map(|day| day.date).unwrap_or_default(), interval: self.interval }];
        let spans = if self.spans.is_empty() { whole.as_slice() } else { &self.spans };
        let covered: Vec<bool> = spans.iter().map(|span| held.reach.is_known(span)).collect();
        let mut items = Vec::new();
        for (_, values, found) in ordered {
            let dimensions = named(dimensions, &values, name)?;
            for (place, (span, covered)) in spans.iter().zip(&covered).enumerate() {
                let Found { cost, charges, unknown, quantity } = found.get(&place).copied().unwrap_or_default();
                let cost = known_cost(cost, charges, unknown).filter(|_| *covered || charges > 0);
                let date = (!self.spans.is_empty()).then(|| span.interval.start());
                items.push(UnitItem { date, dimensions: dimensions.clone(), figures: self.unit_cost(cost, quantity)? });
            }
        }
        Ok(items)
    }

    /// Costs and quantities by values and span: the two questions have codes of their own.
    fn found<'s>(&self, settled: &'s Settled, metered: &'s Sums) -> Result<Groups<'s>> {
        let mut groups = Groups::new();
        for group in 0..settled.len() {
            let found = groups.entry(settled.values_of(group)).or_default();
            let found = found.entry(settled.bucket_of(group)).or_default();
            found.cost = found.cost.checked_add(settled.sum_of(group, 0))?;
            found.charges += settled.charges_of(group);
            found.unknown += settled.unknown_of(group, 0);
        }
        for (group, head) in metered.heads.iter().enumerate() {
            let Some(quantity) = self.metered_in(metered, group) else { continue };
            let bucket = usize::try_from(head.bucket).unwrap_or(usize::MAX);
            let found = groups.entry(metered.values_of(group)).or_default().entry(bucket).or_default();
            found.quantity = add(found.quantity, quantity)?;
        }
        Ok(groups)
    }
}

/// What was found, by values and then by the place of the span.
type Groups<'s> = HashMap<Vec<Option<&'s str>>, BTreeMap<usize, Found>>;
