//! Meters, through the engine.

use super::centers::still_needed;
use super::settling::booked_in;
use super::{Deleted, Finops, Page};
use crate::edge::store::Defined;
use crate::insight::request::{DEFAULT_LIMIT, page};
use crate::model::price::{Grant, GrantAmount};
use crate::model::usage::Meter;
use crate::{Error, ErrorCode, Result};
use serde::Deserialize;

/// The fields of a meter, as `meters.create` takes them.
pub(super) const METER_FIELDS: &[&str] =
    &["slug", "aggregation", "event", "value_property", "unit", "filter", "group_by"];

/// The meter that is meant.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct MeterKey {
    pub(super) slug: String,
}

impl MeterKey {
    pub(super) const FIELDS: &'static [&'static str] = &["slug"];
}

/// Which meters to list.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MeterList {
    /// How many, 1 to 1000; by default 20.
    pub limit: Option<i64>,
    /// How many to leave out before.
    pub offset: Option<i64>,
}

impl MeterList {
    pub(super) const FIELDS: &'static [&'static str] = &["limit", "offset"];
}

impl Finops {
    /// Adds a meter and gives it back. It counts from the first event on that is still kept, not only from now.
    ///
    /// ```
    /// use finops_core::Finops;
    /// use finops_core::model::usage::{Aggregation, Meter};
    ///
    /// let finops = Finops::open(":memory:")?;
    /// finops.meters_create(Meter::new("exports", Aggregation::Count, "export"))?;
    /// assert_eq!(finops.meters_get("exports")?.unit, "export");
    /// # Ok::<(), finops_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// `invalid_argument` for what no meter can be; `conflict` for a name that is taken, and on a handle for reading.
    pub fn meters_create(&self, meter: Meter) -> Result<Meter> {
        self.permit("meters.create")?;
        self.store.usage()?.change_meters(&self.change(), &mut |meters| meters.create(meter.clone()).map(drop))?;
        self.changed(&meter.slug)?;
        Ok(meter)
    }

    /// A meter.
    ///
    /// # Errors
    /// `not_found`.
    pub fn meters_get(&self, slug: &str) -> Result<Meter> {
        self.permit("meters.get")?;
        self.meter(slug)
    }

    /// A meter, for whoever needs it.
    pub(super) fn meter(&self, slug: &str) -> Result<Meter> {
        let meters = self.store.usage()?.meters()?;
        let meter = meters.get(slug).map(|(_, meter)| meter.clone());
        meter.ok_or_else(|| {
            let slug: String = slug.chars().take(80).collect();
            Error::new(ErrorCode::NotFound, format!("there is no meter '{slug}'")).with_field("slug")
        })
    }

    /// A page of meters: those that are built in, then the others in the order of their making.
    ///
    /// ```
    /// use finops_core::engine::MeterList;
    ///
    /// let finops = finops_core::Finops::open(":memory:")?;
    /// assert_eq!(finops.meters_list(&MeterList::default())?.count, 6);
    /// # Ok::<(), finops_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// `invalid_argument` for a limit outside 1 to 1000 or a negative offset.
    pub fn meters_list(&self, request: &MeterList) -> Result<Page<Meter>> {
        self.permit("meters.list")?;
        let (limit, offset) = page(request.limit, request.offset)?;
        let limit = limit.unwrap_or(DEFAULT_LIMIT);
        let meters = self.store.usage()?.meters()?;
        let all: Vec<&Meter> = meters.iter().map(|(_, meter)| meter).collect();
        let size = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
        let items = all.iter().skip(offset).take(limit).map(|meter| (*meter).clone()).collect();
        Ok(Page { count: size(all.len()), limit: size(limit), offset: size(offset), items })
    }

    /// Puts another definition in the place of a meter's. What it counted is counted again from the events that are
    /// kept, and what that costs follows.
    ///
    /// # Errors
    /// `invalid_argument` for what no meter can be, and for one that is built in; `not_found`; `conflict` on a handle
    /// for reading.
    pub fn meters_update(&self, meter: Meter) -> Result<Meter> {
        self.permit("meters.update")?;
        self.store.usage()?.change_meters(&self.change(), &mut |meters| meters.update(meter.clone()).map(drop))?;
        self.changed(&meter.slug)?;
        Ok(meter)
    }

    /// Removes a meter and what it counted. Events stay, and so do charges that were made of them.
    ///
    /// # Errors
    /// `invalid_argument` for one that is built in; `not_found`; `conflict` while a price, a grant or a rule of
    /// allocation is for it, while an open month is charged for it, and on a handle for reading.
    pub fn meters_delete(&self, slug: &str) -> Result<Deleted> {
        self.permit("meters.delete")?;
        let _alone = self.centers.alone();
        let rules = self.rules_by_meter(slug)?;
        if !rules.is_empty() {
            return Err(still_needed(&rules).with_field("slug"));
        }
        let book = self.price_book()?;
        if let Some(price) = book.prices().iter().find(|price| price.terms().meter == slug) {
            let id = price.terms().id.map(|id| id.to_string()).unwrap_or_default();
            let message = format!("the price {id} is for it: delete that first");
            return Err(Error::new(ErrorCode::Conflict, message).with_field("slug"));
        }
        let is_for = |grant: &Grant| matches!(&grant.amount, GrantAmount::Units { meter, .. } if meter == slug);
        if let Some(grant) = self.grants()?.iter().find(|grant| is_for(grant)) {
            let message = format!("the grant {} is for it: delete that first", grant.id);
            return Err(Error::new(ErrorCode::Conflict, message).with_field("slug"));
        }
        self.settled()?;
        for line in self.store.lines_of(slug)? {
            let is_open = self.store.statements(Some(line.period_start), Some(&line.tenant_id))?.is_empty();
            let booked = booked_in(self.store.as_ref(), std::slice::from_ref(&line))?;
            let costs = booked.iter().flat_map(|booked| booked.cells.values()).any(|cell| cell.amount.is_some());
            if is_open && costs {
                let message =
                    format!("tenant '{}' is charged for it in a month that is open: close that first", line.tenant_id);
                return Err(Error::new(ErrorCode::Conflict, message).with_field("slug"));
            }
        }
        self.store.usage()?.change_meters(&self.change(), &mut |meters| meters.delete(slug).map(drop))?;
        Ok(Deleted { deleted: true })
    }

    /// Has everything rated anew that a meter counts, also when the process ends before.
    fn changed(&self, slug: &str) -> Result<()> {
        self.store.put_definitions(Defined::Meter, &[(slug.to_owned(), String::new())], &self.change())?;
        self.is_due();
        Ok(())
    }
}
