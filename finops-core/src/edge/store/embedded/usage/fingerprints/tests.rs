//! What was counted is found, whatever was sealed and merged since; what was not is not.

use super::*;
use crate::edge::store::embedded::schema;
use rusqlite::Connection;

fn connection() -> Connection {
    let mut connection = Connection::open_in_memory().unwrap();
    schema::migrate(&mut connection).unwrap();
    connection
}

/// Evenly spread, as hashes are.
fn hash(number: u64) -> u128 {
    let word = |salt: u64| {
        let mut word = (number * 2 + salt).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        word = (word ^ word >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word ^ word >> 31
    };
    u128::from(word(0)) << 64 | u128::from(word(1))
}

fn known(number: u64) -> Known {
    Known { content: !number, batch: 5_000_000_000 + number / 10 }
}

fn seal(fingerprints: &mut Fingerprints, connection: &mut Connection, at: i64, forget: i64) {
    let transaction = connection.transaction().unwrap();
    let moved = fingerprints.seal(&transaction, at, forget).unwrap();
    transaction.commit().unwrap();
    fingerprints.sealed(moved);
}

fn check(fingerprints: &mut Fingerprints, connection: &Connection, counted: std::ops::Range<u64>) {
    for number in 0..counted.end + 500 {
        let found = fingerprints.find(connection, hash(number)).unwrap();
        assert_eq!(found, counted.contains(&number).then(|| known(number)), "{number} of {counted:?}");
    }
}

#[test]
fn what_was_counted_is_found_with_filters_in_memory_and_without() {
    let mut connection = connection();
    let mut fingerprints = Fingerprints::open(&connection, 1 << 20).unwrap();
    let mut counted = 0;
    for round in 0..40_u64 {
        for _ in 0..round * 7 {
            fingerprints.insert(hash(counted), known(counted));
            counted += 1;
        }
        seal(&mut fingerprints, &mut connection, i64::try_from(round).unwrap(), 0);
        assert!(fingerprints.blocks.len() < 32, "{} blocks", fingerprints.blocks.len());
    }
    check(&mut fingerprints, &connection, 0..counted);
    for memory in [0, 700, 1 << 20] {
        let mut opened = Fingerprints::open(&connection, memory).unwrap();
        assert_eq!(opened.bytes(), 0, "opening reads no filter");
        check(&mut opened, &connection, 0..counted);
        assert!(opened.bytes() <= memory);
    }
    let pages: i64 = connection.query_row("SELECT count(*) FROM usage_fingerprints", [], |row| row.get(0)).unwrap();
    assert!(u64::try_from(pages).unwrap() < counted / 10, "merged blocks leave nothing behind: {pages} pages");
}

/// A step of merging; whether there was one.
fn merge(fingerprints: &mut Fingerprints, connection: &mut Connection) -> bool {
    let transaction = connection.transaction().unwrap();
    let moved = fingerprints.merge(&transaction).unwrap();
    transaction.commit().unwrap();
    let was_due = moved.is_some();
    if let Some(moved) = moved {
        fingerprints.moved(moved);
    }
    was_due
}

#[test]
fn many_blocks_are_merged_slice_by_slice() {
    let mut connection = connection();
    let mut fingerprints = Fingerprints::open(&connection, 1 << 20).unwrap();
    let mut counted = 0;
    let mut add = |fingerprints: &mut Fingerprints, connection: &mut Connection, events| {
        (counted..counted + events).for_each(|number| fingerprints.insert(hash(number), known(number)));
        counted += events;
        seal(fingerprints, connection, i64::try_from(counted).unwrap(), 0);
        counted
    };
    // Of a page, of several slices in a page, and of several pages in a slice.
    for block in 0..31 {
        add(&mut fingerprints, &mut connection, if block == 9 { 9_000 } else { 600 + block });
        assert!(!merge(&mut fingerprints, &mut connection), "few wait");
    }
    let mut all = add(&mut fingerprints, &mut connection, 600);
    for step in 0..64 {
        assert!(fingerprints.is_merge_due());
        assert!(merge(&mut fingerprints, &mut connection), "step {step}");
        match step {
            5 | 63 => check(&mut fingerprints, &connection, 0..all),
            // What comes meanwhile stays by itself.
            20 => all = add(&mut fingerprints, &mut connection, 600),
            // A step that fails is as if it had not been.
            30 => {
                let transaction = connection.transaction().unwrap();
                assert!(fingerprints.merge(&transaction).unwrap().is_some());
                transaction.rollback().unwrap();
                check(&mut fingerprints, &connection, 0..all);
            }
            40 => {
                // Without filters each block is looked up, which takes its time.
                fingerprints = Fingerprints::open(&connection, 0).unwrap();
                let hashes: Vec<u128> = (0..all).step_by(97).map(hash).collect();
                let found = fingerprints.find_all(&connection, &hashes, 2).unwrap();
                assert!(found.into_iter().eq((0..all).step_by(97).map(known).map(Some)));
                fingerprints.limit(1 << 20);
            }
            _ => {}
        }
    }
    assert!(!fingerprints.is_merge_due());
    assert_eq!(fingerprints.blocks.len(), 65);
    let count = |sql: &str| -> i64 { connection.query_row(sql, [], |row| row.get(0)).unwrap() };
    let entries = "SELECT sum(length(entries)) / 28 FROM usage_fingerprints";
    assert_eq!(u64::try_from(count(entries)).unwrap(), all, "merged blocks leave nothing behind");
    assert_eq!(count("SELECT count(*) FROM usage_filters"), 65);
    let mut opened = Fingerprints::open(&connection, 1 << 20).unwrap();
    check(&mut opened, &connection, 0..all);
}

#[test]
fn filters_of_older_stores_are_made_anew() {
    let mut connection = connection();
    let mut fingerprints = Fingerprints::open(&connection, 1 << 20).unwrap();
    (0..1_000).for_each(|number| fingerprints.insert(hash(number), known(number)));
    seal(&mut fingerprints, &mut connection, 0, 0);
    connection.execute_batch("UPDATE usage_blocks SET filter_bytes = 0; DELETE FROM usage_filters").unwrap();
    for memory in [0, 1 << 20] {
        let mut opened = Fingerprints::open(&connection, memory).unwrap();
        check(&mut opened, &connection, 0..1_000);
        assert_eq!(opened.bytes() > 0, memory > 0);
    }
}

#[test]
fn few_of_those_that_are_not_there_pass_a_filter() {
    use super::filter::{Asked, Filter, Shape};
    let shape = Shape::new(10_000, None);
    let mut filter = Filter::new(shape);
    (0..10_000).for_each(|number| filter.insert(hash(number)));
    let kept = Filter::from_bytes(&filter.to_bytes(), None).unwrap();
    assert_eq!(kept.shape(), shape);
    let mut filters = Filters::default();
    filters.add(vec![(7, kept)]);
    let mut asked: Vec<Asked> = (0..110_000).map(|number| Asked::new(hash(number), usize::MAX)).collect();
    let pass = |asked: &[Asked]| {
        let mut passed = Vec::new();
        filters.ask(asked, &mut passed);
        passed.len()
    };
    let others = asked.split_off(10_000);
    assert_eq!(pass(&asked), 10_000);
    let others = pass(&others);
    assert!(others < 100, "{others} of 100,000 pass");
}

#[test]
fn filters_side_by_side_say_what_each_says_alone() {
    use super::filter::{Asked, Filter, Shape};
    // Twenty of one shape, some of another, and some of a slice each.
    let shape = |block: u64| match block {
        0..20 => Shape::new(100, None),
        20..25 => Shape::new(1_000, None),
        _ => Shape::new(100, Some(block % 2)),
    };
    let of = |block: u64| {
        let mut filter = Filter::new(shape(block));
        (block * 100..block * 100 + 100).for_each(|number| filter.insert(hash(number)));
        (block, filter)
    };
    let mut events: Vec<Asked> = (0..5_000).map(|number| Asked::new(hash(number), 0)).collect();
    events.sort_unstable_by_key(|event| event.hash);
    let told = |filters: &Filters| {
        let mut told = Vec::new();
        filters.ask(&events, &mut told);
        let mut told: Vec<(u64, u128)> = told.into_iter().map(|(block, event)| (block, event.hash)).collect();
        told.sort_unstable();
        told
    };
    let alone = |blocks: &[u64]| {
        let alone = |block: &u64| {
            let mut filters = Filters::default();
            filters.add(vec![of(*block)]);
            told(&filters)
        };
        blocks.iter().flat_map(alone).collect::<Vec<_>>()
    };
    let all: Vec<u64> = (0..30).collect();
    let mut filters = Filters::default();
    filters.add(all[..3].iter().copied().map(of).collect());
    filters.add(all[3..].iter().copied().map(of).collect());
    assert_eq!(told(&filters), alone(&all));
    assert_eq!(filters.bytes(), all.iter().map(|block| shape(*block).bytes()).sum::<u64>());
    let left: Vec<u64> = all.into_iter().filter(|block| block % 3 != 1).collect();
    filters.retain(&left.iter().copied().collect());
    assert_eq!(told(&filters), alone(&left));
    assert_eq!((filters.bytes_of(1), filters.bytes_of(29)), (None, Some(shape(29).bytes())));
}

#[test]
fn what_is_older_than_the_window_is_forgotten() {
    let mut connection = connection();
    let mut fingerprints = Fingerprints::open(&connection, 1 << 20).unwrap();
    for round in 0..3_u64 {
        (round * 100..round * 100 + 100).for_each(|number| fingerprints.insert(hash(number), known(number)));
        seal(&mut fingerprints, &mut connection, i64::try_from(round).unwrap(), 0);
    }
    seal(&mut fingerprints, &mut connection, 3, 1);
    check(&mut fingerprints, &connection, 100..300);
    seal(&mut fingerprints, &mut connection, 3, 9);
    check(&mut fingerprints, &connection, 0..0);
}

#[test]
fn a_transaction_that_fails_changes_nothing() {
    let mut connection = connection();
    let mut fingerprints = Fingerprints::open(&connection, 1 << 20).unwrap();
    (0..100).for_each(|number| fingerprints.insert(hash(number), known(number)));
    let transaction = connection.transaction().unwrap();
    fingerprints.seal(&transaction, 0, 0).unwrap();
    transaction.rollback().unwrap();
    check(&mut fingerprints, &connection, 0..100);
    assert_eq!(fingerprints.recent(), 100);
    seal(&mut fingerprints, &mut connection, 0, 0);
    assert_eq!(fingerprints.recent(), 0);
    check(&mut fingerprints, &connection, 0..100);
}

#[test]
fn damage_is_an_error() {
    let mut connection = connection();
    let mut fingerprints = Fingerprints::open(&connection, 1 << 20).unwrap();
    (0..100).for_each(|number| fingerprints.insert(hash(number), known(number)));
    seal(&mut fingerprints, &mut connection, 0, 0);
    connection.execute("UPDATE usage_fingerprints SET entries = zeroblob(28)", []).unwrap();
    assert!(fingerprints.find(&connection, hash(1)).is_err());
    assert!(fingerprints.find(&connection, hash(1000)).unwrap().is_none());
    connection.execute("UPDATE usage_filters SET bytes = zeroblob(32)", []).unwrap();
    assert!(Fingerprints::open(&connection, 1 << 20).unwrap().find(&connection, hash(1)).is_err());
}
