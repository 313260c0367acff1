//! The breakdown: what a window cost by any dimensions and by date, with further costs and distinct counts beside it.

use super::buckets::{Bucket, Granularity, buckets};
use super::columns::{ItemCells, ItemColumns};
use super::health::{About, DataHealth, Held, SHARE_DECIMALS};
use super::query::{CostQuery, CostRequest, NameOf, only};
use super::question::Question;
use super::request::{Bound, DEFAULT_LIMIT, GroupBy, Rates, Span, Terms, largest, narrowed, page, request};
use super::settled::{Settled, settle};
use super::summary::{DimensionValue, Values, name_key, serialize_dimensions, text_cells};
use super::sums::Sums;
use super::view::View;
use crate::model::charge::CostView;
use crate::model::dimension::Dimension;
use crate::model::filter::Filter;
use crate::model::history::AsOf;
use crate::model::money::{Currency, Money, Quantity, ratio};
use crate::model::time::{Day, Interval, Period, Stamp, Window, Zone};
use crate::{Error, Result};
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

request! {
    /// What a breakdown is asked for.
    pub struct BreakdownRequest {
        /// The period, such as `2024-01`; a charge belongs to it by the start of its charge period.
        pub period: Option<Period>,
        /// Or the window, such as `7d`. Without any of these, the thirty days up to tonight.
        pub window: Option<Window>,
        /// Or the first day, as a date or an instant; by default thirty days before the end.
        pub start_date: Option<Bound>,
        /// And the end, exclusive; by default tonight.
        pub end_date: Option<Bound>,
        /// What to break down by; nothing, without a granularity, gives the total alone.
        pub group_by: GroupBy,
        /// Makes the date a further dimension.
        pub granularity: Option<Granularity>,
        /// Which charges count.
        pub filter: Filter,
        /// Only charges of that organization.
        pub org_id: Option<String>,
        /// Only charges of that user.
        pub user_id: Option<String>,
        /// Only charges for resources of that type.
        pub resource_type: Option<String>,
        /// The currency of the answer; by default the one that all charges have.
        pub currency: Option<Currency>,
        /// Which cost to order by and to give as `cost`, by default the effective one; `allocated` is what cost centres
        /// bear, told apart and filtered by `cost_center` as who bears it.
        pub view: View,
        /// Further costs to give beside it, each as `<view>_cost`.
        pub views: Vec<CostView>,
        /// A dimension whose distinct values are counted in each item; charges without a value do not count.
        pub distinct: Option<Dimension>,
        /// What other currencies are worth in that of the answer.
        pub exchange_rates: Rates,
        /// Where days begin and periods lie, by default UTC.
        pub time_zone: Zone,
        /// How many items to give, 1 to 1000; by default 20.
        pub limit: Option<i64>,
        /// How many items to leave out before.
        pub offset: Option<i64>,
        /// As of which state of the store: its number, or an instant; by default the present one.
        pub as_of: Option<AsOf>,
    }
}

/// What a window cost, broken down.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct Breakdown {
    /// The period that was asked for; none when it was said otherwise.
    pub period: Option<Period>,
    /// When it starts.
    pub window_start: Stamp,
    /// When it ends, exclusive.
    pub window_end: Stamp,
    /// How long the spans are that items tell apart; none when they do not.
    pub granularity: Option<Granularity>,
    /// Where days begin.
    pub time_zone: Zone,
    /// The currency of every amount; none when there is no charge and none was named.
    pub currency: Option<Currency>,
    /// Which cost stands as `cost`.
    pub view: View,
    /// The sum; none when no imported bill reaches any of it, or none of its charges has a known cost.
    pub total_cost: Option<Money>,
    /// The sums of the further costs, in JSON as `total_<view>_cost`.
    #[serde(flatten, serialize_with = "totals_by_view")]
    pub totals: Vec<(CostView, Option<Money>)>,
    /// How many items there are, on all pages.
    pub count: u64,
    /// How many a page has at most.
    pub limit: u64,
    /// How many stand before it.
    pub offset: u64,
    /// The items of the page, largest first, then by their values and their date. All items add up to the total.
    pub items: Vec<BreakdownItem>,
    /// How complete the data is.
    pub data_health: DataHealth,
    /// The state of the store that was read.
    pub snapshot: u64,
}

/// An item of a breakdown.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct BreakdownItem {
    /// Its values, in the order of `group_by`.
    pub dimensions: Vec<DimensionValue>,
    /// When its span starts, where the breakdown tells dates apart.
    pub date: Option<Stamp>,
    /// What it cost; none when no charge of it has a cost in the view.
    pub cost: Option<Money>,
    /// Its part of the total at 6 decimals, below 0 or above 1 where there are credits; none when the total is zero.
    pub share: Option<Quantity>,
    /// How many charges it is made of; of what centres bear, how many pieces.
    pub charges: u64,
    /// Its further costs, in JSON as `<view>_cost`.
    pub costs: FurtherCosts,
    /// How many distinct values it has of what was asked for.
    pub distinct: Option<u64>,
}

/// A cost in each of some views, in the order in which these were asked for; none where no charge has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct FurtherCosts([Option<(CostView, Option<Money>)>; CostView::ALL.len()]);

impl FurtherCosts {
    /// The views and their costs.
    pub fn iter(&self) -> impl Iterator<Item = (CostView, Option<Money>)> {
        self.0.iter().copied().flatten()
    }

    /// The cost in a view; none when it was not asked for.
    pub fn get(&self, view: CostView) -> Option<Option<Money>> {
        self.iter().find(|(known, _)| *known == view).map(|(_, cost)| cost)
    }
}

impl FromIterator<(CostView, Option<Money>)> for FurtherCosts {
    /// Takes as many as there are views.
    fn from_iter<I: IntoIterator<Item = (CostView, Option<Money>)>>(costs: I) -> Self {
        let mut all = Self::default();
        all.0.iter_mut().zip(costs).for_each(|(place, cost)| *place = Some(cost));
        all
    }
}

impl Serialize for BreakdownItem {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        serialize_dimensions(&self.dimensions, &mut map)?;
        if let Some(date) = &self.date {
            map.serialize_entry("date", date)?;
        }
        map.serialize_entry("cost", &self.cost)?;
        map.serialize_entry("share", &self.share)?;
        map.serialize_entry("charges", &self.charges)?;
        for (view, cost) in self.costs.iter() {
            map.serialize_entry(view.column().field(), &cost)?;
        }
        if let Some(distinct) = &self.distinct {
            map.serialize_entry("distinct", distinct)?;
        }
        map.end()
    }
}

fn totals_by_view<S: Serializer>(totals: &[(CostView, Option<Money>)], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(totals.iter().map(|(view, cost)| (format!("total_{}_cost", view.as_str()), cost)))
}

/// A breakdown in the making.
#[derive(Debug)]
pub struct BreakdownQuery<'q> {
    request: &'q BreakdownRequest,
    interval: Interval,
    days: Vec<Day>,
    buckets: Option<Vec<Bucket>>,
    now: Stamp,
}

impl CostRequest for BreakdownRequest {
    const OPERATION: &str = "costs.breakdown";

    type Query<'q> = BreakdownQuery<'q>;

    fn as_of(&self) -> Option<AsOf> {
        self.as_of
    }

    fn query(&self, now: Stamp) -> Result<BreakdownQuery<'_>> {
        let (start, end) = (self.start_date, self.end_date);
        let span = Span { period: self.period.as_ref(), window: self.window.as_ref(), start, end };
        let (interval, days) = span.resolve(now, self.time_zone)?;
        self.group_by.check()?;
        self.exchange_rates.check()?;
        page(self.limit, self.offset)?;
        let repeated =
            self.views.iter().enumerate().find(|(place, view)| self.views.iter().take(*place).any(|v| v == *view));
        if let Some((_, view)) = repeated {
            return Err(Error::invalid("views", format!("names '{}' twice", view.as_str())));
        }
        if self.distinct.is_some() && self.group_by.0.is_empty() && self.granularity.is_none() {
            return Err(Error::invalid("distinct", "counts in each item: give group_by or granularity as well"));
        }
        self.view
            .refuse_allocated(self.granularity.is_some(), "is shared out over all of a month: leave granularity out")?;
        self.view.refuse_allocated(self.distinct.is_some(), "counts no values: leave distinct out")?;
        let buckets = self.granularity.map(|granularity| buckets(interval, granularity, self.time_zone)).transpose()?;
        Ok(BreakdownQuery { request: self, interval, days, buckets, now })
    }
}

impl CostQuery for BreakdownQuery<'_> {
    type Answer = Breakdown;

    fn questions(&self) -> Vec<Question> {
        let request = self.request;
        let first = request.view.cost();
        let mut question = Question::new(self.interval, first);
        question.allocated = request.view.is_allocated();
        question.views.extend(request.views.iter().filter(|view| **view != first));
        question.buckets = self.buckets.as_ref().map(|all| all.iter().map(|bucket| bucket.interval).collect());
        question.dimensions.clone_from(&request.group_by.0);
        question.distinct.clone_from(&request.distinct);
        let limit = request.limit.or_else(|| i64::try_from(DEFAULT_LIMIT).ok());
        question.largest = largest(limit, request.offset, &request.exchange_rates);
        let given = [request.org_id.as_deref(), request.user_id.as_deref(), request.resource_type.as_deref()];
        question.filter = narrowed(&request.filter, given);
        vec![question]
    }

    fn finish(self, sums: Vec<Sums>, held: Held<'_>, name: NameOf<'_>) -> Result<Breakdown> {
        let (mut answer, settled, groups) = self.without_items(sums, held)?;
        let mut values = Values::new(&self.request.group_by.0);
        let item = |group| self.item(&settled, group, &mut values, name);
        answer.items = groups.into_iter().map(item).collect::<Result<_>>()?;
        Ok(answer)
    }
}

impl BreakdownQuery<'_> {
    /// The answer without its items, and those by column.
    ///
    /// # Errors
    /// As [`CostQuery::finish`].
    pub fn columns(self, sums: Vec<Sums>, held: Held<'_>, name: NameOf<'_>) -> Result<(Breakdown, ItemColumns)> {
        let (answer, settled, groups) = self.without_items(sums, held)?;
        if groups.is_empty() {
            return Ok((answer, ItemColumns::default()));
        }
        let mut columns: Vec<(String, ItemCells)> = Vec::new();
        for (place, dimension) in self.request.group_by.0.iter().enumerate() {
            let (texts, names) = text_cells(&settled, &groups, (place, dimension), name)?;
            columns.push((dimension.answer_key().into_owned(), ItemCells::Texts(texts)));
            if let Some(key) = name_key(dimension) {
                columns.push((key.to_owned(), ItemCells::Texts(names)));
            }
        }
        let mut put = |name: &str, cells| columns.push((name.to_owned(), cells));
        if self.buckets.is_some() {
            put("date", ItemCells::Times(groups.iter().filter_map(|group| self.date(&settled, *group)).collect()));
        }
        let costs = |view| {
            let costs = groups.iter().map(|group| settled.cost_of(*group, view));
            ItemCells::Decimals(costs.map(|cost| cost.map(|cost| Quantity::from_mantissa(cost.mantissa()))).collect())
        };
        put("cost", costs(0));
        put("share", ItemCells::Decimals(groups.iter().map(|group| share(&settled, *group)).collect()));
        put("charges", ItemCells::Counts(groups.iter().map(|group| settled.charges_of(*group)).collect()));
        for (view, place) in self.places_of_views() {
            put(view.column().field(), costs(place));
        }
        if self.request.distinct.is_some() {
            let distinct = groups.iter().filter_map(|group| settled.distinct_of(*group));
            put("distinct", ItemCells::Counts(distinct.collect()));
        }
        Ok((answer, ItemColumns { rows: groups.len(), columns }))
    }

    /// The answer without items, and the groups that they are to be made of.
    fn without_items(&self, sums: Vec<Sums>, held: Held<'_>) -> Result<(Breakdown, Settled, Vec<usize>)> {
        let request = self.request;
        let terms = Terms { currency: request.currency, rates: &request.exchange_rates };
        let settled = settle(only(sums), &terms)?;
        let covered = settled.charges() > 0 || self.days.iter().any(|day| held.reach.is_known(day));
        let about = About { interval: self.interval, days: &self.days, now: self.now };
        let data_health = DataHealth::of(held, about, &settled, &terms)?;
        let total = |view: usize| settled.total(view).filter(|_| covered);
        let (limit, offset) = page(request.limit, request.offset)?;
        let limit = limit.unwrap_or(DEFAULT_LIMIT);
        let broken_down = !request.group_by.0.is_empty() || self.buckets.is_some();
        let groups = if broken_down { settled.largest(Some(limit), offset) } else { Vec::new() };
        let size = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
        let answer = Breakdown {
            period: request.period.clone(),
            window_start: self.interval.start(),
            window_end: self.interval.end(),
            granularity: request.granularity,
            time_zone: request.time_zone,
            currency: settled.currency.or(request.currency),
            view: request.view,
            total_cost: total(0),
            totals: self.by_view(total),
            count: if broken_down { settled.count() } else { 0 },
            limit: size(limit),
            offset: size(offset),
            items: Vec::new(),
            data_health,
            snapshot: held.snapshot,
        };
        Ok((answer, settled, groups))
    }

    fn item(
        &self,
        settled: &Settled,
        group: usize,
        values: &mut Values<'_>,
        name: NameOf<'_>,
    ) -> Result<BreakdownItem> {
        Ok(BreakdownItem {
            dimensions: values.of(settled, group, name)?,
            date: self.date(settled, group),
            cost: settled.cost_of(group, 0),
            share: share(settled, group),
            charges: settled.charges_of(group),
            costs: self.by_view(|view| settled.cost_of(group, view)),
            distinct: settled.distinct_of(group),
        })
    }

    /// When the span of a group starts.
    fn date(&self, settled: &Settled, group: usize) -> Option<Stamp> {
        let bucket = self.buckets.as_ref().and_then(|buckets| buckets.get(settled.bucket_of(group)));
        bucket.map(|bucket| bucket.interval.start())
    }

    /// What stands for each of the further views.
    fn by_view<C>(&self, cost: impl Fn(usize) -> Option<Money>) -> C
    where
        C: FromIterator<(CostView, Option<Money>)>,
    {
        self.places_of_views().map(|(view, place)| (view, cost(place))).collect()
    }

    /// The further views with their places in the question, in which the view that stands first is asked for once.
    fn places_of_views(&self) -> impl Iterator<Item = (CostView, usize)> {
        let (first, mut last) = (self.request.view.cost(), 0);
        self.request.views.iter().map(move |view| {
            let place = if *view == first { 0 } else { last + 1 };
            last = last.max(place);
            (*view, place)
        })
    }
}

/// The part of the total that a group is.
fn share(settled: &Settled, group: usize) -> Option<Quantity> {
    ratio(settled.sum_of(group, 0), settled.total(0).unwrap_or_default(), SHARE_DECIMALS)
}
