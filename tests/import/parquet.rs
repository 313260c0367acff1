//! Parquet in the types that providers choose: the same rows as the CSV.

use super::tables::{Kind, array, write, write_columns};
use super::{Bench, pairs, remarked, remarks, set_aside, totals};
use arrow_array::builder::{ListBuilder, StringBuilder};
use arrow_array::{ArrayRef, BooleanArray, Float64Array, Int64Array, StringArray, StructArray};
use arrow_schema::{DataType, Field};
use finops_tests::support::{Bill, row};
use std::sync::Arc;

const TIMES: [&str; 4] = ["BillingPeriodStart", "BillingPeriodEnd", "ChargePeriodStart", "ChargePeriodEnd"];
const COSTS: [&str; 4] = ["BilledCost", "EffectiveCost", "ListCost", "ContractedCost"];

fn charge(cost: &str, cells: &[(&str, &str)]) -> finops_tests::support::Row {
    let mut cells = cells.to_vec();
    cells.extend(COSTS.map(|column| (column, cost)));
    row(&cells)
}

fn bill() -> Bill {
    Bill::new([
        charge("0.1", &[("Tags", r#"{"team":"search","a\"b":"x\ny"}"#), ("ConsumedQuantity", "1000000")]),
        charge("-2.25", &[("Tags", r#"{"team":"ä"}"#), ("ConsumedQuantity", "3"), ("ChargeCategory", "Credit")]),
        charge("1234567.5", &[("Tags", ""), ("ConsumedQuantity", ""), ("EffectiveCost", "")]),
        charge("0", &[("Tags", "{}"), ("SubAccountId", "12345678901"), ("EffectiveCost", "0")]),
        charge("0.000001", &[("Tags", r#"{"team":"search"}"#), ("SubAccountId", "12345678902")]),
    ])
}

fn all(columns: &[&'static str], kind: Kind) -> Vec<(&'static str, Kind)> {
    columns.iter().map(|column| (*column, kind)).collect()
}

/// What it is called, which columns are written how, and whether the file leaves the zone of its times open.
type Shape = (&'static str, Vec<(&'static str, Kind)>, bool);

#[test]
fn every_type_gives_the_same_bill() {
    let bill = bill();
    let csv = Bench::new();
    let wanted = totals(&csv.take(&bill));
    let answers = |bench: &Bench| ["account", "tag:team", "sub_account", "service"].map(|by| bench.by(by));
    let decimal = |precision, scale| Kind::Decimal { precision, scale };
    let wide = |precision, scale| Kind::Wide { precision, scale };
    let shapes: Vec<Shape> = vec![
        ("text", Vec::new(), false),
        ("our own scale", all(&COSTS, decimal(38, 18)), false),
        ("a smaller scale", all(&COSTS, decimal(18, 6)), false),
        ("a larger scale", all(&COSTS, decimal(38, 30)), false),
        ("a short decimal", all(&COSTS, decimal(13, 6)), false),
        ("wide decimals", all(&COSTS, wide(76, 18)), false),
        ("wide decimals of a small scale", all(&COSTS, wide(40, 6)), false),
        ("wide decimals of a large scale", all(&COSTS, wide(76, 30)), false),
        ("doubles", all(&COSTS, Kind::Double), false),
        ("milliseconds", all(&TIMES, Kind::Millis { utc: true }), false),
        ("microseconds", all(&TIMES, Kind::Micros { utc: true }), false),
        ("nanoseconds", all(&TIMES, Kind::Nanos { utc: true }), false),
        ("milliseconds without a zone", all(&TIMES, Kind::Millis { utc: false }), true),
        ("microseconds without a zone", all(&TIMES, Kind::Micros { utc: false }), true),
        ("nanoseconds without a zone", all(&TIMES, Kind::Nanos { utc: false }), true),
        ("dates", all(&TIMES, Kind::Date), true),
        ("tags as a map", vec![("Tags", Kind::Tags)], false),
        ("ids and counts as integers", vec![("SubAccountId", Kind::Int), ("ConsumedQuantity", Kind::Short)], false),
    ];
    for (name, kinds, naive) in shapes {
        let bench = Bench::new();
        let path = write(bench.folder.path(), "bill.parquet", &bill, &kinds);
        let receipt = bench.import(path.to_str().unwrap());
        assert_eq!(totals(&receipt), wanted, "{name}");
        assert_eq!(answers(&bench), answers(&csv), "{name}");
        let zones: Vec<_> = remarks(&receipt).into_iter().filter(|(code, ..)| code == "naive_time").collect();
        let mut times = TIMES;
        times.sort_unstable();
        let expected = times.map(|column| ("naive_time", column, 5, 1));
        assert_eq!(zones, remarked(if naive { &expected } else { &[] }), "{name}");
    }
}

#[test]
fn singles_count_as_their_shortest_decimal() {
    let bill = Bill::new(["0.1", "0.2", "16777216", "-0.7"].map(|cost| charge(cost, &[])));
    let bench = Bench::new();
    let path = write(bench.folder.path(), "bill.parquet", &bill, &all(&COSTS, Kind::Single));
    assert_eq!(bench.import(path.to_str().unwrap()).total_billed.unwrap().to_string(), "16777215.6");
}

/// The columns of a bill, in which a test replaces some.
fn columns(bill: &Bill) -> Vec<(String, ArrayRef)> {
    bill.columns.iter().map(|name| (name.clone(), array(bill, name, Kind::Text))).collect()
}

fn with(bill: &Bill, name: &str, array: ArrayRef) -> Vec<(String, ArrayRef)> {
    let mut columns = columns(bill);
    columns.retain(|(other, _)| other != name);
    columns.push((name.to_owned(), array));
    columns
}

#[test]
fn lists_structs_and_words_become_text() {
    let bill = Bill::new([charge("1", &[]), charge("2", &[])]);
    let mut list = ListBuilder::new(StringBuilder::new());
    list.values().append_value("a\"b");
    list.values().append_null();
    list.append(true);
    list.append(false);
    let name: ArrayRef = Arc::new(StringArray::from(vec![Some("vcpu"), None]));
    let count: ArrayRef = Arc::new(Int64Array::from(vec![4, 8]));
    let details = StructArray::from(vec![
        (Arc::new(Field::new("name", DataType::Utf8, true)), name),
        (Arc::new(Field::new("count", DataType::Int64, true)), count),
    ]);
    let mut columns = with(&bill, "SkuPriceDetails", Arc::new(details));
    columns.push(("x_List".into(), Arc::new(list.finish())));
    columns.push(("x_Flag".into(), Arc::new(BooleanArray::from(vec![Some(true), None]))));
    columns.push(("x_Number".into(), Arc::new(Int64Array::from(vec![Some(7), None]))));
    let bench = Bench::new();
    let path = write_columns(bench.folder.path(), "bill.parquet", columns);
    let receipt = bench.import(path.to_str().unwrap());
    assert_eq!((receipt.charges, receipt.total_billed.unwrap().to_string()), (2, "3".into()));
    assert_eq!(remarks(&receipt), []);
    // What was kept can be seen in what goes out.
    let out = bench.path("out.parquet");
    bench.finops.export_report(&finops_core::ExportReport::focus(&out)).unwrap();
    let rows = super::round_trip::rows(&out);
    let cell = |row: usize, column: &str| rows[row].get(column).cloned();
    assert_eq!(cell(0, "SkuPriceDetails").as_deref(), Some(r#"{"name":"vcpu","count":4}"#));
    assert_eq!(cell(1, "SkuPriceDetails").as_deref(), Some(r#"{"name":null,"count":8}"#));
    assert_eq!(cell(0, "x_List").as_deref(), Some(r#"["a\"b",null]"#));
    assert_eq!((cell(0, "x_Flag").as_deref(), cell(0, "x_Number").as_deref()), (Some("true"), Some("7")));
    assert_eq!((cell(1, "x_List"), cell(1, "x_Flag"), cell(1, "x_Number")), (None, None, None));
}

#[test]
fn what_no_amount_can_be_is_set_aside() {
    let bill = Bill::new([charge("1", &[]), charge("1", &[]), charge("1", &[]), charge("1", &[]), charge("1", &[])]);
    let doubles = vec![Some(1.0), Some(f64::NAN), Some(f64::INFINITY), Some(-1.97e25), Some(1e-30)];
    let bench = Bench::new();
    let columns = with(&bill, "EffectiveCost", Arc::new(Float64Array::from(doubles)));
    let path = write_columns(bench.folder.path(), "bill.parquet", columns);
    let receipt = bench.import(path.to_str().unwrap());
    let reasons: Vec<_> =
        set_aside(&receipt).into_iter().map(|(row, column, reason, _)| (row, column, reason)).collect();
    let line = |row, reason: &str| (row, "EffectiveCost".to_owned(), reason.to_owned());
    assert_eq!(reasons, [line(2, "unreadable_value"), line(3, "unreadable_value"), line(4, "out_of_range")]);
    assert_eq!(receipt.total_effective.unwrap().to_string(), "1");
    assert_eq!(remarks(&receipt), remarked(&[("rounded", "EffectiveCost", 1, 5)]));
}

#[test]
fn decimals_beyond_our_scale_are_rounded_half_to_even() {
    let wanted = ["0.5E-18", "1.5E-18", "2.5E-18", "-0.5E-18", "-1.5E-18", "2.500001E-18"];
    let mantissas: Vec<i128> = vec![500_000, 1_500_000, 2_500_000, -500_000, -1_500_000, 2_500_001];
    let bill = Bill::new(wanted.map(|_| charge("1", &[])));
    let array = arrow_array::Decimal128Array::from(mantissas).with_precision_and_scale(38, 24).unwrap();
    let bench = Bench::new();
    let path = write_columns(bench.folder.path(), "bill.parquet", with(&bill, "EffectiveCost", Arc::new(array)));
    let receipt = bench.import(path.to_str().unwrap());
    // 0 + 2 + 2 + 0 - 2 + 3
    assert_eq!(receipt.total_effective.unwrap().mantissa(), 5);
    assert_eq!(remarks(&receipt), remarked(&[("rounded", "EffectiveCost", 6, 1)]));
    // The same as text.
    let csv = Bench::new();
    let receipt = csv.take(&Bill::new(wanted.map(|cost| row(&[("EffectiveCost", cost)]))));
    assert_eq!(receipt.total_effective.unwrap().mantissa(), 5);
    assert_eq!(remarks(&receipt), remarked(&[("rounded", "EffectiveCost", 6, 1)]));
}

#[test]
fn wide_decimals_may_pass_128_bits() {
    let zeros = |count: usize| "0".repeat(count);
    // At scale 30: more than 128 bits and a plausible amount, the same with a digit too many, and no amount at all.
    let amounts = [
        Some(format!("12345678905{}", zeros(29))),
        Some(format!("-12345678905{}1", zeros(28))),
        Some(format!("197{}", zeros(53))),
    ];
    let amounts = amounts.into_iter().chain([None, Some(format!("1{}", zeros(30)))]);
    let array: arrow_array::Decimal256Array =
        amounts.map(|text| text.map(|text| arrow_buffer::i256::from_string(&text).unwrap())).collect();
    let array = array.with_precision_and_scale(76, 30).unwrap();
    let bill = Bill::new((0..5).map(|_| charge("1", &[])));
    let bench = Bench::new();
    let path = write_columns(bench.folder.path(), "bill.parquet", with(&bill, "EffectiveCost", Arc::new(array)));
    let receipt = bench.import(path.to_str().unwrap());
    let aside: Vec<_> = set_aside(&receipt).into_iter().map(|line| (line.0, line.2)).collect();
    assert_eq!(aside, [(3, "out_of_range".to_owned())]);
    assert_eq!((receipt.total_effective.unwrap().to_string(), receipt.totals[0].effective_unknown), ("1".into(), 1));
    let rounded: Vec<_> = remarks(&receipt).into_iter().filter(|remark| remark.0 == "rounded").collect();
    assert_eq!(rounded, remarked(&[("rounded", "EffectiveCost", 1, 2)]));
}

#[test]
fn a_type_that_cannot_be_is_refused_by_name() {
    let bill = Bill::new([charge("1", &[]), charge("2", &[])]);
    let number: ArrayRef = Arc::new(Int64Array::from(vec![20_240_101, 20_240_102]));
    let time = array(&bill, "ChargePeriodStart", Kind::Micros { utc: true });
    // Parquet knows no seconds: they come as bare numbers.
    let seconds = array(&bill, "ChargePeriodEnd", Kind::Seconds { utc: true });
    for (column, array, says) in [
        ("ChargePeriodStart", number, "numbers"),
        ("ChargePeriodEnd", seconds, "numbers"),
        ("BilledCost", time, "times"),
    ] {
        let bench = Bench::new();
        let path = write_columns(bench.folder.path(), "bill.parquet", with(&bill, column, array));
        let error = bench.try_import(path.to_str().unwrap()).unwrap_err();
        assert_eq!((error.code(), error.field()), (finops_core::ErrorCode::InvalidArgument, Some(column)), "{error}");
        assert!(error.message().contains(says), "{error}");
        bench.is_empty();
    }
}

#[test]
fn an_account_may_be_a_number() {
    let bill = Bill::new([charge("1", &[("BillingAccountId", "123456789012")])]);
    let bench = Bench::new();
    let path = write(bench.folder.path(), "bill.parquet", &bill, &[("BillingAccountId", Kind::Int)]);
    bench.import(path.to_str().unwrap());
    assert_eq!(bench.by("account"), pairs(&[("123456789012", "1")]));
}
