//! Which rows cannot be accounted for.

use crate::model::charge::{ChargeColumn, ChargeTable, Column, TextColumn};
use crate::model::receipt::QuarantineReason;
use crate::model::time::Stamp;
use std::collections::BTreeMap;

/// 1990-01-01 and 2200-01-01 in microseconds: no bill lies outside.
const PLAUSIBLE: std::ops::Range<i64> = 631_152_000_000_000..7_258_118_400_000_000;

/// Why a row is set aside.
#[derive(Debug)]
pub(super) struct Refusal {
    pub(super) column: Option<ChargeColumn>,
    pub(super) reason: QuarantineReason,
    pub(super) value: Option<String>,
}

/// The rows of a batch that are set aside, each with the first reason found.
#[derive(Debug, Default)]
pub(super) struct Refused(BTreeMap<usize, Refusal>);

impl Refused {
    /// Sets a row aside, unless it is already.
    pub(super) fn add(
        &mut self,
        row: usize,
        column: Option<ChargeColumn>,
        reason: QuarantineReason,
        value: Option<String>,
    ) {
        self.0.entry(row).or_insert(Refusal { column, reason, value });
    }

    pub(super) fn contains(&self, row: usize) -> bool {
        !self.0.is_empty() && self.0.contains_key(&row)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (usize, &Refusal)> {
        self.0.iter().map(|(row, refusal)| (*row, refusal))
    }
}

/// Whether a row has a value in a column.
pub(super) fn has_value(table: &ChargeTable, column: ChargeColumn, row: usize) -> bool {
    match table.column(column) {
        Some(Column::Text(text)) => text.codes.get(row).is_some_and(|&code| code != TextColumn::NULL),
        Some(Column::Decimal(decimals)) => decimals.get(row).is_some(),
        Some(Column::Time(times)) => times.get(row).is_some(),
        None => false,
    }
}

/// Sets aside the rows that lack what every charge must have.
pub(super) fn check_essential(table: &ChargeTable, refused: &mut Refused) {
    for column in ChargeColumn::ALL.iter().copied().filter(|column| column.is_essential()) {
        for row in (0..table.rows()).filter(|&row| !has_value(table, column, row)) {
            refused.add(row, Some(column), QuarantineReason::MissingValue, None);
        }
    }
}

/// Sets aside the rows whose periods cannot be: reversed, or outside any plausible time.
pub(super) fn check_periods(table: &ChargeTable, refused: &mut Refused) {
    let periods = [
        (ChargeColumn::ChargePeriodStart, ChargeColumn::ChargePeriodEnd, 0),
        // A billing period has a length; a one-time charge may stand at an instant.
        (ChargeColumn::BillingPeriodStart, ChargeColumn::BillingPeriodEnd, 1),
    ];
    for (start_column, end_column, least) in periods {
        let (Some(starts), Some(ends)) = (table.time(start_column), table.time(end_column)) else { continue };
        for row in 0..table.rows() {
            let (Some(start), Some(end)) = (starts.get(row), ends.get(row)) else { continue };
            let plausible = PLAUSIBLE.contains(&start) && PLAUSIBLE.contains(&end);
            if plausible && end.saturating_sub(start) >= least {
                continue;
            }
            let shown = [start, end].map(|micros| Stamp::from_micros(micros).map(|stamp| stamp.to_string()));
            let value = match shown {
                [Ok(start), Ok(end)] => Some(format!("{start}/{end}")),
                _ => None,
            };
            refused.add(row, Some(end_column), QuarantineReason::ImplausiblePeriod, value);
        }
    }
}
