//! Whether a rule is in order by itself: each refusal names the field and what it must be.

use super::CenterId;
use super::method::{Base, ByValue, Direct, Fallback, FixedAmount, Method, Share, Tier};
use super::rule::Terms;
use super::set::month_of;
use crate::model::dimension::Dimension;
use crate::model::filter::Filter;
use crate::model::money::{Money, Quantity};
use crate::model::price::check_meter;
use crate::model::time::Stamp;
use crate::{Error, Result};
use std::collections::HashSet;

/// How many bytes a name has at most.
const MAX_NAME_BYTES: usize = 200;
/// How many centres one rule names at most.
const MAX_TARGETS: usize = 10_000;
/// How many tiers a rule has at most.
const MAX_TIERS: usize = 100;
/// How many dimensions a pool is cut by at most.
const MAX_WITHIN: usize = 8;

pub(super) fn terms(terms: &Terms) -> Result<()> {
    if terms.name.trim().is_empty() || terms.name.len() > MAX_NAME_BYTES {
        return Err(Error::invalid("name", format!("must have 1 to {MAX_NAME_BYTES} bytes and not be blank")));
    }
    starts_a_month("effective_from", terms.effective_from)?;
    if let Some(end) = terms.effective_to {
        starts_a_month("effective_to", end)?;
        if end <= terms.effective_from {
            let message = format!("must lie after effective_from {}, got {end}", terms.effective_from);
            return Err(Error::invalid("effective_to", message));
        }
    }
    if terms.decimals > Money::SCALE {
        return Err(Error::invalid("decimals", format!("must be 0 to {}, got {}", Money::SCALE, terms.decimals)));
    }
    // Made by hand, a filter may be what its JSON form cannot say.
    let read = Filter::from_json(&terms.source.to_json());
    read.map(drop).map_err(|error| Error::invalid("source", error.message()))
}

/// A month is allocated as a whole: who has a share of it, and by which tiers, does not change on the way.
fn starts_a_month(field: &str, at: Stamp) -> Result<()> {
    let month = month_of(at).map_err(|error| error.with_field(field))?;
    if month.start() == at {
        return Ok(());
    }
    let (before, after) = (month.start(), month.end());
    let message = format!("must be the first instant of a calendar month in UTC: {before} or {after}; got {at}");
    Err(Error::invalid(field, message))
}

pub(super) fn method(method: &Method) -> Result<()> {
    match method {
        Method::Direct(Direct::To(_)) => Ok(()),
        Method::Direct(Direct::By { targets, fallback, .. }) => by_value(targets, *fallback),
        Method::Even(targets) => listed("targets", targets.iter().copied()),
        Method::Weighted { targets, fallback } => weighted(targets, *fallback),
        Method::Fixed(targets) => percents("targets", targets),
        Method::FixedAmount { targets, .. } => fixed(targets),
        Method::Tiered { tiers, .. } => tiered(tiers),
        Method::Proportional { base, targets, .. } => {
            if let Some(targets) = targets {
                listed("targets", targets.iter().copied())?;
            }
            match base {
                Base::DirectCost { within } => cuts(within),
                Base::Meter { meter, capacity } => {
                    check_meter("base.meter", meter)?;
                    match capacity {
                        Some(capacity) if capacity.quantity <= Quantity::ZERO => {
                            Err(Error::invalid("capacity", format!("must be above 0, got {}", capacity.quantity)))
                        }
                        _ => Ok(()),
                    }
                }
            }
        }
        Method::Idle { within, .. } => cuts(within),
    }
}

/// A list of centres: some, not too many, none twice.
fn listed(field: &str, centers: impl ExactSizeIterator<Item = CenterId>) -> Result<()> {
    if centers.len() == 0 || centers.len() > MAX_TARGETS {
        let message = format!("must name 1 to {MAX_TARGETS} centres, got {}", centers.len());
        return Err(Error::invalid(field, message));
    }
    let mut seen = HashSet::with_capacity(centers.len());
    for (at, center) in centers.enumerate() {
        if !seen.insert(center) {
            return Err(Error::invalid(format!("{field}[{at}].cost_center"), format!("names {center} twice")));
        }
    }
    Ok(())
}

fn cuts(within: &[Dimension]) -> Result<()> {
    if within.len() > MAX_WITHIN {
        return Err(Error::invalid("within", format!("must be at most {MAX_WITHIN} dimensions, got {}", within.len())));
    }
    let mut seen = HashSet::new();
    match within.iter().find(|dimension| !seen.insert(*dimension)) {
        Some(twice) => Err(Error::invalid("within", format!("names '{twice}' twice"))),
        None => Ok(()),
    }
}

fn by_value(targets: &[ByValue], fallback: Fallback) -> Result<()> {
    if targets.is_empty() {
        return match fallback {
            Fallback::Even => {
                let message = "'even' needs targets among whom it is even: name them, or take 'keep' or 'error'";
                Err(Error::invalid("fallback", message))
            }
            Fallback::Keep | Fallback::Error => Ok(()),
        };
    }
    listed("targets", targets.iter().map(|target| target.cost_center))?;
    let mut seen = HashSet::new();
    for (at, target) in targets.iter().enumerate() {
        let field = format!("targets[{at}].value");
        if target.values.is_empty() {
            return Err(Error::invalid(field, "must be at least one text"));
        }
        if let Some(twice) = target.values.iter().find(|value| !seen.insert(value.as_str())) {
            return Err(Error::invalid(field, format!("names '{twice}' again: a value is one centre's")));
        }
    }
    Ok(())
}

/// Numbers of 0 or more and their exact sum.
fn sum(field: &str, name: &str, targets: &[Share]) -> Result<Quantity> {
    listed(field, targets.iter().map(|target| target.cost_center))?;
    for (at, target) in targets.iter().enumerate() {
        if target.share.is_negative() {
            let message = format!("must be 0 or more, got {}", target.share);
            return Err(Error::invalid(format!("{field}[{at}].{name}"), message));
        }
    }
    Quantity::try_sum(targets.iter().map(|target| target.share)).map_err(|error| error.with_field(field))
}

fn weighted(targets: &[Share], fallback: Fallback) -> Result<()> {
    if sum("targets", "weight", targets)?.is_zero() && fallback != Fallback::Even {
        let message = "have weights that add up to 0: nobody would get anything; set fallback to 'even', or weights";
        return Err(Error::invalid("targets", message));
    }
    Ok(())
}

fn percents(field: &str, targets: &[Share]) -> Result<()> {
    let sum = sum(field, "percent", targets)?;
    if sum == Quantity::from_units(100) {
        return Ok(());
    }
    Err(Error::invalid(field, format!("must have percentages that add up to exactly 100, got {sum}")))
}

fn fixed(targets: &[FixedAmount]) -> Result<()> {
    listed("targets", targets.iter().map(|target| target.cost_center))?;
    for (at, target) in targets.iter().enumerate() {
        if target.amount.is_negative() {
            let message = format!("must be 0 or more, got {}", target.amount);
            return Err(Error::invalid(format!("targets[{at}].amount"), message));
        }
    }
    // Half of what an amount can be, so that what is left of any pool is an amount too.
    let sum =
        Money::try_sum(targets.iter().map(|target| target.amount)).map_err(|error| error.with_field("targets"))?;
    if sum.mantissa() > i128::MAX / 2 {
        return Err(Error::invalid("targets", format!("have amounts that are too large together: {sum}")));
    }
    Ok(())
}

fn tiered(tiers: &[Tier]) -> Result<()> {
    if tiers.is_empty() || tiers.len() > MAX_TIERS {
        return Err(Error::invalid("tiers", format!("must be 1 to {MAX_TIERS}, got {}", tiers.len())));
    }
    let mut before = Money::ZERO;
    for (at, tier) in tiers.iter().enumerate() {
        let field = format!("tiers[{at}].up_to");
        match (tier.up_to, at + 1 == tiers.len()) {
            (None, true) => {}
            (Some(up_to), false) if up_to > before => before = up_to,
            (Some(up_to), false) => {
                let message = format!("must be above {before}, where the tier before it ends, got {up_to}");
                return Err(Error::invalid(field, message));
            }
            (Some(up_to), true) => {
                let message = format!("must be null in the last tier, which takes the rest of the pool, got {up_to}");
                return Err(Error::invalid(field, message));
            }
            (None, false) => {
                return Err(Error::invalid(field, "must be given in all tiers but the last: nothing would reach on"));
            }
        }
        percents(&format!("tiers[{at}].targets"), &tier.targets)?;
    }
    Ok(())
}
