//! Out to Parquet and in again: the same totals and answers.

use super::{Bench, totals};
use finops_core::ExportReport;
use finops_core::model::dimension::BuiltIn;
use finops_tests::support::{Bill, row};
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::Field;
use std::collections::BTreeMap;

/// The rows of a Parquet file, as another reader sees them; cells without a value are left out.
pub(super) fn rows(path: &str) -> Vec<BTreeMap<String, String>> {
    let reader = SerializedFileReader::new(std::fs::File::open(path).unwrap()).unwrap();
    let cell = |(name, field): (&String, &Field)| match field {
        Field::Null => None,
        Field::Str(text) => Some((name.clone(), text.clone())),
        other => Some((name.clone(), other.to_string())),
    };
    reader.get_row_iter(None).unwrap().map(|row| row.unwrap().get_column_iter().filter_map(cell).collect()).collect()
}

/// Fails unless what comes out and in again is the same by every dimension.
fn comes_back(bench: &Bench, before: &finops_core::ImportReceipt) {
    let out = bench.path("out.parquet");
    let exported = bench.finops.export_report(&ExportReport::focus(&out)).unwrap();
    assert_eq!(exported.rows, before.charges);
    assert_eq!(exported.bytes, std::fs::metadata(&out).unwrap().len());
    let other = Bench::new();
    let receipt = other.import(&out);
    let (mut first, mut second) = (totals(before), totals(&receipt));
    // What was set aside does not go out.
    for totals in [&mut first, &mut second] {
        totals["rows"] = serde_json::Value::Null;
        totals["quarantined"] = serde_json::Value::Null;
    }
    assert_eq!(second, first);
    assert_eq!(receipt.quarantined, 0);
    for dimension in BuiltIn::ALL.iter().map(|dimension| dimension.as_str()).chain(["tag:team", "tag:environment"]) {
        let ask = |bench: &Bench| {
            let request = serde_json::json!({"period": "2024", "group_by": [dimension], "view": "billed"});
            finops_tests::support::answer(&bench.finops, "get_cost_summary", request)["breakdown"].clone()
        };
        assert_eq!(ask(&other), ask(bench), "by {dimension}");
    }
    // A second time through gives the same rows.
    let again = other.path("again.parquet");
    other.finops.export_report(&ExportReport::focus(&again)).unwrap();
    assert_eq!(rows(&again), rows(&out));
}

#[test]
fn a_bill_with_everything_comes_back() {
    let bench = Bench::new();
    let mut first = row(&[]);
    for column in finops_core::model::charge::ChargeColumn::ALL {
        let kind = column.kind();
        let value = match first.get(column.name()) {
            Some(value) => value.clone(),
            None if kind.is_decimal() => "-0.000000000000000001".to_owned(),
            None if format!("{kind:?}").starts_with("Json") => r#"{"team": "s"}"#.to_owned(),
            None => format!("{} ä\n\"", column.name()),
        };
        first.insert(column.name().to_owned(), value);
    }
    first.insert("Tags".into(), r#"{"team": "search", "environment": null}"#.into());
    first.insert("x_Colour".into(), "rot".into());
    let second = row(&[("EffectiveCost", ""), ("BillingAccountId", "b"), ("Tags", ""), ("Unknown", "u")]);
    let third = row(&[("BilledCost", "99999999999999999999.999999999999999999"), ("BilledCost", "7.25")]);
    let receipt = bench.take(&Bill::new([first, second, third, row(&[("BilledCost", "x")])]));
    assert_eq!((receipt.charges, receipt.quarantined), (3, 1));
    comes_back(&bench, &receipt);
}

#[test]
fn the_published_sample_comes_back() {
    let Some(path) = finops_tests::support::data("focus_sample.csv") else { return };
    let bench = Bench::new();
    let receipt = bench.import(path.to_str().unwrap());
    comes_back(&bench, &receipt);
    let out = rows(&bench.path("out.parquet"));
    let cost: Vec<&String> = out.iter().filter_map(|row| row.get("BilledCost")).collect();
    assert_eq!(cost.len(), 1000, "every amount can be read by another reader");
}

#[test]
fn a_period_is_taken_by_the_start_of_the_charge() {
    let bench = Bench::new();
    let at = |start: &str, cost: &str| {
        row(&[("ChargePeriodStart", start), ("ChargePeriodEnd", "2024-01-09T00:00:00Z"), ("EffectiveCost", cost)])
    };
    bench.take(&Bill::new([
        at("2024-01-01T23:59:59.999999Z", "1"),
        at("2024-01-02T00:00:00Z", "2"),
        at("2024-01-02T23:59:59.999999Z", "4"),
        at("2024-01-03T00:00:00Z", "8"),
    ]));
    let out = bench.path("day.parquet");
    let request = serde_json::json!({"path": out, "period": "2024-01-02"});
    let exported = bench.finops.export_report(&serde_json::from_value(request).unwrap()).unwrap();
    assert_eq!(exported.rows, 2);
    let other = Bench::new();
    assert_eq!(other.import(&out).total_effective.unwrap().to_string(), "6");
}

#[test]
fn a_report_replaces_its_file_whole_or_not_at_all() {
    let bench = Bench::new();
    bench.take(&Bill::new([row(&[])]));
    let out = bench.put("out.parquet", "what was there before");
    bench.finops.export_report(&ExportReport::focus(&out)).unwrap();
    assert_eq!(rows(&out).len(), 1);
    let missing = bench.path("no/such/folder/out.parquet");
    let error = bench.finops.export_report(&ExportReport::focus(&missing)).unwrap_err();
    assert_eq!((error.code(), error.field()), (finops_core::ErrorCode::InvalidArgument, Some("path")));
    assert!(bench.finops.export_report(&ExportReport::focus("")).is_err());
    let names: Vec<_> = std::fs::read_dir(bench.folder.path()).unwrap().map(|file| file.unwrap().file_name()).collect();
    assert_eq!(names.len(), 2, "no leftovers: {names:?}");
    // An empty store gives an empty file that is a proper one.
    let empty = Bench::new();
    let out = empty.path("empty.parquet");
    assert_eq!(empty.finops.export_report(&ExportReport::focus(&out)).unwrap().rows, 0);
    assert_eq!(rows(&out).len(), 0);
}
