//! Reading and writing: text, decimals, doubles, JSON.

use std::cmp::Ordering;

use ethnum::U256;
use proptest::prelude::*;
use rust_decimal::Decimal;

use super::{m, money};
use crate::ErrorCode;
use crate::model::money::{Money, Parsed, Quantity};

fn read(text: &str) -> (String, bool, bool) {
    let Parsed { value, rounded, lenient } = Money::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
    (value.to_string(), rounded, lenient)
}

/// The mantissa of `digits` × 10^`exponent`, computed another way: as one 256-bit number and one division.
fn reference(digits: &str, exponent: i32) -> Option<(u128, bool)> {
    let digits: U256 = digits.parse().unwrap();
    let power = |exponent: i32| U256::from(10_u8).pow(exponent.unsigned_abs());
    if exponent >= -18 {
        return u128::try_from(digits * power(exponent + 18)).ok().map(|magnitude| (magnitude, false));
    }
    let divisor = power(exponent + 18);
    let (floor, rest) = (digits / divisor, digits % divisor);
    let up = match (rest * 2).cmp(&divisor) {
        Ordering::Less => U256::ZERO,
        Ordering::Equal => floor % 2,
        Ordering::Greater => U256::ONE,
    };
    u128::try_from(floor + up).ok().map(|magnitude| (magnitude, rest != 0))
}

proptest! {
    #[test]
    fn text_json_and_bytes_round_trip(value in money()) {
        let text = value.to_string();
        prop_assert_eq!(text.parse::<Money>().unwrap(), value);
        prop_assert!(text == "0" || !text.contains('.') || !text.ends_with(['0', '.']));
        let parsed = Money::parse_bytes(text.as_bytes()).unwrap();
        prop_assert_eq!(parsed, Parsed { value, rounded: false, lenient: false });
        let json = serde_json::to_string(&value).unwrap();
        prop_assert_eq!(&json, &format!("\"{text}\""));
        prop_assert_eq!(serde_json::from_str::<Money>(&json).unwrap(), value);
    }

    #[test]
    fn any_decimal_text_reads_as_the_reference_does(
        whole in "[0-9]{1,12}", fraction in "[0-9]{0,24}", exponent in -26_i32..=14, negative: bool,
        forms in 0_u8..4,
    ) {
        let point = if fraction.is_empty() { "" } else { "." };
        let mark = if forms & 1 == 0 { 'E' } else { 'e' };
        let power = if exponent == 0 { String::new() } else { format!("{mark}{exponent}") };
        let blank = if forms & 2 == 0 { "" } else { " " };
        let sign = if negative { "-" } else { "" };
        let text = format!("{blank}{sign}{whole}{point}{fraction}{power}{blank}");
        let decimals = i32::try_from(fraction.len()).unwrap();
        match reference(&format!("{whole}{fraction}"), exponent - decimals) {
            Some((magnitude, rounded)) if magnitude <= i128::MAX.unsigned_abs() => {
                let parsed = Money::parse(&text).unwrap();
                prop_assert_eq!(parsed.value.mantissa().unsigned_abs(), magnitude, "{}", text);
                prop_assert_eq!(parsed.value.is_negative(), negative && magnitude != 0);
                prop_assert_eq!(parsed.rounded, rounded);
                prop_assert_eq!(parsed.lenient, forms & 2 != 0 || (exponent != 0 && forms & 1 != 0));
                prop_assert_eq!(text.parse::<Money>().is_err(), rounded);
            }
            _ => prop_assert_eq!(Money::parse(&text).unwrap_err().code(), ErrorCode::Overflow),
        }
    }

    #[test]
    fn no_text_and_no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..40), text in "[-+.0-9eE, ]{0,30}") {
        let _ = Money::parse_bytes(&bytes);
        let _ = Money::parse(&text);
    }

    #[test]
    fn decimals_round_trip(low: u32, mid: u32, high: u32, negative: bool, scale in 0_u32..=28) {
        let decimal = Decimal::from_parts(low, mid, high, negative, scale);
        match Money::try_from(decimal) {
            Ok(money) => {
                prop_assert_eq!(money.to_decimal().unwrap(), decimal);
                prop_assert_eq!(money.to_string(), decimal.normalize().to_string());
            }
            Err(error) if error.code() == ErrorCode::Overflow => prop_assert!(decimal.trunc().to_string().len() >= 21),
            Err(_) => prop_assert!(decimal.normalize().scale() > 18),
        }
    }

    #[test]
    fn money_to_decimal_is_exact_or_refused(value in money()) {
        match value.to_decimal() {
            Ok(decimal) => prop_assert_eq!(Money::try_from(decimal).unwrap(), value),
            Err(error) => prop_assert_eq!(error.code(), ErrorCode::Overflow),
        }
    }

    #[test]
    fn doubles_round_trip_by_their_shortest_text(any: f64, digits: i64, places in 0_i32..=9) {
        let decimal: f64 = format!("{digits}e-{places}").parse().unwrap();
        for double in [any, decimal] {
            if let Ok(money) = Money::from_f64_shortest(double) {
                prop_assert_eq!(money.to_f64_nearest().total_cmp(&(double + 0.0)), Ordering::Equal);
            }
        }
        prop_assert!(Money::from_f64_shortest(decimal).is_ok());
    }
}

#[test]
fn the_number_format_of_focus_is_read_as_it_is() {
    for (text, want) in [
        ("35.2E-7", "0.00000352"),
        ("35.2E7", "352000000"),
        ("-12.50", "-12.5"),
        ("0", "0"),
        ("-0", "0"),
        ("007", "7"),
        ("20.52022672899", "20.52022672899"),
        ("1E18", "1000000000000000000"),
        ("100000000000000000000", "100000000000000000000"),
        ("120000000000000000000.5", "120000000000000000000.5"),
        ("170141183460469231731.687303715884105727", "170141183460469231731.687303715884105727"),
        ("-170141183460469231731.687303715884105728", "-170141183460469231731.687303715884105728"),
        ("0.1234567890123456780000", "0.123456789012345678"),
        ("0E999999999", "0"),
    ] {
        assert_eq!(read(text), (want.to_owned(), false, false), "{text}");
    }
}

#[test]
fn harmless_habits_are_read_and_reported() {
    for (text, want) in [("+1", "1"), ("1E+7", "10000000"), (".5", "0.5"), ("5.", "5"), ("1e-2", "0.01"), (" 2\t", "2")]
    {
        assert_eq!(read(text), (want.to_owned(), false, true), "{text}");
    }
}

#[test]
fn what_lies_beyond_18_decimals_is_rounded_half_even_and_reported() {
    for (text, want) in [
        ("0.0000000000000000005", "0"),
        ("0.0000000000000000015", "0.000000000000000002"),
        ("0.00000000000000000050000001", "0.000000000000000001"),
        ("0.0000000000000000004999999", "0"),
        ("-0.0000000000000000025", "-0.000000000000000002"),
        ("9.9999999999999999999", "10"),
        ("1E-999999999", "0"),
        ("1E-99999999999999999999999999", "0"),
        ("9E-19", "0.000000000000000001"),
        ("9E-20", "0"),
    ] {
        assert_eq!(read(text), (want.to_owned(), true, false), "{text}");
        let error = text.parse::<Money>().unwrap_err();
        assert_eq!(error.code(), ErrorCode::InvalidArgument);
        assert!(error.to_string().contains("more than 18 decimals"), "{error}");
    }
}

#[test]
fn everything_else_is_refused_with_a_reason() {
    for text in [
        "", " ", "-", "+", ".", "-.", "E5", ".E5", "1E", "1E-", "1E+-5", "1E5.0", "NaN", "Inf", "-inf", "infinity",
        "0x10", "1_000", "1 000", "--1", "+-1", "1.2.3", "$1", "1%", "(1)", "1-", "١", "1\u{a0}", "1\0",
    ] {
        let error = Money::parse(text).unwrap_err();
        assert_eq!(error.code(), ErrorCode::InvalidArgument, "{text}");
        assert!(error.to_string().contains("not a Money"), "{error}");
    }
    let error = Quantity::parse("1,234.50").unwrap_err().to_string();
    assert_eq!(error, "'1,234.50' is not a Quantity: write the point as '.', without thousands separators");
    let long = Money::parse_bytes(&[b'x'; 10_000]).unwrap_err();
    assert!(long.to_string().len() < 200);
    assert!(Money::parse_bytes(b"\xff1").is_err());
}

#[test]
fn out_of_range_is_an_overflow_at_no_cost() {
    for text in ["1E999999999", "-1E99999999999999999999", "170141183460469231731.687303715884105728", "1E21"] {
        assert_eq!(Money::parse(text).unwrap_err().code(), ErrorCode::Overflow, "{text}");
    }
    let nines = "9".repeat(100_000);
    assert_eq!(Money::parse(&nines).unwrap_err().code(), ErrorCode::Overflow);
    let small = format!("0.{}1", "0".repeat(100_000));
    assert_eq!(read(&small), ("0".to_owned(), true, false));
    assert_eq!(read(&format!("{small}E100001")), ("1".to_owned(), false, false));
}

#[test]
fn doubles_become_the_decimal_that_prints_them() {
    for (double, want) in
        [(0.1, "0.1"), (-12.0, "-12"), (1e-7, "0.0000001"), (1e20, "100000000000000000000"), (-0.0, "0")]
    {
        assert_eq!(Money::from_f64_shortest(double).unwrap().to_string(), want);
    }
    for double in [f64::NAN, f64::INFINITY, 1e-19, 1.2345e-16] {
        let error = Money::from_f64_shortest(double).unwrap_err();
        assert_eq!(error.code(), ErrorCode::InvalidArgument);
        assert!(error.to_string().contains("decimal"), "{error}");
    }
    assert_eq!(Money::from_f64_shortest(1e300).unwrap_err().code(), ErrorCode::Overflow);
    let rounded = Money::parse_f64(1.234e-16).unwrap();
    assert_eq!((rounded.value.mantissa(), rounded.rounded, rounded.lenient), (123, true, false));
    assert_eq!(m("0.3").to_f64_nearest().to_string(), "0.3");
}

#[test]
fn json_takes_text_and_numbers_and_names_what_is_wrong() {
    for (json, want) in [
        ("\"12.50\"", "12.5"),
        ("12", "12"),
        ("-3", "-3"),
        ("0.1", "0.1"),
        ("18446744073709551615", "18446744073709551615"),
    ] {
        assert_eq!(serde_json::from_str::<Money>(json).unwrap().to_string(), want);
    }
    let error = |json| serde_json::from_str::<Money>(json).unwrap_err().to_string();
    assert!(error("\"1,5\"").contains("'1,5' is not a Money"));
    assert!(error("null").contains("expected a decimal number"));
    assert!(error("1e-30").contains("more than 18 decimals"));
}

#[test]
fn display_aligns_and_debug_names_the_type() {
    assert_eq!(
        format!("[{:>8}] [{:<6}] [{:+}] {:?}", m("-1.5"), m("2"), m("3"), m("0.1")),
        "[    -1.5] [2     ] [+3] Money(0.1)"
    );
}
