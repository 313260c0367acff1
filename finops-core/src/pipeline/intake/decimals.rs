//! Numbers of a bill, made exact at scale 18.

use super::issues::Issues;
use super::raw::ScaledDecimals;
use crate::model::charge::{DecimalColumn, TextColumn};
use crate::model::money::{Money, Parsed};
use crate::model::receipt::{QuarantineReason, Remark};

/// Amounts of 10^20 and more fit no `DECIMAL(38, 18)`, and no bill.
const LIMIT: u128 = 10_u128.pow(38);
const OUR_SCALE: u32 = Money::SCALE;

/// What one value came to.
enum Reading {
    Exact(i128),
    Remarked(i128, Remark),
    Bad(QuarantineReason),
}

/// Decimals with what is to be said of them.
pub(super) struct Decimals {
    pub(super) column: DecimalColumn,
    pub(super) issues: Issues,
}

impl Decimals {
    fn with_capacity(rows: usize) -> Self {
        let column = DecimalColumn { mantissas: Vec::with_capacity(rows), valid: None };
        Self { column, issues: Issues::default() }
    }

    fn push(&mut self, reading: &Reading) {
        let row = self.column.mantissas.len();
        match *reading {
            Reading::Exact(mantissa) => self.column.mantissas.push(mantissa),
            Reading::Remarked(mantissa, remark) => {
                self.issues.note(remark, row);
                self.column.mantissas.push(mantissa);
            }
            Reading::Bad(reason) => {
                self.issues.refuse(row, reason);
                self.push_null();
            }
        }
        if let (Some(valid), false) = (&mut self.column.valid, matches!(reading, Reading::Bad(_))) {
            valid.push(true);
        }
    }

    fn push_null(&mut self) {
        let rows = self.column.mantissas.len();
        self.column.valid.get_or_insert_with(|| vec![true; rows]).push(false);
        self.column.mantissas.push(0);
    }
}

/// Reads text, each distinct value once.
pub(super) fn from_text(cells: &TextColumn) -> Decimals {
    let readings: Vec<_> = cells.dictionary.iter().map(|value| read(value.as_bytes())).collect();
    let mut decimals = Decimals::with_capacity(cells.codes.len());
    for &code in &cells.codes {
        match usize::try_from(code).ok().and_then(|code| readings.get(code)) {
            Some(reading) => decimals.push(reading),
            None => decimals.push_null(),
        }
    }
    decimals
}

fn read(text: &[u8]) -> Reading {
    match Money::parse_bytes(text) {
        Ok(Parsed { value, rounded, lenient }) => {
            let remark = [(rounded, Remark::Rounded), (lenient, Remark::LenientNumber)];
            let remark = remark.into_iter().find_map(|(applies, remark)| applies.then_some(remark));
            within_limit(value.mantissa(), remark)
        }
        Err(error) if error.code() == crate::ErrorCode::Overflow => Reading::Bad(QuarantineReason::OutOfRange),
        Err(_) => Reading::Bad(QuarantineReason::UnreadableValue),
    }
}

fn within_limit(mantissa: i128, remark: Option<Remark>) -> Reading {
    match (mantissa.unsigned_abs() < LIMIT, remark) {
        (false, _) => Reading::Bad(QuarantineReason::OutOfRange),
        (true, None) => Reading::Exact(mantissa),
        (true, Some(remark)) => Reading::Remarked(mantissa, remark),
    }
}

/// Reads doubles as the shortest decimals that print them.
pub(super) fn from_floats(cells: &[Option<f64>]) -> Decimals {
    let mut decimals = Decimals::with_capacity(cells.len());
    for cell in cells {
        match cell {
            // The text form of a double has an exponent where FOCUS allows one; that is no deviation of the file's.
            Some(value) => decimals.push(&match read(format!("{value:?}").as_bytes()) {
                Reading::Remarked(mantissa, Remark::LenientNumber) => Reading::Exact(mantissa),
                other => other,
            }),
            None => decimals.push_null(),
        }
    }
    decimals
}

/// Brings decimals of another scale to ours.
pub(super) fn from_scaled(cells: &ScaledDecimals) -> Decimals {
    let mut decimals = Decimals::with_capacity(cells.mantissas.len());
    let rescale = Rescale::new(cells.scale);
    for row in 0..cells.mantissas.len() {
        match cells.get(row) {
            Some(mantissa) => decimals.push(&rescale.apply(mantissa)),
            None => decimals.push_null(),
        }
    }
    decimals
}

/// How to get from a scale to ours.
enum Rescale {
    Up(i128),
    Down(i128),
}

impl Rescale {
    fn new(scale: u32) -> Self {
        match OUR_SCALE.checked_sub(scale) {
            Some(up) => Self::Up(10_i128.pow(up)),
            None => Self::Down(10_i128.checked_pow(scale - OUR_SCALE).unwrap_or(i128::MAX)),
        }
    }

    fn apply(&self, mantissa: i128) -> Reading {
        match *self {
            Self::Up(factor) => match mantissa.checked_mul(factor) {
                Some(mantissa) => within_limit(mantissa, None),
                None => Reading::Bad(QuarantineReason::OutOfRange),
            },
            Self::Down(divisor) => round_half_even(mantissa, divisor),
        }
    }
}

fn round_half_even(mantissa: i128, divisor: i128) -> Reading {
    let (quotient, remainder) = (mantissa / divisor, mantissa % divisor);
    let (twice, whole) = (remainder.unsigned_abs() * 2, divisor.unsigned_abs());
    let away = twice > whole || (twice == whole && quotient % 2 != 0);
    let rounded = if away { quotient + mantissa.signum() } else { quotient };
    within_limit(rounded, (remainder != 0).then_some(Remark::Rounded))
}

/// A mantissa of any scale as plain text, with all its decimals.
pub(super) fn scaled_text(mantissa: i128, scale: u32) -> String {
    let scale = usize::try_from(scale).unwrap_or(0);
    let digits = format!("{:0>width$}", mantissa.unsigned_abs(), width = scale + 1);
    let (whole, decimals) = digits.split_at(digits.len() - scale);
    let sign = if mantissa < 0 { "-" } else { "" };
    if decimals.is_empty() { format!("{sign}{whole}") } else { format!("{sign}{whole}.{decimals}") }
}
