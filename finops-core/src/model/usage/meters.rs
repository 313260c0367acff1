//! The meters that there are, and which of them read an event.

use super::event::UsageEvent;
use super::meter::Meter;
use crate::{Error, ErrorCode, Result};
use std::collections::{BTreeMap, HashMap};

/// The number of the first meter that is not built in.
const FIRST_CUSTOM: u32 = 64;
/// How many meters there may be.
const MAX_METERS: usize = 1000;

/// The meters by number. A number is never given twice, so that what a deleted meter counted is never taken for
/// another's.
#[derive(Debug, Clone)]
pub struct MeterSet {
    meters: BTreeMap<u32, Meter>,
    by_slug: HashMap<String, u32>,
    by_event: HashMap<String, Vec<u32>>,
    next: u32,
}

/// The six that are built in.
impl Default for MeterSet {
    fn default() -> Self {
        let mut meters =
            Self { meters: BTreeMap::new(), by_slug: HashMap::new(), by_event: HashMap::new(), next: FIRST_CUSTOM };
        (1..).zip(Meter::built_in()).for_each(|(number, meter)| meters.put(number, meter));
        meters
    }
}

impl MeterSet {
    /// Adds a meter and gives its number.
    ///
    /// # Errors
    /// `invalid_argument` for what no meter can be, `conflict` when there is one of that name.
    pub fn create(&mut self, meter: Meter) -> Result<u32> {
        meter.validate()?;
        if self.by_slug.contains_key(&meter.slug) {
            let message = format!("there is a meter '{}' already: update it, or take another name", meter.slug);
            return Err(Error::new(ErrorCode::Conflict, message).with_field("slug"));
        }
        if self.meters.len() >= MAX_METERS {
            return Err(Error::invalid("slug", format!("there are {MAX_METERS} meters already: delete one first")));
        }
        let number = self.next;
        self.put(number, meter);
        Ok(number)
    }

    /// Puts a meter that was kept back at its number.
    pub fn restore(&mut self, number: u32, meter: Meter) {
        self.put(number, meter);
    }

    /// Takes care that no number below this one is given again.
    pub fn reserve(&mut self, next: u32) {
        self.next = self.next.max(next);
    }

    /// The number that the next meter gets.
    pub const fn next(&self) -> u32 {
        self.next
    }

    /// Puts another definition in the place of a meter's, and gives the one before.
    ///
    /// # Errors
    /// `invalid_argument` for what no meter can be and for one that is built in, `not_found`.
    pub fn update(&mut self, meter: Meter) -> Result<Meter> {
        meter.validate()?;
        let (number, before) = self.custom(&meter.slug)?;
        self.put(number, meter);
        Ok(before)
    }

    /// Removes a meter and gives its number.
    ///
    /// # Errors
    /// `invalid_argument` for one that is built in, `not_found`.
    pub fn delete(&mut self, slug: &str) -> Result<(u32, Meter)> {
        let (number, meter) = self.custom(slug)?;
        self.remove(number);
        Ok((number, meter))
    }

    /// The meter of that name, with its number.
    pub fn get(&self, slug: &str) -> Option<(u32, &Meter)> {
        let number = *self.by_slug.get(slug)?;
        Some((number, self.meters.get(&number)?))
    }

    /// The meter of that number.
    pub fn by_number(&self, number: u32) -> Option<&Meter> {
        self.meters.get(&number)
    }

    /// Every meter with its number, those built in first.
    pub fn iter(&self) -> impl Iterator<Item = (u32, &Meter)> {
        self.meters.iter().map(|(number, meter)| (*number, meter))
    }

    /// The meters that read events of a resource, whatever their filters.
    pub fn of_resource(&self, resource: &str) -> impl Iterator<Item = (u32, &Meter)> {
        let numbers = self.by_event.get(resource).map(Vec::as_slice).unwrap_or_default();
        numbers.iter().filter_map(|number| Some((*number, self.meters.get(number)?)))
    }

    /// The meters that read an event.
    pub fn of<'m>(&'m self, event: &'m UsageEvent) -> impl Iterator<Item = (u32, &'m Meter)> {
        self.of_resource(&event.resource).filter(|(_, meter)| meter.passes(event))
    }

    fn custom(&self, slug: &str) -> Result<(u32, Meter)> {
        let Some((number, meter)) = self.get(slug) else {
            return Err(Error::new(ErrorCode::NotFound, format!("there is no meter '{slug}'")).with_field("slug"));
        };
        if meter.is_built_in() {
            let message = format!("'{slug}' is built in and stays as it is: create a meter of another name");
            return Err(Error::invalid("slug", message));
        }
        Ok((number, meter.clone()))
    }

    fn put(&mut self, number: u32, meter: Meter) {
        self.remove(number);
        self.next = self.next.max(number.saturating_add(1));
        self.by_slug.insert(meter.slug.clone(), number);
        self.by_event.entry(meter.event().to_owned()).or_default().push(number);
        self.meters.insert(number, meter);
    }

    fn remove(&mut self, number: u32) {
        let Some(meter) = self.meters.remove(&number) else { return };
        self.by_slug.remove(&meter.slug);
        if let Some(numbers) = self.by_event.get_mut(meter.event()) {
            numbers.retain(|other| *other != number);
            if numbers.is_empty() {
                self.by_event.remove(meter.event());
            }
        }
    }
}
