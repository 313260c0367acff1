//! What an import does to what is there: nothing, replace, or add.

use super::{Bench, pairs, totals};
use finops_core::{ErrorCode, ImportReceipt};
use finops_tests::support::{Bill, row};
use serde_json::json;

fn replaced(receipt: &ImportReceipt) -> Vec<(String, String, u64, u64)> {
    let line = |line: &finops_core::model::receipt::Replaced| {
        (line.billing_account_id.clone(), line.billing_period.clone(), line.charges_before, line.charges_after)
    };
    receipt.replaced.iter().map(line).collect()
}

fn of(account: &str, costs: &[&str]) -> Bill {
    Bill::new(costs.iter().map(|cost| row(&[("BillingAccountId", account), ("EffectiveCost", cost)])))
}

fn february(account: &str, cost: &str) -> finops_tests::support::Row {
    row(&[
        ("BillingAccountId", account),
        ("EffectiveCost", cost),
        ("BillingPeriodStart", "2024-02-01T00:00:00Z"),
        ("BillingPeriodEnd", "2024-03-01T00:00:00Z"),
        // A late charge of January on the invoice of February.
        ("ChargePeriodStart", "2024-01-31T23:00:00Z"),
        ("ChargePeriodEnd", "2024-02-01T00:00:00Z"),
    ])
}

#[test]
fn the_same_file_changes_nothing_wherever_it_lies() {
    let bench = Bench::new();
    let text = of("a", &["1", "2"]).csv();
    let first = bench.import(&bench.put("bill.csv", &text));
    assert!(!first.unchanged && first.replaced.is_empty());
    for name in ["bill.csv", "other name.csv", "no ending"] {
        let again = bench.import(&bench.put(name, &text));
        assert!(again.unchanged, "{name}");
        assert_eq!((again.import_id, again.snapshot), (first.import_id, first.snapshot));
        assert_eq!(totals(&again), totals(&first));
    }
    assert_eq!(bench.total().as_deref(), Some("3"));
}

#[test]
fn the_same_rows_packed_are_known_and_in_another_order_take_their_place() {
    let bench = Bench::new();
    let bill = of("a", &["1", "2"]);
    let first = bench.take(&bill);
    bill.write(bench.folder.path(), "bill.csv.gz");
    assert!(bench.import(&bench.path("bill.csv.gz")).unchanged);
    let second = bench.take(&of("a", &["2", "1"]));
    assert!(!second.unchanged && second.snapshot > first.snapshot && second.import_id != first.import_id);
    assert_eq!(replaced(&second), [("a".into(), "2024-01".into(), 2, 2)]);
    assert_eq!(totals(&second), totals(&first));
    assert_eq!(bench.total().as_deref(), Some("3"));
}

#[test]
fn a_restated_period_takes_the_place_of_the_old_one_only() {
    let bench = Bench::new();
    let mut first = of("a", &["1", "2"]);
    first.rows.push(february("a", "4"));
    first.rows.extend(of("b", &["8"]).rows);
    let receipt = bench.take(&first);
    assert_eq!(receipt.billing_periods, ["2024-01", "2024-02"]);
    let receipt = bench.take(&of("a", &["100"]));
    assert_eq!(replaced(&receipt), [("a".into(), "2024-01".into(), 2, 1)]);
    assert_eq!(bench.by("account"), pairs(&[("a", "104"), ("b", "8")]));
    let mut both = Bill::new([february("a", "0.5")]);
    both.rows.extend(of("b", &["9", "1"]).rows);
    let receipt = bench.take(&both);
    assert_eq!(
        replaced(&receipt),
        [("a".into(), "2024-02".into(), 1, 1), ("b".into(), "2024-01".into(), 1, 2)]
            .map(|(account, period, before, after): (String, String, u64, u64)| (account, period, before, after))
    );
    assert_eq!(bench.by("account"), pairs(&[("a", "100.5"), ("b", "10")]));
}

#[test]
fn two_accounts_of_a_month_are_independent() {
    let bench = Bench::new();
    bench.take(&of("a", &["1"]));
    let second = bench.take(&of("b", &["2"]));
    assert!(second.replaced.is_empty());
    assert_eq!(bench.by("account"), pairs(&[("b", "2"), ("a", "1")]));
}

#[test]
fn an_older_delivery_can_come_back() {
    let bench = Bench::new();
    let old = bench.put("old.csv", of("a", &["1"]).csv());
    let new = bench.put("new.csv", of("a", &["5"]).csv());
    for _ in 0..2 {
        assert!(!bench.import(&old).unchanged);
        assert_eq!(bench.total().as_deref(), Some("1"));
        assert!(!bench.import(&new).unchanged);
        assert_eq!(bench.total().as_deref(), Some("5"));
    }
}

#[test]
fn replacing_nothing_adds_and_not_twice() {
    let bench = Bench::new();
    bench.take(&of("a", &["1"]));
    bench.put("more.csv", of("a", &["2"]).csv());
    let more = json!({"path": "more.csv", "replace": "nothing"});
    let receipt = bench.call(more.clone()).unwrap();
    assert_eq!((&receipt["replaced"], &receipt["unchanged"]), (&json!([]), &json!(false)));
    assert_eq!(bench.total().as_deref(), Some("3"));
    assert_eq!(bench.call(more).unwrap()["unchanged"], json!(true));
    assert_eq!(bench.total().as_deref(), Some("3"));
}

#[test]
fn a_file_is_read_anew_when_it_is_read_differently() {
    let bench = Bench::new();
    bench.put("bill.csv", Bill::new([row(&[("SubAccountId", "sub")])]).without(&["ServiceProviderName"]).csv());
    bench.call(json!({"path": "bill.csv"})).unwrap();
    for further in [json!({"mapping": {"tenant_id": "SubAccountId"}}), json!({"provider": "Ours"})] {
        let mut params = further;
        params["path"] = json!("bill.csv");
        let receipt = bench.call(params).unwrap();
        assert_eq!((&receipt["unchanged"], &receipt["replaced"][0]["charges_before"]), (&json!(false), &json!(1)));
    }
    assert_eq!(bench.by("provider"), pairs(&[("Ours", "1")]));
    assert_eq!(bench.by("tenant"), pairs(&[("-", "1")]));
}

#[test]
fn mapping_fills_fields_from_columns_and_tags() {
    let bench = Bench::new();
    let bill = Bill::new([
        row(&[("EffectiveCost", "4"), ("SubAccountId", "s1"), ("Tags", r#"{"team":"t1","Cost Center":"c"}"#)]),
        row(&[("EffectiveCost", "2"), ("SubAccountId", "s2"), ("x_TenantId", "own"), ("Tags", r#"{"team":"t2"}"#)]),
        row(&[("EffectiveCost", "1"), ("SubAccountId", ""), ("Tags", "")]),
    ]);
    bench.put("bill.csv", bill.csv());
    let mapping = json!({"tenant_id": "SubAccountId", "team_id": "tag:team", "cost_center_id": "tag:Cost Center"});
    bench.call(json!({"path": "bill.csv", "mapping": mapping})).unwrap();
    assert_eq!(bench.by("tenant"), pairs(&[("s1", "4"), ("s2", "2"), ("-", "1")]));
    assert_eq!(bench.by("team"), pairs(&[("t1", "4"), ("t2", "2"), ("-", "1")]));
    assert_eq!(bench.by("sub_account"), pairs(&[("s1", "4"), ("s2", "2"), ("-", "1")]), "the source stays as it is");
    // A file that is no FOCUS becomes one.
    let foreign = bill.renamed("EffectiveCost", "amount").renamed("BilledCost", "invoiced");
    bench.put("foreign.csv", foreign.csv());
    let mapping = json!({"effective_cost": "amount", "billed_cost": "invoiced"});
    let receipt = bench.call(json!({"path": "foreign.csv", "mapping": mapping})).unwrap();
    assert_eq!((&receipt["total_effective"], &receipt["total_billed"]), (&json!("7"), &json!("3")));
}

#[test]
fn a_wrong_mapping_is_refused() {
    let bench = Bench::new();
    bench.put("bill.csv", Bill::new([row(&[])]).csv());
    bench.put("no_tags.csv", Bill::new([row(&[])]).without(&["Tags"]).csv());
    for (file, mapping, says) in [
        ("bill.csv", json!({"tennant_id": "SubAccountId"}), "tennant_id"),
        ("bill.csv", json!({"tenant_id": "Nowhere"}), "Nowhere"),
        ("bill.csv", json!({"tenant_id": "tag:"}), "key of a tag"),
        ("bill.csv", json!({"tenant_id": ""}), "no column"),
        ("bill.csv", json!({"billed_cost": "tag:cost"}), "decimals"),
        ("no_tags.csv", json!({"team_id": "tag:team"}), "no column Tags"),
    ] {
        let error = bench.call(json!({"path": file, "mapping": mapping})).unwrap_err();
        assert_eq!((error.code(), error.field()), (ErrorCode::InvalidArgument, Some("mapping")), "{error}");
        assert!(error.message().contains(says), "{error}");
    }
    bench.is_empty();
}

#[test]
fn the_provider_is_for_rows_that_name_none() {
    let bench = Bench::new();
    let bill = Bill::new([
        row(&[("EffectiveCost", "1"), ("ServiceProviderName", "")]),
        row(&[("EffectiveCost", "2"), ("ServiceProviderName", "Theirs")]),
    ]);
    bench.put("bill.csv", bill.csv());
    let receipt = bench.call(json!({"path": "bill.csv", "provider": "Ours"})).unwrap();
    assert_eq!(bench.by("provider"), pairs(&[("Theirs", "2"), ("Ours", "1")]));
    assert_eq!(receipt["warnings"], json!([]), "no value is missing any more");
}

#[test]
fn what_was_added_already_is_not_added_again() {
    let bench = Bench::new();
    std::fs::create_dir(bench.folder.path().join("bills")).unwrap();
    let add = || bench.call(json!({"path": "bills", "replace": "nothing"})).unwrap();
    bench.put("bills/1.csv", of("a", &["1", "2"]).csv());
    assert_eq!(add()["files"], 1);
    bench.put("bills/2.csv", of("a", &["4"]).csv());
    let second = add();
    assert_eq!((&second["files"], &second["files_known"], &second["charges"]), (&json!(1), &json!(1), &json!(1)));
    assert_eq!(add()["unchanged"], true);
    assert_eq!(bench.total().as_deref(), Some("7"));
    // Nor in another wrapping.
    of("a", &["4"]).write(bench.folder.path(), "bills/3.csv.gz");
    let error = bench.call(json!({"path": "bills", "replace": "nothing"})).unwrap_err();
    assert!(error.message().contains("same content"), "{error}");
    assert_eq!(bench.call(json!({"path": "bills/3.csv.gz", "replace": "nothing"})).unwrap()["unchanged"], true);
}

#[test]
fn a_whole_period_takes_the_place_of_what_was_added_to_it() {
    let bench = Bench::new();
    bench.take(&of("a", &["1"]));
    bench.put("more.csv", of("a", &["2"]).csv());
    bench.call(json!({"path": "more.csv", "replace": "nothing"})).unwrap();
    assert_eq!(bench.total().as_deref(), Some("3"));
    // The file is here, but now it is said to be all that there is.
    let receipt = bench.import(&bench.path("more.csv"));
    assert_eq!((receipt.unchanged, replaced(&receipt)), (false, vec![("a".into(), "2024-01".into(), 2, 1)]));
    assert_eq!(bench.total().as_deref(), Some("2"));
}

#[test]
fn two_providers_with_the_same_account_number_do_not_replace_each_other() {
    let bench = Bench::new();
    let of = |provider: &str| {
        Bill::new([row(&[
            ("BillingAccountId", "1"),
            ("ServiceProviderName", provider),
            ("InvoiceIssuerName", provider),
        ])])
    };
    bench.take(&of("AWS"));
    // Also when another account of the same file is AWS's.
    let mut other = of("Datadog");
    other.rows.push(row(&[("BillingAccountId", "2"), ("ServiceProviderName", "AWS"), ("InvoiceIssuerName", "AWS")]));
    let error = bench.try_import(&bench.put("bill.csv", other.csv())).unwrap_err();
    assert_eq!(error.code(), ErrorCode::Conflict, "{error}");
    let error = bench.try_import(&bench.put("bill.csv", of("Datadog").csv())).unwrap_err();
    assert_eq!((error.code(), error.field()), (ErrorCode::Conflict, Some("path")));
    assert!(error.message().contains("held from AWS") && error.message().contains("Datadog"), "{error}");
    assert_eq!(bench.by("provider"), pairs(&[("AWS", "1")]));
}
