//! What is voided and corrected: everything that counted it follows, at once and after opening again.

use super::*;
use finops_core::ErrorCode;
use finops_core::model::usage::Meter;

fn with_max(store: &EmbeddedStore) {
    let mut largest = Meter::new("largest", Aggregation::Max, "request");
    largest.event = Some("api_calls".to_owned());
    let mut last = Meter::new("last", Aggregation::Latest, "request");
    last.event = Some("api_calls".to_owned());
    let create = &mut |meters: &mut finops_core::model::usage::MeterSet| {
        meters.create(largest.clone())?;
        meters.create(last.clone()).map(drop)
    };
    store.usage().unwrap().change_meters(&by(), create).unwrap();
}

#[test]
fn what_was_voided_is_counted_nowhere() {
    for checkpoints in 0..4 {
        let folder = tempfile::tempdir().unwrap();
        let store = open(folder.path());
        with_max(&store);
        record(&store, (0..30).map(event));
        let usage = store.usage().unwrap();
        if checkpoints & 1 != 0 {
            usage.checkpoint_usage(now()).unwrap();
        }
        // The events of the largest quantity.
        for number in [6, 13, 20, 27] {
            assert!(usage.void_usage(event(number).key(), &by()).unwrap());
            assert!(!usage.void_usage(event(number).key(), &by()).unwrap(), "it is out already");
        }
        if checkpoints & 2 != 0 {
            usage.checkpoint_usage(now()).unwrap();
        }
        assert_eq!(check_whole(&store), 26);
        assert_eq!(counted_by(&store, "largest"), (Quantity::from_units(6), 26));
        assert_eq!(record(&store, [event(6)]), [Outcome::Duplicate], "it stays known");
        assert_eq!(usage.usage_event(event(6).key()).unwrap_err().code(), ErrorCode::NotFound);
        assert_eq!(usage.correct_usage(event(6), &by()).unwrap_err().code(), ErrorCode::Conflict);
        assert_eq!(usage.void_usage(event(99).key(), &by()).unwrap_err().code(), ErrorCode::NotFound);
        // As a crash leaves it: the copy has no checkpoint of a close.
        let copy = tempfile::tempdir().unwrap();
        for name in ["state.sqlite", "state.sqlite-wal"] {
            std::fs::copy(folder.path().join(name), copy.path().join(name)).unwrap();
        }
        drop(store);
        for folder in [folder.path(), copy.path()] {
            let store = open(folder);
            assert_eq!(check_whole(&store), 26);
            assert_eq!(counted_by(&store, "largest"), (Quantity::from_units(6), 26), "{checkpoints}");
        }
    }
}

#[test]
fn a_correction_takes_the_place_of_the_event() {
    for checkpoint in [false, true] {
        let folder = tempfile::tempdir().unwrap();
        let store = open(folder.path());
        with_max(&store);
        record(&store, (0..30).map(event));
        let usage = store.usage().unwrap();
        if checkpoint {
            usage.checkpoint_usage(now()).unwrap();
        }
        let mut corrected = event(5);
        corrected.quantity = Some(Quantity::from_units(1000));
        corrected.time = "2026-09-02T00:00:00Z".parse().unwrap();
        assert!(usage.correct_usage(corrected.clone(), &by()).unwrap());
        assert!(!usage.correct_usage(corrected.clone(), &by()).unwrap(), "it says the same");
        assert_eq!(usage.usage_event(event(5).key()).unwrap(), corrected);
        assert_eq!(raw(&store)[5], corrected);
        assert_eq!(check_whole(&store), 30);
        assert_eq!(counted_by(&store, "largest").0, Quantity::from_units(1000));
        let day = Interval::new(corrected.time, now()).unwrap();
        let mut seen = 0;
        usage
            .scan_usage(day, &mut |_, event| {
                seen += u64::from(event.id == "id-5");
                Ok(())
            })
            .unwrap();
        assert_eq!(seen, 1, "who reads by time finds it where it is now");
        assert!(usage.correct_usage(event(5), &by()).unwrap());
        assert_eq!(counted_by(&store, "largest").0, Quantity::from_units(7));
        let mut wrong = event(5);
        wrong.quantity = None;
        assert_eq!(usage.correct_usage(wrong, &by()).unwrap_err().field(), Some("quantity"));
        drop(store);
        assert_eq!(check_whole(&open(folder.path())), 30);
    }
}
