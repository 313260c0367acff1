//! Numbers of a bill, made exact at scale 18.

use super::issues::Issues;
use super::raw::ScaledDecimals;
use crate::model::charge::{DecimalColumn, TextColumn};
use crate::model::money::{Money, Parsed};
use crate::model::receipt::{QuarantineReason, Remark};
use crate::{ErrorCode, Result};

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
    let readings: Vec<_> = cells.dictionary.iter().map(|value| read(Money::parse_bytes(value.as_bytes()))).collect();
    let mut decimals = Decimals::with_capacity(cells.codes.len());
    for &code in &cells.codes {
        match usize::try_from(code).ok().and_then(|code| readings.get(code)) {
            Some(reading) => decimals.push(reading),
            None => decimals.push_null(),
        }
    }
    decimals
}

fn read(parsed: Result<Parsed<Money>>) -> Reading {
    match parsed {
        Ok(Parsed { value, rounded: true, .. }) => within_limit(value.mantissa(), Some(Remark::Rounded)),
        Ok(Parsed { value, lenient: true, .. }) => within_limit(value.mantissa(), Some(Remark::LenientNumber)),
        Ok(Parsed { value, .. }) => within_limit(value.mantissa(), None),
        Err(error) if error.code() == ErrorCode::Overflow => Reading::Bad(QuarantineReason::OutOfRange),
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
            Some(value) => decimals.push(&read(Money::parse_f64(*value))),
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

#[cfg(test)]
mod tests {
    use super::*;

    fn scaled(mantissas: &[i128], scale: u32) -> Decimals {
        from_scaled(&ScaledDecimals { mantissas: mantissas.to_vec(), scale, valid: None })
    }

    fn texts(decimals: &Decimals) -> Vec<Option<String>> {
        let text = |row| decimals.column.get(row).map(|mantissa| Money::from_mantissa(mantissa).to_string());
        (0..decimals.column.mantissas.len()).map(text).collect()
    }

    #[test]
    fn other_scales_come_to_ours_exactly_or_with_a_remark() {
        let narrow = scaled(&[125, -125], 2);
        assert_eq!(texts(&narrow), [Some("1.25".into()), Some("-1.25".into())]);
        assert!(narrow.issues.remarks.is_empty());
        // 20 decimals: ...05 and ...15 lie halfway and go to the even neighbour, -...25 as well.
        let wide = scaled(&[50, 150, -250, 251, 100], 20);
        let expected =
            ["0", "0.000000000000000002", "-0.000000000000000002", "0.000000000000000003", "0.000000000000000001"];
        assert_eq!(texts(&wide), expected.map(|text| Some(text.to_owned())));
        assert_eq!(wide.issues.remarks.iter().map(|tally| tally.count).sum::<u64>(), 4);
    }

    #[test]
    fn what_no_bill_has_is_refused() {
        let limit = 10_i128.pow(20);
        let decimals = scaled(&[limit, limit - 1, i128::MAX, -limit], 0);
        let refused: Vec<_> = decimals.issues.refused.iter().map(|(row, _)| *row).collect();
        assert_eq!(refused, [0, 2, 3]);
        assert_eq!(decimals.column.get(1), Some((limit - 1) * 10_i128.pow(18)));
        assert_eq!(decimals.column.get(2), None);
    }

    #[test]
    fn doubles_count_as_what_prints_them() {
        let decimals = from_floats(&[Some(0.1), None, Some(1e-7), Some(f64::NAN), Some(1e300), Some(0.1 + 0.2)]);
        let expected = [Some("0.1"), None, Some("0.0000001"), None, None, Some("0.30000000000000004")];
        assert_eq!(texts(&decimals), expected.map(|text| text.map(str::to_owned)));
        let reasons = [(3, QuarantineReason::UnreadableValue), (4, QuarantineReason::OutOfRange)];
        assert_eq!(decimals.issues.refused, reasons);
    }

    #[test]
    fn a_custom_column_keeps_its_digits() {
        assert_eq!(scaled_text(-5, 3), "-0.005");
        assert_eq!(scaled_text(1_250, 2), "12.50");
        assert_eq!(scaled_text(7, 0), "7");
    }
}
