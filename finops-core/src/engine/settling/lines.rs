//! Lines on their way into the store: rated, compared with what is booked, written as charges.

use super::due::{MeterMonth, month_after};
use super::grants::{booked_in, units_before};
use super::{Grants, LineFailure, Settlement};
use crate::edge::store::{Booking, Correction, LineKey, Settled};
use crate::engine::Finops;
use crate::engine::booking::OwnCharges;
use crate::model::audit::Change;
use crate::model::charge::Charge;
use crate::model::money::{Currency, Money, Quantity};
use crate::model::price::PriceBook;
use crate::model::time::{Interval, Stamp};
use crate::model::usage::{CREDITS, Meter};
use crate::pipeline::charging::{Billing, Booked, DueLine, Entry, RatedLine, USAGE_ACCOUNT, granted_until};
use crate::pipeline::metering::Rollups;
use crate::pipeline::rating::{Credits, PeriodState};
use crate::{Error, ErrorCode, Result};
use std::collections::{BTreeMap, BTreeSet};

/// How many tenants are rated at a time: what they are charged is in memory until it is written.
const TENANTS: usize = 256;

/// Periods that are to be closed.
#[derive(Debug, Clone)]
pub(in crate::engine) struct Closing {
    /// When the billing period starts.
    pub(in crate::engine) period_start: Stamp,
    /// Whose.
    pub(in crate::engine) tenants: BTreeSet<String>,
    /// Who closes it, and when.
    pub(in crate::engine) by: Change,
}

/// A line as it is rated now.
#[derive(Debug, Clone)]
pub(in crate::engine) struct RatedMonth {
    pub(in crate::engine) meter: Meter,
    pub(in crate::engine) tenant_id: String,
    pub(in crate::engine) line: RatedLine,
    /// How many events were counted.
    pub(in crate::engine) events: u64,
}

/// Lines being settled.
pub(super) struct Settling<'s> {
    pub(super) finops: &'s Finops,
    book: &'s PriceBook,
    grants: &'s Grants,
    pub(super) closing: Option<Closing>,
    charges: OwnCharges<'s>,
    pub(super) booking: Booking,
    settlement: Settlement,
    /// The lines of periods that are being closed.
    pub(super) closed: Vec<RatedMonth>,
    /// What changed of the lines of tenants with grants: their balances go by it before it is in the store.
    pending: BTreeMap<LineKey, Booked>,
}

/// A line that may have changed.
#[derive(Debug)]
pub(super) struct Changed<'c> {
    pub(super) key: LineKey,
    pub(super) before: &'c Booked,
    pub(super) after: &'c Booked,
    /// What is missing between the two.
    pub(super) entries: &'c [Entry],
    /// The charges of that.
    pub(super) charges: &'c [Charge],
    pub(super) billing: Billing,
}

/// What became of a line.
struct Outcome {
    rated: RatedMonth,
    entries: Vec<Entry>,
    charges: Vec<Charge>,
    billing: Billing,
    failure: Option<Error>,
}

impl<'s> Settling<'s> {
    pub(super) fn new(finops: &'s Finops, book: &'s PriceBook, grants: &'s Grants, closing: Option<Closing>) -> Self {
        let (booking, settlement, pending) = (Booking::default(), Settlement::default(), BTreeMap::new());
        let charges = OwnCharges::new(finops.store.as_ref(), USAGE_ACCOUNT);
        Self { finops, book, grants, closing, charges, booking, settlement, closed: Vec::new(), pending }
    }

    /// Settles what tenants used of a meter in a month.
    pub(super) fn month(&mut self, month: MeterMonth, tenants: &BTreeSet<String>, until: i64) -> Result<()> {
        let tenants: Vec<String> = tenants.iter().cloned().collect();
        let closed = self.finops.store.statements(Some(month.period()?.start()), None)?;
        let closed: BTreeSet<String> = closed.into_iter().map(|statement| statement.tenant_id).collect();
        tenants.chunks(TENANTS).try_for_each(|tenants| self.some(month, tenants, &closed, until))
    }

    fn some(&mut self, month: MeterMonth, tenants: &[String], closed: &BTreeSet<String>, until: i64) -> Result<()> {
        let store = &self.finops.store;
        let usage = store.usage()?;
        let meters = usage.meters()?;
        let Some(meter) = meters.by_number(month.meter) else { return Ok(()) };
        let (period, until) = (month.period()?, Stamp::from_micros(until)?);
        let key = |tenant_id: &String| LineKey {
            period_start: period.start(),
            tenant_id: tenant_id.clone(),
            meter: meter.slug.clone(),
        };
        let keys: Vec<LineKey> = tenants.iter().map(key).collect();
        let booked = booked_in(store.as_ref(), &keys)?;
        let credits = keys.iter().map(|key| self.units(key, until)).collect::<Result<Vec<_>>>()?;
        let billings = self.billings(period, tenants, closed)?;
        let mut outcomes = Vec::with_capacity(keys.len());
        usage.counted(&month.pages(meter.aggregation)?, &mut |rollups| {
            outcomes.clear();
            let lines = tenants.iter().zip(&credits).zip(&booked).zip(&billings);
            for (((tenant_id, credits), booked), (billing, state)) in lines {
                let (book, meter_number, credits) = (self.book, month.meter, credits.as_ref());
                let line =
                    DueLine { rollups, book, tenant_id, meter: meter_number, period, until, state: *state, credits };
                outcomes.push(settle(&line, meter, booked, *billing));
            }
            Ok(())
        })?;
        for ((key, before), outcome) in keys.into_iter().zip(&booked).zip(outcomes) {
            match outcome {
                Ok(outcome) => self.take(key, before, outcome)?,
                // A line that does not even fit without a price stays as it is booked: one tenant's numbers must not
                // keep everybody's from being charged.
                Err(error) => self.failed(&key, &error),
            }
        }
        Ok(())
    }

    fn failed(&mut self, key: &LineKey, error: &Error) {
        self.settlement.failures.push(LineFailure {
            tenant_id: key.tenant_id.clone(),
            meter: key.meter.clone(),
            period_start: key.period_start,
            code: error.code().to_string(),
            message: error.message().to_owned(),
        });
    }

    /// How far the units of a line are used up when its month starts.
    fn units(&self, line: &LineKey, until: Stamp) -> Result<Option<Credits<'s>>> {
        match self.grants.units(&line.tenant_id, &line.meter) {
            Some(grants) => units_before(grants, line, granted_until(until)?, &|keys| self.booked(keys)),
            None => Ok(None),
        }
    }

    /// What is booked of lines, as it is after this settling.
    pub(super) fn booked(&self, keys: &[LineKey]) -> Result<Vec<Booked>> {
        let booked = booked_in(self.finops.store.as_ref(), keys)?;
        let after = |(key, before)| self.pending.get(key).cloned().unwrap_or(before);
        Ok(keys.iter().zip(booked).map(after).collect())
    }

    /// The lines of a tenant's usage in a period that have changed.
    pub(super) fn pending_of(&self, tenant_id: &str, period_start: Stamp) -> impl Iterator<Item = LineKey> {
        let first = LineKey { period_start, tenant_id: tenant_id.to_owned(), meter: String::new() };
        let pending = self.pending.range(first..).map(|(key, _)| key);
        let is_of = move |key: &&LineKey| key.period_start == period_start && key.tenant_id == tenant_id;
        pending.take_while(is_of).filter(|key| key.meter != CREDITS).cloned()
    }

    /// Whose money has other lines to pay for, and in which periods.
    pub(super) fn changed_for_credits(&self) -> Vec<(String, Stamp)> {
        let has_money = |key: &&LineKey| self.grants.of(&key.tenant_id).is_some_and(|grants| !grants.money.is_empty());
        self.pending.keys().filter(has_money).map(|key| (key.tenant_id.clone(), key.period_start)).collect()
    }

    /// Where the charges of a tenant's line of a period stand.
    pub(super) fn billing(&self, period: Interval, tenant_id: &str) -> Result<Billing> {
        let mut billing = Billing { billed_in: period, is_correction: false, currency: self.finops.currency };
        let closed = self.finops.store.statements(None, Some(tenant_id))?;
        let is_closed = |start: Stamp| closed.iter().any(|statement| statement.period_start == start);
        while is_closed(billing.billed_in.start()) {
            let start = billing.billed_in.end();
            (billing.billed_in, billing.is_correction) = (Interval::new(start, month_after(start)?)?, true);
        }
        Ok(billing)
    }

    /// Where the charges of each tenant's line of a period stand, and whether more may come.
    fn billings(
        &self,
        period: Interval,
        tenants: &[String],
        closed: &BTreeSet<String>,
    ) -> Result<Vec<(Billing, PeriodState)>> {
        let closing = self.closing.as_ref().filter(|closing| closing.period_start == period.start());
        let billing = |tenant_id: &String| {
            let open = Billing { billed_in: period, is_correction: false, currency: self.finops.currency };
            let billing = if closed.contains(tenant_id) { self.billing(period, tenant_id)? } else { open };
            let is_final = billing.is_correction || closing.is_some_and(|closing| closing.tenants.contains(tenant_id));
            Ok((billing, if is_final { PeriodState::Final } else { PeriodState::Open }))
        };
        tenants.iter().map(billing).collect()
    }

    fn take(&mut self, key: LineKey, before: &Booked, outcome: Outcome) -> Result<()> {
        let Outcome { rated, entries, charges, billing, failure } = outcome;
        if let Some(error) = failure {
            self.failed(&key, &error);
        }
        let closing = self.closing.as_ref().filter(|closing| closing.period_start == key.period_start);
        let is_closing = closing.is_some_and(|closing| closing.tenants.contains(&key.tenant_id));
        let after = &rated.line.booked;
        self.change(Changed { key, before, after, entries: &entries, charges: &charges, billing })?;
        if is_closing {
            self.closed.push(rated);
        }
        Ok(())
    }

    /// Books what became of a line, with its charges.
    pub(super) fn change(&mut self, changed: Changed<'_>) -> Result<()> {
        let Changed { key, before, after, entries, charges, billing } = changed;
        if billing.is_correction {
            let currency = |entry: &Entry| entry.price.as_ref().map_or(billing.currency, |price| price.currency);
            let mut corrected: BTreeMap<Currency, (Quantity, Option<Money>)> = BTreeMap::new();
            for entry in entries {
                let (quantity, amount) = corrected.entry(currency(entry)).or_default();
                *quantity = quantity.checked_add(entry.quantity)?;
                if let Some(more) = entry.amount {
                    *amount = Some(amount.unwrap_or_default().checked_add(more)?);
                }
            }
            let correction = |(currency, (quantity, amount))| Correction {
                billed_in: billing.billed_in.start(),
                line: key.clone(),
                quantity,
                amount,
                currency,
            };
            self.booking.corrections.extend(corrected.into_iter().map(correction));
        }
        self.settlement.lines += 1;
        self.charges.write(charges, billing.billed_in)?;
        if after != before {
            self.booking.lines.push((key.clone(), encoded(after)?));
            if self.grants.of(&key.tenant_id).is_some() || key.meter == CREDITS {
                self.pending.insert(key, after.clone());
            }
        }
        Ok(())
    }

    /// Makes all of it visible at once.
    pub(super) fn commit(mut self, settled: Settled) -> Result<Settlement> {
        self.booking.settled = settled;
        self.booking.closed = self.closed_periods()?;
        let Self { finops, booking, charges, mut settlement, .. } = self;
        settlement.charges = charges.count();
        // What makes no charge may be news nevertheless.
        let is_news = booking.closed.is_some() || !booking.lines.is_empty();
        if settlement.charges == 0 && (is_news || settled != finops.store.settled()?) {
            finops.store.book(&booking)?;
        }
        settlement.snapshot = charges.commit(Some(booking), finops.clock.now(), finops.entropy.as_ref())?;
        Ok(settlement)
    }
}

/// What lines come to now, those that were counted.
pub(in crate::engine) fn rated(finops: &Finops, keys: &[LineKey], until: i64) -> Result<Vec<RatedMonth>> {
    let usage = finops.store.usage()?;
    let (meters, book, grants) = (usage.meters()?, finops.price_book()?, finops.grants()?);
    let until = Stamp::from_micros(until)?;
    let booked = |keys: &[LineKey]| booked_in(finops.store.as_ref(), keys);
    let mut found = Vec::new();
    for key in keys {
        let Some((number, meter)) = meters.get(&key.meter) else { continue };
        let month = MeterMonth::of(number, key.period_start);
        let period = month.period()?;
        let is_closed = !finops.store.statements(Some(key.period_start), Some(&key.tenant_id))?.is_empty();
        let state = if is_closed { PeriodState::Final } else { PeriodState::Open };
        let credits = match grants.units(&key.tenant_id, &key.meter) {
            Some(grants) => units_before(grants, key, granted_until(until)?, &booked)?,
            None => None,
        };
        let (tenant_id, credits) = (key.tenant_id.as_str(), credits.as_ref());
        let mut line = None;
        usage.counted(&month.pages(meter.aggregation)?, &mut |rollups| {
            let due = DueLine { rollups, book: &book, tenant_id, meter: number, period, until, state, credits };
            let (rated, _) = rated_or_unknown(&due)?;
            line = Some(RatedMonth {
                meter: meter.clone(),
                tenant_id: key.tenant_id.clone(),
                line: rated,
                events: events(rollups, &due),
            });
            Ok(())
        })?;
        found.extend(line);
    }
    Ok(found)
}

/// A line as it is rated. When that fails its cost is unknown, and the reason is told.
fn rated_or_unknown(line: &DueLine<'_>) -> Result<(RatedLine, Option<Error>)> {
    match line.rated() {
        Ok(rated) => Ok((rated, None)),
        Err(error) => {
            let unpriced = PriceBook::default();
            Ok((DueLine { book: &unpriced, ..*line }.rated()?, Some(error)))
        }
    }
}

fn settle(line: &DueLine<'_>, meter: &Meter, booked: &Booked, billing: Billing) -> Result<Outcome> {
    let (rated, failure) = rated_or_unknown(line)?;
    let entries = booked.entries_to(&rated.booked)?;
    let charges = line.charges(&entries, &rated, billing);
    let tenant_id = line.tenant_id.to_owned();
    let rated = RatedMonth { meter: meter.clone(), tenant_id, line: rated, events: 0 };
    Ok(Outcome { rated, entries, charges, billing, failure })
}

/// How many events a line counted.
fn events(rollups: &Rollups, line: &DueLine<'_>) -> u64 {
    use crate::pipeline::metering::{PageSpan, day_of};
    let days = day_of(line.period.start())..day_of(line.period.end());
    let series: Vec<u32> = rollups.series().of_tenant(line.tenant_id).collect();
    let pages = rollups.days(line.meter, PageSpan::Day, days);
    pages.flat_map(|(_, page)| series.iter().filter_map(|series| page.total(*series))).map(|cell| cell.events()).sum()
}

pub(super) fn decoded(body: Option<Vec<u8>>) -> Result<Booked> {
    let torn = |error| Error::new(ErrorCode::Storage, format!("a booked line cannot be read: {error}"));
    body.map_or(Ok(Booked::default()), |body| postcard::from_bytes(&body).map_err(torn))
}

fn encoded(booked: &Booked) -> Result<Vec<u8>> {
    postcard::to_allocvec(booked)
        .map_err(|error| Error::new(ErrorCode::Storage, format!("a line cannot be booked: {error}")))
}
