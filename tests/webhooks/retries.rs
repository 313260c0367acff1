//! When what is sent, by a transport that answers as it is told and a clock that stands until it is moved.

use super::{START, World, header, stamp};
use finops_core::engine::WebhooksDeliver;
use finops_core::model::event::EventKind;
use finops_core::model::time::Stamp;
use finops_core::model::webhook::{ATTEMPTS, Sent};
use finops_core::{ErrorCode, Finops, Progress, verify_webhook};
use finops_tests::support::{answer, call};
use serde_json::json;
use std::ops::ControlFlow;
use std::sync::{Arc, OnceLock};

fn seconds(from: &str, to: &str) -> i64 {
    (stamp(to).micros() - stamp(from).micros()) / 1_000_000
}

#[test]
fn who_wants_an_event_gets_it_once_and_signed() {
    let world = World::new(|_, _| Sent::answered(204));
    let (all, some) = (world.webhook(&[]), world.webhook(&["finops.budget.exceeded"]));
    let first = world.happens(1, EventKind::BudgetWarning);
    let second = world.happens(2, EventKind::BudgetExceeded);
    let run = world.run();
    assert_eq!((&run["attempted"], &run["delivered"], &run["due"]), (&json!(3), &json!(3), &json!(0)));
    let mut ids: Vec<String> = world.sent.taken().iter().map(|post| header(post, "webhook-id").to_owned()).collect();
    ids.sort_unstable();
    assert_eq!(ids, [first, second.clone(), second]);
    assert_eq!(world.run()["attempted"], 0, "nothing is sent twice");
    let states: Vec<_> = world.deliveries().iter().map(|delivery| delivery["state"].clone()).collect();
    assert_eq!(states, ["delivered"; 3]);
    assert_ne!(all, some);
}

#[test]
fn the_schedule_is_kept_to_the_last_attempt() {
    let world = World::new(|_, _| Sent::failed("nobody is there"));
    world.webhook(&[]);
    let event = world.happens(1, EventKind::BudgetWarning);
    let (mut times, mut bodies) = (vec![START.to_owned()], Vec::new());
    for attempt in 1..=ATTEMPTS {
        let run = world.run();
        assert_eq!(run["attempted"], 1, "attempt {attempt}");
        assert_eq!(world.run()["attempted"], 0, "not before its time");
        let post = world.sent.taken().pop().unwrap();
        let now = stamp(times.last().unwrap());
        assert_eq!(header(&post, "webhook-timestamp"), now.micros().div_euclid(1_000_000).to_string());
        assert_eq!(header(&post, "webhook-id"), event);
        bodies.push(post.body);
        let delivery = &world.deliveries()[0];
        assert_eq!(delivery["log"].as_array().unwrap().len(), usize::try_from(attempt).unwrap());
        if let Some(next) = delivery["next_attempt_at"].as_str() {
            // A moment before nothing is due.
            let before = Stamp::from_micros(stamp(next).micros() - 1).unwrap().to_string();
            world.tick(&before);
            assert_eq!(world.run()["attempted"], 0);
            world.tick(next);
            times.push(next.to_owned());
        } else {
            assert_eq!((attempt, &delivery["state"]), (ATTEMPTS, &json!("failed")));
        }
    }
    let waited: Vec<i64> = times.windows(2).map(|two| seconds(&two[0], &two[1])).collect();
    let scheduled = [5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400];
    for (waited, scheduled) in waited.iter().zip(scheduled) {
        assert!((scheduled..=scheduled * 11 / 10).contains(waited), "{waited} s where {scheduled} s are meant");
    }
    assert_eq!(waited.len(), scheduled.len());
    assert!(waited.iter().zip(scheduled).any(|(waited, scheduled)| *waited != scheduled), "there is no jitter");
    bodies.dedup();
    assert_eq!(bodies.len(), 1, "the same bytes with each attempt");
}

#[test]
fn a_receiver_says_when_it_wants_it_again() {
    let world = World::new(|_, _| {
        let mut sent = Sent::answered(429);
        sent.retry_after_seconds = Some(3_600);
        sent
    });
    world.webhook(&[]);
    world.happens(1, EventKind::BudgetWarning);
    world.run();
    let next = world.deliveries()[0]["next_attempt_at"].as_str().unwrap().to_owned();
    assert!((3_600..=3_960).contains(&seconds(START, &next)), "{next}");
}

#[test]
fn time_that_moves_sends_what_is_due() {
    let world = World::new(|before, _| Sent::answered(if before == 0 { 500 } else { 200 }));
    world.webhook(&[]);
    world.happens(1, EventKind::BudgetWarning);
    let state = || world.deliveries()[0]["state"].clone();
    answer(&world.finops, "tick", json!({}));
    assert_eq!((state(), world.sent.taken().len()), (json!("waiting"), 1));
    answer(&world.finops, "tick", json!({}));
    assert_eq!(world.sent.taken().len(), 0, "not before its time");
    world.sent.posts.lock().unwrap().clear();
    world.tick("2024-01-15T00:00:06Z");
    answer(&world.finops, "tick", json!({}));
    assert_eq!(world.sent.taken().len(), 1);
}

#[test]
fn gone_switches_a_webhook_off() {
    let world = World::new(|_, _| Sent::answered(410));
    let id = world.webhook(&[]);
    for number in 1..=3 {
        world.happens(number, EventKind::BudgetWarning);
    }
    assert_eq!(world.run()["disabled"], 1);
    assert_eq!(answer(&world.finops, "webhooks.get", json!({"id": id}))["enabled"], false);
    let run = world.run();
    assert_eq!((&run["attempted"], &run["disabled"]), (&json!(0), &json!(2)), "the others are given up unsent");
    world.happens(4, EventKind::BudgetWarning);
    assert_eq!(world.deliveries().len(), 3, "and later ones are not for it");
    let error = call(&world.finops, "webhooks.test", json!({"id": id})).unwrap_err();
    assert_eq!(error.code(), ErrorCode::Conflict);
    let last = answer(&world.finops, "audit.list", json!({"kind": "webhook", "limit": 1}));
    assert_eq!(last["items"][0]["action"], "update");
}

#[test]
fn what_is_over_is_written_before_the_next_is_sent() {
    let engine: Arc<OnceLock<Finops>> = Arc::default();
    let asked = Arc::clone(&engine);
    let world = World::new(move |before, _| {
        let kept = answer(asked.get().unwrap(), "webhooks.deliveries", json!({"state": "delivered"}));
        assert_eq!(kept["count"], before, "who is killed now has this one sent again, and none before it");
        Sent::answered(200)
    });
    world.webhook(&[]);
    engine.set(world.finops.clone()).unwrap();
    for number in 1..=20 {
        world.happens(number, EventKind::BudgetWarning);
    }
    assert_eq!(world.run()["delivered"], 20);
}

#[test]
fn gone_concerns_the_url_that_said_so() {
    let engine: Arc<OnceLock<(Finops, String)>> = Arc::default();
    let moving = Arc::clone(&engine);
    let world = World::new(move |_, post| {
        if post.url.as_str() == "https://b.example/" {
            return Sent::answered(200);
        }
        // The webhook gets another URL while the old one is answering.
        let (finops, id) = moving.get().unwrap();
        answer(finops, "webhooks.update", json!({"id": id, "url": "https://b.example/"}));
        Sent::answered(410)
    });
    let id = world.webhook(&[]);
    engine.set((world.finops.clone(), id.clone())).unwrap();
    for number in 1..=2 {
        world.happens(number, EventKind::BudgetWarning);
    }
    assert_eq!(world.run()["disabled"], 1, "the delivery is over");
    assert_eq!(answer(&world.finops, "webhooks.get", json!({"id": id}))["enabled"], true);
    assert_eq!(world.run()["delivered"], 1);
}

#[test]
fn what_was_given_up_is_sent_again_when_asked_for() {
    let world = World::new(|before, _| Sent::answered(if before < 1 { 410 } else { 200 }));
    let id = world.webhook(&[]);
    let events: Vec<String> = (1..=3).map(|number| world.happens(number, EventKind::BudgetWarning)).collect();
    world.run();
    world.run();
    let since = json!({"id": id, "since": START});
    assert_eq!(call(&world.finops, "webhooks.redeliver", since.clone()).unwrap_err().code(), ErrorCode::Conflict);
    answer(&world.finops, "webhooks.update", json!({"id": id, "enabled": true}));
    assert_eq!(answer(&world.finops, "webhooks.redeliver", since.clone())["deliveries"], 3);
    let one = json!({"id": id, "event_id": events[0]});
    assert_eq!(call(&world.finops, "webhooks.redeliver", one.clone()).unwrap_err().code(), ErrorCode::Conflict);
    assert_eq!(world.run()["delivered"], 3);
    assert_eq!(answer(&world.finops, "webhooks.redeliver", since)["deliveries"], 0, "what was taken stays so");
    assert_eq!(answer(&world.finops, "webhooks.redeliver", one)["deliveries"], 1, "but for one that is named");
    assert_eq!(world.run()["delivered"], 1);
    let ids: Vec<String> = world.sent.taken().iter().map(|post| header(post, "webhook-id").to_owned()).collect();
    assert_eq!(ids.iter().filter(|id| **id == events[0]).count(), 3, "under the same id each time");
    for wrong in [json!({"id": id}), json!({"id": id, "event_id": events[0], "since": START})] {
        assert_eq!(call(&world.finops, "webhooks.redeliver", wrong).unwrap_err().field(), Some("event_id"));
    }
}

#[test]
fn two_secrets_sign_while_one_takes_the_place_of_the_other() {
    let world = World::new(|_, _| Sent::answered(200));
    let made = answer(&world.finops, "webhooks.create", json!({"url": "https://a.example"}));
    let (id, old) = (&made["id"], made["secret"].as_str().unwrap().to_owned());
    let rotated = answer(&world.finops, "webhooks.rotate", json!({"id": id, "overlap_seconds": 3_600}));
    let new = rotated["secret"].as_str().unwrap().to_owned();
    let passes = |secret: &str, now: &str| {
        answer(&world.finops, "webhooks.test", json!({"id": id}));
        world.run();
        let post = world.sent.taken().pop().unwrap();
        let headers = post.headers.iter().map(|(name, value)| (*name, value.as_str()));
        verify_webhook(&[secret], headers, post.body.as_bytes(), stamp(now)).is_ok()
    };
    assert!(passes(&old, START) && passes(&new, START));
    world.tick("2024-01-15T00:59:59Z");
    assert!(passes(&old, "2024-01-15T00:59:59Z") && passes(&new, "2024-01-15T00:59:59Z"));
    world.tick("2024-01-15T01:00:00Z");
    assert!(!passes(&old, "2024-01-15T01:00:00Z"), "its time is over");
    assert!(passes(&new, "2024-01-15T01:00:00Z"));
}

#[test]
fn a_receiver_that_is_down_costs_one_attempt_and_holds_up_nobody() {
    let world = World::new(|_, post| match post.url.as_str() {
        "https://down.example" => Sent::failed("down"),
        _ => Sent::answered(200),
    });
    answer(&world.finops, "webhooks.create", json!({"url": "https://down.example"}));
    world.webhook(&[]);
    for number in 1..=50 {
        world.happens(number, EventKind::BudgetWarning);
    }
    let run = world.run();
    assert_eq!((&run["delivered"], &run["waiting"], &run["due"]), (&json!(50), &json!(1), &json!(49)));
    let to_the_other: Vec<String> = world
        .sent
        .taken()
        .iter()
        .filter(|post| post.url.as_str() != "https://down.example")
        .map(|post| post.body.clone())
        .collect();
    let numbers: Vec<u64> = to_the_other
        .iter()
        .map(|body| serde_json::from_str::<serde_json::Value>(body).unwrap()["data"]["number"].as_u64().unwrap())
        .collect();
    assert_eq!(numbers, (1..=50).collect::<Vec<_>>(), "in the order in which it happened");
    assert_eq!(world.run()["attempted"], 1);
}

#[test]
fn a_run_sends_as_much_as_is_asked_for() {
    let world = World::new(|_, _| Sent::answered(200));
    for _ in 0..3 {
        world.webhook(&[]);
    }
    for number in 1..=20 {
        world.happens(number, EventKind::BudgetWarning);
    }
    let run = |limit| answer(&world.finops, "webhooks.deliver", json!({"limit": limit}));
    assert_eq!((&run(10)["attempted"], world.sent.taken().len()), (&json!(10), 10));
    assert_eq!(run(1)["attempted"], 1);
    let rest = run(10_000);
    assert_eq!((&rest["attempted"], &rest["due"]), (&json!(49), &json!(0)));
    for limit in [0, -1, 10_001] {
        let error = call(&world.finops, "webhooks.deliver", json!({"limit": limit})).unwrap_err();
        assert_eq!(error.field(), Some("limit"));
    }
}

#[test]
fn who_looks_on_may_stop_it_and_nothing_is_lost() {
    let world = World::new(|_, _| Sent::answered(200));
    world.webhook(&[]);
    for number in 1..=20 {
        world.happens(number, EventKind::BudgetWarning);
    }
    let stop =
        |progress: &Progress| if progress.rows >= 3 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) };
    let run = world.finops.webhooks_deliver(&WebhooksDeliver::default(), &stop).unwrap();
    assert!(run.attempted >= 3 && run.attempted == run.delivered && run.due == 20 - run.attempted, "{run:?}");
    let rest = world.run();
    assert_eq!(rest["due"], 0);
    let mut ids: Vec<String> = world.sent.taken().iter().map(|post| header(post, "webhook-id").to_owned()).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 20);
}

#[test]
fn what_cannot_be_written_is_not_sent() {
    let folder = tempfile::tempdir().unwrap();
    let location = folder.path().to_str().unwrap();
    let writer = finops_core::Finops::open(location).unwrap();
    let made = answer(&writer, "webhooks.create", json!({"url": "https://a.example"}));
    answer(&writer, "webhooks.test", json!({"id": made["id"]}));
    let sent = super::Kept::answering(|_, _| Sent::answered(200));
    let reader = finops_core::Finops::builder().read_only().transport(std::sync::Arc::new(sent.clone()));
    let reader = reader.open(location).unwrap();
    assert_eq!(call(&reader, "webhooks.deliver", json!({})).unwrap_err().code(), ErrorCode::Conflict);
    assert_eq!(sent.taken().len(), 0);
    assert_eq!(answer(&reader, "webhooks.deliveries", json!({}))["count"], 1, "it may look");
}

#[test]
fn old_events_are_forgotten_when_nobody_waits_for_them() {
    let world = World::new(|_, post| Sent::answered(if post.body.contains("recovered") { 500 } else { 200 }));
    world.webhook(&[]);
    world.happens(1, EventKind::BudgetWarning);
    world.happens(2, EventKind::BudgetRecovered);
    world.run();
    world.tick("2024-02-14T00:00:00Z");
    let listed = || answer(&world.finops, "events.list", json!({}))["items"].as_array().unwrap().len();
    world.run();
    assert_eq!(listed(), 2, "30 days are not over");
    world.tick("2024-02-14T01:00:00.000001Z");
    world.run();
    assert_eq!(listed(), 1, "what is still to be sent stays");
    assert_eq!(world.deliveries().len(), 1);
}
