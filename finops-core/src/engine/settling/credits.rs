//! What money grants pay of a tenant's lines: made again from the earliest month on in which something changed.

use super::Grants;
use super::due::{MeterMonth, month_after};
use super::grants::{MoneyCredits, TenantGrants, first_month, usage_lines};
use super::lines::{Changed, Settling};
use crate::Result;
use crate::edge::store::LineKey;
use crate::model::charge::Charge;
use crate::model::time::{Interval, Stamp};
use crate::model::usage::CREDITS;
use crate::pipeline::charging::{Booked, Entry, credit_of, credited, granted_until};
use crate::pipeline::rating::Burn;
use std::collections::BTreeMap;

/// Whose credits are due, and from which month on.
#[derive(Debug, Default)]
pub(in crate::engine) struct CreditsDue {
    tenants: BTreeMap<String, MeterMonth>,
}

impl CreditsDue {
    /// Something changed in that month.
    pub(in crate::engine) fn add(&mut self, tenant_id: &str, at: Stamp) {
        let month = MeterMonth::of(0, at);
        match self.tenants.get_mut(tenant_id) {
            Some(first) => *first = month.min(*first),
            None => drop(self.tenants.insert(tenant_id.to_owned(), month)),
        }
    }

    /// The tenants, with the first month that changed.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, MeterMonth)> {
        self.tenants.iter().map(|(tenant_id, first)| (tenant_id.as_str(), *first))
    }
}

impl Settling<'_> {
    /// Makes the credits that are due, and those of whoever's lines have just changed.
    pub(super) fn credits(&mut self, grants: &Grants, mut due: CreditsDue, until: i64) -> Result<()> {
        for (tenant_id, at) in self.changed_for_credits() {
            due.add(&tenant_id, at);
        }
        let until = granted_until(Stamp::from_micros(until)?)?;
        let none = TenantGrants::default();
        for (tenant_id, changed) in due.iter() {
            let of = grants.of(tenant_id).unwrap_or(&none);
            // The balance is made by all months since the first grant.
            let first = of.money.values().filter_map(|grants| first_month(grants)).min();
            let mut month = first.map_or(changed, |first| first.min(changed)).period()?;
            let mut credits = MoneyCredits::new(of)?;
            while month.start() <= until {
                let lines = self.booked_of(tenant_id, month.start())?;
                let burns = credits.pass(month, until, &lines)?;
                if month.start() >= changed.period()?.start() {
                    self.credit(tenant_id, month, &burns)?;
                }
                month = Interval::new(month.end(), month_after(month.end())?)?;
            }
        }
        Ok(())
    }

    /// What is booked of a tenant's usage in a month, as it is after this settling.
    fn booked_of(&self, tenant_id: &str, start: Stamp) -> Result<Vec<Booked>> {
        let mut keys = usage_lines(self.finops.store.as_ref(), start, tenant_id)?;
        keys.extend(self.pending_of(tenant_id, start));
        keys.sort_unstable();
        keys.dedup();
        self.booked(&keys)
    }

    /// Books what grants pay in a month.
    fn credit(&mut self, tenant_id: &str, month: Interval, burns: &[Burn<'_>]) -> Result<()> {
        let key = LineKey { period_start: month.start(), tenant_id: tenant_id.to_owned(), meter: CREDITS.to_owned() };
        let before = self.booked(std::slice::from_ref(&key))?.pop().unwrap_or_default();
        let after = credited(&before, burns)?;
        if after == before {
            return Ok(());
        }
        let billing = self.billing(month, tenant_id)?;
        let entries = before.entries_to(&after)?;
        let charge = |entry: &Entry| credit_of(tenant_id, entry, billing.billed_in, billing.is_correction);
        let charges: Vec<Charge> = entries.iter().map(charge).collect();
        self.change(Changed { key, before: &before, after: &after, entries: &entries, charges: &charges, billing })
    }
}
