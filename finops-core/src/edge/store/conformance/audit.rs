//! The log of changes: an entry for each change, with what was before, or neither.

use super::samples::by;
use super::{Case, holds, refused, same};
use crate::edge::store::{AuditFilter, Booking, ClosedPeriods, Defined, Statement, Store};
use crate::model::audit::{
    Action, AuditBody, AuditEntry, AuditHead, AuditKind, Change, MAX_BODY_BYTES, Secrecy, verify,
};
use crate::model::catalog::{Entry, Kind};
use crate::model::time::Stamp;
use crate::model::usage::{Aggregation, Meter, Outcome, UsageEvent};
use crate::model::virtual_dimension::VirtualDimension;
use crate::{Error, ErrorCode, Result};
use std::sync::Arc;

pub(super) const CASES: &[Case] = &[
    Case { name: "a change is in the log with what was before", check: before_and_after },
    Case { name: "a version of a price follows on the one before in the log", check: versions },
    Case { name: "a refused change is not in the log", check: refusals },
    Case { name: "a closed period is in the log", check: closing },
    Case { name: "changes of usage and of meters are in the same log", check: usage },
    Case { name: "the log is found by what, which, who and when", check: filters },
    Case { name: "what is large is in the log as its digest", check: large },
];

/// All entries, which must make a whole log.
fn log(store: &dyn Store) -> Result<Vec<AuditEntry>> {
    let mut entries = Vec::new();
    let head = store.scan_audit(&mut |entry| {
        entries.push(entry?);
        Ok(())
    })?;
    same("what is wrong with the log", &verify(entries.iter().cloned(), Some(head), None).problem, &None)?;
    let (count, mut listed) = store.audit(&AuditFilter::default(), u64::MAX, 0)?;
    listed.reverse();
    same("how many are listed", &count, &head.entries)?;
    same("those that are listed", &listed, &entries)?;
    Ok(entries)
}

/// What, which, and what was done.
fn told(entry: &AuditEntry) -> [&str; 3] {
    [&entry.kind, &entry.key, &entry.action]
}

fn body(text: &str) -> AuditBody {
    AuditBody::new(text, Secrecy::Open)
}

fn before_and_after(store: &dyn Store) -> Result<()> {
    same("the end of the log at first", &store.scan_audit(&mut |_| Ok(()))?, &AuditHead::default())?;
    let (first, second) = (Entry::new(Kind::Team, "t/1", "Ё"), Entry::new(Kind::Team, "t/1", "Later"));
    store.put_entry(&first, &by()?)?;
    store.put_entry(&second, &by()?)?;
    store.put_entry(&second, &by()?)?;
    store.delete_entry(Kind::Team, "t/1", &by()?)?;
    store.delete_entry(Kind::Team, "t/1", &by()?)?;
    let entries = log(store)?;
    let found: Vec<_> = entries.iter().map(told).collect();
    let wanted =
        [Action::Create, Action::Update, Action::Delete].map(|action| ["catalog", "team/t/1", action.as_str()]);
    same("what was done", found.as_slice(), &wanted)?;
    let json = |entry: &Entry| serde_json::to_string(entry).map_err(|error| super::failed(error.to_string()));
    let (first, second) = (Some(body(&json(&first)?)), Some(body(&json(&second)?)));
    let bodies: Vec<_> = entries.iter().map(|entry| (entry.before.clone(), entry.after.clone())).collect();
    same("before and after", &bodies, &vec![(None, first.clone()), (first, second.clone()), (second, None)])?;
    let by = by()?;
    holds("who and when", entries.iter().all(|entry| entry.actor == by.actor && entry.at == by.at))
}

fn versions(store: &dyn Store) -> Result<()> {
    let put = |key: &str, body: &str, by: &Change| {
        store.put_definitions(Defined::Price, &[(key.to_owned(), body.to_owned())], by)
    };
    put("prc_1.0000000001", "1", &by()?)?;
    put("prc_10.0000000001", "2", &by()?)?;
    put("prc_1.0000000002", "3", &by()?)?;
    put("prc_1.0000000003", "4", &by()?.doing(Action::Delete))?;
    // That a meter changed is no definition of it.
    store.put_definitions(Defined::Meter, &[("calls".to_owned(), String::new())], &by()?)?;
    let entries = log(store)?;
    let found: Vec<_> = entries.iter().map(|entry| (told(entry), entry.before.clone(), entry.after.clone())).collect();
    let wanted = vec![
        (["price", "prc_1", "create"], None, Some(body("1"))),
        (["price", "prc_10", "create"], None, Some(body("2"))),
        (["price", "prc_1", "update"], Some(body("1")), Some(body("3"))),
        (["price", "prc_1", "delete"], Some(body("3")), None),
    ];
    same("the versions", &found, &wanted)
}

fn refusals(store: &dyn Store) -> Result<()> {
    let one = VirtualDimension { name: "a".into(), rules: Vec::new(), default: None };
    let other = VirtualDimension { default: Some("x".into()), ..one.clone() };
    store.put_virtual_dimension(&one, &|_| Ok(()), &by()?)?;
    let refuse = |_: &[VirtualDimension]| Err(Error::new(ErrorCode::Conflict, "not these"));
    refused("another", store.put_virtual_dimension(&other, &refuse, &by()?), ErrorCode::Conflict)?;
    refused("none", store.delete_virtual_dimension("a", &refuse, &by()?), ErrorCode::Conflict)?;
    same("what is there", &store.virtual_dimensions()?.len(), &1)?;
    same("entries", &log(store)?.len(), &1)?;
    store.delete_virtual_dimension("a", &|_| Ok(()), &by()?)?;
    let entries = log(store)?;
    let found: Vec<_> = entries.iter().map(told).collect();
    let wanted = ["create", "delete"].map(|action| ["virtual_dimension", "a", action]);
    same("the log", found.as_slice(), &wanted)
}

fn closing(store: &dyn Store) -> Result<()> {
    let statement = |tenant_id: &str| {
        let (period_start, closed_at) = (Stamp::parse("2024-01-01T00:00:00Z")?, by()?.at);
        Ok(Statement {
            tenant_id: tenant_id.to_owned(),
            period_start,
            closed_at,
            body: "{\"total\": \"1\"}".to_owned(),
        })
    };
    let statements = vec![statement("a")?, statement("b")?];
    let closed = Some(ClosedPeriods { by: by()?, statements });
    store.book(&Booking { closed: closed.clone(), ..Booking::default() })?;
    // A period is closed once: nothing of a booking that closes it again is kept.
    let again = store.book(&Booking { closed, ..Booking::default() });
    refused("closing again", again, ErrorCode::Storage)?;
    let entries = log(store)?;
    let found: Vec<_> = entries.iter().map(told).collect();
    let wanted = ["2024-01/a", "2024-01/b"].map(|key| ["statement", key, "close"]);
    same("what was closed", found.as_slice(), &wanted)?;
    let after: Vec<_> = entries.into_iter().map(|entry| entry.after).collect();
    same("what was billed", &after, &vec![Some(body("{\"total\":\"1\"}")); 2])
}

fn usage(store: &dyn Store) -> Result<()> {
    let Ok(usage) = store.usage() else { return Ok(()) };
    let now = by()?.at;
    let meter = Meter::new("exports", Aggregation::Count, "export");
    usage.change_meters(&by()?, &mut |meters| meters.create(meter.clone()).map(drop))?;
    store.put_entry(&Entry::new(Kind::Team, "t", "Search"), &by()?)?;
    let event = UsageEvent::new("1", now, "exports", "1".parse()?, "ten_1");
    let outcomes = usage.record(Arc::new(vec![event.clone()]), now)?;
    same("the event", &outcomes, &vec![Outcome::Accepted])?;
    let corrected = UsageEvent { quantity: Some("2.5".parse()?), ..event.clone() };
    for _ in 0..2 {
        usage.correct_usage(corrected.clone(), &by()?)?;
    }
    for _ in 0..2 {
        usage.void_usage(event.key(), &by()?)?;
    }
    refused("a voided one", usage.correct_usage(event.clone(), &by()?), ErrorCode::Conflict)?;
    usage.change_meters(&by()?, &mut |meters| meters.delete("exports").map(drop))?;
    let entries = log(store)?;
    let found: Vec<_> = entries.iter().map(told).collect();
    let wanted = [
        ["meter", "exports", "create"],
        ["catalog", "team/t", "create"],
        ["usage", "ten_1//1", "correct"],
        ["usage", "ten_1//1", "void"],
        ["meter", "exports", "delete"],
    ];
    same("what was done", found.as_slice(), &wanted)?;
    let json = |event: &UsageEvent| serde_json::to_string(event).map_err(|error| super::failed(error.to_string()));
    let bodies: Vec<_> =
        entries.get(2..4).unwrap_or_default().iter().map(|entry| (entry.before.clone(), entry.after.clone())).collect();
    let [event, corrected] = [Some(body(&json(&event)?)), Some(body(&json(&corrected)?))];
    same("the event", &bodies, &vec![(event, corrected.clone()), (corrected, None)])
}

fn filters(store: &dyn Store) -> Result<()> {
    let at = |second: u32| Stamp::parse(&format!("2024-01-01T00:00:{second:02}Z"));
    for second in 0..10_u32 {
        let id = format!("t{}", second % 2);
        let by = Change::new(format!("u_{}", second % 3), at(second)?);
        store.put_entry(&Entry::new(Kind::Team, &id, format!("name {second}")), &by)?;
    }
    store.put_definitions(Defined::Grant, &[("team/t0".to_owned(), "1".to_owned())], &by()?)?;
    let found = |filter: &AuditFilter, limit, offset| -> Result<(u64, Vec<u64>)> {
        let (count, entries) = store.audit(filter, limit, offset)?;
        Ok((count, entries.iter().map(|entry| entry.seq).collect()))
    };
    let any = AuditFilter::default();
    same("a page", &found(&any, 2, 3)?, &(11, vec![8, 7]))?;
    same("beyond the end", &found(&any, 2, 11)?, &(11, Vec::new()))?;
    let (kind, key) = (Some(AuditKind::Grant), Some("team/t0".to_owned()));
    same("a kind", &found(&AuditFilter { kind, ..any.clone() }, 9, 0)?, &(1, vec![11]))?;
    let of_key = AuditFilter { key, ..any.clone() };
    same("a key", &found(&of_key, 9, 0)?, &(6, vec![11, 9, 7, 5, 3, 1]))?;
    let (since, until) = (Some(at(4)?), Some(at(8)?));
    same("a time", &found(&AuditFilter { since, until, ..any.clone() }, 9, 0)?, &(4, vec![8, 7, 6, 5]))?;
    let actor = Some("u_0".to_owned());
    same("an actor", &found(&AuditFilter { actor: actor.clone(), ..any }, 9, 0)?, &(4, vec![10, 7, 4, 1]))?;
    let kind = Some(AuditKind::Catalog);
    same("all of it", &found(&AuditFilter { kind, actor, since, until, ..of_key }, 9, 0)?, &(1, vec![7]))
}

fn large(store: &dyn Store) -> Result<()> {
    let put = |text: &str| {
        let body = format!("\"{}\"", text.repeat(MAX_BODY_BYTES));
        store.put_definitions(Defined::ModelPrices, &[("2024".to_owned(), body.clone())], &by()?).map(|_| body)
    };
    let (first, second) = (put("a")?, put("b")?);
    let entries = log(store)?;
    let bodies: Vec<_> = entries.into_iter().map(|entry| (entry.before, entry.after)).collect();
    let (first, second) = (Some(body(&first)), Some(body(&second)));
    let size = |body: &Option<AuditBody>| body.as_ref().map_or(0, |body| body.as_str().len());
    holds("they are short", size(&first) < 200 && size(&second) < 200)?;
    same("the digests", &bodies, &vec![(None, first.clone()), (first, second)])
}
