//! Whose turn it is to look, when there are many monitors, and when a detector gives no answer.

use crate::world::{engine_with, import, spike, told};
use finops_core::edge::notify::EventSink;
use finops_core::insight::anomaly::{AnomalyDetector, Detection, RobustBaseline, Settings};
use finops_core::insight::forecast::Series;
use finops_core::model::event::RecordedEvent;
use finops_core::{Error, ErrorCode, Finops};
use finops_tests::support::answer;
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

const NOW: &str = "2024-03-25T09:00:00Z";

/// Ours, but for the errors that it is to give, in their order.
#[derive(Debug, Default)]
struct Failing {
    says: Mutex<VecDeque<Option<Error>>>,
}

impl AnomalyDetector for Failing {
    fn name(&self) -> &'static str {
        "failing"
    }

    fn detect(&self, series: &Series, settings: &Settings) -> Result<Detection, Error> {
        self.says.lock().unwrap().pop_front().flatten().map_or_else(|| RobustBaseline.detect(series, settings), Err)
    }
}

/// Counts what it is told of.
#[derive(Debug, Default)]
struct Sink(AtomicUsize);

impl EventSink for Sink {
    fn on_event(&self, _: &RecordedEvent) -> Result<(), Error> {
        self.0.fetch_add(1, Ordering::SeqCst);
        Ok(())
    }
}

fn with_monitors(detector: Arc<dyn AnomalyDetector>, folder: &Path, count: usize) -> Finops {
    let finops = engine_with(detector, NOW);
    import(&finops, folder, "acct-1", ("2024-01-01", "2024-03-25"), &spike);
    for place in 0..count {
        answer(&finops, "anomaly_monitors.create", json!({"name": format!("m{place}")}));
    }
    finops
}

/// When each monitor looked last, and what came of it.
fn looks(finops: &Finops) -> Vec<(Option<String>, Option<String>)> {
    let page = answer(finops, "anomaly_monitors.list", json!({"limit": 1000}));
    let text = |value: &Value| value.as_str().map(str::to_owned);
    page["items"].as_array().unwrap().iter().map(|item| (text(&item["looked_at"]), text(&item["error"]))).collect()
}

fn tick(finops: &Finops, time: &str) {
    finops.tick(Some(format!("2024-03-25T{time}Z").parse().unwrap())).unwrap();
}

#[test]
fn a_detector_that_gives_no_answer_leaves_the_rest_of_the_tick_alone() {
    let folder = tempfile::tempdir().unwrap();
    let late = || Error::new(ErrorCode::Cancelled, "'failing' gave no answer").with_field("anomaly_detector");
    let detector = Arc::new(Failing::default());
    let brought = Arc::clone(&detector);
    let finops = with_monitors(brought, folder.path(), 4);
    let sink = Arc::new(Sink::default());
    let counting = Arc::clone(&sink);
    finops.events_subscribe(counting).unwrap();
    detector.says.lock().unwrap().extend([None, Some(late())]);
    tick(&finops, "09:00:00");
    let seen: Vec<_> = looks(&finops).into_iter().map(|(at, error)| (at.is_some(), error.is_some())).collect();
    assert_eq!(seen, [(true, false), (true, true), (false, false), (false, false)], "it holds up one monitor");
    assert_eq!((told(&finops).len(), sink.0.load(Ordering::SeqCst)), (1, 1), "what the first found is told");
    detector.says.lock().unwrap().push_back(Some(late()));
    tick(&finops, "09:00:05");
    let [_, (first, _), (next, error), (none, _)] = looks(&finops).try_into().unwrap();
    assert_eq!((first.as_deref(), next.as_deref()), (Some("2024-03-25T09:00:00Z"), Some("2024-03-25T09:00:05Z")));
    assert!(none.is_none() && error.unwrap().contains("gave no answer"), "the next one, not the same again");
    tick(&finops, "09:00:10");
    assert!(looks(&finops).iter().all(|(at, _)| at.is_some()));
    tick(&finops, "10:00:10");
    assert!(looks(&finops).iter().all(|(_, error)| error.is_none()), "an hour later it is asked again");
}

#[test]
fn a_tick_that_is_stopped_keeps_no_look() {
    let folder = tempfile::tempdir().unwrap();
    let detector = Arc::new(Failing::default());
    let brought = Arc::clone(&detector);
    let finops = with_monitors(brought, folder.path(), 2);
    let interrupted = Error::new(ErrorCode::Cancelled, "'failing' was interrupted");
    detector.says.lock().unwrap().push_back(Some(interrupted));
    assert_eq!(finops.tick(None).unwrap_err().code(), ErrorCode::Cancelled);
    assert_eq!(looks(&finops), [(None, None), (None, None)]);
    finops.tick(None).unwrap();
    assert_eq!(told(&finops).len(), 1, "nothing waits for an hour");
}

#[test]
fn many_monitors_take_turns() {
    let folder = tempfile::tempdir().unwrap();
    let finops = with_monitors(Arc::new(RobustBaseline), folder.path(), 100);
    let at =
        |time: &str| looks(&finops).iter().filter(|(at, _)| at.as_ref().is_some_and(|at| at.contains(time))).count();
    tick(&finops, "09:00:00");
    assert_eq!(at("T09:00:00"), 64);
    tick(&finops, "09:00:05");
    assert_eq!((at("T09:00:00"), at("T09:00:05")), (64, 36));
    // A day later all of them look again, those first that looked first.
    finops.tick(Some("2024-03-26T09:00:00Z".parse().unwrap())).unwrap();
    assert_eq!((at("25T09:00:00"), at("25T09:00:05"), at("26T")), (0, 36, 64));
    finops.tick(Some("2024-03-26T09:00:00Z".parse().unwrap())).unwrap();
    assert_eq!(at("26T"), 100);
}
