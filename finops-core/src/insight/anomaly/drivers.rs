//! What made an anomaly: the costs of its days against those of usual days, value by value of each dimension.

use crate::model::money::{Money, Quantity, Rounding, ratio};
use crate::{Error, Result};
use serde::Serialize;
use std::cmp::Reverse;
use std::collections::BTreeMap;

/// How many decimals a share has.
const SHARE_DECIMALS: u32 = 6;

/// What one value of one dimension cost in the days of an anomaly, and in the usual days that it is compared with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DriverCost {
    /// The dimension, such as `service`.
    pub dimension: String,
    /// Its value; `None` for the charges without one.
    pub value: Option<String>,
    /// What it cost in the days of the anomaly; `None` when that is not known, which is not zero.
    pub actual: Option<Money>,
    /// What it cost in the usual days; `None` when that is not known.
    pub usual: Option<Money>,
}

/// Whether a value of a dimension is there on both sides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DriverChange {
    /// It cost something before, and does now.
    Changed,
    /// It cost nothing before.
    New,
    /// It costs nothing any more.
    Gone,
}

/// One value of a dimension, and what it has to do with an anomaly.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Driver {
    /// The value; `None` for the charges without one.
    pub value: Option<String>,
    /// What was expected of it: its usual cost, for as many days.
    pub expected: Money,
    /// What it cost.
    pub actual: Money,
    /// `actual - expected`, exactly.
    pub impact: Money,
    /// Which part of the impact of all values it is, at 6 decimals; negative when it works against it, `None` when all
    /// values together changed nothing.
    pub share: Option<Quantity>,
    /// Whether it is new, or gone.
    pub change: DriverChange,
}

/// What made an anomaly, by one dimension.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DimensionDrivers {
    /// The dimension.
    pub dimension: String,
    /// The impact of all values whose costs are known.
    pub impact: Money,
    /// The values that changed most, in either direction, the largest first.
    pub drivers: Vec<Driver>,
    /// The impact of the values that changed but are not listed: with the drivers it adds up to `impact`.
    pub rest: Money,
    /// How many values are not known on one side, and count nowhere.
    pub unknown: usize,
}

/// Takes an anomaly of `days` apart: what each value cost against its usual cost for as many days, of which
/// `usual_days` were counted. At most `limit` drivers are given for each dimension; dimensions in which few values made
/// it come first.
///
/// The usual cost of a value is brought to the length of the anomaly once, half to even at 18 decimals; all else is
/// exact.
///
/// ```
/// use finops_core::insight::anomaly::{DriverCost, drivers};
///
/// let cost = |value: &str, actual: &str, usual: &str| -> Result<_, finops_core::Error> {
///     let (actual, usual) = (Some(actual.parse()?), Some(usual.parse()?));
///     Ok(DriverCost { dimension: "service".into(), value: Some(value.into()), actual, usual })
/// };
/// let found = drivers(&[cost("Queue", "10", "280")?, cost("Compute", "130", "840")?], 1, 28, 10)?;
/// let compute = &found[0].drivers[0];
/// assert_eq!((compute.value.as_deref(), compute.impact), (Some("Compute"), "100".parse()?));
/// assert_eq!(compute.share, Some("1".parse()?));
/// # Ok::<(), finops_core::Error>(())
/// ```
///
/// # Errors
/// `invalid_argument` for 0 days on either side, for a limit of 0, and for a value that is given twice; `overflow` for
/// amounts whose sum does not fit.
pub fn drivers(costs: &[DriverCost], days: u32, usual_days: u32, limit: usize) -> Result<Vec<DimensionDrivers>> {
    for (field, number) in [("days", days), ("usual_days", usual_days)] {
        if number == 0 {
            return Err(Error::invalid(field, "must be at least 1, got 0"));
        }
    }
    if limit == 0 {
        return Err(Error::invalid("limit", "must be at least 1, got 0"));
    }
    let mut dimensions: BTreeMap<&str, BTreeMap<&Option<String>, &DriverCost>> = BTreeMap::new();
    for cost in costs {
        if dimensions.entry(&cost.dimension).or_default().insert(&cost.value, cost).is_some() {
            let value = cost.value.as_deref().unwrap_or("(none)");
            return Err(Error::invalid("costs", format!("`{value}` of {} is given twice", cost.dimension)));
        }
    }
    let mut found = Vec::with_capacity(dimensions.len());
    for (dimension, costs) in dimensions {
        found.push(of_dimension(dimension, costs.into_values(), (days, usual_days), limit)?);
    }
    found.sort_by_cached_key(|one: &DimensionDrivers| Reverse(concentration(one)));
    Ok(found)
}

fn of_dimension<'a>(
    dimension: &str,
    costs: impl Iterator<Item = &'a DriverCost>,
    (days, usual_days): (u32, u32),
    limit: usize,
) -> Result<DimensionDrivers> {
    let (mut drivers, mut unknown) = (Vec::new(), 0);
    for cost in costs {
        let (Some(actual), Some(usual)) = (cost.actual, cost.usual) else {
            unknown += 1;
            continue;
        };
        let expected = usual
            .checked_mul(Quantity::from_units(days.into()), Rounding::HalfEven)?
            .checked_div_int(usual_days.into(), Rounding::HalfEven)?;
        let impact = actual.checked_sub(expected)?;
        if impact.is_zero() {
            continue;
        }
        let change = match (usual.is_zero(), actual.is_zero()) {
            (true, _) => DriverChange::New,
            (false, true) => DriverChange::Gone,
            (false, false) => DriverChange::Changed,
        };
        drivers.push(Driver { value: cost.value.clone(), expected, actual, impact, share: None, change });
    }
    let impact = Money::try_sum(drivers.iter().map(|driver| driver.impact))?;
    drivers.sort_by_key(|driver| Reverse(driver.impact.mantissa().unsigned_abs()));
    let rest = Money::try_sum(drivers.iter().skip(limit).map(|driver| driver.impact))?;
    drivers.truncate(limit);
    for driver in &mut drivers {
        driver.share = ratio(driver.impact, impact, SHARE_DECIMALS);
    }
    Ok(DimensionDrivers { dimension: dimension.to_owned(), impact, drivers, rest, unknown })
}

/// Which part of all changes the largest is, in parts of a million.
fn concentration(found: &DimensionDrivers) -> u128 {
    let size = |amount: Money| amount.mantissa().unsigned_abs() >> 24;
    let largest = found.drivers.first().map_or(0, |driver| size(driver.impact));
    let all = found.drivers.iter().map(|driver| size(driver.impact)).fold(size(found.rest), u128::saturating_add);
    largest.saturating_mul(1_000_000).checked_div(all).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn money(text: &str) -> Money {
        text.parse().unwrap()
    }

    fn cost(dimension: &str, value: &str, actual: &str, usual: &str) -> DriverCost {
        let (actual, usual) = (Some(money(actual)), Some(money(usual)));
        DriverCost { dimension: dimension.into(), value: Some(value.into()), actual, usual }
    }

    #[test]
    fn parts_add_up_and_the_concentrated_dimension_comes_first() {
        let costs = [
            cost("region", "eu", "60", "70"),
            cost("region", "us", "60", "70"),
            cost("service", "compute", "110", "70"),
            cost("service", "queue", "0", "35"),
            cost("service", "cache", "10", "0"),
            cost("service", "disk", "0", "0"),
        ];
        let found = drivers(&costs, 2, 14, 2).unwrap();
        let names: Vec<&str> = found.iter().map(|one| one.dimension.as_str()).collect();
        assert_eq!(names, ["service", "region"]);
        let service = &found[0];
        assert_eq!((service.impact, service.rest), (money("105"), money("-5")));
        let listed: Vec<(&str, Money, DriverChange)> =
            service.drivers.iter().map(|one| (one.value.as_deref().unwrap(), one.impact, one.change)).collect();
        assert_eq!(
            listed,
            [("compute", money("100"), DriverChange::Changed), ("cache", money("10"), DriverChange::New)]
        );
        let all = drivers(&costs, 2, 14, 10).unwrap();
        assert_eq!(all[0].drivers[2].change, DriverChange::Gone);
        assert_eq!(all[0].drivers[2].share, Some("-0.047619".parse().unwrap()));
    }

    #[test]
    fn unknown_is_not_zero() {
        let unknown = DriverCost { usual: None, ..cost("service", "queue", "5", "0") };
        let found = drivers(&[unknown, cost("service", "cache", "7", "7")], 1, 1, 5).unwrap();
        assert_eq!((found[0].unknown, found[0].drivers.len(), found[0].impact), (1, 0, Money::ZERO));
    }

    #[test]
    fn bad_input_is_refused() {
        let one = cost("service", "queue", "5", "0");
        assert_eq!(drivers(std::slice::from_ref(&one), 0, 1, 5).unwrap_err().field(), Some("days"));
        assert_eq!(drivers(std::slice::from_ref(&one), 1, 0, 5).unwrap_err().field(), Some("usual_days"));
        assert_eq!(drivers(std::slice::from_ref(&one), 1, 1, 0).unwrap_err().field(), Some("limit"));
        let twice = drivers(&[one.clone(), one], 1, 1, 5).unwrap_err();
        assert!(twice.to_string().contains("`queue` of service is given twice"), "{twice}");
        assert!(drivers(&[], 1, 1, 5).unwrap().is_empty());
    }
}
