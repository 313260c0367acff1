//! The grants that hold, and how far they are used up when a month starts.

use super::due::{MeterMonth, month_after};
use super::lines::decoded;
use crate::Result;
use crate::edge::store::{LineKey, Store};
use crate::model::money::Currency;
use crate::model::price::{Grant, GrantAmount};
use crate::model::time::{Interval, Stamp};
use crate::model::usage::CREDITS;
use crate::pipeline::charging::{Booked, Pieces, burn_period};
use crate::pipeline::rating::{Burn, Credits};
use std::collections::BTreeMap;

/// Grants by tenant, those that can pay for the same together.
#[derive(Debug, Default)]
pub(in crate::engine) struct Grants {
    tenants: BTreeMap<String, TenantGrants>,
}

/// The grants of a tenant.
#[derive(Debug, Default)]
pub(in crate::engine) struct TenantGrants {
    pub(in crate::engine) money: BTreeMap<Currency, Vec<Grant>>,
    /// By the meter.
    pub(in crate::engine) units: BTreeMap<String, Vec<Grant>>,
}

impl Grants {
    /// These, by tenant.
    pub(in crate::engine) fn new<'g>(held: impl Iterator<Item = &'g Grant>) -> Self {
        let mut grants = Self::default();
        for grant in held.cloned() {
            let of = grants.tenants.entry(grant.tenant_id.clone()).or_default();
            match &grant.amount {
                GrantAmount::Money { currency, .. } => of.money.entry(*currency).or_default().push(grant),
                GrantAmount::Units { meter, .. } => of.units.entry(meter.clone()).or_default().push(grant),
            }
        }
        grants
    }

    /// Those of a tenant.
    pub(in crate::engine) fn of(&self, tenant_id: &str) -> Option<&TenantGrants> {
        self.tenants.get(tenant_id)
    }

    /// Those of a tenant that give units of a meter.
    pub(in crate::engine) fn units(&self, tenant_id: &str, meter: &str) -> Option<&[Grant]> {
        self.of(tenant_id)?.units.get(meter).map(Vec::as_slice)
    }

    /// Every grant.
    pub(in crate::engine) fn iter(&self) -> impl Iterator<Item = &Grant> {
        self.tenants.values().flat_map(|tenant| tenant.money.values().chain(tenant.units.values()).flatten())
    }
}

/// The first month in which one of the grants holds.
pub(in crate::engine) fn first_month(grants: &[Grant]) -> Option<MeterMonth> {
    grants.iter().map(|grant| grant.effective_from).min().map(|from| MeterMonth::of(0, from))
}

/// What is booked of lines.
pub(in crate::engine) type ReadBooked<'r> = &'r dyn Fn(&[LineKey]) -> Result<Vec<Booked>>;

/// The same where all of it is in the store.
pub(in crate::engine) fn booked_in(store: &dyn Store, keys: &[LineKey]) -> Result<Vec<Booked>> {
    store.booked(keys)?.into_iter().map(decoded).collect()
}

/// The lines of a tenant's usage in a period, without its credits.
pub(in crate::engine) fn usage_lines(store: &dyn Store, start: Stamp, tenant_id: &str) -> Result<Vec<LineKey>> {
    let lines = store.lines(start, Some(tenant_id))?;
    Ok(lines.into_iter().filter(|line| line.meter != CREDITS).collect())
}

/// How far units of a meter are used up when the month starts: they go through all months before. None as long as no
/// grant holds.
pub(in crate::engine) fn units_before<'g>(
    grants: &'g [Grant],
    line: &LineKey,
    until: Stamp,
    booked: ReadBooked<'_>,
) -> Result<Option<Credits<'g>>> {
    let Some(first) = first_month(grants) else { return Ok(None) };
    let last = MeterMonth::of(0, line.period_start);
    if first > last {
        return Ok(None);
    }
    let mut keys = Vec::new();
    let mut period = first.period()?;
    while period.start() < line.period_start {
        keys.push(LineKey { period_start: period.start(), ..line.clone() });
        period = Interval::new(period.end(), month_after(period.end())?)?;
    }
    let mut credits = Credits::new(grants)?;
    for (key, booked) in keys.iter().zip(booked(&keys)?) {
        let period = MeterMonth::of(0, key.period_start).period()?;
        burn_period(&mut credits, period, until, &booked.quantities()?)?;
    }
    Ok(Some(credits))
}

/// The money of a tenant on its way through the months: what it pays of all that is charged.
#[derive(Debug)]
pub(in crate::engine) struct MoneyCredits<'g> {
    pools: Vec<(Currency, Credits<'g>)>,
}

impl<'g> MoneyCredits<'g> {
    pub(in crate::engine) fn new(grants: &'g TenantGrants) -> Result<Self> {
        let pools = grants.money.iter().map(|(currency, grants)| Ok((*currency, Credits::new(grants)?)));
        Ok(Self { pools: pools.collect::<Result<_>>()? })
    }

    /// How far each currency is used up.
    pub(in crate::engine) fn pools(&self) -> impl Iterator<Item = &(Currency, Credits<'g>)> {
        self.pools.iter()
    }

    /// What is paid in a month of what the lines come to.
    pub(in crate::engine) fn pass(&mut self, month: Interval, until: Stamp, lines: &[Booked]) -> Result<Vec<Burn<'g>>> {
        let mut charged: BTreeMap<Currency, Pieces> = BTreeMap::new();
        lines.iter().try_for_each(|line| line.add_amounts(&mut charged))?;
        let mut burns = Vec::new();
        for (currency, credits) in &mut self.pools {
            burns.extend(burn_period(credits, month, until, &charged.remove(currency).unwrap_or_default())?);
        }
        Ok(burns)
    }
}
