//! A statement: what is billed to a tenant for a billing period, line by line, for a billing system.

use crate::Result;
use crate::model::money::{Currency, Money, Quantity};
use crate::model::time::{Interval, Stamp};
use crate::model::usage::{CREDITS, Meter};
use crate::pipeline::charging::{RatedLine, Version};
use crate::pipeline::rating::Component;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What is billed to a tenant for a billing period.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct TenantStatement {
    /// Whose it is.
    pub tenant_id: String,
    /// The billing period, such as `2024-01`.
    pub period: String,
    /// When it starts.
    pub period_start: Stamp,
    /// When it ends, exclusive.
    pub period_end: Stamp,
    /// The currency of the total; none when there is no line, or lines are in several.
    pub currency: Option<Currency>,
    /// What is billed, in the order of the meters; then what grants paid, and what corrects earlier periods.
    pub lines: Vec<StatementLine>,
    /// What the lines add up to; none when they are in several currencies.
    pub total: Option<Money>,
    /// The same by currency.
    pub totals: BTreeMap<Currency, Money>,
    /// What was used without a price, and is not billed: its cost is unknown.
    pub unpriced: Vec<Unpriced>,
    /// When it was closed; none as long as it may change.
    pub closed_at: Option<Stamp>,
}

/// A line of a statement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct StatementLine {
    /// What was counted.
    pub meter: String,
    /// What it is counted in.
    pub unit: String,
    /// Which part of the price it is: `tier 1`, `fee of tier 1`, `packages`, `up to the minimum`; `granted` for units
    /// that a grant gave, `credit` for money that one paid.
    pub tier: String,
    /// How much is billed at that price, after conversion and what is free.
    pub quantity: Quantity,
    /// What a unit of it costs; none for what has no unit.
    pub unit_price: Option<Money>,
    /// What it comes to.
    pub amount: Money,
    /// The currency of the amounts.
    pub currency: Currency,
    /// The price that it is billed by, or the grant.
    pub price_id: Option<String>,
    /// The closed period that it corrects.
    pub correction_of: Option<String>,
}

/// What was used without a price.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unpriced {
    /// What was counted.
    pub meter: String,
    /// How much.
    pub quantity: Quantity,
}

/// A correction of an earlier period.
#[derive(Debug, Clone)]
pub struct Corrected<'c> {
    /// What was counted.
    pub meter: &'c str,
    /// What it is counted in.
    pub unit: &'c str,
    /// When the corrected period starts.
    pub period_start: Stamp,
    /// How much more, or less.
    pub quantity: Quantity,
    /// What it comes to.
    pub amount: Money,
    /// In which currency.
    pub currency: Currency,
}

/// What a grant paid.
#[derive(Debug, Clone, Copy)]
pub struct Credited<'c> {
    /// The grant.
    pub grant: &'c Version,
    /// What it comes to: below 0.
    pub amount: Money,
}

/// What a bill is made of: the lines that were rated, what grants paid, and what corrects earlier periods.
pub type Billed<'b> = (&'b [(&'b Meter, &'b RatedLine)], &'b [Credited<'b>], &'b [Corrected<'b>]);

/// The month of a billing period as people write it.
pub fn label(start: Stamp) -> String {
    start.to_string().chars().take(7).collect()
}

impl TenantStatement {
    /// The statement of what is billed.
    ///
    /// # Errors
    /// `overflow`.
    pub fn new(
        tenant_id: &str,
        period: Interval,
        (rated, credits, corrections): Billed<'_>,
        closed_at: Option<Stamp>,
    ) -> Result<Self> {
        let mut lines: Vec<StatementLine> = rated.iter().flat_map(|(meter, line)| lines_of(meter, line)).collect();
        lines.extend(credits.iter().map(credit_line));
        lines.extend(corrections.iter().filter(|correction| !correction.amount.is_zero()).map(|correction| {
            StatementLine {
                meter: correction.meter.to_owned(),
                unit: correction.unit.to_owned(),
                tier: "correction".to_owned(),
                quantity: correction.quantity,
                unit_price: None,
                amount: correction.amount,
                currency: correction.currency,
                price_id: None,
                correction_of: Some(label(correction.period_start)),
            }
        }));
        let mut totals: BTreeMap<Currency, Money> = BTreeMap::new();
        for line in &lines {
            let total = totals.entry(line.currency).or_default();
            *total = total.checked_add(line.amount)?;
        }
        let only = totals.iter().next().filter(|_| totals.len() == 1).map(|(currency, total)| (*currency, *total));
        let unpriced =
            rated.iter().map(|(meter, line)| (meter, line.rated.unpriced)).filter(|(_, unpriced)| !unpriced.is_zero());
        let unpriced = unpriced.map(|(meter, quantity)| Unpriced { meter: meter.slug.clone(), quantity }).collect();
        Ok(Self {
            tenant_id: tenant_id.to_owned(),
            period: label(period.start()),
            period_start: period.start(),
            period_end: period.end(),
            currency: only.map(|(currency, _)| currency),
            total: if totals.is_empty() { Some(Money::ZERO) } else { only.map(|(_, total)| total) },
            lines,
            totals,
            unpriced,
            closed_at,
        })
    }
}

fn credit_line(credited: &Credited<'_>) -> StatementLine {
    let Version { id, currency } = credited.grant;
    StatementLine {
        meter: CREDITS.to_owned(),
        unit: currency.to_string(),
        tier: "credit".to_owned(),
        quantity: Quantity::ZERO,
        unit_price: None,
        amount: credited.amount,
        currency: *currency,
        price_id: Some(id.clone()),
        correction_of: None,
    }
}

fn lines_of(meter: &Meter, line: &RatedLine) -> Vec<StatementLine> {
    let rated = &line.rated;
    let Some(currency) = rated.currency else { return Vec::new() };
    let granted = line.granted.iter().map(|(grant, quantity)| StatementLine {
        meter: meter.slug.clone(),
        unit: meter.unit.clone(),
        tier: "granted".to_owned(),
        quantity: *quantity,
        unit_price: Some(Money::ZERO),
        amount: Money::ZERO,
        currency,
        price_id: Some(grant.to_string()),
        correction_of: None,
    });
    let line = |part: &crate::pipeline::rating::Part| {
        let reading = usize::try_from(part.stretch).ok().and_then(|stretch| rated.readings.get(stretch));
        StatementLine {
            meter: meter.slug.clone(),
            unit: meter.unit.clone(),
            tier: part.component.to_string(),
            quantity: part.quantity,
            unit_price: matches!(part.component, Component::Of(_)).then_some(part.unit_price),
            amount: part.amount,
            currency,
            price_id: reading.and_then(|reading| reading.price).map(|id| id.to_string()),
            correction_of: None,
        }
    };
    rated.parts.iter().map(line).chain(granted).collect()
}
