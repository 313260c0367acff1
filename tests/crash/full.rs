//! A full disk, which a limit on the size of files stands for: writing fails, and nothing has changed.

use super::{costs, no_orphans};
use finops_core::{Error, Finops, ImportCharges};
use finops_tests::support::{Bill, Child, job, row};
use std::path::Path;

/// Not a test by itself: imports under the limit that the shell has set.
#[test]
fn child() {
    let Some(job) = job() else { return };
    match import(&job[0], Path::new(&job[1])) {
        Ok(()) => eprintln!("done"),
        Err(error) => eprintln!("{} {error}", error.code()),
    }
}

fn import(store: &str, bill: &Path) -> Result<(), Error> {
    let finops = Finops::open(store)?;
    let before = costs(&finops);
    let outcome = finops.import_charges(&ImportCharges::new(bill.to_str().unwrap()));
    if outcome.is_err() {
        assert_eq!(costs(&finops), before, "the handle that met the full disk still answers as before");
    }
    outcome.map(drop)
}

/// Not a test by itself: compacts under the limit that the shell has set.
#[test]
fn compacting_child() {
    let Some(job) = job() else { return };
    match compact(&job[0]) {
        Ok(()) => eprintln!("done"),
        Err(error) => eprintln!("{} {error}", error.code()),
    }
}

fn compact(store: &str) -> Result<(), Error> {
    let finops = Finops::open(store)?;
    let before = costs(&finops);
    let outcome = finops.compact();
    if outcome.is_err() {
        assert_eq!(costs(&finops), before, "the handle that met the full disk still answers as before");
    }
    outcome.map(drop)
}

#[test]
fn a_full_disk_stops_a_compaction_which_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("store");
    let location = store.to_str().unwrap();
    {
        let finops = Finops::open(location).unwrap();
        for (number, bill) in [(1, large(folder.path())), (2, small(folder.path()))] {
            let mut request = ImportCharges::new(bill.to_str().unwrap());
            request.replace = finops_core::edge::store::Replace::Nothing;
            assert_eq!(finops.import_charges(&request).unwrap().snapshot, number);
        }
    }
    let before = costs(&Finops::open(location).unwrap());
    for blocks in [0, 1, 8, 32, 128, 256] {
        let setup = format!("trap '' XFSZ; ulimit -f {blocks}");
        let mut child = Child::start_after(&setup, "crash::full::compacting_child", &[location]);
        let said = child.rest().join("\n");
        assert!(said.starts_with("storage "), "{blocks} blocks: {said}");
        assert_eq!(costs(&Finops::open(location).unwrap()), before, "{blocks} blocks");
        no_orphans(&store);
    }
    compact(location).unwrap();
    let (state, after) = costs(&Finops::open(location).unwrap());
    assert_eq!((state, after), (before.0 + 1, before.1));
    no_orphans(&store);
}

fn small(folder: &Path) -> std::path::PathBuf {
    Bill::new([row(&[("EffectiveCost", "7")])]).write(folder, "small.csv")
}

/// A bill that does not compress well.
fn large(folder: &Path) -> std::path::PathBuf {
    let id = |place: u64| {
        let words = [1, 2].map(|salt| (place * 2 + salt).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(17));
        format!("{:016x}{:016x}", words[0].wrapping_mul(words[0] | 1), words[1].wrapping_mul(words[1] | 1))
    };
    let charge = |place: u64| row(&[("ResourceId", &id(place)), ("EffectiveCost", "2")]);
    Bill::new((0..12_000).map(charge)).write(folder, "large.csv")
}

#[test]
fn a_full_disk_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("store");
    let location = store.to_str().unwrap();
    let small = small(folder.path());
    let large = large(folder.path());
    import(location, &small).unwrap();
    let before = costs(&Finops::open(location).unwrap());
    let mut refused = Vec::new();
    // In blocks of 512 bytes: from no room for the state file's journal to too little for the charges.
    for blocks in [0, 1, 8, 16, 32, 64, 128, 256] {
        let setup = format!("trap '' XFSZ; ulimit -f {blocks}");
        let mut child = Child::start_after(&setup, "crash::full::child", &[location, large.to_str().unwrap()]);
        let said = child.rest().join("\n");
        assert!(said.starts_with("storage "), "{blocks} blocks: {said}");
        refused.push(said);
        assert_eq!(costs(&Finops::open(location).unwrap()), before, "{blocks} blocks");
        no_orphans(&store);
    }
    assert!(
        refused.last().unwrap().contains("disk full") || refused.last().unwrap().contains("too large"),
        "{refused:?}"
    );
    import(location, &large).unwrap();
    let (state, after) = costs(&Finops::open(location).unwrap());
    assert_eq!((state, after), (before.0 + 1, vec![("acct-1".to_owned(), "24000".to_owned())]));
    no_orphans(&store);
}
