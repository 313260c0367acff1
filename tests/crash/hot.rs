//! Killed while it builds a hot file again: nothing is left of it, and no answer changes.

use super::{costs, no_orphans};
use finops_core::{Finops, ImportCharges};
use finops_tests::support::{Bill, Child, job, row};
use std::path::{Path, PathBuf};
use std::time::Duration;

const KILLS: u32 = 8;
/// How often at most, where no kill came while a file was being built.
const MOST_KILLS: u32 = 100;
/// So many that building takes longer than it takes to see that it began.
const CHARGES: usize = 6_000;

/// The files of charges of that extension.
fn files(store: &Path, extension: &str) -> Vec<PathBuf> {
    let periods = std::fs::read_dir(store.join("charges")).unwrap();
    let files = periods.flat_map(|period| std::fs::read_dir(period.unwrap().path()).unwrap());
    let files = files.map(|file| file.unwrap().path());
    files.filter(|path| path.extension().is_some_and(|found| found == extension)).collect()
}

/// Not a test by itself: takes hot files away and asks, until it is killed.
#[test]
fn child() {
    let Some(job) = job() else { return };
    let store = Path::new(&job[0]);
    // Should the parent be gone, this ends by itself.
    for _ in 0..500 {
        for path in files(store, "hot") {
            std::fs::remove_file(path).unwrap();
        }
        eprintln!("asked {:?}", costs(&Finops::open(&job[0]).unwrap()));
    }
}

#[test]
fn what_was_being_built_again_is_gone() {
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("store");
    let location = store.to_str().unwrap();
    let charge = |place: usize| {
        let (account, id) = (format!("acct-{}", place % 2), format!("resource-{place}"));
        row(&[("BillingAccountId", &account), ("EffectiveCost", "0.01"), ("ResourceId", &id)])
    };
    let path = Bill::new((0..CHARGES).map(charge)).write(folder.path(), "bill.csv");
    let before = {
        let finops = Finops::open(location).unwrap();
        finops.import_charges(&ImportCharges::new(path.to_str().unwrap())).unwrap();
        costs(&finops)
    };
    let mut seen = 0;
    for round in 0..MOST_KILLS {
        if round >= KILLS && seen > 0 {
            break;
        }
        let mut child = Child::start("crash::hot::child", &[location]);
        if round % 4 == 3 {
            assert_eq!(child.line().as_deref(), Some(format!("asked {before:?}").as_str()));
        }
        for _ in 0..20_000 {
            if !files(&store, "part").is_empty() {
                break;
            }
            std::thread::sleep(Duration::from_micros(300));
        }
        std::thread::sleep(Duration::from_millis(u64::from(round % KILLS) * 3));
        child.kill();
        seen += files(&store, "part").len();
        let finops = Finops::open(location).unwrap();
        assert!(files(&store, "part").is_empty(), "the next opening removes it");
        assert_eq!(costs(&finops), before);
        drop(finops);
        no_orphans(&store);
    }
    assert!(seen > 0, "no kill came while a hot file was being built");
}
