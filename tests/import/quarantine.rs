//! Rows that cannot be accounted for: set aside with the reason, and in no total.

use super::{Bench, set_aside};
use finops_core::ErrorCode;
use finops_tests::support::{Bill, Row, row};
use serde_json::json;

/// A row that is set aside, with the column, the reason and the value that are said of it.
fn bad() -> Vec<(Row, &'static str, &'static str, &'static str)> {
    let reversed = &[("ChargePeriodStart", "2027-01-01T00:00:00Z"), ("ChargePeriodEnd", "2018-01-01T00:00:00Z")];
    let empty = &[("BillingPeriodStart", "2024-01-01T00:00:00Z"), ("BillingPeriodEnd", "2024-01-01T00:00:00Z")];
    let early = &[("ChargePeriodStart", "1989-12-31T23:59:59Z"), ("ChargePeriodEnd", "2024-01-01T00:00:00Z")];
    let late = &[("BillingPeriodEnd", "2200-01-01T00:00:00Z")];
    let implausible = "implausible_period";
    vec![
        (row(reversed), "ChargePeriodEnd", implausible, "2027-01-01T00:00:00Z/2018-01-01T00:00:00Z"),
        (row(empty), "BillingPeriodEnd", implausible, "2024-01-01T00:00:00Z/2024-01-01T00:00:00Z"),
        (row(early), "ChargePeriodEnd", implausible, "1989-12-31T23:59:59Z/2024-01-01T00:00:00Z"),
        (row(late), "BillingPeriodEnd", implausible, "2024-01-01T00:00:00Z/2200-01-01T00:00:00Z"),
        (row(&[("EffectiveCost", "-1.97e25")]), "EffectiveCost", "out_of_range", "-1.97e25"),
        (row(&[("BilledCost", "100000000000000000000")]), "BilledCost", "out_of_range", "100000000000000000000"),
        (row(&[("ListCost", "1e400")]), "ListCost", "out_of_range", "1e400"),
        (row(&[("BilledCost", "12,50")]), "BilledCost", "unreadable_value", "12,50"),
        (row(&[("EffectiveCost", "NaN")]), "EffectiveCost", "unreadable_value", "NaN"),
        (row(&[("ContractedCost", "$5")]), "ContractedCost", "unreadable_value", "$5"),
        (row(&[("ChargePeriodStart", "yesterday")]), "ChargePeriodStart", "unreadable_value", "yesterday"),
        (row(&[("BillingCurrency", "EURO")]), "BillingCurrency", "unreadable_value", "EURO"),
        (row(&[("BillingCurrency", "TOKENS")]), "BillingCurrency", "unreadable_value", "TOKENS"),
        (row(&[("BilledCost", "")]), "BilledCost", "missing_value", "-"),
        (row(&[("BillingAccountId", "")]), "BillingAccountId", "missing_value", "-"),
        (row(&[("BillingCurrency", "")]), "BillingCurrency", "missing_value", "-"),
        (row(&[("BillingPeriodStart", "")]), "BillingPeriodStart", "missing_value", "-"),
        (row(&[("BillingPeriodEnd", "")]), "BillingPeriodEnd", "missing_value", "-"),
        (row(&[("ChargePeriodStart", "")]), "ChargePeriodStart", "missing_value", "-"),
        (row(&[("ChargePeriodEnd", "")]), "ChargePeriodEnd", "missing_value", "-"),
    ]
}

#[test]
fn each_is_listed_and_in_no_total() {
    let good = || row(&[("EffectiveCost", "2.5")]);
    let mut rows = vec![good()];
    let mut wanted = Vec::new();
    for (bad, column, reason, value) in bad() {
        rows.push(bad);
        wanted.push((u64::try_from(rows.len()).unwrap(), column.to_owned(), reason.to_owned(), value.to_owned()));
        rows.push(good());
    }
    let bench = Bench::new();
    let receipt = bench.take(&Bill::new(rows.clone()));
    assert_eq!(set_aside(&receipt), wanted);
    let (all, aside) = (u64::try_from(rows.len()).unwrap(), u64::try_from(wanted.len()).unwrap());
    assert_eq!((receipt.rows, receipt.charges, receipt.quarantined), (all, all - aside, aside));
    assert_eq!(receipt.total_effective.unwrap().to_string(), "52.5");
    assert_eq!(bench.total().as_deref(), Some("52.5"));
    assert_eq!(receipt.billing_periods, ["2024-01"]);
}

#[test]
fn each_is_refused_by_a_strict_import() {
    for (bad, column, _, value) in bad() {
        let bench = Bench::new();
        bench.put("bill.csv", Bill::new([row(&[]), bad]).csv());
        let error = bench.call(json!({"path": "bill.csv", "strict": true})).unwrap_err();
        assert_eq!((error.code(), error.field()), (ErrorCode::InvalidArgument, Some(column)), "{value}: {error}");
        assert!(error.message().contains("row 2"), "{error}");
        assert!(value == "-" || error.message().contains(value), "{error}");
        bench.is_empty();
    }
}

#[test]
fn rows_that_are_no_rows_are_set_aside() {
    let bench = Bench::new();
    let mut bytes = Bill::new([row(&[])]).csv().into_bytes();
    bytes.extend(b"too,few,cells\n");
    bytes.extend(Bill::new([row(&[])]).csv().lines().last().unwrap().bytes().chain(*b",one more\n"));
    let latin1 = Bill::new([row(&[("ServiceName", "Fluss")])]).csv().lines().last().unwrap().replace("ss", "\u{1}");
    bytes.extend(latin1.bytes().map(|byte| if byte == 1 { 0xdf } else { byte }).chain(*b"\n"));
    bytes.extend(Bill::new([row(&[("EffectiveCost", "4")])]).csv().lines().last().unwrap().bytes());
    let receipt = bench.import(&bench.put("bill.csv", bytes));
    let line = |row: u64| (row, "-".to_owned(), "malformed".to_owned(), "-".to_owned());
    assert_eq!(set_aside(&receipt), [line(2), line(3), line(4)]);
    assert_eq!((receipt.rows, receipt.charges), (5, 2));
    assert_eq!(bench.total().as_deref(), Some("5"));
    // Cells of a row that is none are not remarked on either.
    assert_eq!(super::remarks(&receipt), []);
}

#[test]
fn the_list_is_bounded_and_the_count_is_not() {
    let bench = Bench::new();
    let mut rows = vec![row(&[("BilledCost", "x")]); 1200];
    rows.push(row(&[]));
    let receipt = bench.take(&Bill::new(rows));
    assert_eq!((receipt.quarantined, receipt.quarantine.len(), receipt.charges), (1200, 1000, 1));
}

#[test]
fn a_charge_at_an_instant_and_a_credit_are_no_mistakes() {
    let bench = Bench::new();
    let receipt = bench.take(&Bill::new([
        row(&[
            ("ChargePeriodEnd", "2024-01-02T00:00:00Z"),
            ("EffectiveCost", "99999999999999999999.999999999999999999"),
        ]),
        row(&[("EffectiveCost", "-99999999999999999999.999999999999999999"), ("ChargeCategory", "Credit")]),
        row(&[("ChargePeriodStart", "1990-01-01T00:00:00Z"), ("ChargePeriodEnd", "2199-12-31T23:59:59.999999Z")]),
        row(&[("ConsumedQuantity", "-30"), ("ChargeClass", "Correction"), ("EffectiveCost", "-1")]),
    ]));
    assert_eq!((receipt.charges, receipt.quarantined), (4, 0));
    assert_eq!(receipt.total_effective.unwrap().to_string(), "0");
}

#[test]
fn an_import_of_bad_rows_only_is_refused() {
    let bench = Bench::new();
    bench.take(&Bill::new([row(&[("EffectiveCost", "7")])]));
    let path = bench.put("bad.csv", Bill::new(bad().into_iter().map(|bad| bad.0)).csv());
    let error = bench.try_import(&path).unwrap_err();
    assert_eq!((error.code(), error.field()), (ErrorCode::InvalidArgument, Some("path")));
    assert!(error.message().contains("none of the 20 rows") && error.message().contains("2027"), "{error}");
    assert_eq!(bench.total().as_deref(), Some("7"), "nothing was replaced by nothing");
}
