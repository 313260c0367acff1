//! Top drivers: what costs most, and how that changed against an earlier span.

use super::change::{before, change_pct, difference, is_covered, length_before, one_currency};
use super::health::{About, DataHealth, Held, SHARE_DECIMALS};
use super::query::{CostQuery, CostRequest, NameOf};
use super::question::Question;
use super::request::{GroupBy, Rates, Span, Terms, page, request};
use super::settled::{Settled, settle};
use super::summary::{DimensionValue, named, serialize_dimensions};
use super::sums::Sums;
use crate::model::charge::CostView;
use crate::model::dimension::{BuiltIn, Dimension};
use crate::model::filter::Filter;
use crate::model::history::AsOf;
use crate::model::money::{Currency, Money, Quantity, ratio};
use crate::model::time::{Day, Interval, Period, Stamp, Window, Zone};
use crate::{Error, Result};
use serde::ser::SerializeMap;
use serde::{Deserialize, Serialize, Serializer};
use std::cmp::Reverse;
use std::collections::HashMap;

/// How many drivers are given unless the request says.
const DEFAULT_LIMIT: i64 = 10;

request! {
    /// What top drivers are asked for.
    pub struct TopDriversRequest {
        /// The window, such as `30d`. Without it and a period, the thirty days up to tonight.
        pub window: Option<Window>,
        /// Or the period, such as `2024-01`.
        pub period: Option<Period>,
        /// What to compare with: a length such as `7d` directly before the window, or another window as seen from now.
        pub compare_window: Option<Window>,
        /// Or the period to compare with. Without either, the span of equal length directly before: of a month, the
        /// month before.
        pub compare_period: Option<Period>,
        /// What a driver is; by default a service.
        pub group_by: GroupBy,
        /// Which come first; by default those that cost most.
        pub order: DriverOrder,
        /// How many to give, 1 to 1000; by default 10.
        pub limit: Option<i64>,
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
        /// As of which state of the store: its number, or an instant; by default the present one.
        pub as_of: Option<AsOf>,
    }
}

/// Which drivers come first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum DriverOrder {
    /// Those that cost most.
    #[default]
    Cost,
    /// Those whose cost changed most, up or down.
    Change,
}

/// What became of a driver since the earlier span.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum DriverStatus {
    /// It has no charges in the earlier span.
    New,
    /// It has none in the later one.
    Gone,
    /// It has charges in both, and another cost.
    Changed,
    /// It has charges in both, and the same cost.
    Unchanged,
}

/// What costs most, and how that changed.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct TopDrivers {
    /// When the window starts.
    pub window_start: Stamp,
    /// When it ends, exclusive.
    pub window_end: Stamp,
    /// When the span that it is compared with starts.
    pub compare_start: Stamp,
    /// When that ends, exclusive.
    pub compare_end: Stamp,
    /// Where periods lie.
    pub time_zone: Zone,
    /// The currency of every amount.
    pub currency: Option<Currency>,
    /// Which cost was added up.
    pub view: CostView,
    /// Which come first.
    pub order: DriverOrder,
    /// What everything in the window cost; none when no bill reaches it.
    pub total_cost: Option<Money>,
    /// The same of the earlier span.
    pub previous_cost: Option<Money>,
    /// The difference; none when either is unknown.
    pub change: Option<Money>,
    /// The same in percent of the earlier cost, at 2 decimals; none when that is zero or unknown.
    pub change_pct: Option<Quantity>,
    /// How many drivers there are, new and gone ones included.
    pub count: u64,
    /// The drivers.
    pub items: Vec<Driver>,
    /// How complete the data of the window is.
    pub data_health: DataHealth,
    /// How complete that of the earlier span is; its estimated share is not worked out.
    pub compare_health: DataHealth,
    /// The state of the store that was read.
    pub snapshot: u64,
}

/// What costs something, and how that changed.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Driver {
    /// Its values, in the order of `group_by`.
    pub dimensions: Vec<DimensionValue>,
    /// What it cost; zero when it is gone, none when unknown.
    pub cost: Option<Money>,
    /// Its part of the total at 6 decimals; none when the total is zero.
    pub share: Option<Quantity>,
    /// What it cost in the earlier span; zero when it is new, none when no bill reaches that span.
    pub previous_cost: Option<Money>,
    /// The difference; none when either is unknown.
    pub change: Option<Money>,
    /// The same in percent of the earlier cost, at 2 decimals; none when that is zero or unknown.
    pub change_pct: Option<Quantity>,
    /// What became of it; none when that cannot be told.
    pub status: Option<DriverStatus>,
}

impl Serialize for Driver {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        serialize_dimensions(&self.dimensions, &mut map)?;
        map.serialize_entry("cost", &self.cost)?;
        map.serialize_entry("share", &self.share)?;
        map.serialize_entry("previous_cost", &self.previous_cost)?;
        map.serialize_entry("change", &self.change)?;
        map.serialize_entry("change_pct", &self.change_pct)?;
        map.serialize_entry("status", &self.status)?;
        map.end()
    }
}

/// Top drivers in the making.
#[derive(Debug)]
pub struct TopDriversQuery<'q> {
    request: &'q TopDriversRequest,
    dimensions: Vec<Dimension>,
    limit: Option<usize>,
    window: (Interval, Vec<Day>),
    compared: (Interval, Vec<Day>),
    now: Stamp,
}

impl CostRequest for TopDriversRequest {
    const OPERATION: &str = "costs.top_drivers";

    type Query<'q> = TopDriversQuery<'q>;

    fn as_of(&self) -> Option<AsOf> {
        self.as_of
    }

    fn query(&self, now: Stamp) -> Result<TopDriversQuery<'_>> {
        let span = Span { period: self.period.as_ref(), window: self.window.as_ref(), start: None, end: None };
        let window = span.resolve(now, self.time_zone)?;
        self.group_by.check()?;
        self.exchange_rates.check()?;
        let (limit, _) = page(self.limit.or(Some(DEFAULT_LIMIT)), None)?;
        let dimensions = match self.group_by.0.as_slice() {
            [] => vec![Dimension::BuiltIn(BuiltIn::Service)],
            dimensions => dimensions.to_vec(),
        };
        let compared = self.compared(window.0, now)?;
        Ok(TopDriversQuery { request: self, dimensions, limit, window, compared, now })
    }
}

impl TopDriversRequest {
    /// The span to compare with, and its days.
    fn compared(&self, window: Interval, now: Stamp) -> Result<(Interval, Vec<Day>)> {
        let zone = self.time_zone;
        let (field, interval) = match (&self.compare_window, &self.compare_period) {
            (Some(_), Some(_)) => {
                let message = "give either `compare_window` or `compare_period`, not both";
                return Err(Error::invalid("compare_window", message));
            }
            (Some(length), None) if is_length(length) => {
                let span = length.resolve(now, zone)?;
                ("compare_window", length_before(window.start(), span.end().micros() - span.start().micros(), zone))
            }
            (Some(other), None) => ("compare_window", other.resolve(now, zone)),
            (None, Some(period)) => ("compare_period", period.interval(zone)),
            // A rolling window is compared with as many days also where it happens to begin and end with months.
            (None, None) if self.period.is_none() => {
                ("window", length_before(window.start(), window.end().micros() - window.start().micros(), zone))
            }
            (None, None) => ("period", before(window, zone)),
        };
        let wrong = |error: Error| Error::invalid(field, error.message());
        let interval = interval.map_err(wrong)?;
        Ok((interval, zone.days(interval).map_err(wrong)?))
    }
}

/// Whether a window is a length such as `7d`, and no piece of the calendar or of a fixed time.
fn is_length(window: &Window) -> bool {
    let text = window.text();
    text.bytes().rev().skip(1).all(|byte| byte.is_ascii_digit()) && !text.ends_with(|last: char| last.is_ascii_digit())
}

impl CostQuery for TopDriversQuery<'_> {
    type Answer = TopDrivers;

    fn questions(&self) -> Vec<Question> {
        let question = |interval: Interval| {
            let mut question = Question::new(interval, self.request.view);
            question.dimensions.clone_from(&self.dimensions);
            question.filter = self.request.filter.clone();
            question
        };
        vec![question(self.window.0), question(self.compared.0)]
    }

    fn finish(self, sums: Vec<Sums>, held: Held<'_>, name: NameOf<'_>) -> Result<TopDrivers> {
        let request = self.request;
        let terms = Terms { currency: request.currency, rates: &request.exchange_rates };
        let mut sums = sums.into_iter();
        let mut side = |days| Side::new(sums.next().unwrap_or_default(), days, held, &terms);
        let (later, earlier) = (side(&self.window.1)?, side(&self.compared.1)?);
        let currency = one_currency(later.settled.currency, earlier.settled.currency)?.or(request.currency);
        let ((interval, days), (compare, compare_days)) = (&self.window, &self.compared);
        let data_health =
            DataHealth::of(held, About { interval: *interval, days, now: self.now }, &later.settled, &terms)?;
        let about = About { interval: *compare, days: compare_days, now: self.now };
        let compare_health = DataHealth::new(held, about, earlier.settled.unknown(0));
        let (total_cost, previous_cost) = (later.total(), earlier.total());
        let mut drivers = drivers(&later, &earlier)?;
        let count = u64::try_from(drivers.len()).unwrap_or(u64::MAX);
        let sort_key = |driver: &Driver| match request.order {
            DriverOrder::Cost => driver.cost,
            // A cost is below 10^20, so that the difference of two has a magnitude.
            DriverOrder::Change => driver.change.and_then(|change| change.abs().ok()),
        };
        drivers.sort_by(|(one, values), (other, others)| {
            Reverse(sort_key(one)).cmp(&Reverse(sort_key(other))).then_with(|| values.cmp(others))
        });
        drivers.truncate(self.limit.unwrap_or(usize::MAX));
        let items = drivers
            .into_iter()
            .map(|(driver, values)| Ok(Driver { dimensions: named(&self.dimensions, &values, name)?, ..driver }));
        Ok(TopDrivers {
            window_start: interval.start(),
            window_end: interval.end(),
            compare_start: compare.start(),
            compare_end: compare.end(),
            time_zone: request.time_zone,
            currency,
            view: request.view,
            order: request.order,
            total_cost,
            previous_cost,
            change: difference(total_cost, previous_cost)?,
            change_pct: change_pct(total_cost, previous_cost)?,
            count,
            items: items.collect::<Result<_>>()?,
            data_health,
            compare_health,
            snapshot: held.snapshot,
        })
    }
}

/// The sums of one of the two spans.
struct Side {
    settled: Settled,
    covered: bool,
}

impl Side {
    fn new(sums: Sums, days: &[Day], held: Held<'_>, terms: &Terms<'_>) -> Result<Self> {
        let settled = settle(sums, terms)?;
        let covered = is_covered(held, days, &settled);
        Ok(Self { settled, covered })
    }

    fn total(&self) -> Option<Money> {
        self.settled.total(0).filter(|_| self.covered)
    }

    /// What a group cost; what has no charges cost nothing, where anything is known.
    fn cost(&self, group: Option<usize>) -> Option<Money> {
        match group {
            Some(group) => self.settled.cost_of(group, 0),
            None => self.covered.then_some(Money::ZERO),
        }
    }
}

/// The values of a driver.
type Values<'s> = Vec<Option<&'s str>>;
/// The places of a driver in the two spans, the later one first.
type Places = (Option<usize>, Option<usize>);

/// Every driver of either span with its values, which are not named yet.
fn drivers<'s>(later: &'s Side, earlier: &'s Side) -> Result<Vec<(Driver, Values<'s>)>> {
    let mut found: HashMap<Values<'s>, Places> = HashMap::new();
    for group in 0..later.settled.len() {
        found.entry(later.settled.values_of(group)).or_default().0 = Some(group);
    }
    for group in 0..earlier.settled.len() {
        found.entry(earlier.settled.values_of(group)).or_default().1 = Some(group);
    }
    let total = later.settled.total(0).unwrap_or_default();
    let driver = |(values, (now, then)): (Values<'s>, Places)| {
        let (cost, previous_cost) = (later.cost(now), earlier.cost(then));
        let change = difference(cost, previous_cost)?;
        let status = match (now, then) {
            (_, None) => earlier.covered.then_some(DriverStatus::New),
            (None, _) => later.covered.then_some(DriverStatus::Gone),
            _ if change.is_some_and(Money::is_zero) => Some(DriverStatus::Unchanged),
            _ => change.map(|_| DriverStatus::Changed),
        };
        let share = cost.and_then(|cost| ratio(cost, total, SHARE_DECIMALS));
        let change_pct = change_pct(cost, previous_cost)?;
        Ok((Driver { dimensions: Vec::new(), cost, share, previous_cost, change, change_pct, status }, values))
    };
    found.into_iter().map(driver).collect()
}
