//! The answer to a question of usage.

use super::gather::{ABSENT, Cells, Gathered, Measured};
use super::pages::UsagePages;
use super::request::UsageQuery;
use super::select::Field;
use crate::Result;
use crate::insight::query::NameOf;
use crate::insight::question::METERED;
use crate::insight::request::page;
use crate::insight::series::refuse_too_much;
use crate::insight::summary::{DimensionValue, named, serialize_dimensions};
use crate::model::money::Quantity;
use crate::model::time::{Interval, Period, Stamp};
use crate::model::usage::Aggregation;
use crate::pipeline::metering::Cell;
use chrono::NaiveDate;
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use std::collections::BTreeSet;

/// How much was used.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct Usage {
    /// The period that was asked for; none when it was a window.
    pub period: Option<Period>,
    /// When it starts.
    pub window_start: Stamp,
    /// When it ends, exclusive.
    pub window_end: Stamp,
    /// How many items there are, on all pages.
    pub count: u64,
    /// The items of the page, in the order of their values.
    pub items: Vec<UsageItem>,
    /// The same over time, when a granularity was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub series: Option<Vec<UsageSeries>>,
}

/// What each meter comes to, by the key that answers have for it.
///
/// Nothing was used where there is no value; a count is 0 then. What is weighted by time is the mean level over the
/// whole span, the last level taken to last until its end.
type Values = Vec<(String, Option<Quantity>)>;

/// What a group used.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct UsageItem {
    /// Its values, in the order of `group_by`.
    pub dimensions: Vec<DimensionValue>,
    /// What each meter comes to, by its key in answers.
    pub values: Values,
}

/// What a group used over time.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct UsageSeries {
    /// Its values, in the order of `group_by`.
    pub dimensions: Vec<DimensionValue>,
    /// The spans in order, all of them.
    pub points: Vec<UsagePoint>,
}

/// What a group used in a span.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct UsagePoint {
    /// When the span starts.
    pub date: Stamp,
    /// The day on which it starts in the zone: its own, its Monday, the first of its month.
    pub day: NaiveDate,
    /// What each meter comes to, by its key in answers. A level that lies ahead is not known.
    pub values: Values,
}

impl Usage {
    /// Leaves out the meters that are not built in and counted nothing here: somebody may have made them for others.
    pub fn leave_out_unused(&mut self) {
        let is_used = |quantity: &Option<Quantity>| quantity.is_some_and(|quantity| !quantity.is_zero());
        let values = self.items.iter().flat_map(|item| &item.values);
        let used: BTreeSet<String> =
            values.filter(|(_, quantity)| is_used(quantity)).map(|(meter, _)| meter.clone()).collect();
        let is_shown = |(key, _): &(String, _)| used.contains(key) || METERED.iter().any(|(_, shown)| shown == key);
        self.items.iter_mut().for_each(|item| item.values.retain(is_shown));
        let points = self.series.iter_mut().flatten().flat_map(|series| &mut series.points);
        points.for_each(|point| point.values.retain(is_shown));
    }
}

impl Serialize for UsageItem {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        serialize_dimensions(&self.dimensions, &mut map)?;
        serialize_values(&self.values, &mut map)?;
        map.end()
    }
}

impl Serialize for UsageSeries {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        serialize_dimensions(&self.dimensions, &mut map)?;
        map.serialize_entry("points", &self.points)?;
        map.end()
    }
}

impl Serialize for UsagePoint {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        struct Day(NaiveDate);

        impl Serialize for Day {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                crate::insight::series::serialize_day(&self.0, serializer)
            }
        }

        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("date", &self.date)?;
        map.serialize_entry("day", &Day(self.day))?;
        serialize_values(&self.values, &mut map)?;
        map.end()
    }
}

fn serialize_values<M: SerializeMap>(values: &Values, map: &mut M) -> Result<(), M::Error> {
    values.iter().try_for_each(|(key, value)| map.serialize_entry(key, value))
}

/// Makes the answer of what was gathered.
pub(super) fn answer(
    query: UsageQuery<'_>,
    pages: &dyn UsagePages,
    gathered: Gathered,
    name: NameOf<'_>,
) -> Result<Usage> {
    let table = Table { query, pages, gathered };
    let groups = table.groups();
    let request = table.query.request;
    let (limit, offset) = page(request.limit, request.offset)?;
    let shown: Vec<usize> = groups.iter().copied().skip(offset).take(limit.unwrap_or(usize::MAX)).collect();
    let spans = table.query.buckets.len();
    refuse_too_much(shown.len(), spans.saturating_mul(table.gathered.meters.len()))?;
    let dimensions = |group: usize| named(&table.query.dimensions, &table.texts(group), name);
    let item = |group: &usize| Ok(UsageItem { dimensions: dimensions(*group)?, values: table.totals(*group)? });
    let items: Vec<UsageItem> = shown.iter().map(item).collect::<Result<_>>()?;
    let series = |group: &usize, item: &UsageItem| {
        Ok(UsageSeries { dimensions: item.dimensions.clone(), points: table.points(*group)? })
    };
    let series = match request.granularity {
        None => None,
        Some(_) => Some(shown.iter().zip(&items).map(|(group, item)| series(group, item)).collect::<Result<_>>()?),
    };
    Ok(Usage {
        period: request.period.clone(),
        window_start: table.query.interval.start(),
        window_end: table.query.interval.end(),
        count: u64::try_from(groups.len()).unwrap_or(u64::MAX),
        items,
        series,
    })
}

/// What was gathered, with what it was gathered for.
struct Table<'t> {
    query: UsageQuery<'t>,
    pages: &'t dyn UsagePages,
    gathered: Gathered,
}

impl Table<'_> {
    /// The groups that used anything, in the order of their values; what has no value comes last.
    fn groups(&self) -> Vec<usize> {
        let used = |group: &usize| {
            let cells = self.gathered.meters.iter().filter_map(|measured| measured.groups.get(group));
            cells.into_iter().any(Cells::is_used)
        };
        let mut groups: Vec<(Vec<(bool, &str)>, usize)> = (0..self.gathered.keys.len())
            .filter(used)
            .map(|group| {
                let texts = self.texts(group).into_iter().map(|text| (text.is_none(), text.unwrap_or_default()));
                (texts.collect(), group)
            })
            .collect();
        groups.sort_unstable();
        groups.into_iter().map(|(_, group)| group).collect()
    }

    /// The values of a group in the order of the fields.
    fn texts(&self, group: usize) -> Vec<Option<&str>> {
        let key = self.gathered.keys.get(group).map(AsRef::as_ref).unwrap_or_default();
        let text = |(code, field): (&u32, &Field)| match field {
            Field::Resource => self.pages.meters().by_number(*code).map(|meter| meter.slug.as_str()),
            Field::Series(_) if *code == ABSENT => None,
            Field::Series(_) => self.pages.series().text(*code),
        };
        key.iter().zip(&self.query.fields).map(text).collect()
    }

    /// Whether a group is of one meter, and that is not this one.
    fn is_of_another(&self, group: usize, meter: u32) -> bool {
        let key = self.gathered.keys.get(group).map(AsRef::as_ref).unwrap_or_default();
        let mut fields = key.iter().zip(&self.query.fields);
        fields.any(|(code, field)| *field == Field::Resource && *code != meter)
    }

    /// What each meter comes to over the whole window.
    fn totals(&self, group: usize) -> Result<Values> {
        let window = self.query.interval;
        let value = |measured: &Measured| match measured.groups.get(&group) {
            Some(cells) => cells.total(measured.meter.aggregation, window).value(window),
            None if self.is_of_another(group, measured.number) => Ok(None),
            None => Cell::new(measured.meter.aggregation).value(window),
        };
        let measured = self.gathered.meters.iter();
        let values = measured.map(|measured| Ok((measured.meter.answer_key().to_owned(), value(measured)?)));
        values.collect()
    }

    /// What each meter comes to in each span.
    fn points(&self, group: usize) -> Result<Vec<UsagePoint>> {
        let point = |bucket: &crate::insight::buckets::Bucket| UsagePoint {
            date: bucket.interval.start(),
            day: bucket.date,
            values: Vec::with_capacity(self.gathered.meters.len()),
        };
        let mut points: Vec<UsagePoint> = self.query.buckets.iter().map(point).collect();
        for measured in &self.gathered.meters {
            let aggregation = measured.meter.aggregation;
            let cells = measured.groups.get(&group);
            let mut spans = cells.map(|cells| cells.spans.as_slice()).unwrap_or_default().iter().peekable();
            let mut before = cells.and_then(|cells| cells.before.clone()).unwrap_or_else(|| Cell::new(aggregation));
            for (at, (bucket, point)) in self.query.buckets.iter().zip(&mut points).enumerate() {
                let mut cell = before.carried_to(bucket.interval.start());
                if let Some((_, events)) = spans.next_if(|(span, _)| *span == at) {
                    cell.merge(events);
                    if aggregation == Aggregation::TimeWeighted {
                        before.merge(events);
                    }
                }
                let ahead = aggregation == Aggregation::TimeWeighted && bucket.interval.start() > self.query.now;
                let value = if ahead || self.is_of_another(group, measured.number) {
                    None
                } else {
                    cell.value(bucket.interval)?
                };
                point.values.push((measured.meter.answer_key().to_owned(), value));
            }
        }
        Ok(points)
    }
}

impl Cells {
    /// Whether there is anything to tell: events in the window, or a level from before.
    fn is_used(&self) -> bool {
        let level = self.before.as_ref().is_some_and(Cell::has_level);
        level || self.spans.iter().any(|(_, cell)| !cell.is_empty())
    }

    /// The cell of the whole window.
    fn total(&self, aggregation: Aggregation, window: Interval) -> Cell {
        let carried = self.before.as_ref().map(|before| before.carried_to(window.start()));
        let mut total = carried.unwrap_or_else(|| Cell::new(aggregation));
        self.spans.iter().for_each(|(_, cell)| total.merge(cell));
        total
    }
}
