//! The checks, one kind of crash per file, and what they share.

#[cfg(target_os = "linux")]
mod full;
mod hot;
mod kill;
#[cfg(target_os = "linux")]
mod sync;
mod tidy;

use finops_core::{CostSummaryRequest, Finops};
use std::collections::BTreeSet;
use std::path::Path;

/// What each account cost in January 2024, by account, and the number of the state.
fn costs(finops: &Finops) -> (u64, Vec<(String, String)>) {
    let mut request = CostSummaryRequest::default();
    request.period = Some("2024-01".parse().unwrap());
    request.group_by.0 = vec!["account".parse().unwrap()];
    let summary = finops.get_cost_summary(&request).unwrap();
    let mut costs: Vec<(String, String)> = summary
        .breakdown
        .iter()
        .map(|item| (item.dimensions[0].value.as_deref().unwrap().to_owned(), item.cost.unwrap().to_string()))
        .collect();
    costs.sort();
    (summary.snapshot, costs)
}

/// Fails unless the folder holds the segments that the state file names with their hot files, and no others. The
/// store must be closed.
fn no_orphans(store: &Path) {
    let connection = rusqlite::Connection::open(store.join("state.sqlite")).unwrap();
    let mut statement = connection.prepare("SELECT file FROM segments").unwrap();
    let named: BTreeSet<String> = statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    let charges = store.join("charges");
    let mut found = BTreeSet::new();
    for period in std::fs::read_dir(&charges).unwrap() {
        for file in std::fs::read_dir(period.unwrap().path()).unwrap() {
            let path = file.unwrap().path();
            let name = path.strip_prefix(&charges).unwrap().components().map(|part| part.as_os_str().to_string_lossy());
            found.insert(name.collect::<Vec<_>>().join("/"));
        }
    }
    let with_hot = named.into_iter().flat_map(|name| [format!("{name}.hot"), name]).collect();
    assert_eq!(found, with_hot, "files on disk and in the manifest");
}
