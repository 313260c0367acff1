//! Who reads keeps what is read: in this process and in others, until they are done, or dead.

use super::{bill, import, segments_with_hot_files, total};
use finops_core::edge::store::{EmbeddedStore, Scan, Snapshot, Store};
use finops_core::engine::VacuumRequest;
use finops_core::model::charge::ChargeColumn;
use finops_core::model::history::Vacuumed;
use finops_core::model::time::{Interval, Stamp};
use finops_core::{Error, ErrorCode, ExportReport, Finops, ImportCharges, Result};
use finops_tests::support::{Bill, Child, job, row};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

/// How many accounts there are where readings are long.
const ACCOUNTS: usize = 12;

fn now() -> VacuumRequest {
    VacuumRequest::keeping("0d".parse().unwrap())
}

/// How many charges a state has, one table at a time.
fn count(store: &dyn Store, state: &Snapshot, each: &mut dyn FnMut()) -> Result<usize> {
    let scan = Scan {
        columns: vec![ChargeColumn::EffectiveCost],
        custom: false,
        charged: Interval::always(),
        estimated_only: false,
    };
    let mut rows = 0;
    store.scan(state, &scan, &mut |table| {
        rows += table.rows();
        each();
        Ok(())
    })?;
    Ok(rows)
}

/// An engine over the store, with two states: January of one charge, and of two.
fn two_states(store: &Arc<EmbeddedStore>, folder: &Path) -> (Finops, Snapshot) {
    let finops = Finops::builder().store(Arc::<EmbeddedStore>::clone(store)).open("").unwrap();
    import(&finops, &bill(folder, "a", "1", 1)).unwrap();
    let first = store.snapshot().unwrap();
    import(&finops, &bill(folder, "a", "2", 2)).unwrap();
    (finops, first)
}

fn held_fast(store: EmbeddedStore, folder: &Path) {
    let store = Arc::new(store);
    let (finops, first) = two_states(&store, folder);
    let clone = first.clone();
    drop(first);
    let error = finops.vacuum(&now()).unwrap_err();
    assert_eq!(error.code(), ErrorCode::Conflict, "{error}");
    assert!(error.message().contains("somebody is reading") && error.message().contains("try again"), "{error}");
    assert_eq!(store.snapshots(10, 0).unwrap().0, 2, "nothing has changed");
    assert_eq!(count(store.as_ref(), &clone, &mut || ()).unwrap(), 1);
    drop(clone);
    assert_eq!(finops.vacuum(&now()).unwrap().segments_removed, 1);
}

#[test]
fn a_state_that_is_held_is_not_removed_from_a_folder() {
    let folder = tempfile::tempdir().unwrap();
    held_fast(EmbeddedStore::open(&folder.path().join("store")).unwrap(), folder.path());
}

#[test]
fn a_state_that_is_held_is_not_removed_from_memory() {
    let folder = tempfile::tempdir().unwrap();
    held_fast(EmbeddedStore::in_memory().unwrap(), folder.path());
}

/// Not a test by itself: a process that takes a state, and reads it when a file appears.
#[test]
fn child() {
    let Some(job) = job() else { return };
    match read_when_told(Path::new(&job[0]), Path::new(&job[1])) {
        Ok(rows) => eprintln!("read {rows}"),
        Err(error) => eprintln!("{} {error}", error.code()),
    }
}

fn read_when_told(store: &Path, told: &Path) -> Result<usize, Error> {
    let store = EmbeddedStore::open_read_only(store)?;
    let state = store.snapshot()?;
    eprintln!("holds {}", state.id);
    // Should the parent be gone, this ends by itself.
    for _ in 0..15_000 {
        if told.exists() {
            break;
        }
        thread::sleep(Duration::from_millis(20));
    }
    count(&store, &state, &mut || ())
}

/// Vacuums until nobody reads any more, and counts how often it was given up: each time after some seconds, in which a
/// slow machine may not come to an end of reading.
fn vacuum_at_last(finops: &Finops, given_up: &AtomicUsize) -> Vacuumed {
    loop {
        match finops.vacuum(&now()) {
            Err(error) if error.code() == ErrorCode::Conflict && given_up.load(Ordering::SeqCst) < 60 => {
                given_up.fetch_add(1, Ordering::SeqCst);
            }
            outcome => return outcome.unwrap(),
        }
    }
}

/// A store with one state that another process holds, and a later one.
fn read_elsewhere(folder: &Path, setup: &str) -> (Finops, Child) {
    let store = folder.join("store");
    let finops = Finops::open(store.to_str().unwrap()).unwrap();
    import(&finops, &bill(folder, "a", "1", 3)).unwrap();
    let told = folder.join("told");
    let job = [store.to_str().unwrap(), told.to_str().unwrap()];
    let mut child = Child::start_after(setup, "store::reading::child", &job);
    assert_eq!(child.line().as_deref(), Some("holds 1"));
    import(&finops, &bill(folder, "a", "2", 2)).unwrap();
    (finops, child)
}

#[test]
fn a_reader_in_another_process_keeps_its_files() {
    let folder = tempfile::tempdir().unwrap();
    let (finops, mut child) = read_elsewhere(folder.path(), ":");
    let store = folder.path().join("store");
    let given_up = AtomicUsize::new(0);
    thread::scope(|scope| {
        let vacuum = scope.spawn(|| vacuum_at_last(&finops, &given_up));
        thread::sleep(Duration::from_millis(300));
        assert!(!vacuum.is_finished() && given_up.load(Ordering::SeqCst) == 0, "it waits");
        assert_eq!(segments_with_hot_files(&store).len(), 2);
        // Whoever comes while it waits need not wait.
        let reader = Finops::builder().read_only().open(store.to_str().unwrap()).unwrap();
        assert_eq!(total(&reader).as_deref(), Some("4"));
        std::fs::write(folder.path().join("told"), "").unwrap();
        assert_eq!(child.line().as_deref(), Some("read 3"), "all of the state it took");
        assert_eq!(vacuum.join().unwrap().segments_removed, 1, "the vacuum had its turn");
    });
    assert_eq!(segments_with_hot_files(&store).len(), 1);
}

#[test]
fn a_reader_that_was_killed_holds_up_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (finops, child) = read_elsewhere(folder.path(), ":");
    child.kill();
    assert_eq!(finops.vacuum(&now()).unwrap().segments_removed, 1);
    assert_eq!(total(&finops).as_deref(), Some("4"));
}

#[test]
fn long_readings_are_of_one_state_whatever_comes_meanwhile() {
    let folder = tempfile::tempdir().unwrap();
    let store = Arc::new(EmbeddedStore::open(&folder.path().join("store")).unwrap());
    let finops = Finops::builder().store(Arc::<EmbeddedStore>::clone(&store)).open("").unwrap();
    let account = |number: usize| row(&[("BillingAccountId", &format!("acct-{number}"))]);
    let path = Bill::new((0..ACCOUNTS).map(account)).write(folder.path(), "accounts.csv");
    import(&finops, path.to_str().unwrap()).unwrap();
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        let readers = [0, 1].map(|_| {
            scope.spawn(|| {
                let state = store.snapshot().unwrap();
                // Slower than an import takes.
                count(store.as_ref(), &state, &mut || thread::sleep(Duration::from_millis(40))).unwrap()
            })
        });
        let exports = scope.spawn(|| {
            let path = folder.path().join("out.parquet");
            let mut rows = Vec::new();
            while !done.load(Ordering::Acquire) {
                rows.push(finops.export_report(&ExportReport::focus(path.to_str().unwrap())).unwrap().rows);
            }
            rows
        });
        let mut freed = 0;
        for number in 0..6 {
            let more = bill(folder.path(), &format!("acct-{number}"), "5", 1);
            let mut request = ImportCharges::new(more);
            if number % 2 == 0 {
                request.replace = finops_core::edge::store::Replace::Nothing;
            }
            finops.import_charges(&request).unwrap();
            finops.compact().unwrap();
            match finops.vacuum(&now()) {
                Ok(vacuumed) => freed += vacuumed.segments_removed,
                Err(error) => assert_eq!(error.code(), ErrorCode::Conflict, "{error}"),
            }
        }
        for reader in readers {
            assert_eq!(reader.join().unwrap(), ACCOUNTS, "the state that was there at the start");
        }
        done.store(true, Ordering::Release);
        for rows in exports.join().unwrap() {
            assert!((ACCOUNTS..=ACCOUNTS + 3).contains(&usize::try_from(rows).unwrap()), "{rows} rows");
        }
        assert!(freed > 0, "a vacuum has its turn between two readings");
    });
    finops.vacuum(&now()).unwrap();
    assert_eq!(store.snapshots(10, 0).unwrap().0, 1);
    assert_eq!(segments_with_hot_files(&folder.path().join("store")).len(), ACCOUNTS);
}

/// A process of another user who may only read there: it reads, and its lock is seen.
#[cfg(unix)]
#[test]
fn a_reader_without_permission_to_write_reads() {
    use std::io::Write;
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let other = "set -- setpriv --reuid 65534 --regid 65534 --clear-groups \"$@\"";
    let mut probe = Child::start_after(other, "store::reading::child", &["", ""]);
    if !probe.rest().iter().any(|line| line.starts_with("not_found")) {
        let _ = writeln!(std::io::stderr(), "left out: this process cannot start another as another user");
        return;
    }
    let allow = |mode: u32, path: &Path| {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    };
    allow(0o755, folder.path());
    let (finops, mut child) = read_elsewhere(folder.path(), other);
    let at = Stamp::parse("9999-01-01T00:00:00Z").unwrap();
    let given_up = AtomicUsize::new(0);
    thread::scope(|scope| {
        let vacuum = scope.spawn(|| vacuum_at_last(&finops, &given_up));
        thread::sleep(Duration::from_millis(200));
        assert!(!vacuum.is_finished(), "the lock of who may only read counts");
        std::fs::write(folder.path().join("told"), "").unwrap();
        assert_eq!(child.line().as_deref(), Some("read 3"));
        vacuum.join().unwrap();
    });
    // Without the right to read the lock as well: it reads all the same, and nothing waits for it.
    std::fs::remove_file(folder.path().join("told")).unwrap();
    allow(0o600, &folder.path().join("store/gate.lock"));
    let job = [folder.path().join("store"), folder.path().join("told")].map(|path| path.to_str().unwrap().to_owned());
    let mut child = Child::start_after(other, "store::reading::child", &[&job[0], &job[1]]);
    assert_eq!(child.line().as_deref(), Some("holds 2"));
    import(&finops, &bill(folder.path(), "a", "9", 1)).unwrap();
    drop(finops);
    let store = EmbeddedStore::open(&folder.path().join("store")).unwrap();
    assert_eq!(store.vacuum(at).unwrap().segments_removed, 1);
    std::fs::write(folder.path().join("told"), "").unwrap();
    let said = child.line().unwrap();
    assert!(said.starts_with("not_found") && said.contains("removed by a vacuum"), "never a wrong sum: {said}");
}
