//! Which lines and credits are due because of grants.

use super::Due;
use super::due::{MeterMonth, month_after};
use super::grants::first_month;
use crate::Result;
use crate::edge::store::{Definition, Settled, Store};
use crate::engine::grants::kept_grant;
use crate::model::price::{Grant, GrantAmount};
use crate::model::time::{Interval, Stamp};
use crate::model::usage::MeterSet;
use crate::pipeline::charging::granted_until;
use std::collections::BTreeMap;
use std::sync::Arc;

impl Due {
    /// Grants changed, or time has passed and brought some to start or to be refilled.
    pub(super) fn add_granted(
        &mut self,
        grants: &[Definition],
        store: &dyn Store,
        meters: &MeterSet,
        before: Settled,
    ) -> Result<()> {
        for definition in grants {
            self.settled.definitions = self.settled.definitions.max(definition.change);
            let grant = kept_grant(definition)?.grant;
            self.add_grant(&grant, grant.effective_from, store, meters)?;
        }
        if self.settled.until > before.until {
            let passed = Interval::new(
                granted_until(Stamp::from_micros(before.until)?)?,
                granted_until(Stamp::from_micros(self.settled.until)?)?,
            )?;
            let held = Arc::clone(&self.grants);
            for grant in held.iter() {
                if let Some(at) = first_change(grant, passed)? {
                    self.add_grant(grant, at, store, meters)?;
                }
            }
        }
        Ok(())
    }

    /// What a grant pays for from that instant on is due.
    fn add_grant(&mut self, grant: &Grant, at: Stamp, store: &dyn Store, meters: &MeterSet) -> Result<()> {
        match &grant.amount {
            GrantAmount::Money { .. } => self.credits.add(&grant.tenant_id, at),
            GrantAmount::Units { meter, .. } => {
                if let Some((number, _)) = meters.get(meter) {
                    self.add_booked(MeterMonth::of(number, at), &grant.tenant_id, meter, store)?;
                }
            }
        }
        Ok(())
    }

    /// The lines of a tenant and a meter from that month on, as far as there are any.
    fn add_booked(&mut self, first: MeterMonth, tenant_id: &str, meter: &str, store: &dyn Store) -> Result<()> {
        let last = granted_until(Stamp::from_micros(self.settled.until)?)?;
        let mut period = first.period()?;
        while period.start() <= last {
            if store.lines(period.start(), Some(tenant_id))?.iter().any(|line| line.meter == meter) {
                self.add(MeterMonth::of(first.meter, period.start()), tenant_id);
            }
            period = Interval::new(period.end(), month_after(period.end())?)?;
        }
        Ok(())
    }

    /// What a month leaves of units decides what later months pay for.
    pub(super) fn add_balances(&mut self, store: &dyn Store, meters: &MeterSet) -> Result<()> {
        // The earliest month brings all that follow.
        let mut later: BTreeMap<(String, String), MeterMonth> = BTreeMap::new();
        for (month, tenants) in &self.lines {
            let Some(meter) = meters.by_number(month.meter) else { continue };
            for tenant_id in tenants {
                let grants = self.grants.units(tenant_id, &meter.slug).unwrap_or_default();
                if let Some(first) = first_month(grants) {
                    let next = MeterMonth::of(month.meter, month.period()?.end());
                    let first = MeterMonth { meter: month.meter, ..first };
                    let known = later.entry((tenant_id.clone(), meter.slug.clone())).or_insert(next.max(first));
                    *known = next.max(first).min(*known);
                }
            }
        }
        later.into_iter().try_for_each(|((tenant_id, meter), first)| self.add_booked(first, &tenant_id, &meter, store))
    }
}

/// When a grant first pays for something in a span of time by itself, without anything being used or charged.
fn first_change(grant: &Grant, span: Interval) -> Result<Option<Stamp>> {
    let fills = grant.fills_in(span);
    if !grant.preserve_overage {
        return Ok(fills);
    }
    // At the start of a month, what was left unpaid is taken from what is rolled over.
    let month = month_after(Stamp::from_micros(span.start().micros() - 1)?)?;
    let holds = grant.effective_from < month && grant.expires_at.is_none_or(|end| month < end);
    Ok(fills.into_iter().chain(Some(month).filter(|month| holds && span.contains(*month))).min())
}
