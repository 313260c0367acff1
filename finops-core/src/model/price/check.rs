//! Whether a price is in order: each refusal names the field and what it must be.

use super::model::{PriceModel, Tier};
use super::terms::{LineRounding, Terms, UnitConversion, UnitRounding, on_a_quarter};
use crate::model::money::{Money, Quantity};
use crate::{Error, Result};

/// How many tiers a price has at most.
const MAX_TIERS: usize = 1000;
/// How many bytes the slug of a meter has at most.
const MAX_METER_BYTES: usize = 64;
/// How many bytes the id of a tenant has at most.
pub(super) const MAX_TENANT_BYTES: usize = 256;

pub(super) fn terms(terms: &Terms) -> Result<()> {
    meter("meter", &terms.meter)?;
    if terms.revision == 0 {
        return Err(Error::invalid("revision", "must be 1 or more, got 0"));
    }
    on_a_quarter("effective_from", terms.effective_from)?;
    if let Some(end) = terms.effective_to {
        on_a_quarter("effective_to", end)?;
        if end <= terms.effective_from {
            let message = format!("must lie after effective_from {}, got {end}", terms.effective_from);
            return Err(Error::invalid("effective_to", message));
        }
    }
    if let Some(scope) = &terms.scope {
        tenant("scope.tenant_id", &scope.tenant_id)?;
    }
    optional("minimum", terms.minimum)?;
    optional("maximum", terms.maximum)?;
    if let (Some(minimum), Some(maximum)) = (terms.minimum, terms.maximum)
        && minimum > maximum
    {
        return Err(Error::invalid("minimum", format!("must not be above the maximum {maximum}, got {minimum}")));
    }
    quantity("included", terms.included)?;
    quantity("usage_discount", terms.usage_discount)?;
    if let Some(conversion) = &terms.conversion {
        check_conversion(conversion)?;
    }
    match terms.rounding {
        LineRounding::Decimals { decimals, .. } if decimals > Money::SCALE => {
            Err(Error::invalid("rounding.decimals", format!("must be 0 to {}, got {decimals}", Money::SCALE)))
        }
        _ => Ok(()),
    }
}

fn check_conversion(conversion: &UnitConversion) -> Result<()> {
    above_zero("conversion.divide_by", conversion.divide_by)?;
    if conversion.decimals > Quantity::SCALE {
        let message = format!("must be 0 to {}, got {}", Quantity::SCALE, conversion.decimals);
        return Err(Error::invalid("conversion.decimals", message));
    }
    if conversion.rounding == UnitRounding::None && conversion.decimals != 0 {
        let message = "has no meaning without a rounding: set conversion.rounding to 'up' or 'down'";
        return Err(Error::invalid("conversion.decimals", message));
    }
    Ok(())
}

pub(super) fn model(model: &PriceModel) -> Result<()> {
    match model {
        PriceModel::PerUnit(amount) | PriceModel::Flat(amount) => money("unit_price", *amount),
        PriceModel::Tiered(tiers) | PriceModel::Volume(tiers) => check_tiers(tiers),
        PriceModel::Package(package) => {
            above_zero("package.size", package.size)?;
            money("package.price", package.price)
        }
        PriceModel::Percentage(percentage) => {
            quantity("percentage.percent", percentage.percent)?;
            if percentage.percent.mantissa() % 100 != 0 {
                let message = format!("must have at most 16 decimals, got {}", percentage.percent);
                return Err(Error::invalid("percentage.percent", message));
            }
            optional("percentage.flat", percentage.flat)
        }
        // A matrix is checked when it is made.
        PriceModel::Matrix(_) => Ok(()),
    }
}

/// What the model and the terms must not say at once.
pub(super) fn together(terms: &Terms, model: &PriceModel) -> Result<()> {
    if !matches!(model, PriceModel::Matrix(_)) {
        return Ok(());
    }
    // Free or rounded units would have to be those of one cell or another: the choice would change the price.
    let rounded = terms.conversion.is_some_and(|conversion| conversion.rounding != UnitRounding::None);
    let refused = [
        ("included", !terms.included.is_zero()),
        ("usage_discount", !terms.usage_discount.is_zero()),
        ("conversion.rounding", rounded),
    ];
    refused.iter().find(|(_, given)| *given).map_or(Ok(()), |(field, _)| {
        Err(Error::invalid(*field, "has no place in a matrix, whose units have several prices: leave it out"))
    })
}

fn check_tiers(tiers: &[Tier]) -> Result<()> {
    if tiers.is_empty() || tiers.len() > MAX_TIERS {
        return Err(Error::invalid("tiers", format!("must be 1 to {MAX_TIERS}, got {}", tiers.len())));
    }
    let mut before = Quantity::ZERO;
    for (at, tier) in tiers.iter().enumerate() {
        let field = |name: &str| format!("tiers[{at}].{name}");
        match (tier.up_to, at + 1 == tiers.len()) {
            (None, true) => {}
            (Some(up_to), false) if up_to > before => before = up_to,
            (Some(up_to), false) => {
                let message = format!("must be above {before}, where the tier before it ends, got {up_to}");
                return Err(Error::invalid(field("up_to"), message));
            }
            (Some(up_to), true) => {
                let message = format!("must be null in the last tier, which takes whatever is used, got {up_to}");
                return Err(Error::invalid(field("up_to"), message));
            }
            (None, false) => {
                let message = "must be given in all tiers but the last: no quantity would reach the next one";
                return Err(Error::invalid(field("up_to"), message));
            }
        }
        optional(&field("unit_price"), tier.unit_price)?;
        optional(&field("flat"), tier.flat)?;
        if tier.unit_price.is_none() && tier.flat.is_none() {
            return Err(Error::invalid(field("unit_price"), "must be given, or a flat fee: 0 where it costs nothing"));
        }
    }
    Ok(())
}

pub(in crate::model) fn meter(field: &str, slug: &str) -> Result<()> {
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    if slug.is_empty() || slug.len() > MAX_METER_BYTES || !slug.bytes().all(allowed) {
        let message = format!("must be the slug of a meter: 1 to {MAX_METER_BYTES} of a-z, 0-9 and '_'");
        return Err(Error::invalid(field, message));
    }
    Ok(())
}

pub(super) fn tenant(field: &str, tenant: &str) -> Result<()> {
    if tenant.is_empty() || tenant.len() > MAX_TENANT_BYTES {
        let message = format!("must have 1 to {MAX_TENANT_BYTES} bytes, got {}", tenant.len());
        return Err(Error::invalid(field, message));
    }
    Ok(())
}

fn optional(field: &str, amount: Option<Money>) -> Result<()> {
    amount.map_or(Ok(()), |amount| money(field, amount))
}

fn money(field: &str, amount: Money) -> Result<()> {
    if amount.is_negative() {
        return Err(Error::invalid(field, format!("must be 0 or more, got {amount}: what is given back is a grant")));
    }
    Ok(())
}

pub(super) fn quantity(field: &str, quantity: Quantity) -> Result<()> {
    if quantity.is_negative() {
        return Err(Error::invalid(field, format!("must be 0 or more, got {quantity}")));
    }
    Ok(())
}

fn above_zero(field: &str, quantity: Quantity) -> Result<()> {
    if quantity.is_negative() || quantity.is_zero() {
        return Err(Error::invalid(field, format!("must be above 0, got {quantity}")));
    }
    Ok(())
}
