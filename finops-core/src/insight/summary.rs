//! The cost summary: what a period cost, by any dimensions, largest first.

use super::columns::TextCells;
use super::health::{About, DataHealth, Held, SHARE_DECIMALS};
use super::query::{CostQuery, CostRequest, NameOf, only};
use super::question::{METERED, Question};
use super::request::{Bound, GroupBy, Rates, Span, Terms, largest, narrowed, page, request};
use super::settled::{Settled, settle};
use super::sums::Sums;
use super::view::View;
use crate::Result;
use crate::model::dimension::Dimension;
use crate::model::filter::Filter;
use crate::model::history::AsOf;
use crate::model::money::{Currency, Money, Quantity, ratio};
use crate::model::time::{Day, Interval, Period, Stamp, Window, Zone};
use hashbrown::HashMap;
use hashbrown::hash_map::Entry;
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use std::sync::Arc;

request! {
    /// What a cost summary is asked for.
    ///
    /// ```
    /// use finops_core::insight::CostSummaryRequest;
    ///
    /// let request: CostSummaryRequest =
    ///     serde_json::from_str(r#"{"period": "2024-01", "group_by": "tenant", "currency": "USD"}"#).unwrap();
    /// assert_eq!(request.group_by.0.len(), 1);
    /// ```
    pub struct CostSummaryRequest {
        /// The period, such as `2024-01`; a charge belongs to it by the start of its charge period.
        pub period: Option<Period>,
        /// Or the window, such as `30d`. Without any of these, the thirty days up to tonight.
        pub window: Option<Window>,
        /// Or the first day, as a date or an instant; by default thirty days before the end.
        pub start_date: Option<Bound>,
        /// And the end, exclusive; by default tonight.
        pub end_date: Option<Bound>,
        /// What to break down by; nothing gives the total alone.
        pub group_by: GroupBy,
        /// The currency of the answer; by default the one that all charges have.
        pub currency: Option<Currency>,
        /// Which charges count.
        pub filter: Filter,
        /// Only charges of that organization.
        pub org_id: Option<String>,
        /// Only charges of that user.
        pub user_id: Option<String>,
        /// Only charges for resources of that type.
        pub resource_type: Option<String>,
        /// Which cost, by default the effective one; `allocated` is what cost centres bear, told apart and filtered by
        /// `cost_center` as who bears it.
        pub view: View,
        /// What other currencies are worth in that of the answer.
        pub exchange_rates: Rates,
        /// Where days begin and periods lie, by default UTC.
        pub time_zone: Zone,
        /// How many items to give, 1 to 1000; by default all.
        pub limit: Option<i64>,
        /// How many items to leave out before.
        pub offset: Option<i64>,
        /// As of which state of the store: its number, or an instant; by default the present one.
        pub as_of: Option<AsOf>,
    }
}

/// What a period cost.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct CostSummary {
    /// The period that was asked for; none when it was a window.
    pub period: Option<Period>,
    /// When it starts.
    pub window_start: Stamp,
    /// When it ends, exclusive.
    pub window_end: Stamp,
    /// The currency of every amount; none when there is no charge and none was named.
    pub currency: Option<Currency>,
    /// Which cost was added up.
    pub view: View,
    /// The sum; none when no imported bill reaches any of it, or none of its charges has a known cost.
    pub total_cost: Option<Money>,
    /// How many items there are, on all pages.
    pub count: u64,
    /// The items of the page, largest first. All items add up to the total.
    pub breakdown: Vec<CostItem>,
    /// How complete the data is.
    pub data_health: DataHealth,
    /// The state of the store that was read.
    pub snapshot: u64,
}

/// A value of a dimension, with its name where the catalogue has one.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct DimensionValue {
    /// The dimension.
    pub dimension: Dimension,
    /// The value; none for charges without one. Items that have the same value share it.
    pub value: Option<Arc<str>>,
    /// What the catalogue calls it.
    pub name: Option<Arc<str>>,
}

/// An item of a breakdown.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct CostItem {
    /// Its values, in the order of `group_by`.
    pub dimensions: Vec<DimensionValue>,
    /// What it cost; none when no charge of it has a cost in the view.
    pub cost: Option<Money>,
    /// Its part of the total at 6 decimals, below 0 or above 1 where there are credits; none when the total is zero.
    pub share: Option<Quantity>,
    /// How many charges it is made of; of what centres bear, how many pieces.
    pub charges: u64,
    /// What the platform metered, in the order of [`CostItem::METERED_FIELDS`]; none where nothing is known.
    pub metered: [Option<Quantity>; METERED.len()],
}

impl CostItem {
    /// The fields of what is metered.
    pub const METERED_FIELDS: [&'static str; METERED.len()] = {
        let mut fields = [""; METERED.len()];
        let mut place = 0;
        while place < METERED.len() {
            #[allow(clippy::indexing_slicing, reason = "evaluated by the compiler, within the bounds of the loop")]
            {
                fields[place] = METERED[place].1;
            }
            place += 1;
        }
        fields
    };
}

/// Writes `<dimension>_id` and `<dimension>_name`, or the bare dimension, as fields.
pub(super) fn serialize_dimensions<M: SerializeMap>(values: &[DimensionValue], map: &mut M) -> Result<(), M::Error> {
    for DimensionValue { dimension, value, name } in values {
        map.serialize_entry(dimension.answer_key().as_ref(), &value.as_deref())?;
        if let Some(key) = name_key(dimension) {
            map.serialize_entry(key, &name.as_deref())?;
        }
    }
    Ok(())
}

/// Under which key the names of a dimension's values stand, if they have names.
pub(super) fn name_key(dimension: &Dimension) -> Option<&'static str> {
    let Dimension::BuiltIn(dimension) = dimension else { return None };
    dimension.named_keys().map(|(_, key)| key)
}

/// The same, as a map of its own to be flattened into an item.
pub(super) fn serialize_flat<S: Serializer>(values: &[DimensionValue], serializer: S) -> Result<S::Ok, S::Error> {
    let mut map = serializer.serialize_map(None)?;
    serialize_dimensions(values, &mut map)?;
    map.end()
}

impl Serialize for CostItem {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        serialize_dimensions(&self.dimensions, &mut map)?;
        map.serialize_entry("cost", &self.cost)?;
        map.serialize_entry("share", &self.share)?;
        map.serialize_entry("charges", &self.charges)?;
        for (field, quantity) in Self::METERED_FIELDS.iter().zip(self.metered) {
            map.serialize_entry(field, &quantity)?;
        }
        map.end()
    }
}

/// A summary in the making.
#[derive(Debug)]
pub struct SummaryQuery<'q> {
    request: &'q CostSummaryRequest,
    interval: Interval,
    days: Vec<Day>,
    now: Stamp,
}

impl<'q> SummaryQuery<'q> {
    /// # Errors
    /// `invalid_argument` for a request that cannot be answered.
    pub fn new(request: &'q CostSummaryRequest, now: Stamp) -> Result<Self> {
        let (start, end) = (request.start_date, request.end_date);
        let span = Span { period: request.period.as_ref(), window: request.window.as_ref(), start, end };
        let (interval, days) = span.resolve(now, request.time_zone)?;
        request.group_by.check()?;
        page(request.limit, request.offset)?;
        request.exchange_rates.check()?;
        Ok(Self { request, interval, days, now })
    }
}

impl CostRequest for CostSummaryRequest {
    const OPERATION: &str = "get_cost_summary";

    type Query<'q> = SummaryQuery<'q>;

    fn as_of(&self) -> Option<AsOf> {
        self.as_of
    }

    fn query(&self, now: Stamp) -> Result<SummaryQuery<'_>> {
        SummaryQuery::new(self, now)
    }
}

impl CostQuery for SummaryQuery<'_> {
    type Answer = CostSummary;

    fn questions(&self) -> Vec<Question> {
        let mut question = Question::new(self.interval, self.request.view.cost());
        question.allocated = self.request.view.is_allocated();
        question.dimensions.clone_from(&self.request.group_by.0);
        let request = self.request;
        let given = [request.org_id.as_deref(), request.user_id.as_deref(), request.resource_type.as_deref()];
        question.filter = narrowed(&request.filter, given);
        question.metered = !question.dimensions.is_empty() && !question.allocated;
        question.largest = largest(self.request.limit, self.request.offset, &self.request.exchange_rates);
        vec![question]
    }

    fn finish(self, sums: Vec<Sums>, held: Held<'_>, name: NameOf<'_>) -> Result<CostSummary> {
        let request = self.request;
        let terms = Terms { currency: request.currency, rates: &request.exchange_rates };
        let settled = settle(only(sums), &terms)?;
        let covered = settled.charges() > 0 || self.days.iter().any(|day| held.reach.is_known(day));
        let about = About { interval: self.interval, days: &self.days, now: self.now };
        let data_health = DataHealth::of(held, about, &settled, &terms)?;
        let grouped = !request.group_by.0.is_empty();
        Ok(CostSummary {
            period: request.period.clone(),
            window_start: self.interval.start(),
            window_end: self.interval.end(),
            currency: settled.currency.or(request.currency),
            view: request.view,
            total_cost: settled.total(0).filter(|_| covered),
            count: if grouped { settled.count() } else { 0 },
            breakdown: if grouped { items(&settled, request, name)? } else { Vec::new() },
            data_health,
            snapshot: held.snapshot,
        })
    }
}

fn items(settled: &Settled, request: &CostSummaryRequest, name: NameOf<'_>) -> Result<Vec<CostItem>> {
    let (limit, offset) = page(request.limit, request.offset)?;
    let total = settled.total(0).unwrap_or_default();
    let mut values = Values::new(&request.group_by.0);
    let item = |group: usize| {
        Ok(CostItem {
            dimensions: values.of(settled, group, name)?,
            cost: settled.cost_of(group, 0),
            share: ratio(settled.sum_of(group, 0), total, SHARE_DECIMALS),
            charges: settled.charges_of(group),
            metered: settled.metered_of(group),
        })
    };
    settled.largest(limit, offset).into_iter().map(item).collect()
}

/// The values of a group with their names.
pub(super) fn named(
    dimensions: &[Dimension],
    values: &[Option<&str>],
    name: NameOf<'_>,
) -> Result<Vec<DimensionValue>> {
    let value = |(dimension, value): (&Dimension, Option<&str>)| {
        let name = value.map_or(Ok(None), |value| name(dimension, value))?;
        Ok(DimensionValue { dimension: dimension.clone(), value: value.map(Arc::from), name: name.map(Arc::from) })
    };
    dimensions.iter().zip(values.iter().copied()).map(value).collect()
}

/// The values of groups, each text made once: a thousand items name sixty services.
pub(super) struct Values<'d> {
    dimensions: &'d [Dimension],
    /// By the place of the dimension and the code.
    known: HashMap<(usize, u32), Named>,
}

/// The value of a code, and its name.
type Named = (Option<Arc<str>>, Option<Arc<str>>);

impl<'d> Values<'d> {
    pub(super) fn new(dimensions: &'d [Dimension]) -> Self {
        Self { dimensions, known: HashMap::new() }
    }

    /// Those of a group.
    pub(super) fn of(&mut self, settled: &Settled, group: usize, name: NameOf<'_>) -> Result<Vec<DimensionValue>> {
        let mut values = Vec::with_capacity(self.dimensions.len());
        for ((place, dimension), code) in self.dimensions.iter().enumerate().zip(settled.codes_of(group)) {
            let (value, name) = self.named(settled, (place, *code), dimension, name)?.clone();
            values.push(DimensionValue { dimension: dimension.clone(), value, name });
        }
        Ok(values)
    }

    fn named(
        &mut self,
        settled: &Settled,
        (place, code): (usize, u32),
        dimension: &Dimension,
        name: NameOf<'_>,
    ) -> Result<&Named> {
        Ok(match self.known.entry((place, code)) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(new) => new.insert(value_of(settled, (place, code), dimension, name)?),
        })
    }
}

fn value_of(settled: &Settled, (place, code): (usize, u32), dimension: &Dimension, name: NameOf<'_>) -> Result<Named> {
    let text = settled.text_of(place, code);
    let name = text.map_or(Ok(None), |text| name(dimension, text))?;
    Ok((text.map(Arc::from), name.map(Arc::from)))
}

/// The values of groups in the dimension at a place, and their names.
pub(super) fn text_cells(
    settled: &Settled,
    groups: &[usize],
    (place, dimension): (usize, &Dimension),
    name: NameOf<'_>,
) -> Result<(TextCells, TextCells)> {
    let mut places: HashMap<u32, usize> = HashMap::new();
    let (mut texts, mut names, mut codes) = (Vec::new(), Vec::new(), Vec::with_capacity(groups.len()));
    for group in groups {
        let code = settled.codes_of(*group).get(place).copied().unwrap_or(0);
        codes.push(match places.entry(code) {
            Entry::Occupied(known) => *known.get(),
            Entry::Vacant(new) => {
                let (text, name) = value_of(settled, (place, code), dimension, name)?;
                texts.push(text);
                names.push(name);
                *new.insert(texts.len() - 1)
            }
        });
    }
    let codes = Arc::new(codes);
    Ok((TextCells::new(texts, Arc::clone(&codes)), TextCells::new(names, codes)))
}
