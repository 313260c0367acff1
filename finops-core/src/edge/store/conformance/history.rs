//! Earlier states, forgetting them, and bringing segments together.

use super::samples::{
    all, between, charge, charges, counted, counts, deliver, delivery, everything, expected, in_order, rows, scope,
    stopped,
};
use super::{Case, holds, refused, same};
use crate::edge::store::{Replace, Rewriting, Snapshot, Store};
use crate::model::charge::{Charge, ChargeTable, Scope, TextBuilder};
use crate::model::history::{AsOf, Cause};
use crate::model::time::{Interval, Stamp};
use crate::{ErrorCode, Result};

pub(super) const CASES: &[Case] = &[
    Case { name: "each earlier state is found by number and by time", check: found_again },
    Case { name: "states that are not there are refused", check: not_there },
    Case { name: "states are listed, newest first", check: listed },
    Case { name: "a vacuum keeps the last state before its time and all after it", check: vacuum },
    Case { name: "a vacuum forgets nothing that is not older", check: vacuum_of_nothing },
    Case { name: "what a vacuum removes is imported anew", check: known_after_vacuum },
    Case { name: "a state that is being read outlives a vacuum", check: held },
    Case { name: "a compaction changes no answer", check: compact },
    Case { name: "each billing period names the imports that it came with", check: origins },
    Case { name: "a compaction leaves how far charges reach", check: reach_after_compact },
    Case { name: "what was compacted is known again", check: known_after_compact },
    Case { name: "what was compacted is replaced as a whole", check: replaced_after_compact },
    Case { name: "a compaction that is stopped changes nothing", check: compact_stopped },
    Case { name: "a compaction and an import take turns", check: compact_takes_turns },
    Case { name: "states before a compaction go with a vacuum", check: compact_then_vacuum },
];

/// The day of June on which a delivery of that number comes.
fn day(number: u32) -> Result<Stamp> {
    Stamp::parse(&format!("2024-06-{:02}T00:00:00Z", number + 1))
}

fn compacted(store: &dyn Store, number: u32) -> Result<crate::model::history::Compacted> {
    store.compact(day(number)?, &mut |_| Ok(()))
}

/// Three states: January, then February as well, then another January.
fn three(store: &dyn Store) -> Result<[Snapshot; 3]> {
    let (january, february) = (scope("a", 1)?, scope("a", 2)?);
    deliver(store, 1, Replace::BillingPeriod, &[(&january, &charges(&january, &["1", "2"])?)])?;
    let first = store.snapshot()?;
    deliver(store, 2, Replace::BillingPeriod, &[(&february, &charges(&february, &["4"])?)])?;
    let second = store.snapshot()?;
    deliver(store, 3, Replace::BillingPeriod, &[(&january, &charges(&january, &["8"])?)])?;
    Ok([first, second, store.snapshot()?])
}

fn found_again(store: &dyn Store) -> Result<()> {
    let empty = store.snapshot()?;
    let states = three(store)?;
    for (number, state) in (1..).zip(&states) {
        let by_number = store.snapshot_as_of(AsOf::Snapshot(state.id))?;
        same("by number, with coverage and imports", &by_number, state)?;
        same("its charges", &all(store, &by_number)?, &all(store, state)?)?;
        same("at its instant", &store.snapshot_as_of(AsOf::Time(day(number)?))?, state)?;
        let later = Stamp::from_micros(day(number + 1)?.micros() - 1)?;
        same("until just before the next", &store.snapshot_as_of(AsOf::Time(later))?, state)?;
    }
    same("by the number of the empty state", &store.snapshot_as_of(AsOf::Snapshot(empty.id))?, &empty)?;
    let before = Stamp::from_micros(day(1)?.micros() - 1)?;
    same("before the first", &store.snapshot_as_of(AsOf::Time(before))?, &empty)?;
    let never = Stamp::parse("9999-12-31T00:00:00Z")?;
    same("in the future", &store.snapshot_as_of(AsOf::Time(never))?.id, &store.snapshot()?.id)
}

fn not_there(store: &dyn Store) -> Result<()> {
    let future = |id| refused("a state to come", store.snapshot_as_of(AsOf::Snapshot(id)), ErrorCode::InvalidArgument);
    future(1)?;
    let [.., last] = three(store)?;
    future(last.id + 1)?;
    future(u64::MAX)?;
    drop(last);
    store.vacuum(day(9)?)?;
    for as_of in [AsOf::Snapshot(0), AsOf::Snapshot(2), AsOf::Time(day(2)?), AsOf::Time(day(0)?)] {
        let outcome = store.snapshot_as_of(as_of);
        let error = outcome.as_ref().err();
        same("the field", &error.and_then(|error| error.field()), &Some("as_of"))?;
        holds("names the oldest", error.is_some_and(|error| error.message().contains("can be read is 3")))?;
        refused("a state that was removed", outcome, ErrorCode::NotFound)?;
    }
    // Not from the store's hand, so nothing held it fast.
    let stale = Snapshot::new(2, Vec::new(), Vec::new());
    let scan = store.scan(&stale, &everything(Interval::always()), &mut |_| Ok(()));
    refused("reading what was removed", scan, ErrorCode::NotFound)
}

fn listed(store: &dyn Store) -> Result<()> {
    same("of an empty store", &store.snapshots(10, 0)?, &(0, Vec::new()))?;
    let january = scope("a", 1)?;
    let more = charges(&january, &["1", "2"])?;
    let first = deliver(store, 1, Replace::BillingPeriod, &[(&january, &more)])?;
    let second = deliver(store, 2, Replace::Nothing, &[(&january, &more)])?;
    compacted(store, 3)?;
    let (count, marks) = store.snapshots(10, 0)?;
    same("count", &count, &3)?;
    let lines: Vec<_> =
        marks.iter().map(|mark| (mark.snapshot, mark.at, mark.cause, mark.import_id, mark.charges)).collect();
    let wanted = vec![
        (3, day(3)?, Cause::Compact, None, 4),
        (2, day(2)?, Cause::Import, Some(second.import_id), 4),
        (1, day(1)?, Cause::Import, Some(first.import_id), 2),
    ];
    same("states", &lines, &wanted)?;
    let (count, page) = store.snapshots(1, 1)?;
    same("a page", &(count, page.as_slice()), &(3, marks.get(1..2).unwrap_or_default()))?;
    same("past the end", &store.snapshots(u64::MAX, u64::MAX)?, &(3, Vec::new()))?;
    store.vacuum(day(2)?)?;
    same("after a vacuum", &store.snapshots(10, 0)?, &(2, marks.get(..2).unwrap_or_default().to_vec()))
}

fn vacuum(store: &dyn Store) -> Result<()> {
    let states = three(store)?;
    let kept: Vec<_> = states.iter().skip(1).map(|state| all(store, state)).collect::<Result<_>>()?;
    let marks: Vec<_> = states.iter().map(|state| (state.coverage.clone(), state.imports.clone())).collect();
    drop(states);
    // The second state was the present one when the third came; what it needs is still there.
    let between = Stamp::from_micros(day(3)?.micros() - 1)?;
    let vacuumed = store.vacuum(between)?;
    let numbers = (vacuumed.snapshots_removed, vacuumed.segments_removed, vacuumed.oldest_snapshot);
    same("states and segments removed, the oldest", &numbers, &(1, 0, 2))?;
    for (number, (rows, marks)) in (2..).zip(kept.iter().zip(marks.iter().skip(1))) {
        let state = store.snapshot_as_of(AsOf::Snapshot(number))?;
        same("charges of a state that stays", &all(store, &state)?, rows)?;
        same("coverage and imports", &(&state.coverage, &state.imports), &(&marks.0, &marks.1))?;
    }
    let vacuumed = store.vacuum(day(3)?)?;
    let numbers = (vacuumed.snapshots_removed, vacuumed.segments_removed, vacuumed.oldest_snapshot);
    same("in the end only the present state stays", &numbers, &(1, 1, 3))?;
    holds("bytes are freed", vacuumed.bytes_freed > 0)?;
    let rows = kept.last().map(Vec::as_slice).unwrap_or_default();
    same("charges of the present state", all(store, &store.snapshot()?)?.as_slice(), rows)?;
    same("once more", &store.vacuum(day(9)?)?.snapshots_removed, &0)
}

fn vacuum_of_nothing(store: &dyn Store) -> Result<()> {
    let nothing = crate::model::history::Vacuumed::default();
    same("of an empty store", &store.vacuum(day(9)?)?, &nothing)?;
    let states = three(store)?;
    // Nobody need wait where nothing is forgotten.
    same("before the first state", &store.vacuum(day(0)?)?, &nothing)?;
    for state in &states {
        same("a state", &store.snapshot_as_of(AsOf::Snapshot(state.id))?, state)?;
    }
    Ok(())
}

fn known_after_vacuum(store: &dyn Store) -> Result<()> {
    let (january, february) = (scope("a", 1)?, scope("a", 2)?);
    let (one, two) = (charges(&january, &["1"])?, charges(&february, &["2"])?);
    deliver(store, 1, Replace::BillingPeriod, &[(&january, &one), (&february, &two)])?;
    deliver(store, 2, Replace::BillingPeriod, &[(&february, &two)])?;
    deliver(store, 3, Replace::BillingPeriod, &[(&scope("b", 1)?, &charges(&scope("b", 1)?, &["3"])?)])?;
    deliver(store, 4, Replace::BillingPeriod, &[(&scope("b", 1)?, &charges(&scope("b", 1)?, &["4"])?)])?;
    let marks = store.snapshot()?.imports;
    same("a segment of the first and all of the third", &store.vacuum(day(9)?)?.segments_removed, &2)?;
    for (number, whole) in [(1, false), (2, true), (3, false), (4, true)] {
        same("known as a delivery", &store.find_import(&[number; 32])?.is_some(), &whole)?;
        same("known as a file", &store.find_file(&[number; 32])?.is_some(), &whole)?;
    }
    same("imports that something is left of", &store.snapshot()?.imports, &marks)
}

fn held(store: &dyn Store) -> Result<()> {
    let [first, ..] = three(store)?;
    let wanted = all(store, &first)?;
    let clone = first.clone();
    drop(first);
    std::thread::scope(|threads| {
        // It may wait for the reader, or give up; it must not disturb it.
        let vacuum = threads.spawn(|| store.vacuum(day(9)?));
        for _ in 0..10 {
            same("charges of the state", &all(store, &clone)?, &wanted)?;
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
        drop(clone);
        match vacuum.join() {
            Ok(Err(error)) if error.code() != ErrorCode::Conflict => Err(error),
            Ok(_) => Ok(()),
            Err(_) => Err(super::failed("the vacuum panicked")),
        }
    })
}

/// Appends to January, each time with another custom column, and a February in one piece.
fn scattered(store: &dyn Store) -> Result<Scope> {
    let (january, february) = (scope("a", 1)?, scope("a", 2)?);
    deliver(store, 1, Replace::BillingPeriod, &[(&february, &charges(&february, &["100"])?)])?;
    for number in 2..5 {
        let row = Charge {
            service_provider_name: Some(format!("seller {number}")),
            ..charge(&january, u32::from(number), &number.to_string())?
        };
        let mut table = ChargeTable::from_charges(&[row.clone(), row]);
        for name in ["x_common".to_owned(), format!("x_{}", 9 - number)] {
            let mut cells = TextBuilder::default();
            cells.push(Some(&format!("{name} of {number}")));
            cells.push(None);
            table.push_extra(name, cells.take())?;
        }
        let mut session = store.begin_import()?;
        session.write(&january, &table)?;
        session.commit(delivery(number, Replace::Nothing)?)?;
    }
    Ok(january)
}

fn compact(store: &dyn Store) -> Result<()> {
    same("an empty store", &compacted(store, 1)?, &crate::model::history::Compacted::default())?;
    scattered(store)?;
    let before = store.snapshot()?;
    let scan = everything(Interval::always());
    let ordered = in_order(store, &before, &scan)?;
    let mut seen = Vec::new();
    let done = store.compact(day(5)?, &mut |rewriting| {
        seen.push(rewriting);
        Ok(())
    })?;
    let numbers = (done.scopes, done.segments_before, done.segments_after, done.snapshot);
    same("scopes, segments before and after, the state", &numbers, &(1, 3, 1, before.id + 1))?;
    holds("bytes are counted", done.bytes_before > 0 && done.bytes_after > 0)?;
    let last = seen.last().map(|Rewriting { rows, bytes_total, .. }| (*rows, *bytes_total));
    same("rows and bytes that were seen", &last, &Some((6, done.bytes_before)))?;
    let after = store.snapshot()?;
    same("the state", &after.id, &done.snapshot)?;
    same("coverage", &after.coverage, &before.coverage)?;
    same("imports", &after.imports, &before.imports)?;
    same("charges, in their order", &in_order(store, &after, &scan)?, &ordered)?;
    same("charges of the state before", &in_order(store, &before, &scan)?, &ordered)?;
    let days = between("2024-01-03", "2024-01-04")?;
    holds("charges of a day", !in_order(store, &after, &everything(days))?.is_empty())?;
    let names = |state| store.custom_columns(state, Interval::always());
    same("custom columns", &names(&after)?, &names(&before)?)?;
    let again = compacted(store, 6)?;
    same("nothing is to gain then", &(again.scopes, again.snapshot), &(0, after.id))?;
    same("and no state is made", &store.snapshot()?, &after)
}

/// The numbers of the deliveries that each billing period came with.
fn came_with(store: &dyn Store, state: &Snapshot) -> Result<Vec<(Scope, Vec<u8>)>> {
    let mut found = Vec::new();
    for (scope, origins) in store.origins(state)? {
        let mut numbers = Vec::new();
        for origin in origins {
            let comes = |number: &u8| {
                delivery(*number, Replace::Nothing).is_ok_and(|comes| {
                    (comes.receipt.import_id, comes.imported_at) == (origin.import_id, origin.imported_at)
                })
            };
            numbers.extend((1..28).find(comes));
        }
        found.push((scope, numbers));
    }
    Ok(found)
}

fn origins(store: &dyn Store) -> Result<()> {
    same("of an empty store", &came_with(store, &store.snapshot()?)?, &Vec::new())?;
    let (january, february) = (scattered(store)?, scope("a", 2)?);
    let before = store.snapshot()?;
    let wanted = vec![(january.clone(), vec![2, 3, 4]), (february.clone(), vec![1])];
    same("what was added piece by piece", &came_with(store, &before)?, &wanted)?;
    compacted(store, 5)?;
    same("after a compaction", &came_with(store, &store.snapshot()?)?, &wanted)?;
    let row = Charge { service_provider_name: Some("seller 3".to_owned()), ..charge(&january, 1, "5")? };
    deliver(store, 6, Replace::BillingPeriod, &[(&january, &[row])])?;
    let after = store.snapshot()?;
    same("after another took its place", &came_with(store, &after)?, &vec![(january, vec![6]), (february, vec![1])])?;
    same("as of the earlier state", &came_with(store, &before)?, &wanted)
}

fn reach_after_compact(store: &dyn Store) -> Result<()> {
    let (january, march) = (scope("a", 1)?, scope("a", 3)?);
    let fee = Charge { charge_period_end: Some(january.end), ..charge(&january, 1, "30")? };
    // A correction of a time before the billing period.
    let earlier = Charge {
        billing_period_start: Some(march.start),
        billing_period_end: Some(march.end),
        ..charge(&january, 20, "-1")?
    };
    deliver(store, 1, Replace::BillingPeriod, &[(&january, &charges(&january, &["1", "2"])?)])?;
    deliver(store, 2, Replace::Nothing, &[(&january, &[fee])])?;
    deliver(store, 3, Replace::BillingPeriod, &[(&march, &charges(&march, &["1"])?)])?;
    deliver(store, 4, Replace::Nothing, &[(&march, &[earlier])])?;
    let before = store.snapshot()?;
    same("scopes", &compacted(store, 5)?.scopes, &2)?;
    let after = store.snapshot()?;
    same("coverage", &after.coverage, &before.coverage)?;
    same("imports", &after.imports, &before.imports)
}

fn known_after_compact(store: &dyn Store) -> Result<()> {
    scattered(store)?;
    let other = scope("b", 1)?;
    let mut session = store.begin_import()?;
    for name in ["x_a", "x_b"] {
        let mut table = ChargeTable::from_charges(&charges(&other, &["1"])?);
        let mut cells = TextBuilder::default();
        cells.push(Some(name));
        table.push_extra(name, cells.take())?;
        session.write(&other, &table)?;
    }
    session.commit(delivery(7, Replace::BillingPeriod)?)?;
    for round in 0..3 {
        for number in [1, 2, 3, 4, 7] {
            let known = store.find_file(&[number; 32])?.map(|receipt| receipt.quarantined);
            same("the file is known", &known, &Some(u64::from(number)))?;
        }
        holds("the delivery in one piece is known", store.find_import(&[1; 32])?.is_some())?;
        holds("and that of several tables", store.find_import(&[7; 32])?.is_some())?;
        for number in 2..5 {
            holds("what was added is not all there is", store.find_import(&[number; 32])?.is_none())?;
        }
        match round {
            0 => same("scopes", &compacted(store, 8)?.scopes, &2)?,
            _ => drop(store.vacuum(day(9)?)?),
        }
    }
    Ok(())
}

fn replaced_after_compact(store: &dyn Store) -> Result<()> {
    let january = scattered(store)?;
    compacted(store, 5)?;
    // Sold by all that were brought together.
    let ours = |cost: &str, seller: &str| -> Result<Vec<Charge>> {
        Ok(vec![Charge { service_provider_name: Some(seller.to_owned()), ..charge(&january, 1, cost)? }])
    };
    let strangers = deliver(store, 6, Replace::BillingPeriod, &[(&january, &ours("5", "stranger")?)]);
    refused("another seller's", strangers, ErrorCode::Conflict)?;
    let corrected = ours("5", "seller 3")?;
    let receipt = deliver(store, 7, Replace::BillingPeriod, &[(&january, &corrected)])?;
    let lines: Vec<_> = receipt.replaced.iter().map(|line| (line.charges_before, line.charges_after)).collect();
    same("what was replaced", &lines, &vec![(6, 1)])?;
    for number in 2..5 {
        holds("a file that was replaced is not known", store.find_file(&[number; 32])?.is_none())?;
    }
    let after = store.snapshot()?;
    let february = scope("a", 2)?;
    same("coverage", &counts(&after), &counted(&[(&january, 1), (&february, 1)]))?;
    same("charges", &all(store, &after)?, &expected(&[&corrected, &charges(&february, &["100"])?]))
}

fn compact_stopped(store: &dyn Store) -> Result<()> {
    let january = scattered(store)?;
    let before = store.snapshot()?;
    let rows = all(store, &before)?;
    let mut seen = 0;
    let outcome = store.compact(day(5)?, &mut |_| {
        seen += 1;
        if seen == 2 { Err(stopped()) } else { Ok(()) }
    });
    refused("what the one who looks on says", outcome, ErrorCode::Cancelled)?;
    same("the state", &store.snapshot()?, &before)?;
    same("charges", &all(store, &before)?, &rows)?;
    deliver(store, 6, Replace::Nothing, &[(&january, &charges(&january, &["1"])?)])?;
    same("it goes through later", &compacted(store, 7)?.segments_before, &4)
}

fn compact_takes_turns(store: &dyn Store) -> Result<()> {
    let january = scattered(store)?;
    let session = store.begin_import()?;
    refused("a compaction during an import", compacted(store, 5), ErrorCode::Conflict)?;
    drop(session);
    let mut during = Vec::new();
    store.compact(day(5)?, &mut |_| {
        during.push(store.begin_import().map(drop).err().map(|error| error.code()));
        Ok(())
    })?;
    holds("it looked on", !during.is_empty())?;
    holds("an import during a compaction", during.iter().all(|code| *code == Some(ErrorCode::Conflict)))?;
    deliver(store, 6, Replace::Nothing, &[(&january, &charges(&january, &["1"])?)]).map(drop)
}

fn compact_then_vacuum(store: &dyn Store) -> Result<()> {
    let january = scattered(store)?;
    let states: Vec<_> = (1..5).map(|id| store.snapshot_as_of(AsOf::Snapshot(id))).collect::<Result<_>>()?;
    let wanted: Vec<_> = states.iter().map(|state| all(store, state)).collect::<Result<_>>()?;
    compacted(store, 5)?;
    for (state, wanted) in states.iter().zip(&wanted) {
        same("an earlier state", &all(store, state)?, wanted)?;
    }
    drop(states);
    let marks = store.snapshot()?.imports;
    let vacuumed = store.vacuum(day(5)?)?;
    same("removed", &(vacuumed.snapshots_removed, vacuumed.segments_removed), &(4, 3))?;
    let present = store.snapshot()?;
    same("imports", &present.imports, &marks)?;
    same("charges", &Some(&all(store, &present)?), &wanted.last())?;
    let more = charges(&january, &["7"])?;
    deliver(store, 6, Replace::Nothing, &[(&january, &more)])?;
    same("compacted again", &compacted(store, 7)?.segments_before, &2)?;
    let added = rows(&ChargeTable::from_charges(&more));
    let found = all(store, &store.snapshot()?)?;
    holds("what was added is there", added.iter().all(|row| found.contains(row)))?;
    same("with all before it", &found.len(), &8)
}
