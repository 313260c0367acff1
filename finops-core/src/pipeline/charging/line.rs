//! A line from usage to charges: what was used, rated now, compared with what is booked.

use super::booked::{CellKey, Entry};
use super::burning::{burn_period, free_of, pieces_of};
use super::charge::{Line, charge_of};
use super::rated::{RatedLine, rate_used};
use super::usage::{UsageLine, Used};
use crate::Result;
use crate::model::charge::Charge;
use crate::model::id::{self, Id};
use crate::model::money::{Currency, Quantity};
use crate::model::price::PriceBook;
use crate::model::time::{Interval, Stamp};
use crate::pipeline::metering::{DAY, Rollups, Series};
use crate::pipeline::rating::{Credits, PeriodState};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// What a tenant owes for what a meter counts in a billing period.
#[derive(Debug, Clone, Copy)]
pub struct DueLine<'l> {
    /// What was counted.
    pub rollups: &'l Rollups,
    /// The prices.
    pub book: &'l PriceBook,
    /// Who used it.
    pub tenant_id: &'l str,
    /// The number of the meter.
    pub meter: u32,
    /// The billing period: a month of UTC.
    pub period: Interval,
    /// Up to when levels are charged.
    pub until: Stamp,
    /// Whether more usage may come.
    pub state: PeriodState,
    /// The units of the meter that the tenant has to its credit when the period starts.
    pub credits: Option<&'l Credits<'l>>,
}

/// What grants gave.
type Granted = BTreeMap<Id<id::Grant>, Quantity>;

/// Up to when grants start and are refilled, where levels are charged until then: the day after counts as well.
///
/// # Errors
/// `overflow`.
pub fn granted_until(until: Stamp) -> Result<Stamp> {
    Stamp::from_micros(until.micros().saturating_add(DAY))
}

/// Where the charges of a line stand.
#[derive(Debug, Clone, Copy)]
pub struct Billing {
    /// The billing period that they are part of.
    pub billed_in: Interval,
    /// Whether they correct a period that is closed.
    pub is_correction: bool,
    /// The currency of what has no price.
    pub currency: Currency,
}

impl DueLine<'_> {
    /// What the line comes to now.
    ///
    /// # Errors
    /// As [`rate_used`].
    pub fn rated(&self) -> Result<RatedLine> {
        let mut series: Vec<u32> = self.rollups.series().of_tenant(self.tenant_id).collect();
        series.sort_unstable();
        let slug = self.rollups.meters().by_number(self.meter).map(|meter| meter.slug.as_str()).unwrap_or_default();
        let stretches = self.book.stretches(slug, self.tenant_id, self.period);
        let usage = UsageLine {
            rollups: self.rollups,
            meter: self.meter,
            series: &series,
            period: self.period,
            until: self.until,
        };
        let intervals: Vec<_> = stretches.iter().map(|stretch| stretch.interval).collect();
        let used = usage.used(&intervals)?;
        let (free, granted) = self.free(&used)?;
        let rated = rate_used(self.period, &stretches, &used, &free, self.rollups.series(), self.state)?;
        Ok(RatedLine { granted, ..rated })
    }

    /// How much of each piece is used without being paid for, and what each grant gave of it.
    fn free(&self, used: &[Vec<Used>]) -> Result<(BTreeMap<CellKey, Quantity>, Granted)> {
        let mut granted = Granted::new();
        let Some(credits) = self.credits else { return Ok((BTreeMap::new(), granted)) };
        let until = granted_until(self.until)?;
        for burn in burn_period(&mut credits.clone(), self.period, until, &pieces_of(used)?)? {
            let sum = granted.entry(burn.grant.id).or_default();
            *sum = sum.checked_add(burn.amount)?;
        }
        Ok((free_of(used, Quantity::try_sum(granted.values().copied())?)?, granted))
    }

    /// The charges of what is missing between what is booked and what is rated.
    pub fn charges(&self, entries: &[Entry], rated: &RatedLine, billing: Billing) -> Vec<Charge> {
        let Some(meter) = self.rollups.meters().by_number(self.meter) else { return Vec::new() };
        let line = Line {
            meter: &meter.slug,
            unit: &meter.unit,
            currency: rated.rated.currency.unwrap_or(billing.currency),
            billed_in: billing.billed_in,
            is_correction: billing.is_correction,
        };
        let charge = |entry: &Entry| {
            charge_of(&line, entry, |charge| {
                charge.tenant_id = Some(self.tenant_id.to_owned());
                charge.sub_account_id.clone_from(&charge.tenant_id);
                if let Some(series) = entry.key.series {
                    attribute(charge, self.rollups.series(), series);
                }
            })
        };
        entries.iter().map(charge).collect()
    }
}

/// Says who and what a charge is for. Properties that are no dimension become tags.
fn attribute(charge: &mut Charge, series: &Series, number: u32) {
    let mut tags = Map::new();
    for (name, value) in series.values(number) {
        let field = match name {
            "tenant_id" => &mut charge.tenant_id,
            "workspace_id" => &mut charge.workspace_id,
            "rail" => &mut charge.rail,
            "user_id" => &mut charge.user_id,
            "organization_id" => &mut charge.organization_id,
            "team_id" => &mut charge.team_id,
            "component_id" => &mut charge.component_id,
            "cost_center_id" => &mut charge.cost_center_id,
            "resource_group_id" => &mut charge.resource_group_id,
            "model" => &mut charge.model,
            "workflow" => &mut charge.workflow,
            "cluster" => &mut charge.cluster,
            "namespace" => &mut charge.namespace,
            name => {
                tags.insert(name.to_owned(), Value::from(value));
                continue;
            }
        };
        *field = Some(value.to_owned());
    }
    charge.tags = (!tags.is_empty()).then(|| Value::Object(tags).to_string());
}
