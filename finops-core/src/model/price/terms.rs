//! What a price says beside its model: for whom and when it holds, what is free, the bounds, and the rounding.

use crate::model::id::{self, Id};
use crate::model::money::{Currency, Money, Quantity, Rounding};
use crate::model::time::Stamp;
use crate::{Error, Result};
use serde::{Deserialize, Serialize};

/// Everything that a price says beside its [model](super::PriceModel).
///
/// ```
/// use finops_core::model::money::Currency;
/// use finops_core::model::price::Terms;
///
/// let mut terms = Terms::new("api_calls", Currency::parse("USD")?, "2024-01-01T00:00:00Z".parse()?);
/// terms.maximum = Some("500".parse()?);
/// terms.scope = Some("tenant-1".into());
/// # Ok::<(), finops_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Terms {
    /// Its id, which all its revisions share; none before it is stored.
    pub id: Option<Id<id::Price>>,
    /// Which version of it this is, 1 and up. Of two that hold at once from the same instant, the higher counts.
    pub revision: u32,
    /// The slug of the meter that it prices.
    pub meter: String,
    /// The currency of all its amounts.
    pub currency: Currency,
    /// The first instant of usage that it prices: a quarter of an hour in UTC.
    pub effective_from: Stamp,
    /// The first instant that it prices no more: a quarter of an hour in UTC. Without one it holds on.
    pub effective_to: Option<Stamp>,
    /// For whom it holds; without one for every tenant that has no price of its own.
    pub scope: Option<Scope>,
    /// What a billing period costs at least; the rest is added when the period is final.
    pub minimum: Option<Money>,
    /// What a billing period costs at most.
    pub maximum: Option<Money>,
    /// How many units of each billing period are free, after conversion. 0 or more.
    pub included: Quantity,
    /// How the metered quantity becomes the units that are priced.
    pub conversion: Option<UnitConversion>,
    /// Units taken off in each billing period after conversion and its rounding. 0 or more.
    pub usage_discount: Quantity,
    /// The one rounding of a line.
    pub rounding: LineRounding,
    /// Whether a flat fee of the first tier (of a flat price, of a percentage) is charged when nothing was used.
    pub first_tier_flat_at_zero: bool,
    /// What becomes of the position in the tiers when this price takes over from another within a billing period.
    pub on_change: OnChange,
}

impl Terms {
    /// The terms of a price for all tenants: nothing free, no bounds, exact, from that instant on.
    pub fn new(meter: impl Into<String>, currency: Currency, effective_from: Stamp) -> Self {
        Self {
            id: None,
            revision: 1,
            meter: meter.into(),
            currency,
            effective_from,
            effective_to: None,
            scope: None,
            minimum: None,
            maximum: None,
            included: Quantity::ZERO,
            conversion: None,
            usage_discount: Quantity::ZERO,
            rounding: LineRounding::Exact,
            first_tier_flat_at_zero: true,
            on_change: OnChange::Carry,
        }
    }

    /// Whether it prices what is used at that instant.
    pub fn holds_at(&self, at: Stamp) -> bool {
        self.effective_from <= at && self.effective_to.is_none_or(|end| at < end)
    }

    /// The tenant that it is for; none when it is for all.
    pub fn tenant_id(&self) -> Option<&str> {
        self.scope.as_ref().map(|scope| scope.tenant_id.as_str())
    }
}

/// For whom a price holds.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scope {
    /// The tenant. 1 to 256 bytes.
    pub tenant_id: String,
}

impl From<&str> for Scope {
    fn from(tenant_id: &str) -> Self {
        Self { tenant_id: tenant_id.to_owned() }
    }
}

/// How a metered quantity becomes units: divided, then rounded once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UnitConversion {
    /// What it is divided by, above 0: 1000 for a price per thousand.
    pub divide_by: Quantity,
    /// How units are rounded.
    #[serde(default)]
    pub rounding: UnitRounding,
    /// To how many decimals, 0 to 18; nothing where they are not rounded.
    #[serde(default)]
    pub decimals: u32,
}

impl UnitConversion {
    /// The units of that quantity.
    ///
    /// ```
    /// use finops_core::model::money::Quantity;
    /// use finops_core::model::price::{UnitConversion, UnitRounding};
    ///
    /// let thousands = UnitConversion {
    ///     divide_by: Quantity::from_units(1000), rounding: UnitRounding::Up, decimals: 0,
    /// };
    /// assert_eq!(thousands.units(Quantity::from_units(1400))?, Quantity::from_units(2));
    /// # Ok::<(), finops_core::Error>(())
    /// ```
    pub fn units(&self, metered: Quantity) -> Result<Quantity> {
        // Toward the same side above and below zero, so that more usage never means fewer units.
        match self.rounding {
            UnitRounding::Up => metered.checked_div(self.divide_by, self.decimals, Rounding::Ceiling),
            UnitRounding::Down => metered.checked_div(self.divide_by, self.decimals, Rounding::Floor),
            UnitRounding::None => metered.checked_div(self.divide_by, Quantity::SCALE, Rounding::HalfEven),
        }
    }
}

/// How units are rounded.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UnitRounding {
    /// What is begun counts.
    Up,
    /// Only what is complete counts.
    Down,
    /// Not but at the 18th decimal, half to even.
    #[default]
    None,
}

/// Whether a package that is begun counts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PackageRounding {
    /// What is begun counts.
    #[default]
    Up,
    /// Only what is complete counts.
    Down,
}

/// The rounding of a line: once, on its total.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum LineRounding {
    /// To the 18 decimals that an amount has, half to even.
    #[default]
    Exact,
    /// To what the currency is paid in, half up: cents for USD.
    Currency,
    /// To 0 to 18 decimals.
    Decimals {
        /// How many.
        decimals: u32,
        /// Which way.
        mode: Rounding,
    },
}

impl LineRounding {
    /// The decimals and the mode that it stands for in that currency.
    pub const fn resolve(self, currency: Currency) -> (u32, Rounding) {
        match self {
            Self::Exact => (Money::SCALE, Rounding::HalfEven),
            Self::Currency => (currency.minor_units(), Rounding::HalfUp),
            Self::Decimals { decimals, mode } => (decimals, mode),
        }
    }
}

/// What becomes of the position in the tiers when the price changes within a billing period.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnChange {
    /// The new price goes on where the old one stood: what was used before has used up its tiers, its free units and
    /// its fees, and counts toward its maximum. A change to an equal price changes nothing.
    #[default]
    Carry,
    /// The new price starts at zero, as if a billing period began: its tiers, free units, fees and maximum anew.
    Restart,
}

/// Checks that an instant lies where the sums of usage can be cut.
pub(super) fn on_a_quarter(field: &str, at: Stamp) -> Result<()> {
    const QUARTER: i64 = 15 * 60 * 1_000_000;
    if at.micros().rem_euclid(QUARTER) == 0 {
        return Ok(());
    }
    let below = Stamp::from_micros(at.micros() - at.micros().rem_euclid(QUARTER)).unwrap_or(at);
    let message = format!("must lie on a quarter of an hour in UTC, where usage is summed, such as {below}; got {at}");
    Err(Error::invalid(field, message))
}
