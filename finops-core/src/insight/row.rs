//! A charge as an answer shows it: an object of the fields that are filled.

use crate::model::charge::{ChargeColumn, ChargeTable, Column};
use crate::model::money::Money;
use crate::model::time::Stamp;
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

/// A charge, with its fields under the names of our API and other columns under their own.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ChargeRow {
    /// The names and values of the fields that are filled, in the order of the columns.
    pub fields: Vec<(String, CellValue)>,
}

/// A value of a charge.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
#[non_exhaustive]
pub enum CellValue {
    /// Text, words, currencies, and JSON as text.
    Text(String),
    /// Money and quantities.
    Decimal(Money),
    /// An instant.
    Time(Stamp),
}

impl ChargeRow {
    /// A row of a table.
    pub fn of(table: &ChargeTable, row: usize) -> Self {
        let known = ChargeColumn::ALL.iter().filter_map(|column| {
            let value = match table.column(*column)? {
                Column::Text(cells) => CellValue::Text(cells.get(row)?.to_owned()),
                Column::Decimal(cells) => CellValue::Decimal(Money::from_mantissa(cells.get(row)?)),
                Column::Time(cells) => CellValue::Time(Stamp::from_micros(cells.get(row)?).ok()?),
            };
            Some((column.field().to_owned(), value))
        });
        let custom = table.extra().iter();
        let custom =
            custom.filter_map(|(name, cells)| Some((name.clone(), CellValue::Text(cells.get(row)?.to_owned()))));
        Self { fields: known.chain(custom).collect() }
    }
}

impl Serialize for ChargeRow {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.fields.len()))?;
        for (name, value) in &self.fields {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}
