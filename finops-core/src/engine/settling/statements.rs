//! Statements: of the periods that are being closed, and of those that go on.

use super::due::month_after;
use super::grants::booked_in;
use super::lines::{RatedMonth, Settling};
use crate::edge::store::{ClosedPeriods, Correction, LineKey, Statement};
use crate::engine::Finops;
use crate::insight::statement::{Corrected, Credited, TenantStatement};
use crate::model::money::Money;
use crate::model::time::{Interval, Stamp};
use crate::model::usage::CREDITS;
use crate::pipeline::charging::{Booked, Version};
use crate::{Error, ErrorCode, Result};
use std::collections::BTreeMap;

/// What a bill is made of.
#[derive(Debug)]
pub(in crate::engine) struct Billed<'b> {
    pub(in crate::engine) lines: &'b [&'b RatedMonth],
    /// What grants paid.
    pub(in crate::engine) credits: &'b Booked,
    /// What corrects earlier periods and is not in the store yet.
    pub(in crate::engine) corrections: &'b [Correction],
}

impl Settling<'_> {
    /// The periods that are being closed, with their statements; none where there is nothing to close.
    pub(super) fn closed_periods(&self) -> Result<Option<ClosedPeriods>> {
        let Some(closing) = &self.closing else { return Ok(None) };
        let period = Interval::new(closing.period_start, month_after(closing.period_start)?)?;
        let mut by_tenant: BTreeMap<&str, Vec<&RatedMonth>> =
            closing.tenants.iter().map(|tenant_id| (tenant_id.as_str(), Vec::new())).collect();
        for line in &self.closed {
            by_tenant.entry(&line.tenant_id).or_default().push(line);
        }
        let statement = |(tenant_id, mut lines): (&str, Vec<&RatedMonth>)| {
            lines.sort_by(|one, other| one.meter.slug.cmp(&other.meter.slug));
            let credits = self.booked(&[credits_line(tenant_id, period)])?.pop().unwrap_or_default();
            let is_billed = |correction: &&Correction| {
                correction.billed_in == period.start() && correction.line.tenant_id == tenant_id
            };
            let corrections: Vec<Correction> = self.booking.corrections.iter().filter(is_billed).cloned().collect();
            let billed = Billed { lines: &lines, credits: &credits, corrections: &corrections };
            let statement = self.finops.statement(tenant_id, period, &billed, Some(closing.by.at))?;
            let body = serde_json::to_string(&statement)
                .map_err(|error| Error::new(ErrorCode::Storage, format!("the statement cannot be kept: {error}")))?;
            let (period_start, closed_at) = (closing.period_start, closing.by.at);
            Ok(Statement { tenant_id: tenant_id.to_owned(), period_start, closed_at, body })
        };
        let statements = by_tenant.into_iter().map(statement).collect::<Result<Vec<_>>>()?;
        Ok((!statements.is_empty()).then(|| ClosedPeriods { by: closing.by.clone(), statements }))
    }
}

impl Finops {
    /// What grants paid of a tenant's period.
    pub(in crate::engine) fn credits_of(&self, tenant_id: &str, period: Interval) -> Result<Booked> {
        let booked = booked_in(self.store.as_ref(), &[credits_line(tenant_id, period)])?.pop();
        Ok(booked.unwrap_or_default())
    }

    /// The statement of a tenant's lines, with the corrections that are billed with them.
    pub(in crate::engine) fn statement(
        &self,
        tenant_id: &str,
        period: Interval,
        billed: &Billed<'_>,
        closed_at: Option<Stamp>,
    ) -> Result<TenantStatement> {
        let meters = self.store.usage()?.meters()?;
        let mut corrections = self.store.corrections(period.start(), tenant_id)?;
        corrections.extend_from_slice(billed.corrections);
        let unit = |correction: &Correction| match meters.get(&correction.line.meter) {
            Some((_, meter)) => meter.unit.clone(),
            None => correction.currency.to_string(),
        };
        let units: Vec<String> = corrections.iter().map(unit).collect();
        let corrected = corrections.iter().zip(&units).map(|(correction, unit)| Corrected {
            meter: &correction.line.meter,
            unit,
            period_start: correction.line.period_start,
            quantity: correction.quantity,
            amount: correction.amount.unwrap_or_default(),
            currency: correction.currency,
        });
        let corrected: Vec<Corrected<'_>> = corrected.collect();
        let credited = credited(billed.credits)?;
        let rated: Vec<_> = billed.lines.iter().map(|line| (&line.meter, &line.line)).collect();
        TenantStatement::new(tenant_id, period, (&rated, &credited, &corrected), closed_at)
    }
}

fn credits_line(tenant_id: &str, period: Interval) -> LineKey {
    LineKey { period_start: period.start(), tenant_id: tenant_id.to_owned(), meter: CREDITS.to_owned() }
}

/// What each grant paid, in the order in which they first paid something.
fn credited(credits: &Booked) -> Result<Vec<Credited<'_>>> {
    let paid = |grant: &'_ Version| {
        let is_of = |cell: &&crate::pipeline::charging::BookedCell| credits.version(cell) == Some(grant);
        Money::try_sum(credits.cells.values().filter(is_of).filter_map(|cell| cell.amount))
    };
    let credited = |grant| Ok(Credited { grant, amount: paid(grant)? });
    credits
        .prices
        .iter()
        .map(credited)
        .filter(|credited| credited.as_ref().is_ok_and(|credited| !credited.amount.is_zero()) || credited.is_err())
        .collect()
}
