//! Sessions: what can be seen of an import, and when.

use super::samples::{all, charge, charges, counted, counts, deliver, delivery, expected, scope};
use super::{Case, holds, refused, same};
use crate::edge::store::{Replace, Store};
use crate::model::charge::ChargeTable;
use crate::{ErrorCode, Result};

pub(super) const CASES: &[Case] = &[
    Case { name: "an empty store holds nothing", check: empty },
    Case { name: "an import is invisible before its commit", check: invisible_before_commit },
    Case { name: "an import that is dropped leaves nothing", check: dropped },
    Case { name: "a delivery of several billing periods appears as one", check: several_scopes },
    Case { name: "tables of one billing period come together", check: several_tables },
    Case { name: "one import at a time", check: one_at_a_time },
    Case { name: "the number of the state grows", check: numbers_grow },
    Case { name: "a state says what it holds and came with", check: coverage },
];

fn empty(store: &dyn Store) -> Result<()> {
    let snapshot = store.snapshot()?;
    holds("no coverage, no imports", snapshot.coverage.is_empty() && snapshot.imports.is_empty())?;
    same("charges", &all(store, &snapshot)?, &Vec::new())?;
    same("custom columns", &store.custom_columns(&snapshot, crate::model::time::Interval::always())?, &Vec::new())?;
    holds("no import is known", store.find_import(&[0; 32])?.is_none())?;
    same("entries", &store.entries(None, 10, 0)?, &(0, Vec::new()))
}

fn invisible_before_commit(store: &dyn Store) -> Result<()> {
    let january = scope("a", 1)?;
    let rows = charges(&january, &["1", "2"])?;
    let before = store.snapshot()?;
    let mut session = store.begin_import()?;
    session.write(&january, &ChargeTable::from_charges(&rows))?;
    same("the state while an import is under way", &store.snapshot()?, &before)?;
    same("the charges while an import is under way", &all(store, &before)?, &Vec::new())?;
    holds("the import is not known yet", store.find_import(&[1; 32])?.is_none())?;
    let receipt = session.commit(delivery(1, Replace::BillingPeriod)?)?;
    let after = store.snapshot()?;
    same("the receipt names the state", &receipt.snapshot, &after.id)?;
    holds("nothing was replaced", receipt.replaced.is_empty())?;
    same("the charges after the commit", &all(store, &after)?, &expected(&[&rows]))
}

fn dropped(store: &dyn Store) -> Result<()> {
    let (january, february) = (scope("a", 1)?, scope("a", 2)?);
    let kept = charges(&january, &["1"])?;
    deliver(store, 1, Replace::BillingPeriod, &[(&january, &kept)])?;
    let before = store.snapshot()?;
    let mut session = store.begin_import()?;
    for scope in [&january, &february] {
        session.write(scope, &ChargeTable::from_charges(&charges(scope, &["7", "8", "9"])?))?;
    }
    drop(session);
    same("the state", &store.snapshot()?, &before)?;
    same("the charges", &all(store, &store.snapshot()?)?, &expected(&[&kept]))?;
    holds("the dropped import is not known", store.find_import(&[2; 32])?.is_none())?;
    deliver(store, 2, Replace::BillingPeriod, &[(&february, &charges(&february, &["3"])?)])?;
    same("what came after it", &counts(&store.snapshot()?), &counted(&[(&january, 1), (&february, 1)]))
}

fn several_scopes(store: &dyn Store) -> Result<()> {
    let scopes = [scope("a", 1)?, scope("a", 2)?, scope("b", 1)?];
    let rows = [charges(&scopes[0], &["1"])?, charges(&scopes[1], &["2"])?, charges(&scopes[2], &["4", "8"])?];
    let before = store.snapshot()?;
    let mut session = store.begin_import()?;
    for (scope, rows) in scopes.iter().zip(&rows) {
        session.write(scope, &ChargeTable::from_charges(rows))?;
        same("the state while an import is under way", &store.snapshot()?, &before)?;
    }
    session.commit(delivery(1, Replace::BillingPeriod)?)?;
    let after = store.snapshot()?;
    same("one new state for all", &after.id, &(before.id + 1))?;
    same("charges of the state before", &all(store, &before)?, &Vec::new())?;
    same("charges of the state after", &all(store, &after)?, &expected(&[&rows[0], &rows[1], &rows[2]]))?;
    // In the order of period and account.
    same("coverage", &counts(&after), &counted(&[(&scopes[0], 1), (&scopes[2], 2), (&scopes[1], 1)]))
}

fn several_tables(store: &dyn Store) -> Result<()> {
    let (january, february) = (scope("a", 1)?, scope("a", 2)?);
    let mut written = Vec::new();
    let mut session = store.begin_import()?;
    for round in 0..4 {
        for scope in [&january, &february] {
            let row = charge(scope, round + 1, &format!("{round}.5"))?;
            session.write(scope, &ChargeTable::from_charges(std::slice::from_ref(&row)))?;
            written.push(row);
        }
        session.write(&january, &ChargeTable::new(0))?;
    }
    session.commit(delivery(1, Replace::BillingPeriod)?)?;
    let after = store.snapshot()?;
    same("coverage", &counts(&after), &counted(&[(&january, 4), (&february, 4)]))?;
    same("charges", &all(store, &after)?, &expected(&[&written]))
}

fn one_at_a_time(store: &dyn Store) -> Result<()> {
    let january = scope("a", 1)?;
    let rows = charges(&january, &["1"])?;
    let first = store.begin_import()?;
    refused("a second import beside the first", store.begin_import().map(drop), ErrorCode::Conflict)?;
    drop(first);
    let mut session = store.begin_import()?;
    session.write(&january, &ChargeTable::from_charges(&rows))?;
    refused("a second import beside one that has written", store.begin_import().map(drop), ErrorCode::Conflict)?;
    session.commit(delivery(1, Replace::BillingPeriod)?)?;
    drop(store.begin_import()?);
    same("charges", &all(store, &store.snapshot()?)?, &expected(&[&rows]))
}

fn numbers_grow(store: &dyn Store) -> Result<()> {
    let january = scope("a", 1)?;
    let rows = charges(&january, &["1"])?;
    let mut last = store.snapshot()?.id;
    for (number, replace) in [(1, Replace::BillingPeriod), (2, Replace::Nothing), (3, Replace::BillingPeriod)] {
        let receipt = deliver(store, number, replace, &[(&january, &rows)])?;
        let now = store.snapshot()?.id;
        same("the receipt names the state", &receipt.snapshot, &now)?;
        holds("the number is larger than before", now > last)?;
        last = now;
    }
    Ok(())
}

fn coverage(store: &dyn Store) -> Result<()> {
    let (january, february) = (scope("a", 1)?, scope("b", 2)?);
    deliver(store, 1, Replace::BillingPeriod, &[(&january, &charges(&january, &["1", "2", "3"])?)])?;
    deliver(store, 2, Replace::BillingPeriod, &[(&february, &charges(&february, &["1"])?)])?;
    let snapshot = store.snapshot()?;
    let ends: Vec<String> = snapshot
        .coverage
        .iter()
        .map(|held| format!("{} {} {} {}", held.scope.start, held.scope.end, held.first_charge, held.last_charge))
        .collect();
    let wanted = [
        "2024-01-01T00:00:00Z 2024-02-01T00:00:00Z 2024-01-01T00:00:00Z 2024-01-03T00:00:00Z",
        "2024-02-01T00:00:00Z 2024-03-01T00:00:00Z 2024-02-01T00:00:00Z 2024-02-01T00:00:00Z",
    ];
    same("periods, first and last charges", ends.as_slice(), &wanted.map(str::to_owned))?;
    let marks: Vec<String> = snapshot
        .imports
        .iter()
        .map(|mark| format!("{} {} {} {}", mark.imported_at, mark.quarantined, mark.first_charge, mark.last_charge))
        .collect();
    let wanted = [
        "2024-06-02T00:00:00Z 1 2024-01-01T00:00:00Z 2024-01-03T00:00:00Z",
        "2024-06-03T00:00:00Z 2 2024-02-01T00:00:00Z 2024-02-01T00:00:00Z",
    ];
    same("imports in the order of their coming", marks.as_slice(), &wanted.map(str::to_owned))?;
    deliver(store, 3, Replace::BillingPeriod, &[(&january, &charges(&january, &["9"])?)])?;
    let marks: Vec<u64> = store.snapshot()?.imports.iter().map(|mark| mark.quarantined).collect();
    same("an import of which nothing is current is not among them", &marks, &vec![2, 3])
}
