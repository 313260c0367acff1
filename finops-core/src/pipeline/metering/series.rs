//! Series: what the numbers of meters are told apart by, as numbers of 32 bits.
//!
//! A series is the tenant of an event, its workspace, rail and user, the properties that are dimensions, and those that
//! the meter groups by. Texts are kept once; a series that is known is never forgotten and keeps its number.

use super::texts::Texts;
use crate::model::usage::{SERIES_FIELDS, UsageEvent};
use crate::{Error, ErrorCode, Result};
use hashbrown::{DefaultHashBuilder, HashMap, HashTable};
use serde::{Deserialize, Serialize};
use std::hash::BuildHasher;

/// How many of [`SERIES_FIELDS`] are fields of an event.
const EVENT_FIELDS: usize = 4;
/// The place of a property that a meter groups by is this and the code of its name.
const PROPERTIES: u32 = 16;
/// The series that comes before the first one of a tenant.
const NONE: u32 = u32::MAX;

/// A value of a series: which field or property, and the code of its text.
pub(crate) type Part = (u32, u32);

/// Every series that events came for.
#[derive(Debug, Clone, Default)]
pub struct Series {
    texts: Texts,
    parts: Vec<Part>,
    /// For each series where its parts end.
    ends: Vec<usize>,
    numbers: HashTable<u32>,
    /// The last series of each tenant, and for each series the one of its tenant before it.
    tenants: HashMap<u32, u32>,
    before: Vec<u32>,
    hasher: DefaultHashBuilder,
    scratch: Vec<Part>,
}

/// How much of the series a reader knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct SeriesMark {
    series: usize,
    texts: usize,
}

/// Series that were added since a mark, to be kept.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct SeriesPage {
    from: SeriesMark,
    texts: Vec<String>,
    series: Vec<Vec<Part>>,
}

impl SeriesPage {
    /// Whether nothing was added.
    pub const fn is_empty(&self) -> bool {
        self.texts.is_empty() && self.series.is_empty()
    }
}

impl Series {
    /// How many there are; their numbers are below it.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The number of an event's series, given now if it is new. `group_by` are the properties that the meter tells
    /// apart besides what every series has.
    pub fn intern(&mut self, event: &UsageEvent, group_by: &[String]) -> u32 {
        let mut parts = std::mem::take(&mut self.scratch);
        parts.clear();
        let texts = &mut self.texts;
        each_value(event, group_by, |place, name, value| {
            let place = match name {
                Some(name) => texts.intern(name).saturating_add(PROPERTIES),
                None => place,
            };
            parts.push((place, texts.intern(value)));
        });
        parts.sort_unstable();
        let number = self.find_parts(&parts).unwrap_or_else(|| self.push(&parts));
        self.scratch = parts;
        number
    }

    /// The number of an event's series, when events came for it.
    pub fn find(&self, event: &UsageEvent, group_by: &[String]) -> Option<u32> {
        let mut parts: Option<Vec<Part>> = Some(Vec::new());
        each_value(event, group_by, |place, name, value| {
            let place = name.map_or(Some(place), |name| Some(self.texts.find(name)?.saturating_add(PROPERTIES)));
            match (place.zip(self.texts.find(value)), parts.as_mut()) {
                (Some(part), Some(parts)) => parts.push(part),
                _ => parts = None,
            }
        });
        let mut parts = parts?;
        parts.sort_unstable();
        self.find_parts(&parts)
    }

    /// The value of a series in a field of [`SERIES_FIELDS`], or in a property that its meter groups by.
    pub fn value(&self, series: u32, field: &str) -> Option<&str> {
        self.texts.get(self.code(series, self.place_of(field)?)?)
    }

    /// The values of a series: field or property, and text.
    pub fn values(&self, series: u32) -> impl Iterator<Item = (&str, &str)> {
        self.parts(series).iter().filter_map(|(place, code)| {
            let name = match place.checked_sub(PROPERTIES) {
                Some(name) => self.texts.get(name),
                None => usize::try_from(*place).ok().and_then(|place| SERIES_FIELDS.get(place).copied()),
            };
            Some((name?, self.texts.get(*code)?))
        })
    }

    /// The series of a tenant, the latest first.
    pub fn of_tenant(&self, tenant_id: &str) -> impl Iterator<Item = u32> {
        let last = self.texts.find(tenant_id).and_then(|code| self.tenants.get(&code)).copied();
        let before = |series: &u32| self.before.get(usize::try_from(*series).ok()?).copied().filter(|one| *one != NONE);
        std::iter::successors(last, before)
    }

    /// Every tenant that events came for, in no order.
    pub fn tenants(&self) -> impl Iterator<Item = &str> {
        self.tenants.keys().filter_map(|code| self.texts.get(*code))
    }

    /// How much there is, for [`since`](Self::since).
    pub fn mark(&self) -> SeriesMark {
        SeriesMark { series: self.len(), texts: self.texts.len() }
    }

    /// What was added since a mark.
    pub fn since(&self, mark: SeriesMark) -> SeriesPage {
        let numbers = |from: usize, to: usize| (from..to).filter_map(|number| u32::try_from(number).ok());
        let texts = numbers(mark.texts, self.texts.len()).filter_map(|code| self.texts.get(code));
        let series = numbers(mark.series, self.len()).map(|number| self.parts(number).to_vec());
        SeriesPage { from: mark, texts: texts.map(str::to_owned).collect(), series: series.collect() }
    }

    /// Adds what was kept, page after page.
    ///
    /// # Errors
    /// `storage` when the page does not follow what is there, or names texts that are not.
    pub fn extend(&mut self, page: &SeriesPage) -> Result<()> {
        let damaged = || Error::new(ErrorCode::Storage, "the kept series of usage do not follow each other");
        if page.from != self.mark() {
            return Err(damaged());
        }
        for text in &page.texts {
            self.texts.intern(text);
        }
        let known = self.texts.len();
        if known != page.from.texts + page.texts.len() {
            return Err(damaged());
        }
        let is_known = |code: u32| usize::try_from(code).is_ok_and(|code| code < known);
        for parts in &page.series {
            if !parts.iter().all(|(_, code)| is_known(*code)) || self.find_parts(parts).is_some() {
                return Err(damaged());
            }
            self.push(parts);
        }
        Ok(())
    }

    /// About how much memory they take.
    pub fn bytes(&self) -> usize {
        let lists = self.parts.capacity() * size_of::<Part>() + self.ends.capacity() * size_of::<usize>();
        let tenants = self.tenants.allocation_size() + self.before.capacity() * size_of::<u32>();
        self.texts.bytes() + lists + tenants + self.numbers.allocation_size()
    }

    /// The place of a field or property; none for a property that no series has.
    pub(crate) fn place_of(&self, field: &str) -> Option<u32> {
        match SERIES_FIELDS.iter().position(|known| *known == field) {
            Some(place) => u32::try_from(place).ok(),
            None => Some(self.texts.find(field)?.saturating_add(PROPERTIES)),
        }
    }

    /// The code of the value at a place.
    pub(crate) fn code(&self, series: u32, place: u32) -> Option<u32> {
        self.parts(series).iter().find(|part| part.0 == place).map(|part| part.1)
    }

    /// The code of a text that some series has.
    pub(crate) fn code_of(&self, text: &str) -> Option<u32> {
        self.texts.find(text)
    }

    /// The text of a code.
    pub(crate) fn text(&self, code: u32) -> Option<&str> {
        self.texts.get(code)
    }

    fn parts(&self, series: u32) -> &[Part] {
        let range = usize::try_from(series).ok().and_then(|series| {
            let start = series.checked_sub(1).map_or(Some(0), |before| self.ends.get(before).copied());
            Some(start?..*self.ends.get(series)?)
        });
        range.and_then(|range| self.parts.get(range)).unwrap_or_default()
    }

    fn find_parts(&self, parts: &[Part]) -> Option<u32> {
        self.numbers.find(self.hasher.hash_one(parts), |number| self.parts(*number) == parts).copied()
    }

    fn push(&mut self, parts: &[Part]) -> u32 {
        let number = u32::try_from(self.ends.len()).unwrap_or(NONE);
        self.parts.extend_from_slice(parts);
        self.ends.push(self.parts.len());
        let tenant = parts.first().filter(|part| part.0 == 0).map(|part| part.1);
        let before = tenant.and_then(|tenant| self.tenants.insert(tenant, number));
        self.before.push(before.unwrap_or(NONE));
        let mut numbers = std::mem::take(&mut self.numbers);
        let hash = |number: &u32| self.hasher.hash_one(self.parts(*number));
        numbers.insert_unique(self.hasher.hash_one(parts), number, hash);
        self.numbers = numbers;
        number
    }
}

/// Gives each value of an event's series: its place, or the name of the property where a meter groups by it.
fn each_value<'e>(event: &'e UsageEvent, group_by: &'e [String], mut give: impl FnMut(u32, Option<&'e str>, &'e str)) {
    let optional = [&event.workspace_id, &event.rail, &event.user_id];
    give(0, None, &event.tenant_id);
    for (place, value) in (1..).zip(optional) {
        if let Some(value) = value {
            give(place, None, value);
        }
    }
    for (name, value) in &event.properties {
        let known = SERIES_FIELDS.iter().skip(EVENT_FIELDS).position(|known| known == name);
        match known.and_then(|known| u32::try_from(EVENT_FIELDS + known).ok()) {
            Some(place) => give(place, None, value),
            None if group_by.contains(name) => give(0, Some(name), value),
            None => {}
        }
    }
}
