//! The cells of one column, read by its kind.

use super::decimals::{self, Decimals};
use super::issues::Issues;
use super::raw::RawCells;
use super::{texts, times};
use crate::model::charge::{ChargeColumn, Column, ColumnKind, TextBuilder, TextColumn};
use crate::model::tags;
use crate::model::time::Stamp;
use crate::{Error, Result};

/// The column with what is to be said of it; none when no row has a value.
///
/// # Errors
/// `invalid_argument` when the file's type cannot stand for the kind, such as a number for a time.
pub(super) fn read(column: ChargeColumn, name: &str, cells: &RawCells) -> Result<Option<(Column, Issues)>> {
    let kind = column.kind();
    let wrong = |what: &str| {
        Error::invalid(name, format!("holds {what}, which are no {kind:?}: have the file written with a cast to text"))
    };
    Ok(Some(match (cells, kind) {
        (RawCells::Nothing, _) => return Ok(None),
        (RawCells::Unreadable(kind), _) => return Err(wrong(&format!("values of type {kind}"))),
        (RawCells::Text(cells), kind) if kind.is_decimal() => {
            let (cells, issues) = texts::clean(cells, ColumnKind::Text, false);
            let read = decimals::from_text(&cells);
            (Column::Decimal(read.column), issues.and(read.issues))
        }
        (RawCells::Text(cells), ColumnKind::Time) => {
            let (cells, issues) = texts::clean(cells, ColumnKind::Text, false);
            let (times, more) = times::from_text(&cells);
            (Column::Time(times), issues.and(more))
        }
        (RawCells::Text(cells), kind) => {
            let (cells, issues) = texts::clean(cells, kind, column.is_essential());
            (Column::Text(cells), issues)
        }
        (RawCells::Decimals(cells), kind) if kind.is_decimal() => decimal(decimals::from_scaled(cells)),
        (RawCells::Floats(cells), kind) if kind.is_decimal() => decimal(decimals::from_floats(cells)),
        (RawCells::Times { times, naive }, ColumnKind::Time) => {
            let (times, issues) = times::from_times(times, *naive);
            (Column::Time(times), issues)
        }
        (RawCells::Times { .. }, kind) if kind.is_decimal() => return Err(wrong("times")),
        (RawCells::Decimals(_) | RawCells::Floats(_), ColumnKind::Time) => return Err(wrong("numbers")),
        // An account number that the file keeps as a number, say.
        (cells, kind) => match as_text(cells) {
            Some(cells) => {
                let (cells, issues) = texts::clean(&cells, kind, column.is_essential());
                (Column::Text(cells), issues)
            }
            None => return Ok(None),
        },
    }))
}

fn decimal(read: Decimals) -> (Column, Issues) {
    (Column::Decimal(read.column), read.issues)
}

/// A column that FOCUS does not know, as it is kept: cells of any type as text.
pub(super) fn read_custom(cells: &RawCells) -> Option<(TextColumn, Issues)> {
    match cells {
        RawCells::Text(cells) => Some(texts::clean(cells, ColumnKind::Text, false)),
        other => as_text(other).map(|cells| (cells, Issues::default())),
    }
}

/// The values of a tag in cells that hold JSON objects.
pub(super) fn read_tag(cells: &RawCells, key: &str) -> RawCells {
    match cells {
        RawCells::Text(cells) => RawCells::Text(tags::values_of(cells, key)),
        _ => RawCells::Nothing,
    }
}

/// The text of a cell, where the file has text.
pub(super) fn shown(cells: &RawCells, row: usize) -> Option<&str> {
    match cells {
        RawCells::Text(cells) => cells.get(row),
        _ => None,
    }
}

fn as_text(cells: &RawCells) -> Option<TextColumn> {
    let mut builder = TextBuilder::default();
    match cells {
        RawCells::Text(text) => return Some(text.clone()),
        RawCells::Nothing | RawCells::Unreadable(_) => return None,
        RawCells::Decimals(cells) => {
            for row in 0..cells.mantissas.len() {
                let text = cells.get(row).map(|mantissa| decimals::scaled_text(mantissa, cells.scale));
                builder.push(text.as_deref());
            }
        }
        RawCells::Floats(cells) => {
            for cell in cells {
                builder.push(cell.map(|value| format!("{value:?}")).as_deref());
            }
        }
        RawCells::Times { times, .. } => {
            for row in 0..times.micros.len() {
                let stamp = times.get(row).and_then(|micros| Stamp::from_micros(micros).ok());
                builder.push(stamp.map(|stamp| stamp.to_string()).as_deref());
            }
        }
    }
    Some(builder.take())
}
