//! What a line comes to, and the parts that this is made of.

use crate::model::id::{self, Id};
use crate::model::money::{Currency, Money, Quantity};
use serde::{Deserialize, Serialize};
use std::fmt::{self, Write};

/// Which number of a price an amount comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Piece {
    /// The flat fee of a tier; tier 0 is the first, and the only one of a price without tiers.
    Fee {
        /// The place of the tier.
        tier: u32,
    },
    /// The unit price of a tier.
    Units {
        /// The place of the tier.
        tier: u32,
    },
    /// The price of a package.
    Packages,
    /// A cell of a matrix.
    Cell {
        /// The place of the cell.
        cell: u32,
    },
    /// What a matrix asks for usage that none of its cells has.
    Elsewhere,
}

/// What a part of a line is: with its unit price the key by which booked and rated parts are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Component {
    /// What a piece of the price asks.
    Of(Piece),
    /// What of that lies above the maximum, and so is taken off. Never above 0.
    AboveMaximum(Piece),
    /// What is missing to the minimum.
    UpToMinimum,
}

impl fmt::Display for Piece {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fee { tier } => write!(f, "fee of tier {}", u64::from(*tier) + 1),
            Self::Units { tier } => write!(f, "tier {}", u64::from(*tier) + 1),
            Self::Packages => f.write_str("packages"),
            Self::Cell { cell } => write!(f, "cell {}", u64::from(*cell) + 1),
            Self::Elsewhere => f.write_str("no cell"),
        }
    }
}

impl fmt::Display for Component {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Of(piece) => piece.fmt(f),
            Self::AboveMaximum(piece) => write!(f, "{piece}, above the maximum"),
            Self::UpToMinimum => f.write_str("up to the minimum"),
        }
    }
}

/// A part of a line's amount.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// What it is.
    pub component: Component,
    /// Which of the line's readings it belongs to, by place.
    pub stretch: u32,
    /// Where the tier starts: units above this lie in it.
    pub from: Quantity,
    /// The last unit that lies in it; none when it is open.
    pub up_to: Option<Quantity>,
    /// How many units, packages or fees; 0 for what a bound adds or takes off.
    pub quantity: Quantity,
    /// What each of them costs.
    pub unit_price: Money,
    /// What they come to, as rounded with the line.
    pub amount: Money,
}

/// What was read of the meter while one price held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reading {
    /// The price; none where there is no price, or it has no id.
    pub price: Option<Id<id::Price>>,
    /// Its revision; 0 where there is no price.
    pub revision: u32,
    /// The metered quantity.
    pub metered: Quantity,
    /// The units that were priced: converted, rounded, less what is free.
    pub units: Quantity,
}

/// What a line comes to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rated {
    /// The amount, rounded once: the sum of the parts to the last digit.
    pub amount: Money,
    /// In which currency; none where there is no price.
    pub currency: Option<Currency>,
    /// The parts, in the order in which they came up.
    pub parts: Vec<Part>,
    /// What was read, price by price.
    pub readings: Vec<Reading>,
    /// How much of the metered quantity has no price: its cost is unknown, not zero.
    pub unpriced: Quantity,
}

impl Rated {
    /// How the amount came about, for people: `2700 metered, 3 units: 3 x 10 (tier 1) = 30`.
    pub fn path(&self) -> String {
        let mut text = String::new();
        for (place, reading) in (0_u32..).zip(&self.readings) {
            let before = if place == 0 { "" } else { "; then " };
            // Writing to a text cannot fail.
            let _ = write!(text, "{before}{} metered", reading.metered);
            if reading.units != reading.metered {
                let _ = write!(text, ", {} units", reading.units);
            }
            let mut sign = ": ";
            for part in self.parts.iter().filter(|part| part.stretch == place) {
                let _ = write!(text, "{sign}{part}");
                sign = " + ";
            }
        }
        let _ = write!(text, " = {}", self.amount);
        if let Some(currency) = self.currency {
            let _ = write!(text, " {currency}");
        }
        if !self.unpriced.is_zero() {
            let _ = write!(text, ", {} metered without a price", self.unpriced);
        }
        text
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.component {
            Component::Of(_) if self.quantity == Quantity::from_units(1) => write!(f, "{}", self.amount)?,
            Component::Of(_) => write!(f, "{} x {}", self.quantity, self.unit_price)?,
            _ => write!(f, "{}", self.amount)?,
        }
        write!(f, " ({}", self.component)?;
        match (self.component, self.up_to) {
            (Component::Of(Piece::Units { .. }), Some(up_to)) => write!(f, ", above {} to {up_to})", self.from),
            (Component::Of(Piece::Units { .. }), None) if !self.from.is_zero() => write!(f, ", above {})", self.from),
            _ => f.write_str(")"),
        }
    }
}
