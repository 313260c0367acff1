//! The same rows in whatever form: the same totals and the same answers.

use super::{Bench, pairs, remarks, totals};
use finops_tests::support::{Bill, row};

fn bill() -> Bill {
    Bill::new([
        row(&[("EffectiveCost", "8"), ("ServiceName", "Disk; fast, \"hot\""), ("Tags", r#"{"team": "search"}"#)]),
        row(&[("EffectiveCost", "4"), ("ServiceName", "Queue\nof two\r\nlines"), ("Tags", r#"{"team": "Zahlung ä"}"#)]),
        row(&[("EffectiveCost", "2"), ("ServiceName", "Tab\tle"), ("Tags", "")]),
        row(&[("EffectiveCost", ""), ("ServiceName", ""), ("Tags", "{}")]),
    ])
}

/// Fails unless the bench answers as it should after the bill.
#[track_caller]
fn answers(bench: &Bench) {
    assert_eq!(bench.total().as_deref(), Some("14"));
    let services = [("Disk; fast, \"hot\"", "8"), ("Queue\nof two\r\nlines", "4"), ("Tab\tle", "2"), ("-", "-")];
    assert_eq!(bench.by("service"), pairs(&services));
    assert_eq!(bench.by("tag:team"), pairs(&[("search", "8"), ("Zahlung ä", "4"), ("-", "2")]));
}

#[test]
fn csv_in_any_form_is_the_same_bill() {
    let bill = bill();
    let first = Bench::new();
    let wanted = totals(&first.import(&first.put("bill.csv", bill.csv())));
    answers(&first);
    for (name, delimiter, newline, start, end) in [
        ("semicolon", ';', "\n", "", ""),
        ("tab", '\t', "\n", "", ""),
        ("windows", ',', "\r\n", "", ""),
        ("old mac", ',', "\r", "", ""),
        ("mark", ',', "\n", "\u{feff}", ""),
        ("mark and semicolon", ';', "\r\n", "\u{feff}", ""),
        ("blank lines", ',', "\n", "", "\n\n\r\n"),
    ] {
        let bench = Bench::new();
        let text = format!("{start}{}{end}", bill.separated(delimiter, newline));
        let receipt = bench.import(&bench.put("bill.csv", &text));
        assert_eq!(totals(&receipt), wanted, "{name}");
        answers(&bench);
        let cut = text.trim_end();
        let receipt = bench.import(&bench.put("cut.csv", cut));
        assert_eq!(totals(&receipt), wanted, "{name} without an end of the last line");
    }
}

#[test]
fn gzip_is_told_by_its_bytes() {
    let bill = bill();
    let bench = Bench::new();
    let wanted = totals(&bench.import(&bench.put("bill.csv", bill.csv())));
    for name in ["bill.csv.gz", "BILL.CSV.GZ"] {
        let bench = Bench::new();
        bill.write(bench.folder.path(), name);
        assert_eq!(totals(&bench.import(&bench.path(name))), wanted);
        answers(&bench);
    }
    // Under a name that says something else, and in two members, as parallel tools write it.
    let text = bill.csv();
    let (head, tail) = text.split_at(300);
    let mut parts = Vec::new();
    for part in [head, tail] {
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        std::io::Write::write_all(&mut gzip, part.as_bytes()).unwrap();
        parts.extend(gzip.finish().unwrap());
    }
    let bench = Bench::new();
    assert_eq!(totals(&bench.import(&bench.put("bill.parquet", parts))), wanted);
    answers(&bench);
}

#[test]
fn versions_are_told_by_columns() {
    let old = || Bill::new([row(&[])]).renamed("ServiceProviderName", "ProviderName");
    let with = |column: &str| {
        let mut bill = old();
        bill.columns.push(column.to_owned());
        bill
    };
    for (bill, version) in [
        (old(), "1.0"),
        (with("CapacityReservationId"), "1.1"),
        (with("InvoiceId"), "1.2"),
        (with("AllocatedMethodId"), "1.3"),
        (Bill::new([row(&[])]), "1.3"),
        (with("InvoiceDetailId"), "1.4"),
    ] {
        let bench = Bench::new();
        let receipt = bench.take(&bill);
        assert_eq!(receipt.focus_version.as_str(), version, "{:?}", bill.columns);
        assert_eq!(bench.by("provider"), pairs(&[("AWS", "1")]), "the provider is known in {version}");
        let renamed: Vec<_> = remarks(&receipt).into_iter().filter(|(code, ..)| code == "renamed_column").collect();
        assert_eq!(renamed.len(), usize::from(version == "1.4"), "{renamed:?}");
    }
}

#[test]
fn a_provider_of_both_names_is_taken_from_the_new_one() {
    let bench = Bench::new();
    let receipt = bench.take(&Bill::new([row(&[("ProviderName", "Old"), ("ServiceProviderName", "New")])]));
    assert_eq!(bench.by("provider"), pairs(&[("New", "1")]));
    assert_eq!(remarks(&receipt), [], "the old name is part of FOCUS 1.3");
}

#[test]
fn columns_in_snake_case_are_understood() {
    let bench = Bench::new();
    let mut bill = Bill::new([row(&[("EffectiveCost", "3"), ("x_TenantId", "ten_1")])]);
    for (old, new) in [("BilledCost", "billed_cost"), ("EffectiveCost", "effective_cost"), ("x_TenantId", "tenant_id")]
    {
        bill = bill.renamed(old, new);
    }
    bench.take(&bill);
    assert_eq!(bench.by("tenant"), pairs(&[("ten_1", "3")]));
}

#[test]
fn the_order_of_columns_does_not_matter() {
    let mut bill = bill();
    let first = Bench::new();
    let wanted = totals(&first.take(&bill));
    bill.columns.reverse();
    let second = Bench::new();
    assert_eq!(totals(&second.take(&bill)), wanted);
    answers(&second);
}

#[test]
fn the_published_sample_adds_up() {
    let Some(path) = finops_tests::support::data("focus_sample.csv") else { return };
    let bench = Bench::new();
    let receipt = bench.import(path.to_str().unwrap());
    assert_eq!((receipt.rows, receipt.charges, receipt.quarantined), (1000, 1000, 0));
    let only = &receipt.totals[0];
    let sums = [Some(only.billed), only.effective, only.list, only.contracted].map(|sum| sum.unwrap().to_string());
    assert_eq!(sums, ["20.52022672899", "14.97651418586", "20.39090575119", "14.97626039326"]);
    assert_eq!((only.effective_unknown, only.contracted_unknown, only.list_unknown), (0, 7, 0));
    assert_eq!(receipt.focus_version.as_str(), "1.0");
}
