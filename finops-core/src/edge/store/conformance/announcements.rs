//! Announced anomalies: kept together with the events that tell of them, each once.

use super::{Case, refused, same};
use crate::edge::store::outbox::EventFilter;
use crate::edge::store::{KeptAnnouncement, Store};
use crate::insight::anomaly::Direction;
use crate::model::event::{EventKind, OutboxEvent};
use crate::model::id::Id;
use crate::model::time::Stamp;
use crate::{ErrorCode, Result};
use serde_json::json;

pub(super) const CASES: &[Case] = &[
    Case { name: "an anomaly is announced once, with its event or not at all", check: once },
    Case { name: "each narrowing is told of an anomaly for itself", check: apart },
    Case { name: "what was announced is found by when it begins", check: since },
];

fn told(anomaly: (&str, u8), event: u8) -> Result<(KeptAnnouncement, OutboxEvent)> {
    let at = Stamp::parse("2026-01-20T00:00:00Z")?;
    let (day, which) = anomaly;
    let anomaly = Id::new(Stamp::parse(day)?, [which; 10]);
    let direction = if event.is_multiple_of(2) { Direction::Down } else { Direction::Up };
    let event = OutboxEvent::new(Id::new(at, [event; 10]), EventKind::AnomalyDetected, at, &json!({"score": "3"}))?;
    let monitor = Id::new(at, [9; 10]);
    Ok((KeptAnnouncement { anomaly, narrowing: String::new(), direction, monitor, at }, event))
}

fn once(store: &dyn Store) -> Result<()> {
    let (first, second) = ("2026-01-10T00:00:00Z", "2026-01-11T00:00:00Z");
    same("what is new", &store.announce(&[told((first, 1), 1)?])?, &1)?;
    let again = [told((first, 1), 2)?, told((first, 2), 3)?, told((second, 1), 4)?, told((second, 1), 5)?];
    same("what is new of what was announced in part", &store.announce(&again)?, &2)?;
    let all = store.announced("", Stamp::parse(first)?)?;
    same("how many are announced", &all.len(), &3)?;
    let Ok(outbox) = store.outbox() else { return Ok(()) };
    let written = outbox.events(&EventFilter::default(), 10)?;
    let ids = [1, 3, 4].map(|event| Ok(told((first, 1), event)?.1.id)).into_iter().collect::<Result<Vec<_>>>()?;
    same("the events", &written.iter().map(|event| event.id).collect::<Vec<_>>(), &ids)?;
    // An event that is there cannot be written again, and then nothing is announced.
    let twice = store.announce(&[told((second, 7), 7)?, told((second, 8), 1)?]);
    refused("an event that is there", twice, ErrorCode::Storage)?;
    same("what is announced", &store.announced("", Stamp::parse(first)?)?, &all)
}

fn apart(store: &dyn Store) -> Result<()> {
    let day = "2026-01-10T00:00:00Z";
    let told_to = |narrowing: &str, event: u8| {
        let (kept, event) = told((day, 1), event)?;
        Ok((KeptAnnouncement { narrowing: narrowing.to_owned(), ..kept }, event))
    };
    let (one, other) = (r#"{"tenant": "ten_1"}"#, r#"{"tenant": "ten_2"}"#);
    let all = [told_to("", 1)?, told_to(one, 2)?, told_to(other, 3)?];
    same("what is new to each", &store.announce(&all)?, &3)?;
    same("what is new to those who were told", &store.announce(&[told_to("", 4)?, told_to(one, 5)?])?, &0)?;
    for (kept, _) in all {
        let announced = store.announced(&kept.narrowing, Stamp::parse(day)?)?;
        same("what a narrowing was told of", &announced, &vec![kept])?;
    }
    let nobody = store.announced(r#"{"tenant": "ten_3"}"#, Stamp::parse(day)?)?;
    same("what nobody was told of", &nobody, &Vec::new())
}

fn since(store: &dyn Store) -> Result<()> {
    let days = ["2026-01-10T00:00:00Z", "2026-01-11T00:00:00Z", "2026-01-12T00:00:00Z"];
    let mut all = Vec::new();
    for (event, day) in (1..).zip(days) {
        all.push(told((day, 1), event)?);
    }
    store.announce(&all)?;
    let later: Vec<KeptAnnouncement> = all.iter().skip(1).map(|(kept, _)| kept.clone()).collect();
    same("those of later ones", &store.announced("", Stamp::parse(days[1])?)?, &later)
}
