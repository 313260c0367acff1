//! The checks, one subject per file.

mod damage;
mod files;
mod history;
mod hot;

mod opening;
mod reading;
mod sharing;

use finops_core::edge::store::{EmbeddedStore, Store, conformance};
use finops_core::{CostSummaryRequest, Error, Finops, ImportCharges};
use finops_tests::support::Bill;
use std::path::{Path, PathBuf};

#[test]
fn the_store_in_memory_conforms() {
    conformance::run(&mut || Ok(Box::new(EmbeddedStore::in_memory()?) as Box<dyn Store>)).unwrap();
}

#[test]
fn the_store_in_a_folder_conforms() {
    let folder = tempfile::tempdir().unwrap();
    let mut number = 0;
    let open = &mut || {
        number += 1;
        Ok(Box::new(EmbeddedStore::open(&folder.path().join(number.to_string()))?) as Box<dyn Store>)
    };
    conformance::run(open).unwrap();
}

/// A bill of one account's January 2024 with that many charges of that cost.
fn bill(folder: &Path, account: &str, cost: &str, charges: usize) -> String {
    let name = format!("{account}-{cost}-{charges}.csv");
    let bill = Bill::of(["BillingAccountId", "EffectiveCost"], &vec![[account, cost]; charges]);
    bill.write(folder, &name).to_str().unwrap().to_owned()
}

fn import(finops: &Finops, path: &str) -> Result<finops_core::ImportReceipt, Error> {
    finops.import_charges(&ImportCharges::new(path))
}

/// What January 2024 cost; none when it is not known.
fn total(finops: &Finops) -> Option<String> {
    let mut request = CostSummaryRequest::default();
    request.period = Some("2024-01".parse().unwrap());
    finops.get_cost_summary(&request).unwrap().total_cost.map(|cost| cost.to_string())
}

/// The files below a store's folder of charges, sorted.
fn files(store: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for period in std::fs::read_dir(store.join("charges")).unwrap() {
        let files = std::fs::read_dir(period.unwrap().path()).unwrap();
        found.extend(files.map(|file| file.unwrap().path()));
    }
    found.sort();
    found
}

/// The files of charges below a store's folder, sorted.
fn segments(store: &Path) -> Vec<PathBuf> {
    files(store).into_iter().filter(|path| path.extension().is_some_and(|kind| kind == "parquet")).collect()
}

/// The file of hot columns that belongs to a segment.
fn hot_of(segment: &Path) -> PathBuf {
    let mut name = segment.as_os_str().to_owned();
    name.push(".hot");
    name.into()
}

/// The segments below a store's folder, beside each of which lies its hot file, and nothing else.
fn segments_with_hot_files(store: &Path) -> Vec<PathBuf> {
    let segments = segments(store);
    let both = segments.iter().flat_map(|segment| [segment.clone(), hot_of(segment)]);
    assert_eq!(files(store), both.collect::<Vec<_>>());
    segments
}
