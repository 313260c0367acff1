//! How a quantity is priced: the models, and the numbers that each of them has.

use super::matrix::Matrix;
use super::terms::PackageRounding;
use crate::model::money::{Money, Quantity};
use serde::{Deserialize, Serialize};

/// How units become an amount.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum PriceModel {
    /// Each unit costs the same.
    PerUnit(Money),
    /// A fee for the billing period, however much is used.
    Flat(Money),
    /// Each unit costs what the tier says that it lies in; also called graduated.
    Tiered(Vec<Tier>),
    /// All units cost what the tier says that the last of them lies in.
    Volume(Vec<Tier>),
    /// Units come in packages.
    Package(Package),
    /// A part of the metered amount, in per cent.
    Percentage(Percentage),
    /// What a unit costs depends on the values of dimensions.
    Matrix(Matrix),
}

impl PriceModel {
    /// Its name in JSON.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::PerUnit(_) => "per_unit",
            Self::Flat(_) => "flat",
            Self::Tiered(_) => "tiered",
            Self::Volume(_) => "volume",
            Self::Package(_) => "package",
            Self::Percentage(_) => "percentage",
            Self::Matrix(_) => "matrix",
        }
    }
}

/// A tier: the units above the one before it, up to and including `up_to`.
///
/// ```
/// use finops_core::model::price::Tier;
///
/// let tiers = [Tier::up_to("100".parse()?).flat("20".parse()?), Tier::open().unit_price("0.1".parse()?)];
/// # Ok::<(), finops_core::Error>(())
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tier {
    /// The last quantity that lies in it; none for the last tier, which is open.
    #[serde(default)]
    pub up_to: Option<Quantity>,
    /// What each unit in it costs; none means that units cost nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit_price: Option<Money>,
    /// What is charged once when it is reached.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flat: Option<Money>,
}

impl Tier {
    /// A tier that ends with this quantity, without a price so far.
    pub fn up_to(up_to: Quantity) -> Self {
        Self { up_to: Some(up_to), ..Self::default() }
    }

    /// The last tier, without a price so far.
    pub fn open() -> Self {
        Self::default()
    }

    /// The tier with this price of a unit.
    #[must_use]
    pub fn unit_price(self, unit_price: Money) -> Self {
        Self { unit_price: Some(unit_price), ..self }
    }

    /// The tier with this fee.
    #[must_use]
    pub fn flat(self, flat: Money) -> Self {
        Self { flat: Some(flat), ..self }
    }
}

/// What a package holds and costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Package {
    /// How many units it holds, above 0.
    pub size: Quantity,
    /// What each package costs.
    pub price: Money,
    /// Whether one that is begun counts.
    #[serde(default)]
    pub rounding: PackageRounding,
}

/// A part of the metered amount, such as 2.9 % and 0.30.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Percentage {
    /// In per cent, with at most 16 decimals.
    pub percent: Quantity,
    /// What is charged once in a billing period.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flat: Option<Money>,
}

impl Percentage {
    /// What one unit of the metered amount costs: exact, because of the bound on the decimals.
    pub fn unit_price(&self) -> Money {
        Money::from_mantissa(self.percent.mantissa() / 100)
    }
}
