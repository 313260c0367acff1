//! Those within the process who are told of events, and reading events.

use super::{START, World, stamp};
use finops_core::engine::{Subscription, WebhooksDeliver};
use finops_core::model::event::{EventKind, RecordedEvent};
use finops_core::model::webhook::Sent;
use finops_core::{Error, ErrorCode, Finops};
use finops_tests::support::{answer, call};
use serde_json::{Value, json};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

type Heard = Arc<Mutex<Vec<u64>>>;

fn number(event: &RecordedEvent) -> u64 {
    event.data["number"].as_u64().unwrap()
}

/// Has what it hears written down.
fn listen(finops: &Finops, heard: &Heard) -> Subscription {
    let heard = Arc::clone(heard);
    let sink = move |event: &RecordedEvent| {
        heard.lock().unwrap().push(number(event));
        Ok(())
    };
    finops.events_subscribe(Arc::new(sink)).unwrap()
}

fn heard(heard: &Heard) -> Vec<u64> {
    heard.lock().unwrap().clone()
}

#[test]
fn a_sink_hears_what_comes_after_it_once_and_in_order() {
    let world = World::new(|_, _| Sent::answered(200));
    world.happens(1, EventKind::BudgetWarning);
    let (first, second) = (Heard::default(), Heard::default());
    listen(&world.finops, &first);
    for number in 2..=250 {
        world.happens(number, EventKind::BudgetExceeded);
    }
    assert!(heard(&first).is_empty(), "nothing calls behind the back of whoever caused it");
    assert_eq!(world.run()["told"], 249);
    let subscription = listen(&world.finops, &second);
    world.happens(251, EventKind::BudgetRecovered);
    world.run();
    world.run();
    assert_eq!(heard(&first), (2..=251).collect::<Vec<_>>());
    assert_eq!(heard(&second), [251]);
    assert!(world.finops.events_unsubscribe(subscription).unwrap());
    assert!(!world.finops.events_unsubscribe(subscription).unwrap());
    world.happens(252, EventKind::BudgetRecovered);
    world.run();
    assert_eq!((heard(&first).len(), heard(&second).len()), (251, 1));
}

#[test]
fn a_sink_that_fails_keeps_its_place_and_nobody_else_loses_anything() {
    let world = World::new(|_, _| Sent::answered(200));
    let (good, other, broken) = (Heard::default(), Heard::default(), Arc::new(AtomicBool::new(true)));
    listen(&world.finops, &good);
    let (heard_by_other, is_broken) = (Arc::clone(&other), Arc::clone(&broken));
    let sink = move |event: &RecordedEvent| {
        if number(event) == 2 && is_broken.load(Ordering::Relaxed) {
            return Err(Error::new(ErrorCode::Storage, "the disk is full"));
        }
        heard_by_other.lock().unwrap().push(number(event));
        Ok(())
    };
    world.finops.events_subscribe(Arc::new(sink)).unwrap();
    let last = Heard::default();
    listen(&world.finops, &last);
    for number in 1..=3 {
        world.happens(number, EventKind::BudgetWarning);
    }
    let run = world.run();
    assert_eq!(run["told"], 7);
    let errors = run["sink_errors"].as_array().unwrap();
    assert!(errors.len() == 1 && errors[0].as_str().unwrap().contains("the disk is full"), "{run}");
    assert_eq!((heard(&good), heard(&last), heard(&other)), (vec![1, 2, 3], vec![1, 2, 3], vec![1]));
    broken.store(false, Ordering::Relaxed);
    assert_eq!(world.run()["told"], 2);
    assert_eq!((heard(&other), heard(&good)), (vec![1, 2, 3], vec![1, 2, 3]));
}

#[test]
fn a_sink_may_call_the_engine() {
    let world = World::new(|_, _| Sent::answered(200));
    let (busy, finops) = (Arc::new(AtomicBool::new(false)), world.finops.clone());
    let seen = Arc::clone(&busy);
    let subscription: Arc<Mutex<Option<Subscription>>> = Arc::default();
    let own = Arc::clone(&subscription);
    let sink = move |_: &RecordedEvent| {
        let run = finops.webhooks_deliver(&WebhooksDeliver::default(), &())?;
        seen.store(run.busy, Ordering::Relaxed);
        answer(&finops, "webhooks.create", json!({"url": "https://a.example"}));
        finops.events_unsubscribe(own.lock().unwrap().unwrap()).map(drop)
    };
    *subscription.lock().unwrap() = Some(world.finops.events_subscribe(Arc::new(sink)).unwrap());
    world.happens(1, EventKind::BudgetWarning);
    world.happens(2, EventKind::BudgetWarning);
    assert_eq!(world.run()["told"], 1, "it went after the first");
    assert!(busy.load(Ordering::Relaxed), "a run within a run does nothing and says so");
}

#[test]
fn narrowed_handles_are_told_of_nothing() {
    let world = World::new(|_, _| Sent::answered(200));
    let tenant = world.finops.as_tenant("ten_1").unwrap();
    let error = tenant.events_subscribe(Arc::new(|_: &RecordedEvent| Ok(()))).unwrap_err();
    assert_eq!(error.code(), ErrorCode::Forbidden);
}

#[test]
fn events_are_read_on_from_where_one_was() {
    let world = World::new(|_, _| Sent::answered(200));
    assert_eq!(answer(&world.finops, "events.list", json!({})), json!({"items": [], "after": null}));
    let ids: Vec<String> = (1..=5).map(|number| world.happens(number, EventKind::BudgetWarning)).collect();
    let (mut after, mut read) = (Value::Null, Vec::new());
    loop {
        let page = answer(&world.finops, "events.list", json!({"after": after, "limit": 2}));
        let items = page["items"].as_array().unwrap();
        if items.is_empty() {
            assert_eq!(page["after"], after, "it leads on from where it was");
            break;
        }
        read.extend(items.iter().map(|event| event["id"].as_str().unwrap().to_owned()));
        after = page["after"].clone();
    }
    assert_eq!(read, ids);
    let first = &answer(&world.finops, "events.list", json!({"limit": 1}))["items"][0];
    let wanted = json!({"id": ids[0], "type": "finops.budget.warning", "timestamp": START, "data": {"number": 1}});
    assert_eq!(first, &wanted);
    assert_eq!(stamp(first["timestamp"].as_str().unwrap()), stamp(START));
    let other = answer(&world.finops, "events.list", json!({"type": "finops.budget.recovered"}));
    assert_eq!(other["items"], json!([]));
    for (params, code, field) in [
        (json!({"after": "evt_00000000000000000000000000"}), ErrorCode::NotFound, "after"),
        (json!({"after": "x"}), ErrorCode::InvalidArgument, "after"),
        (json!({"type": "finops.budget"}), ErrorCode::InvalidArgument, "type"),
        (json!({"limit": 1001}), ErrorCode::InvalidArgument, "limit"),
    ] {
        let error = call(&world.finops, "events.list", params).unwrap_err();
        assert_eq!((error.code(), error.field()), (code, Some(field)));
    }
}
