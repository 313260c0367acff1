//! What money grants paid, as a line of its own: pieces of a day and a grant each, and the charges of what changes.

use super::booked::{Booked, BookedCell, CellKey, Entry};
use super::charge::{SERVICE_PROVIDER, USAGE_ACCOUNT};
use crate::Result;
use crate::model::charge::Charge;
use crate::model::money::{Money, Quantity};
use crate::model::price::GrantAmount;
use crate::model::time::{Interval, Stamp};
use crate::model::usage::CREDITS;
use crate::pipeline::metering::DAY;
use crate::pipeline::rating::Burn;

/// The line of credits that burns make. A piece is told from others of its day by the place of its grant among the
/// versions of `before`, which stay where they are.
///
/// # Errors
/// `overflow`.
pub fn credited(before: &Booked, burns: &[Burn<'_>]) -> Result<Booked> {
    let mut booked = Booked { prices: before.prices.clone(), ..Booked::default() };
    for burn in burns {
        let GrantAmount::Money { currency, .. } = &burn.grant.amount else { continue };
        let place = booked.price(&burn.grant.id.to_string(), *currency);
        let day = burn.at.micros().div_euclid(DAY) * DAY;
        let (from, to) = (Stamp::from_micros(day)?, Stamp::from_micros(day.saturating_add(DAY))?);
        let nothing = BookedCell { quantity: Quantity::ZERO, amount: Some(Money::ZERO), price: Some(place) };
        let cell = booked.cells.entry(CellKey { from, to, series: Some(place) }).or_insert(nothing);
        let paid = Money::from_mantissa(burn.amount.mantissa());
        cell.amount = cell.amount.map(|amount| amount.checked_sub(paid)).transpose()?;
    }
    Ok(booked)
}

/// The charge of an entry of a line of credits.
pub fn credit_of(tenant_id: &str, entry: &Entry, billed_in: Interval, is_correction: bool) -> Charge {
    let text = |text: &str| Some(text.to_owned());
    Charge {
        billing_account_id: text(USAGE_ACCOUNT),
        billing_account_name: text("Metered usage"),
        billing_currency: entry.price.as_ref().map(|grant| grant.currency.to_string()),
        billing_period_start: Some(billed_in.start()),
        billing_period_end: Some(billed_in.end()),
        charge_category: text("Credit"),
        charge_class: is_correction.then(|| "Correction".to_owned()),
        charge_description: entry.price.as_ref().map(|grant| format!("paid by grant {}", grant.id)),
        charge_frequency: text("Usage-Based"),
        charge_period_start: Some(entry.key.from),
        charge_period_end: Some(entry.key.to),
        billed_cost: entry.amount,
        effective_cost: entry.amount,
        contracted_cost: entry.amount,
        list_cost: entry.amount,
        invoice_issuer_name: text(SERVICE_PROVIDER),
        service_provider_name: text(SERVICE_PROVIDER),
        service_category: text("Other"),
        service_name: text(CREDITS),
        sku_id: text(CREDITS),
        sku_price_id: entry.price.as_ref().map(|grant| grant.id.clone()),
        resource: text(CREDITS),
        tenant_id: text(tenant_id),
        sub_account_id: text(tenant_id),
        ..Charge::default()
    }
}
