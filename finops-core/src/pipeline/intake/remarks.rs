//! What the intake has to say about a bill: remarks by column, and the rows that it sets aside.

use crate::model::charge::ChargeColumn;
use crate::model::receipt::{QuarantineReason, Quarantined, Remark, Warning};
use crate::{Error, ErrorCode, Result};
use std::collections::BTreeMap;

/// How many quarantined rows are listed; all are counted.
const LISTED_ROWS: usize = 1000;
/// How much of a value is shown.
const SHOWN_CHARS: usize = 80;

/// How the intake takes a row that is not as FOCUS wants it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Mend what has one plausible meaning, set aside what cannot be accounted for, and say so.
    #[default]
    Tolerant,
    /// Refuse the whole import at the first deviation.
    Strict,
}

/// Remarks and quarantined rows of one import.
#[derive(Debug)]
pub struct Remarks {
    mode: Mode,
    warnings: BTreeMap<(String, Remark), Warning>,
    listed: Vec<Quarantined>,
    quarantined: u64,
}

impl Remarks {
    pub(super) const fn new(mode: Mode) -> Self {
        Self { mode, warnings: BTreeMap::new(), listed: Vec::new(), quarantined: 0 }
    }

    /// Notes that `count` cells of a column deserve a remark, the first of them in `row`; none for the whole column.
    ///
    /// # Errors
    /// In strict mode, the remark as `invalid_argument`.
    pub(super) fn note(
        &mut self,
        column: &str,
        code: Remark,
        count: u64,
        row: Option<u64>,
        example: Option<&str>,
    ) -> Result<()> {
        if count == 0 {
            return Ok(());
        }
        if self.mode == Mode::Strict {
            return Err(refusal(column, code, row, example));
        }
        let warning = self.warnings.entry((column.to_owned(), code)).or_insert_with(|| Warning {
            code,
            repaired: code.is_repair(),
            column: column.to_owned(),
            count: 0,
            first_row: row,
            example: example.map(shown),
        });
        warning.count = warning.count.saturating_add(count);
        Ok(())
    }

    /// Sets a row aside.
    ///
    /// # Errors
    /// In strict mode, the reason as `invalid_argument`.
    pub(super) fn quarantine(
        &mut self,
        row: u64,
        column: Option<ChargeColumn>,
        reason: QuarantineReason,
        value: Option<&str>,
    ) -> Result<()> {
        if self.mode == Mode::Strict {
            let value = value.map(|value| format!(" '{}'", shown(value))).unwrap_or_default();
            let error = Error::new(ErrorCode::InvalidArgument, format!("row {row}:{value} {}", reason.as_str()));
            return Err(error.with_field(column.map_or("path", ChargeColumn::name)));
        }
        self.quarantined += 1;
        if self.listed.len() < LISTED_ROWS {
            self.listed.push(Quarantined::new(row, column, reason, value.map(shown)));
        }
        Ok(())
    }

    /// How many rows were set aside.
    pub const fn quarantined(&self) -> u64 {
        self.quarantined
    }

    /// The remarks, by column and kind, and the rows set aside.
    pub fn into_parts(self) -> (Vec<Warning>, Vec<Quarantined>) {
        (self.warnings.into_values().collect(), self.listed)
    }
}

fn shown(value: &str) -> String {
    value.chars().take(SHOWN_CHARS).collect()
}

fn refusal(column: &str, code: Remark, row: Option<u64>, example: Option<&str>) -> Error {
    let what = match code {
        Remark::LiteralNull => "the text NULL stands where FOCUS wants an empty cell",
        Remark::NaiveTime => "the time has no zone: FOCUS wants '...Z'",
        Remark::LenientTime => "FOCUS writes a time as YYYY-MM-DDTHH:mm:ssZ",
        Remark::UnreadableColumn => "the type of the column is not understood",
        Remark::Rounded => "the number has more than 18 decimals",
        Remark::LenientNumber => "the number is not in a form that FOCUS allows",
        Remark::CurrencyCase => "a currency code is written in upper case",
        Remark::UnknownColumn => "is no FOCUS column, and the name of a custom one starts with 'x_'",
        Remark::RenamedColumn => "is no longer a FOCUS column",
        Remark::MissingColumn => "is mandatory and missing",
        Remark::MissingValue => "FOCUS wants a value in every row",
        Remark::UnexpectedValue => "the word is not in FOCUS's list",
        Remark::UnreadableValue => "the value cannot be read",
        Remark::InvalidJson => "the value is not a JSON object",
    };
    let place = row.map(|row| format!("row {row}: ")).unwrap_or_default();
    let example = example.map(|example| format!(" ('{}')", shown(example))).unwrap_or_default();
    Error::invalid(column, format!("{place}{what}{example}; import with strict off to have it mended and listed"))
}
