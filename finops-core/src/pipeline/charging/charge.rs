//! A difference as a charge: a FOCUS row of a seller of our own.

use super::booked::Entry;
use crate::model::charge::Charge;
use crate::model::money::Currency;
use crate::model::time::Interval;

/// The billing account of all that is metered.
pub const USAGE_ACCOUNT: &str = "usage";
/// Who sells what is metered.
pub const SERVICE_PROVIDER: &str = "usage";

/// What the charges of a line have in common.
#[derive(Debug, Clone, Copy)]
pub struct Line<'l> {
    /// The meter.
    pub meter: &'l str,
    /// What it counts in.
    pub unit: &'l str,
    /// The currency of what has no price.
    pub currency: Currency,
    /// The billing period that the charges are part of.
    pub billed_in: Interval,
    /// Whether they correct a billing period that is closed.
    pub is_correction: bool,
}

/// The charge of an entry; who and what it is for is filled in by `attribute`.
pub fn charge_of(line: &Line<'_>, entry: &Entry, attribute: impl FnOnce(&mut Charge)) -> Charge {
    let text = |text: &str| Some(text.to_owned());
    let currency = entry.price.as_ref().map_or(line.currency, |price| price.currency);
    let mut charge = Charge {
        billing_account_id: text(USAGE_ACCOUNT),
        billing_account_name: text("Metered usage"),
        billing_currency: Some(currency.to_string()),
        billing_period_start: Some(line.billed_in.start()),
        billing_period_end: Some(line.billed_in.end()),
        charge_category: text(if entry.key.series.is_some() { "Usage" } else { "Purchase" }),
        charge_class: line.is_correction.then(|| "Correction".to_owned()),
        charge_description: Some(format!("{} in {}", line.meter, line.unit)),
        charge_frequency: text(if entry.key.series.is_some() { "Usage-Based" } else { "Recurring" }),
        charge_period_start: Some(entry.key.from),
        charge_period_end: Some(entry.key.to),
        billed_cost: entry.amount,
        effective_cost: entry.amount,
        contracted_cost: entry.amount,
        list_cost: entry.amount,
        invoice_issuer_name: text(SERVICE_PROVIDER),
        service_provider_name: text(SERVICE_PROVIDER),
        service_category: text("Other"),
        service_name: text(line.meter),
        sku_id: text(line.meter),
        sku_price_id: entry.price.as_ref().map(|price| price.id.clone()),
        resource: text(line.meter),
        ..Charge::default()
    };
    if entry.key.series.is_some() {
        charge.pricing_category = text("Standard");
        (charge.consumed_quantity, charge.consumed_unit) = (Some(entry.quantity), text(line.unit));
        (charge.pricing_quantity, charge.pricing_unit) = (Some(entry.quantity), text(line.unit));
    }
    attribute(&mut charge);
    charge
}
