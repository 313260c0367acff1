//! Brings the cells of pages together: by group, and by the spans that the answer tells apart.

use super::pages::UsagePages;
use super::request::UsageQuery;
use super::select::{Field, Test, tenants};
use crate::model::time::Stamp;
use crate::model::usage::{Aggregation, Meter};
use crate::pipeline::metering::{Cell, DAY, DayPage, PageKey, PageSpan, QUARTER, Series, day_of};
use crate::{Error, Result};
use hashbrown::HashMap;
use std::ops::Range;

/// The code of a value that is not there.
pub(super) const ABSENT: u32 = u32::MAX;

/// What meters counted, by group.
#[derive(Debug)]
pub(super) struct Gathered {
    /// The values of each group in the order of the fields: codes of texts, or the number of the meter.
    pub(super) keys: Vec<Box<[u32]>>,
    pub(super) meters: Vec<Measured>,
}

/// What a meter counted.
#[derive(Debug)]
pub(super) struct Measured {
    pub(super) number: u32,
    pub(super) meter: Meter,
    pub(super) groups: HashMap<usize, Cells>,
}

/// What a meter counted for a group.
#[derive(Debug, Default)]
pub(super) struct Cells {
    /// What happened before the window, where that matters.
    pub(super) before: Option<Cell>,
    /// By the number of the span, in order; spans without events are left out.
    pub(super) spans: Vec<(usize, Cell)>,
}

/// Brings together what the query asks for.
pub(super) fn gather(query: &UsageQuery<'_>, pages: &dyn UsagePages) -> Result<Gathered> {
    let series = pages.series();
    let meters = meters(query, pages)?;
    let test = Test::new(&query.request.filter, series)?;
    let wanted = tenants(&query.request.filter).map(|mut tenants| {
        tenants.sort_unstable();
        tenants.dedup();
        tenants.into_iter().flat_map(|tenant| series.of_tenant(tenant)).collect::<Vec<u32>>()
    });
    let mut groups = Groups::new(&query.fields, series);
    let mut measured = Vec::with_capacity(meters.len());
    for (number, meter) in meters {
        let mut work = Work {
            query,
            series,
            test: &test,
            groups: &mut groups,
            known: HashMap::new(),
            wanted: wanted.as_deref(),
            measured: Measured { number, meter: meter.clone(), groups: HashMap::new() },
        };
        work.window(pages)?;
        if meter.aggregation == Aggregation::TimeWeighted {
            work.before(pages)?;
        }
        measured.push(work.measured);
    }
    Ok(Gathered { keys: groups.keys, meters: measured })
}

/// The meters that are asked for.
fn meters<'p>(query: &UsageQuery<'_>, pages: &'p dyn UsagePages) -> Result<Vec<(u32, &'p Meter)>> {
    let meters: Vec<(u32, &Meter)> = match &query.request.resource {
        None => pages.meters().iter().collect(),
        Some(slug) => {
            let unknown =
                || format!("there is no meter '{}': list the meters", slug.chars().take(60).collect::<String>());
            vec![pages.meters().get(slug).ok_or_else(|| Error::invalid("resource", unknown()))?]
        }
    };
    for field in &query.fields {
        if let Field::Series(name) = field
            && !crate::pipeline::metering::SERIES_FIELDS.contains(&name.as_str())
            && !meters.iter().any(|(_, meter)| meter.group_by.contains(name))
        {
            let message = format!("no meter groups by '{name}': add it to the group_by of a meter first");
            return Err(Error::invalid("group_by", message));
        }
    }
    Ok(meters)
}

/// Where the value of a field stands.
#[derive(Debug, Clone, Copy)]
enum Place {
    /// At that place of a series.
    Series(u32),
    /// It is the meter.
    Meter,
    /// No series has it.
    Nowhere,
}

/// The groups of an answer.
struct Groups<'s> {
    /// Where the value of each field stands.
    places: Vec<Place>,
    numbers: HashMap<Box<[u32]>, usize>,
    keys: Vec<Box<[u32]>>,
    series: &'s Series,
    scratch: Vec<u32>,
}

impl<'s> Groups<'s> {
    fn new(fields: &[Field], series: &'s Series) -> Self {
        let place = |field: &Field| match field {
            Field::Series(name) => series.place_of(name).map_or(Place::Nowhere, Place::Series),
            Field::Resource => Place::Meter,
        };
        let places = fields.iter().map(place).collect();
        Self { places, numbers: HashMap::new(), keys: Vec::new(), series, scratch: Vec::new() }
    }

    /// The number of the group of a meter's series.
    fn of(&mut self, series: u32, meter: u32) -> usize {
        self.scratch.clear();
        for place in &self.places {
            self.scratch.push(match place {
                Place::Meter => meter,
                Place::Series(place) => self.series.code(series, *place).unwrap_or(ABSENT),
                Place::Nowhere => ABSENT,
            });
        }
        if let Some(number) = self.numbers.get(self.scratch.as_slice()) {
            return *number;
        }
        let number = self.keys.len();
        self.keys.push(self.scratch.as_slice().into());
        self.numbers.insert(self.scratch.as_slice().into(), number);
        number
    }
}

/// One meter's part of the work.
struct Work<'w, 's> {
    query: &'w UsageQuery<'w>,
    series: &'s Series,
    test: &'w Test,
    groups: &'w mut Groups<'s>,
    /// The group of each series that was met; none where the filter leaves it out.
    known: HashMap<u32, Option<usize>>,
    /// The series that may pass; none for all.
    wanted: Option<&'w [u32]>,
    measured: Measured,
}

impl Work<'_, '_> {
    fn group(&mut self, number: u32) -> Option<usize> {
        if let Some(group) = self.known.get(&number) {
            return *group;
        }
        let passes = self.test.passes(self.series, number, &self.measured.meter.slug);
        let group = passes.then(|| self.groups.of(number, self.measured.number));
        self.known.insert(number, group);
        group
    }

    /// The series of a page that are asked for, with their groups.
    fn members(&mut self, page: &DayPage) -> Vec<(u32, usize)> {
        match self.wanted {
            Some(wanted) => wanted.iter().filter_map(|series| Some((*series, self.group(*series)?))).collect(),
            None => page.series().filter_map(|series| Some((series, self.group(series)?))).collect(),
        }
    }

    /// Adds what lies in the window, span by span.
    fn window(&mut self, pages: &dyn UsagePages) -> Result<()> {
        let (start, end) = (self.query.interval.start(), self.query.interval.end());
        let days = day_of(start)..last_day(end);
        pages.each(self.measured.number, PageSpan::Day, days, &mut |key, page| {
            let day = quarters_of(key.day);
            let query = self.query;
            let first = query.buckets.partition_point(|bucket| quarter(bucket.interval.end()) <= day.start);
            let members = self.members(page);
            for (span, bucket) in query.buckets.iter().enumerate().skip(first) {
                let (from, until) = (quarter(bucket.interval.start()), quarter(bucket.interval.end()));
                if from >= day.end {
                    break;
                }
                let within = within(from..until, &day);
                for (series, group) in &members {
                    let cells = self.measured.groups.entry(*group).or_default();
                    cells.add(span, page, |cell| add(page, *series, &within, cell));
                }
            }
            Ok(())
        })
    }

    /// Adds what happened before the window.
    fn before(&mut self, pages: &dyn UsagePages) -> Result<()> {
        let (number, start) = (self.measured.number, self.query.interval.start());
        let month = PageKey::of(number, PageSpan::Month, start).day;
        let mut add_page = |key: PageKey, page: &DayPage| {
            let within = match key.span {
                PageSpan::Month => WHOLE,
                PageSpan::Day => within(i64::MIN..quarter(start), &quarters_of(key.day)),
            };
            for (series, group) in self.members(page) {
                let cells = self.measured.groups.entry(group).or_default();
                let before = cells.before.get_or_insert_with(|| Cell::new(page.aggregation()));
                add(page, series, &within, before);
            }
            Ok(())
        };
        pages.each(number, PageSpan::Month, i32::MIN..month, &mut add_page)?;
        pages.each(number, PageSpan::Day, month..last_day(start), &mut add_page)
    }
}

impl Cells {
    /// Adds to the cell of a span, which comes into being when there is something to add.
    fn add(&mut self, span: usize, page: &DayPage, add: impl FnOnce(&mut Cell) -> bool) {
        if let Some((_, cell)) = self.spans.last_mut().filter(|(last, _)| *last == span) {
            add(cell);
            return;
        }
        let mut cell = Cell::new(page.aggregation());
        if add(&mut cell) {
            self.spans.push((span, cell));
        }
    }
}

/// All quarters of a day.
const WHOLE: Range<u8> = 0..96;

fn add(page: &DayPage, series: u32, within: &Range<u8>, into: &mut Cell) -> bool {
    if *within == WHOLE { page.add_total(series, into) } else { page.add_quarters(series, within, into) }
}

/// Quarters of an hour since 1970-01-01.
fn quarter(stamp: Stamp) -> i64 {
    stamp.micros().div_euclid(QUARTER)
}

/// The quarters of a day, counted like that.
fn quarters_of(day: i32) -> Range<i64> {
    let start = i64::from(day) * (DAY / QUARTER);
    start..start + DAY / QUARTER
}

/// The part of some quarters that lies in a day, counted from its start.
fn within(quarters: Range<i64>, day: &Range<i64>) -> Range<u8> {
    let place = |quarter: i64| u8::try_from(quarter.clamp(day.start, day.end) - day.start).unwrap_or(0);
    place(quarters.start)..place(quarters.end)
}

/// The first day of which nothing lies before an instant.
fn last_day(end: Stamp) -> i32 {
    let day = day_of(end);
    if end.micros().rem_euclid(DAY) == 0 { day } else { day.saturating_add(1) }
}
