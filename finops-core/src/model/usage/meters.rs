//! The meters that there are, and which of them read an event.

use super::event::UsageEvent;
use super::meter::Meter;
use crate::{Error, ErrorCode, Result};
use hashbrown::HashMap;
use std::collections::BTreeMap;

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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::money::Quantity;
    use crate::model::time::Stamp;
    use crate::model::usage::Aggregation;

    fn meter(slug: &str) -> Meter {
        Meter::new(slug, Aggregation::Sum, "thing")
    }

    #[test]
    fn six_meters_are_built_in_and_stay() {
        let mut meters = MeterSet::default();
        let keys: Vec<&str> = meters.iter().map(|(_, meter)| meter.answer_key()).collect();
        let want = [
            "api_calls",
            "ledger_transactions",
            "search_queries",
            "storage_gb",
            "compute_vcpu_seconds",
            "bandwidth_gb",
        ];
        assert_eq!(keys, want);
        assert_eq!(meters.delete("storage").unwrap_err().code(), ErrorCode::InvalidArgument);
        assert_eq!(meters.update(meter("storage")).unwrap_err().field(), Some("slug"));
        assert_eq!(meters.create(meter("storage")).unwrap_err().code(), ErrorCode::Conflict);
        assert_eq!(meters.delete("tokens").unwrap_err().code(), ErrorCode::NotFound);
    }

    #[test]
    fn a_number_is_never_given_twice() {
        let mut meters = MeterSet::default();
        let first = meters.create(meter("tokens")).unwrap();
        assert_eq!(meters.delete("tokens").unwrap().0, first);
        assert!(meters.create(meter("tokens")).unwrap() > first);
        meters.restore(500, meter("kept"));
        assert_eq!((meters.next(), meters.get("kept").map(|(number, _)| number)), (501, Some(500)));
    }

    #[test]
    fn events_go_to_the_meters_that_read_them() {
        let mut meters = MeterSet::default();
        let mut paid = meter("paid_calls");
        (paid.event, paid.filter) = (Some("api_calls".into()), [("plan".into(), vec!["a".into(), "b".into()])].into());
        meters.create(paid.clone()).unwrap();
        let time = Stamp::parse("2024-01-01T00:00:00Z").unwrap();
        let mut event = UsageEvent::new("1", time, "api_calls", Quantity::from_units(1), "t");
        let slugs = |meters: &MeterSet, event: &UsageEvent| {
            meters.of(event).map(|(_, meter)| meter.slug.clone()).collect::<Vec<String>>()
        };
        assert_eq!(slugs(&meters, &event), ["api_calls"]);
        event.properties.insert("plan".into(), "b".into());
        assert_eq!(slugs(&meters, &event), ["api_calls", "paid_calls"]);
        paid.event = Some("other".into());
        meters.update(paid).unwrap();
        assert_eq!(slugs(&meters, &event), ["api_calls"]);
        assert_eq!(meters.of_resource("other").count(), 1);
    }

    #[test]
    fn what_no_meter_can_be_is_refused_by_its_field() {
        let of = |change: fn(&mut Meter)| {
            let mut meter = meter("tokens");
            change(&mut meter);
            MeterSet::default().create(meter).unwrap_err().field().unwrap().to_owned()
        };
        assert_eq!(of(|meter| meter.slug = "Tokens".into()), "slug");
        assert_eq!(of(|meter| meter.slug = "1st".into()), "slug");
        assert_eq!(of(|meter| meter.slug = "tenant_id".into()), "slug");
        assert_eq!(of(|meter| meter.slug = "storage_gb".into()), "slug");
        assert_eq!(of(|meter| meter.unit = String::new()), "unit");
        assert_eq!(of(|meter| meter.event = Some("a\nb".into())), "event");
        assert_eq!(of(|meter| meter.aggregation = Aggregation::UniqueCount), "value_property");
        assert_eq!(of(|meter| meter.filter = [("plan".into(), vec![])].into()), "filter");
        assert_eq!(of(|meter| meter.group_by = vec!["a".into(), "a".into()]), "group_by");
        let count = |meter: &mut Meter| {
            (meter.aggregation, meter.value_property) = (Aggregation::Count, Some("n".into()));
        };
        assert_eq!(of(count), "value_property");
    }
}
