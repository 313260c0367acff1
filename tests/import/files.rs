//! Several files at once, and stopping.

use super::{Bench, pairs, totals};
use finops_core::{ErrorCode, ImportCharges};
use finops_tests::support::{Bill, row};
use std::cell::Cell;
use std::ops::ControlFlow;

fn bill(account: &str, cost: &str) -> Bill {
    Bill::new([row(&[("BillingAccountId", account), ("EffectiveCost", cost)])])
}

#[test]
fn a_glob_and_a_folder_are_one_delivery() {
    let bench = Bench::new();
    bill("a", "1").write(bench.folder.path(), "2024-01-a.csv");
    bill("b", "2").write(bench.folder.path(), "2024-01-b.CSV.GZ");
    super::tables::write(bench.folder.path(), "2024-01-c.parquet", &bill("c", "4"), &[]);
    bench.put("notes.txt", "not a bill");
    bench.put("manifest.json", "{}");
    std::fs::create_dir(bench.folder.path().join("2024-01-folder.csv")).unwrap();
    let folder = bench.import(&bench.path(""));
    assert_eq!((folder.files, folder.charges, folder.snapshot), (3, 3, 1));
    assert_eq!(bench.by("account"), pairs(&[("c", "4"), ("b", "2"), ("a", "1")]));
    let glob = bench.import(&bench.path("2024-01-*"));
    assert!(glob.unchanged, "the same three files");
    let other = Bench::new();
    assert_eq!(totals(&other.import(&bench.path("2024-0[1-2]-?.*"))), totals(&folder));
}

#[test]
fn a_path_with_the_signs_of_a_glob_is_a_path() {
    let bench = Bench::new();
    let path = bench.put("bill [1] ü.csv", bill("a", "1").csv());
    assert_eq!(bench.import(&path).charges, 1);
}

#[test]
fn files_of_one_delivery_may_have_other_columns() {
    let bench = Bench::new();
    bench.put("a.csv", bill("a", "1").csv());
    let more =
        Bill::new([row(&[("EffectiveCost", "2"), ("x_TenantId", "ten_1"), ("x_Colour", "red"), ("InvoiceId", "i")])]);
    bench.put("b.csv", more.csv());
    let mut less = bill("c", "4").without(&["ServiceName", "Tags", "ListCost"]);
    less.columns.reverse();
    bench.put("c.csv", less.separated(';', "\r\n"));
    let receipt = bench.import(&bench.path("*.csv"));
    assert_eq!((receipt.files, receipt.charges, receipt.focus_version.as_str()), (3, 3, "1.3"));
    assert_eq!(bench.by("tenant"), pairs(&[("-", "5"), ("ten_1", "2")]));
    assert_eq!(bench.by("service"), pairs(&[("-", "4"), ("Queue", "3")]));
    assert_eq!((receipt.totals[0].list.unwrap().to_string().as_str(), receipt.totals[0].list_unknown), ("2", 1));
}

#[test]
fn several_currencies_are_totalled_apart() {
    let bench = Bench::new();
    let receipt = bench.take(&Bill::of(
        ["BillingCurrency", "EffectiveCost"],
        &[["EUR", "1"], ["USD", "2"], ["JPY", "300"], ["EUR", "0.5"]],
    ));
    let sums: Vec<_> = receipt
        .totals
        .iter()
        .map(|sums| (sums.currency.to_string(), sums.charges, sums.effective.unwrap().to_string()))
        .collect();
    let line = |code: &str, charges: u64, sum: &str| (code.to_owned(), charges, sum.to_owned());
    assert_eq!(sums, [line("EUR", 2, "1.5"), line("JPY", 1, "300"), line("USD", 1, "2")]);
    assert_eq!((receipt.currency, receipt.total_billed, receipt.total_effective), (None, None, None));
}

#[test]
fn an_observer_sees_the_work_and_can_stop_it() {
    let bench = Bench::new();
    bench.put("a.csv", bill("a", "1").csv());
    bench.import(&bench.path("a.csv"));
    bench.put("b.csv", Bill::new(vec![row(&[("BillingAccountId", "a"), ("EffectiveCost", "2")]); 100]).csv());
    bench.put("c.csv", bill("c", "4").csv());
    let request = ImportCharges::new(bench.path("[bc].csv"));
    for stop_at in 1..=2 {
        let calls = Cell::new(0);
        let observer = |_: &finops_core::Progress| {
            calls.set(calls.get() + 1);
            if calls.get() == stop_at { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        let error = bench.finops.import_charges_observed(&request, &observer).unwrap_err();
        assert_eq!((error.code(), calls.get()), (ErrorCode::Cancelled, stop_at));
        assert_eq!(bench.by("account"), pairs(&[("a", "1")]), "stopped at {stop_at}: nothing has changed");
    }
    let seen = std::cell::RefCell::new(Vec::new());
    let observer = |progress: &finops_core::Progress| {
        seen.borrow_mut().push((progress.rows, progress.bytes_read, progress.bytes_total));
        ControlFlow::Continue(())
    };
    let receipt = bench.finops.import_charges_observed(&request, &observer).unwrap();
    let seen = seen.into_inner();
    let bytes: u64 = ["b.csv", "c.csv"].map(|name| std::fs::metadata(bench.path(name)).unwrap().len()).iter().sum();
    assert!(seen.is_sorted() && seen.iter().all(|(_, read, total)| read <= total && *total == bytes), "{seen:?}");
    assert_eq!(seen.last().map(|last| (last.0, last.1)), Some((receipt.rows, bytes)));
}
