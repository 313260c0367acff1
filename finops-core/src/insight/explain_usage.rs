//! What a charge of usage came from: the events behind it, the price, and how the one made the other.

use super::row::{CellValue, ChargeRow};
use crate::model::charge::ChargeColumn;
use crate::model::money::{Currency, Money, Quantity};
use crate::model::price::LineRounding;
use crate::model::time::Stamp;
use crate::pipeline::charging::USAGE_ACCOUNT;
use serde::Serialize;

/// A line behind charges that are shown: what a tenant used of a meter in a month, as it is rated now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct UsageSource {
    /// Who used it.
    pub tenant_id: String,
    /// The meter.
    pub meter: String,
    /// The month, such as `2024-01`.
    pub period: String,
    /// How many events were counted.
    pub events: u64,
    /// When the first of them happened; none when there is none, or their batches were dropped.
    pub first_event: Option<Stamp>,
    /// When the last of them happened.
    pub last_event: Option<Stamp>,
    /// How much was used.
    pub quantity: Quantity,
    /// What it is counted in.
    pub unit: String,
    /// What it comes to; what had no price is left out.
    pub amount: Money,
    /// The currency of the amount; none without a price.
    pub currency: Option<Currency>,
    /// How much had no price.
    pub unpriced: Quantity,
    /// The versions of prices that held, in the order of time.
    pub prices: Vec<PriceSource>,
    /// How the quantity became the amount, step by step, for people.
    pub path: String,
}

/// A version of a price behind a line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct PriceSource {
    /// Its id.
    pub id: Option<String>,
    /// Which version.
    pub revision: u32,
    /// The model: `per_unit`, `tiered`.
    pub model: &'static str,
    /// The one rounding of the line.
    pub rounding: LineRounding,
    /// How much was metered while it held.
    pub metered: Quantity,
    /// How many units that was, after conversion and what is free.
    pub units: Quantity,
}

impl UsageSource {
    /// A line, with nothing known of its events' times yet.
    #[allow(clippy::too_many_arguments, reason = "each names a field, and there is no other way to make one")]
    pub fn new(
        (tenant_id, meter, period): (String, String, String),
        (events, first_event, last_event): (u64, Option<Stamp>, Option<Stamp>),
        (quantity, unit): (Quantity, String),
        (amount, currency, unpriced): (Money, Option<Currency>, Quantity),
        prices: Vec<PriceSource>,
        path: String,
    ) -> Self {
        Self {
            tenant_id,
            meter,
            period,
            events,
            first_event,
            last_event,
            quantity,
            unit,
            amount,
            currency,
            unpriced,
            prices,
            path,
        }
    }
}

/// The tenant, the meter and the start of a charge of usage; none for a charge of a bill.
pub fn line_of(row: &ChargeRow) -> Option<(&str, &str, Stamp)> {
    let value =
        |column: ChargeColumn| row.fields.iter().find(|(name, _)| name == column.field()).map(|(_, value)| value);
    let text = |column| match value(column)? {
        CellValue::Text(text) => Some(text.as_str()),
        _ => None,
    };
    let CellValue::Time(start) = value(ChargeColumn::ChargePeriodStart)? else { return None };
    (text(ChargeColumn::BillingAccountId)? == USAGE_ACCOUNT).then_some(())?;
    Some((text(ChargeColumn::TenantId)?, text(ChargeColumn::Resource)?, *start))
}
