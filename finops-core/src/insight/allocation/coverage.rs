//! How much of the cost somebody bears, and what nobody does.

use super::by_center::KINDS;
use super::items::values;
use super::totals::{cost_of, health, totals};
use super::{Allocated, carried};
use crate::Result;
use crate::insight::health::{About, DataHealth, Held, SHARE_DECIMALS};
use crate::insight::query::NameOf;
use crate::insight::request::{Bound, DEFAULT_LIMIT, GroupBy, Span, page, request};
use crate::insight::summary::{DimensionValue, named, serialize_dimensions};
use crate::model::charge::CostView;
use crate::model::dimension::{BuiltIn, Dimension};
use crate::model::filter::Filter;
use crate::model::history::AsOf;
use crate::model::money::{Currency, Money, Quantity, ratio};
use crate::model::time::{Day, Interval, Period, Stamp, Window, Zone};
use crate::pipeline::allocation::Line;
use hashbrown::HashMap;
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use std::collections::BTreeMap;
use std::sync::Arc;

request! {
    /// What is asked about how much of the cost somebody bears.
    pub struct AllocationCoverageRequest {
        /// The period, such as `2024-01`; a charge belongs to it by the start of its charge period.
        pub period: Option<Period>,
        /// Or the window, such as `30d`. Without any of these, the thirty days up to tonight.
        pub window: Option<Window>,
        /// Or the first day, as a date or an instant; by default thirty days before the end.
        pub start_date: Option<Bound>,
        /// And the end, exclusive; by default tonight.
        pub end_date: Option<Bound>,
        /// What to tell apart what nobody bears by; by default service and sub-account.
        pub group_by: Option<GroupBy>,
        /// Which lines to look at, after everything is shared out.
        pub filter: Filter,
        /// The cost that is allocated, by default the effective one.
        pub view: CostView,
        /// Only what is charged in that currency; by default each currency by itself. Nothing is converted.
        pub currency: Option<Currency>,
        /// Where days begin and periods lie, by default UTC.
        pub time_zone: Zone,
        /// How many of the largest pieces to give, 1 to 1000; by default 20.
        pub limit: Option<i64>,
        /// Charges as of which state of the store: its number, or an instant; by default the present one.
        pub as_of: Option<AsOf>,
    }
}

/// How much of the cost somebody bears.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct AllocationCoverage {
    /// The period that was asked for; none when it was said otherwise.
    pub period: Option<Period>,
    /// When it starts.
    pub window_start: Stamp,
    /// When it ends, exclusive.
    pub window_end: Stamp,
    /// Which cost is allocated.
    pub view: CostView,
    /// What is borne and what not, by currency.
    pub currencies: Vec<CurrencyCoverage>,
    /// How many pieces there are that nobody bears.
    pub count: u64,
    /// The largest of them, by their amount without its sign.
    pub unattributed: Vec<UnattributedPiece>,
    /// How complete the data is.
    pub data_health: DataHealth,
    /// The state of the store that was read.
    pub snapshot: u64,
}

/// What of the cost in a currency is borne.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct CurrencyCoverage {
    /// The currency.
    pub currency: Currency,
    /// The cost.
    pub cost: Money,
    /// What centres have of their own.
    pub direct: Money,
    /// What of pools is shared out to centres.
    pub shared: Money,
    /// Idle cost, also what is kept apart.
    pub idle: Money,
    /// What no rule and no centre holds, and what a rule could not share out.
    pub unallocated: Money,
    /// What centres bear: all but what is unallocated, or is idle and kept apart.
    pub attributed: Money,
    /// The part of the cost that is, at 6 decimals; none when the cost is zero.
    pub attributed_share: Option<Quantity>,
}

/// A piece of the cost that nobody bears.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct UnattributedPiece {
    /// Its values.
    pub dimensions: Vec<DimensionValue>,
    /// The currency.
    pub currency: Currency,
    /// How much.
    pub cost: Money,
    /// The part of the cost in that currency, at 6 decimals; none when that is zero.
    pub share: Option<Quantity>,
}

impl Serialize for UnattributedPiece {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        serialize_dimensions(&self.dimensions, &mut map)?;
        map.serialize_entry("currency", &self.currency)?;
        map.serialize_entry("cost", &self.cost)?;
        map.serialize_entry("share", &self.share)?;
        map.end()
    }
}

/// An answer in the making.
#[derive(Debug)]
pub struct AllocationCoverageQuery<'q> {
    request: &'q AllocationCoverageRequest,
    interval: Interval,
    days: Vec<Day>,
    now: Stamp,
    group_by: GroupBy,
    carry: Vec<Dimension>,
}

/// Values of what nobody bears.
type Piece = (Currency, Vec<Option<Arc<str>>>);

impl<'q> AllocationCoverageQuery<'q> {
    /// # Errors
    /// `invalid_argument` for a request that cannot be answered.
    pub fn new(request: &'q AllocationCoverageRequest, now: Stamp) -> Result<Self> {
        let (start, end) = (request.start_date, request.end_date);
        let span = Span { period: request.period.as_ref(), window: request.window.as_ref(), start, end };
        let (interval, days) = span.resolve(now, request.time_zone)?;
        let default = || GroupBy([BuiltIn::Service, BuiltIn::SubAccount].map(Dimension::BuiltIn).to_vec());
        let group_by = request.group_by.clone().unwrap_or_else(default);
        let carry = carried(&group_by, &request.filter)?;
        page(request.limit, None)?;
        Ok(Self { request, interval, days, now, group_by, carry })
    }

    /// The window.
    pub const fn interval(&self) -> Interval {
        self.interval
    }

    /// The dimensions that lines have to carry.
    pub fn carry(&self) -> &[Dimension] {
        &self.carry
    }

    /// The answer, from the allocations of the window and the state that they are of.
    ///
    /// # Errors
    /// `overflow`, and whatever `name` gives.
    pub fn finish(self, allocated: &Allocated, held: Held<'_>, name: NameOf<'_>) -> Result<AllocationCoverage> {
        let Self { request, interval, days, now, .. } = &self;
        let view = request.view;
        let totals = totals(allocated, view, request.currency)?;
        let data_health = health(held, About { interval: *interval, days, now: *now }, &totals)?;
        let mut coverage: BTreeMap<Currency, CurrencyCoverage> = BTreeMap::new();
        let mut pieces: HashMap<Piece, Money> = HashMap::new();
        for (_, allocation) in allocated {
            for line in allocation.select(&request.filter)? {
                if request.currency.is_some_and(|currency| currency != line.currency) {
                    continue;
                }
                let cost = cost_of(&line.costs, view);
                coverage
                    .entry(line.currency)
                    .or_insert_with(|| CurrencyCoverage::new(line.currency))
                    .add(line, cost)?;
                if line.center.is_none() && !cost.is_zero() {
                    let values = values(line, &self.group_by.0);
                    let sum = pieces.entry((line.currency, values)).or_default();
                    *sum = sum.checked_add(cost)?;
                }
            }
        }
        coverage.values_mut().for_each(CurrencyCoverage::finish);
        Ok(AllocationCoverage {
            period: request.period.clone(),
            window_start: interval.start(),
            window_end: interval.end(),
            view,
            count: u64::try_from(pieces.len()).unwrap_or(u64::MAX),
            unattributed: self.largest(pieces, &coverage, name)?,
            currencies: coverage.into_values().collect(),
            data_health,
            snapshot: held.snapshot,
        })
    }

    fn largest(
        &self,
        pieces: HashMap<Piece, Money>,
        coverage: &BTreeMap<Currency, CurrencyCoverage>,
        name: NameOf<'_>,
    ) -> Result<Vec<UnattributedPiece>> {
        let mut pieces: Vec<(Piece, Money)> = pieces.into_iter().collect();
        let magnitude = |cost: &Money| cost.mantissa().unsigned_abs();
        pieces.sort_by(|(one, cost), (other, more)| {
            let currency = one.0.cmp(&other.0);
            currency.then(magnitude(more).cmp(&magnitude(cost))).then_with(|| one.cmp(other))
        });
        let (limit, _) = page(self.request.limit, None)?;
        let piece = |((currency, values), cost): (Piece, Money)| {
            let values: Vec<Option<&str>> = values.iter().map(Option::as_deref).collect();
            let whole = coverage.get(&currency).map_or(Money::ZERO, |coverage| coverage.cost);
            Ok(UnattributedPiece {
                dimensions: named(&self.group_by.0, &values, name)?,
                currency,
                cost,
                share: ratio(cost, whole, SHARE_DECIMALS),
            })
        };
        pieces.into_iter().take(limit.unwrap_or(DEFAULT_LIMIT)).map(piece).collect()
    }
}

impl CurrencyCoverage {
    const fn new(currency: Currency) -> Self {
        let zero = Money::ZERO;
        Self {
            currency,
            cost: zero,
            direct: zero,
            shared: zero,
            idle: zero,
            unallocated: zero,
            attributed: zero,
            attributed_share: None,
        }
    }

    fn add(&mut self, line: &Line, cost: Money) -> Result<()> {
        let kinds = [&mut self.direct, &mut self.shared, &mut self.idle, &mut self.unallocated];
        for (kind, sum) in KINDS.into_iter().zip(kinds) {
            if kind == line.kind {
                *sum = sum.checked_add(cost)?;
            }
        }
        self.cost = self.cost.checked_add(cost)?;
        if line.center.is_some() {
            self.attributed = self.attributed.checked_add(cost)?;
        }
        Ok(())
    }

    fn finish(&mut self) {
        self.attributed_share = ratio(self.attributed, self.cost, SHARE_DECIMALS);
    }
}
