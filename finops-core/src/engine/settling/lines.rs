//! Lines on their way into the store: rated, compared with what is booked, written as charges.

use super::due::{MeterMonth, month_after};
use super::{LineFailure, Settlement};
use crate::edge::store::{Booking, Correction, Delivery, ImportSession, LineKey, Replace, Settled, Statement};
use crate::engine::Finops;
use crate::insight::statement::{Corrected, TenantStatement};
use crate::model::charge::{Charge, ChargeTable, Scope};
use crate::model::id::Id;
use crate::model::money::{Money, Quantity};
use crate::model::price::PriceBook;
use crate::model::receipt::ImportReceipt;
use crate::model::time::{Interval, Stamp};
use crate::model::usage::Meter;
use crate::pipeline::charging::{Billing, Booked, DueLine, RatedLine, USAGE_ACCOUNT};
use crate::pipeline::metering::Rollups;
use crate::pipeline::rating::PeriodState;
use crate::pipeline::tally::Tally;
use crate::{Error, ErrorCode, Result};
use std::collections::{BTreeMap, BTreeSet};

/// How many tenants are rated at a time: what they are charged is in memory until it is written.
const TENANTS: usize = 256;
/// How many charges are written at a time.
const TABLE_ROWS: usize = 8192;

/// Periods that are to be closed.
#[derive(Debug, Clone)]
pub(in crate::engine) struct Closing {
    /// When the billing period starts.
    pub(in crate::engine) period_start: Stamp,
    /// Whose.
    pub(in crate::engine) tenants: BTreeSet<String>,
    /// When it is closed.
    pub(in crate::engine) at: Stamp,
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
    finops: &'s Finops,
    book: &'s PriceBook,
    closing: Option<Closing>,
    session: Option<Box<dyn ImportSession + 's>>,
    booking: Booking,
    tally: Tally,
    settlement: Settlement,
    periods: BTreeSet<String>,
    /// The lines of periods that are being closed.
    closed: Vec<RatedMonth>,
}

/// What became of a line.
struct Outcome {
    rated: RatedMonth,
    charges: Vec<Charge>,
    billing: Billing,
    failure: Option<Error>,
}

impl<'s> Settling<'s> {
    pub(super) fn new(finops: &'s Finops, book: &'s PriceBook, closing: Option<Closing>) -> Result<Self> {
        let (booking, settlement) = (Booking::default(), Settlement::default());
        let (session, tally, periods, closed) = (None, Tally::default(), BTreeSet::new(), Vec::new());
        Ok(Self { finops, book, closing, session, booking, tally, settlement, periods, closed })
    }

    /// Settles what tenants used of a meter in a month.
    pub(super) fn month(&mut self, month: MeterMonth, tenants: &BTreeSet<String>, until: i64) -> Result<()> {
        let tenants: Vec<String> = tenants.iter().cloned().collect();
        tenants.chunks(TENANTS).try_for_each(|tenants| self.some(month, tenants, until))
    }

    fn some(&mut self, month: MeterMonth, tenants: &[String], until: i64) -> Result<()> {
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
        let booked = store.booked(&keys)?.into_iter().map(decoded).collect::<Result<Vec<_>>>()?;
        let billings = self.billings(period, tenants)?;
        let mut outcomes = Vec::with_capacity(keys.len());
        usage.counted(&month.pages(meter.aggregation)?, &mut |rollups| {
            outcomes.clear();
            for ((tenant_id, booked), (billing, state)) in tenants.iter().zip(&booked).zip(&billings) {
                let line =
                    DueLine { rollups, book: self.book, tenant_id, meter: month.meter, period, until, state: *state };
                outcomes.push(settle(&line, meter, booked, *billing)?);
            }
            Ok(())
        })?;
        for ((key, before), outcome) in keys.into_iter().zip(&booked).zip(outcomes) {
            self.take(key, before, outcome)?;
        }
        Ok(())
    }

    /// Where the charges of each tenant's line of a period stand, and whether more may come.
    fn billings(&self, period: Interval, tenants: &[String]) -> Result<Vec<(Billing, PeriodState)>> {
        let store = &self.finops.store;
        let is_closed: BTreeSet<String> =
            store.statements(Some(period.start()), None)?.into_iter().map(|statement| statement.tenant_id).collect();
        let closing = self.closing.as_ref().filter(|closing| closing.period_start == period.start());
        let billing = |tenant_id: &String| {
            let mut billing = Billing { billed_in: period, is_correction: false, currency: self.finops.currency };
            if is_closed.contains(tenant_id) {
                let closed = store.statements(None, Some(tenant_id))?;
                let mut start = period.end();
                while closed.iter().any(|statement| statement.period_start == start) {
                    start = month_after(start)?;
                }
                (billing.billed_in, billing.is_correction) = (Interval::new(start, month_after(start)?)?, true);
            }
            let is_final = billing.is_correction || closing.is_some_and(|closing| closing.tenants.contains(tenant_id));
            Ok((billing, if is_final { PeriodState::Final } else { PeriodState::Open }))
        };
        tenants.iter().map(billing).collect()
    }

    fn take(&mut self, key: LineKey, before: &Booked, outcome: Outcome) -> Result<()> {
        let Outcome { rated, charges, billing, failure } = outcome;
        if let Some(error) = failure {
            self.settlement.failures.push(LineFailure {
                tenant_id: key.tenant_id.clone(),
                meter: key.meter.clone(),
                period_start: key.period_start,
                code: error.code().to_string(),
                message: error.message().to_owned(),
            });
        }
        if billing.is_correction && !charges.is_empty() {
            let amounts: Vec<Money> = charges.iter().filter_map(|charge| charge.billed_cost).collect();
            let quantities = charges.iter().filter_map(|charge| charge.consumed_quantity);
            self.booking.corrections.push(Correction {
                billed_in: billing.billed_in.start(),
                line: key.clone(),
                quantity: Quantity::try_sum(quantities)?,
                amount: if amounts.is_empty() { None } else { Some(Money::try_sum(amounts)?) },
                currency: rated.line.rated.currency.unwrap_or(billing.currency),
            });
        }
        self.settlement.lines += 1;
        self.write(&charges, billing.billed_in)?;
        if rated.line.booked != *before {
            self.booking.lines.push((key.clone(), encoded(&rated.line.booked)?));
        }
        let closing = self.closing.as_ref().filter(|closing| closing.period_start == key.period_start);
        if closing.is_some_and(|closing| closing.tenants.contains(&key.tenant_id)) {
            self.closed.push(rated);
        }
        Ok(())
    }

    fn write(&mut self, charges: &[Charge], billed_in: Interval) -> Result<()> {
        if charges.is_empty() {
            return Ok(());
        }
        let scope =
            Scope { billing_account_id: USAGE_ACCOUNT.to_owned(), start: billed_in.start(), end: billed_in.end() };
        for rows in charges.chunks(TABLE_ROWS) {
            let table = ChargeTable::from_charges(rows);
            self.tally.add(&table)?;
            if self.session.is_none() {
                self.session = Some(self.finops.store.begin_import()?);
            }
            if let Some(session) = &mut self.session {
                session.write(&scope, &table)?;
            }
            self.settlement.charges += u64::try_from(rows.len()).unwrap_or(u64::MAX);
        }
        self.periods.insert(scope.period_label());
        Ok(())
    }

    /// Makes all of it visible at once.
    pub(super) fn commit(mut self, settled: Settled) -> Result<Settlement> {
        self.booking.settled = settled;
        self.booking.statements = self.statements()?;
        let mut settlement = self.settlement;
        let Some(session) = self.session else {
            let is_news = settled != self.finops.store.settled()? || !self.booking.statements.is_empty();
            if is_news || !self.booking.lines.is_empty() {
                self.finops.store.book(&self.booking)?;
            }
            settlement.snapshot = self.finops.store.snapshot()?.id;
            return Ok(settlement);
        };
        let imported_at = self.finops.clock.now();
        let mut random = [0; 10];
        self.finops.entropy.fill(&mut random)?;
        let import_id = Id::new(imported_at, random);
        let mut receipt = ImportReceipt::of_usage(import_id, settlement.charges, self.tally.totals()?);
        receipt.billing_periods = self.periods.into_iter().collect();
        let fingerprint = *blake3::hash(import_id.to_string().as_bytes()).as_bytes();
        let booking = Some(self.booking);
        let delivery =
            Delivery { receipt, fingerprint, files: Vec::new(), replace: Replace::Nothing, imported_at, booking };
        settlement.snapshot = session.commit(delivery)?.snapshot;
        // The charges are there whatever becomes of it, and the next settling tries again.
        if self.finops.store.tidy(USAGE_ACCOUNT, imported_at).is_ok() {
            settlement.snapshot = self.finops.store.snapshot()?.id;
        }
        Ok(settlement)
    }

    /// The statements of the periods that are being closed.
    fn statements(&self) -> Result<Vec<Statement>> {
        let Some(closing) = &self.closing else { return Ok(Vec::new()) };
        let period = Interval::new(closing.period_start, month_after(closing.period_start)?)?;
        let mut by_tenant: BTreeMap<&str, Vec<&RatedMonth>> =
            closing.tenants.iter().map(|tenant_id| (tenant_id.as_str(), Vec::new())).collect();
        for line in &self.closed {
            by_tenant.entry(&line.tenant_id).or_default().push(line);
        }
        let statement = |(tenant_id, mut lines): (&str, Vec<&RatedMonth>)| {
            lines.sort_by(|one, other| one.meter.slug.cmp(&other.meter.slug));
            let statement = self.finops.statement(tenant_id, period, &lines, Some(closing.at))?;
            let body = serde_json::to_string(&statement)
                .map_err(|error| Error::new(ErrorCode::Storage, format!("the statement cannot be kept: {error}")))?;
            let (period_start, closed_at) = (closing.period_start, closing.at);
            Ok(Statement { tenant_id: tenant_id.to_owned(), period_start, closed_at, body })
        };
        by_tenant.into_iter().map(statement).collect()
    }
}

impl Finops {
    /// The statement of a tenant's lines, with the corrections that are billed with them.
    pub(in crate::engine) fn statement(
        &self,
        tenant_id: &str,
        period: Interval,
        lines: &[&RatedMonth],
        closed_at: Option<Stamp>,
    ) -> Result<TenantStatement> {
        let meters = self.store.usage()?.meters()?;
        let corrections = self.store.corrections(period.start(), tenant_id)?;
        let corrected = |correction: &'_ Correction| {
            let unit = meters.get(&correction.line.meter).map(|(_, meter)| meter.unit.clone()).unwrap_or_default();
            (correction.clone(), unit)
        };
        let corrections: Vec<_> = corrections.iter().map(corrected).collect();
        let corrected: Vec<Corrected<'_>> = corrections
            .iter()
            .map(|(correction, unit)| Corrected {
                meter: &correction.line.meter,
                unit,
                period_start: correction.line.period_start,
                quantity: correction.quantity,
                amount: correction.amount.unwrap_or_default(),
                currency: correction.currency,
            })
            .collect();
        let rated: Vec<_> = lines.iter().map(|line| (&line.meter, &line.line.rated)).collect();
        TenantStatement::new(tenant_id, period, &rated, &corrected, closed_at)
    }
}

/// What lines come to now, those that were counted.
pub(in crate::engine) fn rated(finops: &Finops, keys: &[LineKey], until: i64) -> Result<Vec<RatedMonth>> {
    let usage = finops.store.usage()?;
    let (meters, book) = (usage.meters()?, finops.price_book()?);
    let until = Stamp::from_micros(until)?;
    let mut found = Vec::new();
    for key in keys {
        let Some((number, meter)) = meters.get(&key.meter) else { continue };
        let month = MeterMonth::of(number, key.period_start);
        let period = month.period()?;
        let is_closed = !finops.store.statements(Some(key.period_start), Some(&key.tenant_id))?.is_empty();
        let state = if is_closed { PeriodState::Final } else { PeriodState::Open };
        let mut line = None;
        usage.counted(&month.pages(meter.aggregation)?, &mut |rollups| {
            let due = DueLine { rollups, book: &book, tenant_id: &key.tenant_id, meter: number, period, until, state };
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
    let charges = line.charges(booked, &rated, billing)?;
    let tenant_id = line.tenant_id.to_owned();
    let rated = RatedMonth { meter: meter.clone(), tenant_id, line: rated, events: 0 };
    Ok(Outcome { rated, charges, billing, failure })
}

/// How many events a line counted.
fn events(rollups: &Rollups, line: &DueLine<'_>) -> u64 {
    use crate::pipeline::metering::{PageSpan, day_of};
    let days = day_of(line.period.start())..day_of(line.period.end());
    let series: Vec<u32> = rollups.series().of_tenant(line.tenant_id).collect();
    let pages = rollups.days(line.meter, PageSpan::Day, days);
    pages.flat_map(|(_, page)| series.iter().filter_map(|series| page.total(*series))).map(|cell| cell.events()).sum()
}

fn decoded(body: Option<Vec<u8>>) -> Result<Booked> {
    let torn = |error| Error::new(ErrorCode::Storage, format!("a booked line cannot be read: {error}"));
    body.map_or(Ok(Booked::default()), |body| postcard::from_bytes(&body).map_err(torn))
}

fn encoded(booked: &Booked) -> Result<Vec<u8>> {
    postcard::to_allocvec(booked)
        .map_err(|error| Error::new(ErrorCode::Storage, format!("a line cannot be booked: {error}")))
}
