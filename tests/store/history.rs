//! Earlier states through the engine, and compactions: answers stay what they were.

use super::{bill, hot_of, import, segments, segments_with_hot_files, total};
use finops_core::edge::store::{EmbeddedStore, Replace, Scan, Snapshot, Store};
use finops_core::engine::{SnapshotsRequest, VacuumRequest};
use finops_core::model::charge::ChargeColumn;
use finops_core::model::history::AsOf;
use finops_core::model::time::{Interval, Stamp};
use finops_core::{ErrorCode, Finops, ImportCharges, Progress};
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

/// The charges of a state by account, with the sum of their costs in units of 10^-18, and its imports.
fn sums(store: &dyn Store, state: &Snapshot) -> (BTreeMap<String, i128>, usize) {
    let columns = vec![ChargeColumn::BillingAccountId, ChargeColumn::EffectiveCost];
    let mut sums = BTreeMap::new();
    let scan = Scan { columns, custom: false, charged: Interval::always(), estimated_only: false };
    store
        .scan(state, &scan, &mut |table| {
            let accounts = table.text(ChargeColumn::BillingAccountId).unwrap();
            let costs = table.decimal(ChargeColumn::EffectiveCost).unwrap();
            for row in 0..table.rows() {
                *sums.entry(accounts.get(row).unwrap().to_owned()).or_default() += costs.get(row).unwrap();
            }
            Ok(())
        })
        .unwrap();
    (sums, state.imports.len())
}

fn add(finops: &Finops, path: &str) -> u64 {
    let mut request = ImportCharges::new(path);
    request.replace = Replace::Nothing;
    finops.import_charges(&request).unwrap().snapshot
}

fn keeping(keep: &str) -> VacuumRequest {
    VacuumRequest::keeping(keep.parse().unwrap())
}

/// What is done to a store: an account, and whether its January gives way, grows, or all is compacted.
#[derive(Debug, Clone, Copy)]
enum Step {
    Replace(usize),
    Add(usize),
    Compact,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        (0..3_usize).prop_map(Step::Replace),
        (0..3_usize).prop_map(Step::Add),
        (0..3_usize).prop_map(Step::Add),
        Just(Step::Compact)
    ]
}

/// Does the steps, one per day, and gives what each state held when it was the present one.
fn walk(store: &Arc<EmbeddedStore>, folder: &Path, steps: &[Step]) -> Vec<(BTreeMap<String, i128>, usize)> {
    let start = Stamp::parse("2024-06-01T00:00:00Z").unwrap();
    let finops = Finops::builder().store(Arc::<EmbeddedStore>::clone(store)).now(start).open("").unwrap();
    let mut states = vec![sums(store.as_ref(), &store.snapshot().unwrap())];
    for (number, step) in (1..).zip(steps) {
        finops.tick(Some(Stamp::from_micros(start.micros() + number * 86_400_000_000).unwrap())).unwrap();
        let account = |account: usize| bill(folder, &format!("acct-{account}"), &format!("{number}.25"), account + 1);
        let before = states.len() - 1;
        let state = match step {
            Step::Replace(place) => import(&finops, &account(*place)).unwrap().snapshot,
            Step::Add(place) => add(&finops, &account(*place)),
            Step::Compact => finops.compact().unwrap().snapshot,
        };
        let now = sums(store.as_ref(), &store.snapshot().unwrap());
        if let Step::Compact = step {
            assert_eq!(now, states[before], "a compaction changes nothing");
        }
        if usize::try_from(state).unwrap() == states.len() {
            states.push(now);
        }
    }
    states
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn earlier_states_stay_what_they_were(
        steps in prop::collection::vec(step(), 1..12),
        in_folder: bool,
        day in 0..14_i64,
    ) {
        let folder = tempfile::tempdir().unwrap();
        let store = Arc::new(if in_folder {
            EmbeddedStore::open(&folder.path().join("store")).unwrap()
        } else {
            EmbeddedStore::in_memory().unwrap()
        });
        let states = walk(&store, folder.path(), &steps);
        let listed = store.snapshots(1000, 0).unwrap().1;
        prop_assert_eq!(listed.len() + 1, states.len());
        let before = Stamp::parse("2024-06-01T12:00:00Z").unwrap().micros() + day * 86_400_000_000;
        let before = Stamp::from_micros(before).unwrap();
        let kept = listed.iter().filter(|mark| mark.at <= before).map(|mark| mark.snapshot).max().unwrap_or(0);
        for vacuumed in [false, true] {
            if vacuumed {
                prop_assert_eq!(store.vacuum(before).unwrap().oldest_snapshot, kept);
            }
            for (number, wanted) in (0..).zip(&states) {
                match store.snapshot_as_of(AsOf::Snapshot(number)) {
                    Ok(state) => prop_assert_eq!(&sums(store.as_ref(), &state), wanted, "state {}", number),
                    Err(error) => {
                        prop_assert!(vacuumed && number < kept, "state {}: {}", number, error);
                        prop_assert_eq!(error.code(), ErrorCode::NotFound);
                    }
                }
            }
        }
    }
}

#[test]
fn a_vacuum_keeps_thirty_days_unless_told_otherwise() {
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("store");
    let at = |text: &str| Some(Stamp::parse(text).unwrap());
    let start = at("2024-01-01T00:00:00Z").unwrap();
    let finops = Finops::builder().now(start).open(store.to_str().unwrap()).unwrap();
    import(&finops, &bill(folder.path(), "a", "1", 1)).unwrap();
    finops.tick(at("2024-02-01T00:00:00Z")).unwrap();
    import(&finops, &bill(folder.path(), "a", "2", 1)).unwrap();
    finops.tick(at("2024-03-01T00:00:00Z")).unwrap();
    import(&finops, &bill(folder.path(), "a", "3", 1)).unwrap();
    assert_eq!(segments_with_hot_files(&store).len(), 3);
    // The first state gave way a month ago, on the first of February; the second one today.
    assert_eq!(finops.vacuum(&keeping("31d")).unwrap().snapshots_removed, 0);
    let vacuumed = finops.vacuum(&keeping("29d")).unwrap();
    assert_eq!((vacuumed.snapshots_removed, vacuumed.oldest_snapshot), (1, 2));
    assert_eq!(segments_with_hot_files(&store).len(), 2);
    assert_eq!(finops.vacuum(&VacuumRequest::default()).unwrap().snapshots_removed, 0);
    finops.tick(at("2024-03-30T23:59:59Z")).unwrap();
    assert_eq!(finops.vacuum(&VacuumRequest::default()).unwrap().snapshots_removed, 0);
    finops.tick(at("2024-03-31T00:00:00Z")).unwrap();
    let before: u64 = segments(&store).iter().map(|path| path.metadata().unwrap().len()).sum();
    let vacuumed = finops.vacuum(&VacuumRequest::default()).unwrap();
    let after: u64 = segments(&store).iter().map(|path| path.metadata().unwrap().len()).sum();
    assert_eq!((vacuumed.snapshots_removed, vacuumed.segments_removed), (1, 1));
    assert_eq!(vacuumed.bytes_freed, before - after, "as the disk has it");
    drop(finops);
    let finops = Finops::open(store.to_str().unwrap()).unwrap();
    let page = finops.snapshots(&SnapshotsRequest::default()).unwrap();
    assert_eq!((page.count, page.items[0].snapshot), (1, 3), "it is remembered");
    assert_eq!(total(&finops).as_deref(), Some("3"));
}

#[test]
fn a_handle_for_reading_neither_forgets_nor_compacts() {
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("store");
    let location = store.to_str().unwrap();
    let writer = Finops::open(location).unwrap();
    add(&writer, &bill(folder.path(), "a", "1", 1));
    add(&writer, &bill(folder.path(), "a", "2", 1));
    let reader = Finops::builder().read_only().open(location).unwrap();
    for error in [reader.vacuum(&keeping("0d")).unwrap_err(), reader.compact().unwrap_err()] {
        assert_eq!(error.code(), ErrorCode::Conflict, "{error}");
        assert!(error.message().contains("read_only"), "{error}");
    }
    assert_eq!(reader.snapshots(&SnapshotsRequest::default()).unwrap().count, 2);
    writer.compact().unwrap();
    writer.vacuum(&keeping("0d")).unwrap();
    assert_eq!(reader.snapshots(&SnapshotsRequest::default()).unwrap().count, 1);
    assert_eq!(total(&reader).as_deref(), Some("3"));
}

#[test]
fn a_compaction_can_be_stopped() {
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("store");
    let finops = Finops::open(store.to_str().unwrap()).unwrap();
    for number in 1..4 {
        add(&finops, &bill(folder.path(), "a", &number.to_string(), 1));
    }
    let seen = std::sync::Mutex::new(Vec::new());
    let stop = |progress: &Progress| {
        let mut seen = seen.lock().unwrap();
        seen.push(*progress);
        if seen.len() == 2 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    let error = finops.compact_observed(&stop).unwrap_err();
    assert_eq!(error.code(), ErrorCode::Cancelled, "{error}");
    let progress = seen.lock().unwrap()[1];
    assert_eq!(progress.rows, 2);
    assert!(0 < progress.bytes_read && progress.bytes_read < progress.bytes_total);
    assert_eq!(segments_with_hot_files(&store).len(), 3, "what was written is gone");
    let compacted = finops.compact().unwrap();
    assert_eq!((compacted.segments_before, compacted.segments_after), (3, 1));
    assert_eq!(total(&finops).as_deref(), Some("6"));
}

#[test]
fn what_is_damaged_is_not_compacted() {
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("store");
    let finops = Finops::open(store.to_str().unwrap()).unwrap();
    add(&finops, &bill(folder.path(), "a", "1", 1));
    let first = segments(&store).remove(0);
    add(&finops, &bill(folder.path(), "a", "2", 1));
    for segment in segments_with_hot_files(&store) {
        std::fs::remove_file(hot_of(&segment)).unwrap();
    }
    drop(finops);
    let finops = Finops::open(store.to_str().unwrap()).unwrap();
    assert_eq!(total(&finops).as_deref(), Some("3"), "the process has found all of them sound");
    let bytes = std::fs::read(&first).unwrap();
    let mut other = bytes.clone();
    let place = other.len() / 2;
    other[place] ^= 0x55;
    std::fs::write(&first, &other).unwrap();
    let error = finops.compact().unwrap_err();
    assert_eq!(error.code(), ErrorCode::Storage);
    assert!(error.message().contains("not as it was written"), "{error}");
    std::fs::write(&first, &bytes).unwrap();
    assert_eq!(segments_with_hot_files(&store).len(), 2, "nothing was left behind");
    assert_eq!(finops.compact().unwrap().segments_after, 1);
    assert_eq!(total(&finops).as_deref(), Some("3"));
}

#[test]
fn a_compacted_file_is_known_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("store");
    let paths: Vec<String> = ["1", "2", "3"].map(|cost| bill(folder.path(), "a", cost, 2)).to_vec();
    let whole = bill(folder.path(), "b", "7", 2);
    {
        let finops = Finops::open(store.to_str().unwrap()).unwrap();
        for path in &paths {
            add(&finops, path);
        }
        import(&finops, &whole).unwrap();
        assert_eq!(finops.compact().unwrap().scopes, 1);
        finops.vacuum(&keeping("0d")).unwrap();
    }
    let finops = Finops::open(store.to_str().unwrap()).unwrap();
    for path in &paths {
        let mut request = ImportCharges::new(path.as_str());
        request.replace = Replace::Nothing;
        assert!(finops.import_charges(&request).unwrap().unchanged, "{path}");
    }
    assert!(import(&finops, &whole).unwrap().unchanged);
    assert_eq!(total(&finops).as_deref(), Some("26"));
    // A corrected delivery of the whole month takes the place of all that was brought together.
    let receipt = import(&finops, &paths[0]).unwrap();
    assert!(!receipt.unchanged, "one of three files is not the whole month");
    assert_eq!((receipt.replaced[0].charges_before, receipt.replaced[0].charges_after), (6, 2));
    assert_eq!(total(&finops).as_deref(), Some("16"));
}
