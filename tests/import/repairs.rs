//! What is mended or remarked on, exactly as often as it occurs; a strict import refuses each of it.

use super::{Bench, remarked, remarks, set_aside};
use finops_core::ErrorCode;
use finops_tests::support::{Bill, row};
use serde_json::json;

/// A bill of three rows of which these cells deviate, each worth 1.
fn bill(column: &str, cells: [&str; 3]) -> Bill {
    Bill::new(cells.map(|cell| row(&[(column, cell)])))
}

/// Each remark: the bill, what is remarked, what the three rows cost, where a strict import stops.
struct Case {
    bill: Bill,
    remarks: &'static [(&'static str, &'static str, u64, u64)],
    total: &'static str,
    row: u64,
}

fn case(
    column: &str,
    cells: [&str; 3],
    remarks: &'static [(&'static str, &'static str, u64, u64)],
    total: &'static str,
) -> Case {
    Case { bill: bill(column, cells), remarks, total, row: remarks[0].3 }
}

fn cases() -> Vec<Case> {
    let date = "2024-01-02T00:00:00Z";
    let mut old = Bill::new([row(&[]), row(&[]), row(&[])]).renamed("ServiceProviderName", "ProviderName");
    old.columns.push("InvoiceDetailId".into());
    vec![
        case("RegionId", ["NULL", "eu", "null"], &[("literal_null", "RegionId", 2, 1)], "3"),
        case(
            "EffectiveCost",
            ["2", "NULL", "3"],
            &[("missing_value", "EffectiveCost", 1, 2), ("literal_null", "EffectiveCost", 1, 2)],
            "5",
        ),
        case(
            "ChargePeriodStart",
            [date, "2024-01-02 00:00:00", "2024-01-02"],
            &[("naive_time", "ChargePeriodStart", 2, 2)],
            "3",
        ),
        case("EffectiveCost", ["1", "0.0000000000000000004", "1"], &[("rounded", "EffectiveCost", 1, 2)], "2"),
        case("EffectiveCost", ["+1", ".5", " 2 "], &[("lenient_number", "EffectiveCost", 3, 1)], "3.5"),
        case("BillingCurrency", ["USD", "usd", "Usd"], &[("currency_case", "BillingCurrency", 2, 2)], "3"),
        case("Colour", ["red", "", "red"], &[("unknown_column", "Colour", 1, 0)], "3"),
        case("ServiceCategory", ["Integration", "", ""], &[("missing_value", "ServiceCategory", 2, 2)], "3"),
        case("ChargeCategory", ["Fee", "Usage", "Fee"], &[("unexpected_value", "ChargeCategory", 2, 1)], "3"),
        case("ConsumedQuantity", ["1", "many", "3"], &[("unreadable_value", "ConsumedQuantity", 1, 2)], "3"),
        case("Tags", ["{}", "team=search", "{\"a\":"], &[("invalid_json", "Tags", 2, 2)], "3"),
        Case {
            bill: Bill::new([row(&[]), row(&[]), row(&[])]).without(&["ListCost"]),
            remarks: &[("missing_column", "ListCost", 1, 0)],
            total: "3",
            row: 0,
        },
        Case { bill: old, remarks: &[("renamed_column", "ProviderName", 1, 0)], total: "3", row: 0 },
    ]
}

#[test]
fn each_is_counted_and_no_row_is_lost() {
    for case in cases() {
        let bench = Bench::new();
        let receipt = bench.take(&case.bill);
        let mut wanted = remarked(case.remarks);
        let mut found = remarks(&receipt);
        wanted.sort();
        found.sort();
        assert_eq!(found, wanted);
        assert_eq!((receipt.rows, receipt.charges), (3, 3), "{wanted:?}");
        assert_eq!(set_aside(&receipt), []);
        assert_eq!(bench.total().as_deref(), Some(case.total), "{wanted:?}");
    }
}

#[test]
fn each_is_refused_by_a_strict_import() {
    for case in cases() {
        let bench = Bench::new();
        bench.put("bill.csv", case.bill.csv());
        let error = bench
            .finops
            .import_charges(&serde_json::from_value(json!({"path": bench.path("bill.csv"), "strict": true})).unwrap())
            .unwrap_err();
        let columns: Vec<&str> = case.remarks.iter().map(|remark| remark.1).collect();
        assert_eq!(error.code(), ErrorCode::InvalidArgument, "{error}");
        assert!(columns.contains(&error.field().unwrap()), "{error} is not about {columns:?}");
        if case.row > 0 {
            assert!(error.message().contains(&format!("row {}", case.row)), "{error}");
        }
        assert!(error.message().contains("strict"), "it says how to go on: {error}");
        bench.is_empty();
    }
}

#[test]
fn every_remark_has_a_case() {
    let seen: std::collections::BTreeSet<&str> =
        cases().iter().flat_map(|case| case.remarks).map(|remark| remark.0).collect();
    for code in [
        "literal_null",
        "naive_time",
        "rounded",
        "lenient_number",
        "currency_case",
        "unknown_column",
        "renamed_column",
        "missing_column",
        "missing_value",
        "unexpected_value",
        "unreadable_value",
        "invalid_json",
    ] {
        assert!(seen.contains(code), "{code}");
    }
    assert_eq!(seen.len(), 12);
}

#[test]
fn what_follows_focus_passes_a_strict_import() {
    let bench = Bench::new();
    let bill = Bill::new([
        row(&[("x_Colour", "red"), ("EffectiveCost", "3.5E-7"), ("Tags", "{\"a\": true}")]),
        row(&[("x_Colour", ""), ("ChargeCategory", "Credit"), ("EffectiveCost", "-1")]),
    ]);
    bench.put("bill.csv", bill.csv());
    let receipt = bench.call(json!({"path": "bill.csv", "strict": true})).unwrap();
    assert_eq!((&receipt["charges"], &receipt["warnings"]), (&json!(2), &json!([])));
    assert_eq!(bench.total().as_deref(), Some("-0.99999965"));
}

#[test]
fn a_strict_import_does_not_pass_what_a_tolerant_one_took() {
    let bench = Bench::new();
    bench.take(&bill("RegionId", ["NULL", "eu", "us"]));
    let error = bench.call(json!({"path": "bill.csv", "strict": true})).unwrap_err();
    assert_eq!(error.field(), Some("RegionId"));
}

#[test]
fn examples_and_values_are_cut() {
    let bench = Bench::new();
    let long = "ё".repeat(5000);
    let receipt = bench.take(&Bill::new([row(&[("Tags", &long)]), row(&[("BilledCost", &long)])]));
    assert_eq!(receipt.warnings[0].example.as_ref().unwrap().chars().count(), 80);
    assert_eq!(receipt.quarantine[0].value.as_ref().unwrap().chars().count(), 80);
}

#[test]
fn rows_are_counted_over_all_files() {
    let bench = Bench::new();
    bench.put("a.csv", bill("RegionId", ["eu", "eu", "eu"]).csv());
    bench.put("b.csv", bill("RegionId", ["eu", "NULL", "eu"]).csv());
    bench.put("c.csv", bill("BilledCost", ["1", "NULL", "x"]).csv());
    let receipt = bench.import(&bench.path("*.csv"));
    assert_eq!(
        remarks(&receipt),
        remarked(&[("literal_null", "BilledCost", 1, 8), ("literal_null", "RegionId", 1, 5)])
    );
    let rows: Vec<u64> = set_aside(&receipt).iter().map(|line| line.0).collect();
    assert_eq!((rows, receipt.rows, receipt.files), (vec![8, 9], 9, 3));
}
