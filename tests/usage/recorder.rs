//! The recorder: nothing that it took is lost or counted twice, and there is never more in memory than was allowed.

use super::*;
use finops_core::engine::{FullPolicy, RecorderOptions};
use finops_core::{ErrorCode, Finops};
use std::time::Duration;

fn engine(location: &str) -> Finops {
    Finops::builder().now(now()).open(location).unwrap()
}

fn options(batch: usize, max_in_flight: usize, policy: FullPolicy) -> RecorderOptions {
    let mut options = RecorderOptions::default();
    (options.batch, options.max_in_flight, options.policy) = (batch, max_in_flight, policy);
    options
}

#[test]
fn what_was_taken_is_counted_with_a_thread_and_without() {
    for timed in [false, true] {
        let finops = engine(":memory:");
        let recorder = finops.recorder(options(50, 200, FullPolicy::Wait)).unwrap();
        let guard = timed.then(|| recorder.start(Duration::from_millis(2)).unwrap());
        assert!(!timed || recorder.start(Duration::from_secs(1)).is_err(), "one thread is enough");
        std::thread::scope(|scope| {
            for thread in 0..4_u64 {
                let recorder = recorder.clone();
                scope.spawn(move || {
                    for number in 0..1_000 {
                        recorder.record(event(thread * 1_000 + number)).unwrap();
                        assert!(recorder.in_flight() <= 204);
                    }
                });
            }
        });
        if let Some(guard) = guard {
            drop(guard);
        } else {
            recorder.flush().unwrap();
        }
        assert_eq!((recorder.in_flight(), recorder.stats().accepted), (0, 4_000), "timed: {timed}");
        assert_eq!(finops.usage_status().unwrap().events, 4_000);
    }
}

#[test]
fn what_is_left_is_written_when_the_recorder_goes() {
    let finops = engine(":memory:");
    let recorder = finops.recorder(RecorderOptions::default()).unwrap();
    (0..10).for_each(|number| recorder.record(event(number)).unwrap());
    drop(recorder);
    assert_eq!(finops.usage_status().unwrap().events, 10);
}

#[test]
fn a_full_recorder_does_what_its_policy_says() {
    let folder = tempfile::tempdir().unwrap();
    let finops = engine(folder.path().to_str().unwrap());
    finops.record_events(vec![event(0)]).unwrap();
    let other = rusqlite::Connection::open(folder.path().join("state.sqlite")).unwrap();
    let refuse = "CREATE TRIGGER refuse BEFORE INSERT ON usage_batches BEGIN SELECT raise(ABORT, 'no'); END";
    other.execute_batch(refuse).unwrap();
    let dropping = finops.recorder(options(10, 20, FullPolicy::Drop)).unwrap();
    (1..=30).for_each(|number| dropping.record(event(number)).unwrap());
    assert_eq!((dropping.in_flight(), dropping.stats().dropped), (20, 10));
    assert!(dropping.stats().failures > 0);
    let failing = finops.recorder(options(10, 20, FullPolicy::Fail)).unwrap();
    (101..=120).for_each(|number| failing.record(event(number)).unwrap());
    assert_eq!(failing.record(event(121)).unwrap_err().code(), ErrorCode::Conflict);
    let waiting = finops.recorder(options(10, 20, FullPolicy::Wait)).unwrap();
    let failed = (201..=240).filter(|number| waiting.record(event(*number)).is_err()).count();
    assert!(failed > 0 && waiting.in_flight() <= 20);
    assert!(waiting.flush().is_err());
    other.execute_batch("DROP TRIGGER refuse").unwrap();
    for recorder in [&dropping, &failing, &waiting] {
        let held = recorder.in_flight() as u64;
        recorder.flush().unwrap();
        assert_eq!((recorder.in_flight(), recorder.stats().accepted), (0, held));
    }
}

#[test]
fn what_does_not_count_is_kept_to_be_looked_at() {
    let finops = engine(":memory:");
    let mut few = RecorderOptions::default();
    few.max_rejected = 2;
    let recorder = finops.recorder(few).unwrap();
    let mut unknown = event(1);
    unknown.resource = "nothing".to_owned();
    for number in 0..3 {
        unknown.id = format!("wrong-{number}");
        recorder.record(unknown.clone()).unwrap();
    }
    recorder.record(event(2)).unwrap();
    recorder.record(event(2)).unwrap();
    recorder.flush().unwrap();
    let stats = recorder.stats();
    assert_eq!((stats.accepted, stats.duplicates, stats.rejected), (1, 1, 3));
    let rejected = recorder.take_rejected();
    assert_eq!(rejected.iter().map(|one| one.id.as_deref().unwrap()).collect::<Vec<_>>(), ["wrong-0", "wrong-1"]);
    assert!(recorder.take_rejected().is_empty());
    assert_eq!(finops.recorder(options(0, 1, FullPolicy::Wait)).unwrap_err().field(), Some("batch"));
    assert_eq!(finops.recorder(options(9, 1, FullPolicy::Wait)).unwrap_err().field(), Some("max_in_flight"));
}
