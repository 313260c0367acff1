//! What is booked of a line, and how it becomes what the line is rated to now.
//!
//! A charge is never edited. When later usage, a correction or another price changes what a cell costs, the difference
//! becomes a charge; when it is priced otherwise, all that was booked of it is taken back and booked anew. What is
//! booked thus always equals what is rated.

use crate::Result;
use crate::model::money::{Currency, Money, Quantity};
use crate::model::time::Stamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A piece of a line: what a series used on a day, or the part of a day in which one price held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CellKey {
    /// When it starts.
    pub from: Stamp,
    /// When it ends, exclusive.
    pub to: Stamp,
    /// Who and what used it, as rollups number them; none for what belongs to the period and to no usage.
    pub series: Option<u32>,
}

/// What is booked of a piece.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BookedCell {
    /// How much was used.
    pub quantity: Quantity,
    /// What it costs; none where there is no price.
    pub amount: Option<Money>,
    /// The version of the price, by its place in [`Booked::prices`].
    pub price: Option<u32>,
}

/// A version of a price, or a grant: what an amount comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Version {
    /// Its id.
    pub id: String,
    /// The currency of its amounts.
    pub currency: Currency,
}

/// What is booked of a line, piece by piece.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(into = "Kept", try_from = "Kept")]
pub struct Booked {
    /// The price versions that it was rated with.
    pub prices: Vec<Version>,
    /// The pieces.
    pub cells: BTreeMap<CellKey, BookedCell>,
}

/// What is booked of a line as stores keep it: whole numbers only, in the order of the pieces.
#[derive(Serialize, Deserialize)]
struct Kept {
    prices: Vec<Version>,
    cells: Vec<KeptCell>,
}

/// From, to, series; quantity, amount, price.
type KeptCell = (i64, i64, Option<u32>, i128, Option<i128>, Option<u32>);

impl From<Booked> for Kept {
    fn from(booked: Booked) -> Self {
        let cell = |(key, cell): (CellKey, BookedCell)| {
            let amount = cell.amount.map(Money::mantissa);
            (key.from.micros(), key.to.micros(), key.series, cell.quantity.mantissa(), amount, cell.price)
        };
        Self { prices: booked.prices, cells: booked.cells.into_iter().map(cell).collect() }
    }
}

impl TryFrom<Kept> for Booked {
    type Error = crate::Error;

    fn try_from(kept: Kept) -> Result<Self> {
        let cell = |(from, to, series, quantity, amount, price): KeptCell| {
            let key = CellKey { from: Stamp::from_micros(from)?, to: Stamp::from_micros(to)?, series };
            let quantity = Quantity::from_mantissa(quantity);
            Ok((key, BookedCell { quantity, amount: amount.map(Money::from_mantissa), price }))
        };
        Ok(Self { prices: kept.prices, cells: kept.cells.into_iter().map(cell).collect::<Result<_>>()? })
    }
}

/// A difference that becomes a charge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The piece.
    pub key: CellKey,
    /// How much more, or less, was used.
    pub quantity: Quantity,
    /// What it costs more, or less; none where there is no price.
    pub amount: Option<Money>,
    /// The price version.
    pub price: Option<Version>,
}

impl Booked {
    /// The place of a price version, added when it is new.
    pub fn price(&mut self, id: &str, currency: Currency) -> u32 {
        let is_it = |known: &Version| known.id == id && known.currency == currency;
        let place = self.prices.iter().position(is_it).unwrap_or_else(|| {
            self.prices.push(Version { id: id.to_owned(), currency });
            self.prices.len() - 1
        });
        u32::try_from(place).unwrap_or(u32::MAX)
    }

    /// The version of the price of a piece.
    pub fn version(&self, cell: &BookedCell) -> Option<&Version> {
        self.prices.get(usize::try_from(cell.price?).ok()?)
    }

    /// What all pieces cost together; pieces without a price are left out.
    ///
    /// # Errors
    /// `overflow`.
    pub fn amount(&self) -> Result<Money> {
        Money::try_sum(self.cells.values().filter_map(|cell| cell.amount))
    }

    /// How much was used in all pieces together.
    ///
    /// # Errors
    /// `overflow`.
    pub fn quantity(&self) -> Result<Quantity> {
        Quantity::try_sum(self.cells.values().map(|cell| cell.quantity))
    }

    /// What has to be booked so that this becomes `rated`, in the order of the pieces.
    ///
    /// # Errors
    /// `overflow`.
    pub fn entries_to(&self, rated: &Self) -> Result<Vec<Entry>> {
        let mut entries = Vec::new();
        let keys: std::collections::BTreeSet<&CellKey> = self.cells.keys().chain(rated.cells.keys()).collect();
        for key in keys {
            match (self.cells.get(key), rated.cells.get(key)) {
                (Some(old), Some(new)) if self.continues(old, rated, new) => {
                    let amount = old.amount.zip(new.amount).map(|(old, new)| new.checked_sub(old)).transpose()?;
                    let quantity = new.quantity.checked_sub(old.quantity)?;
                    entries.push(Entry { key: *key, quantity, amount, price: rated.version(new).cloned() });
                }
                (old, new) => {
                    if let Some(old) = old {
                        let amount = old.amount.map(Money::checked_neg).transpose()?;
                        let quantity = old.quantity.checked_neg()?;
                        entries.push(Entry { key: *key, quantity, amount, price: self.version(old).cloned() });
                    }
                    if let Some(new) = new {
                        let price = rated.version(new).cloned();
                        entries.push(Entry { key: *key, quantity: new.quantity, amount: new.amount, price });
                    }
                }
            }
        }
        entries.retain(|entry| !entry.quantity.is_zero() || entry.amount.is_some_and(|amount| !amount.is_zero()));
        Ok(entries)
    }

    /// Whether a piece is priced as before, so that only the difference is booked.
    fn continues(&self, old: &BookedCell, rated: &Self, new: &BookedCell) -> bool {
        self.version(old) == rated.version(new) && old.amount.is_some() == new.amount.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn booked(cells: &[(i32, u32, i64, Option<i64>, &str)]) -> Booked {
        let mut booked = Booked::default();
        for (day, series, quantity, amount, price) in cells {
            let price = amount.map(|_| booked.price(price, Currency::parse("USD").unwrap()));
            let cell =
                BookedCell { quantity: Quantity::from_units(*quantity), amount: amount.map(Money::from_units), price };
            let from = Stamp::from_micros(i64::from(*day)).unwrap();
            booked.cells.insert(CellKey { from, to: from, series: Some(*series) }, cell);
        }
        booked
    }

    fn lines(entries: &[Entry]) -> Vec<String> {
        let line = |entry: &Entry| {
            let amount = entry.amount.map_or_else(|| "?".to_owned(), |amount| amount.to_string());
            format!(
                "{} {} {} {}",
                entry.key.from.micros(),
                entry.quantity,
                amount,
                entry.price.as_ref().map_or("-", |price| price.id.as_str())
            )
        };
        entries.iter().map(line).collect()
    }

    #[test]
    fn only_the_difference_is_booked() {
        let (before, after) =
            (booked(&[(1, 1, 10, Some(5), "a")]), booked(&[(1, 1, 12, Some(6), "a"), (2, 1, 1, Some(1), "a")]));
        assert_eq!(lines(&before.entries_to(&after).unwrap()), ["1 2 1 a", "2 1 1 a"]);
        assert_eq!(after.entries_to(&after).unwrap(), []);
        assert_eq!(lines(&after.entries_to(&Booked::default()).unwrap()), ["1 -12 -6 a", "2 -1 -1 a"]);
    }

    #[test]
    fn another_price_takes_all_back_and_books_anew() {
        let before = booked(&[(1, 1, 15, Some(150), "a")]);
        let after = booked(&[(1, 1, 16, Some(80), "b")]);
        assert_eq!(lines(&before.entries_to(&after).unwrap()), ["1 -15 -150 a", "1 16 80 b"]);
        let unknown = booked(&[(1, 1, 15, None, "")]);
        assert_eq!(lines(&unknown.entries_to(&before).unwrap()), ["1 -15 ? -", "1 15 150 a"]);
    }

    fn any_booked() -> impl Strategy<Value = Booked> {
        let cell = (0..3i32, 0..3u32, -5..5i64, proptest::option::of(-5..5i64), prop_oneof![Just("a"), Just("b")]);
        proptest::collection::vec(cell, 0..8).prop_map(|cells| booked(&cells))
    }

    proptest! {
        #[test]
        fn what_is_booked_becomes_what_is_rated(history in proptest::collection::vec(any_booked(), 1..6)) {
            let (mut quantity, mut amount) = (Quantity::default(), Money::default());
            let mut before = Booked::default();
            for rated in history {
                for entry in before.entries_to(&rated).unwrap() {
                    quantity = quantity.checked_add(entry.quantity).unwrap();
                    amount = amount.checked_add(entry.amount.unwrap_or_default()).unwrap();
                }
                prop_assert_eq!((quantity, amount), (rated.quantity().unwrap(), rated.amount().unwrap()));
                before = rated;
            }
        }
    }
}
