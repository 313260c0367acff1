//! Answers: what a store adds up on its own way is what comes out charge by charge.

use super::random::{Chance, Shape, Times, charges, question};
use super::samples::{deliver, everything, scope};
use super::{Case, failed, holds, same};
use crate::Result;
use crate::edge::store::{Replace, Scan, Snapshot, Store};
use crate::insight::aggregate::Aggregation;
use crate::insight::plan::Path;
use crate::insight::question::Question;
use crate::insight::sums::{MeteredQuantities, Sums};
use crate::model::charge::{ChargeTable, Scope};
use crate::model::history::AsOf;
use crate::model::time::{Interval, Stamp};
use crate::model::virtual_dimension::Virtuals;
use std::cmp::Reverse;
use std::collections::BTreeMap;

pub(super) const CASES: &[Case] = &[
    Case {
        name: "sums of charges that repeat each day are those of the charges",
        check: |store| repeated(store, &mut ignore),
    },
    Case {
        name: "sums of charges at all hours in several currencies are those of the charges",
        check: |store| mixed(store, &mut ignore),
    },
    Case {
        name: "sums of charges that have nothing in common are those of the charges",
        check: |store| scattered(store, &mut ignore),
    },
    Case {
        name: "sums of the largest and the smallest amounts are those of the charges",
        check: |store| extreme(store, &mut ignore),
    },
];

/// Sees the way that each answer took.
type Watch<'w> = &'w mut dyn FnMut(&Path);

fn ignore(_: &Path) {}

/// How many questions are asked of each state.
const QUESTIONS: u64 = 24;

pub(super) fn repeated(store: &dyn Store, watch: Watch<'_>) -> Result<()> {
    let shape = Shape {
        rows: 1000,
        days: 4,
        times: Times::Midnight,
        resources: 48,
        odd_one_in: 200,
        currencies: &["USD"],
        decimals: 2,
        digits: 9,
    };
    check(store, shape, Chance::new(1), watch)
}

pub(super) fn mixed(store: &dyn Store, watch: Watch<'_>) -> Result<()> {
    let shape = Shape {
        rows: 600,
        days: 5,
        times: Times::Hours,
        resources: 20,
        odd_one_in: 60,
        currencies: &["USD", "EUR", "JPY"],
        decimals: 6,
        digits: 16,
    };
    check(store, shape, Chance::new(2), watch)
}

pub(super) fn scattered(store: &dyn Store, watch: Watch<'_>) -> Result<()> {
    let shape = Shape {
        rows: 300,
        days: 28,
        times: Times::Odd,
        resources: 300,
        odd_one_in: 1,
        currencies: &["USD", "EUR"],
        decimals: 18,
        digits: 24,
    };
    check(store, shape, Chance::new(3), watch)
}

pub(super) fn extreme(store: &dyn Store, watch: Watch<'_>) -> Result<()> {
    let shape = Shape {
        rows: 60,
        days: 3,
        times: Times::Hours,
        resources: 4,
        odd_one_in: 3,
        currencies: &["USD"],
        decimals: 18,
        digits: 38,
    };
    check(store, shape, Chance::new(4), watch)
}

/// Delivers charges of such a shape in several ways, and asks of each state.
fn check(store: &dyn Store, shape: Shape, mut chance: Chance, watch: Watch<'_>) -> Result<()> {
    let chance = &mut chance;
    // The later month has not ended when it is imported.
    let [may, june, other] = [scope("one", 5)?, scope("one", 6)?, scope("two", 5)?];
    let smaller = |part: u64| Shape { rows: shape.rows / part, ..shape };
    let import = |number: u8, replace: Replace, parts: &[(&Scope, u64)], chance: &mut Chance| {
        let made = parts.iter().map(|(scope, part)| Ok((*scope, charges(scope, smaller(*part), chance)?)));
        let made = made.collect::<Result<Vec<_>>>()?;
        let parts: Vec<_> = made.iter().map(|(scope, charges)| (*scope, charges.as_slice())).collect();
        deliver(store, number, replace, &parts)
    };
    import(1, Replace::BillingPeriod, &[(&may, 1), (&june, 3), (&other, 2)], chance)?;
    let first = store.snapshot()?;
    ask(store, &first, shape, chance, watch)?;
    // More values, so that what is known of them grows.
    let more = Shape { resources: shape.resources * 2, ..shape };
    let added = charges(&may, Shape { rows: shape.rows / 4, ..more }, chance)?;
    deliver(store, 2, Replace::Nothing, &[(&may, &added)])?;
    import(3, Replace::BillingPeriod, &[(&june, 4)], chance)?;
    ask(store, &store.snapshot()?, shape, chance, watch)?;
    ask(store, &store.snapshot_as_of(AsOf::Snapshot(first.id))?, shape, chance, watch)?;
    store.compact(Stamp::parse("2024-07-01T00:00:00Z")?, &mut |_| Ok(()))?;
    ask(store, &store.snapshot()?, shape, chance, watch)
}

/// Compares the answers to some questions with what comes out charge by charge.
fn ask(store: &dyn Store, state: &Snapshot, shape: Shape, chance: &mut Chance, watch: Watch<'_>) -> Result<()> {
    let tables = |estimated_only: bool| {
        let mut tables = Vec::new();
        let scan = Scan { estimated_only, ..everything(Interval::always()) };
        store.scan(state, &scan, &mut |table| {
            tables.push(table.clone());
            Ok(())
        })?;
        Ok::<_, crate::Error>(tables)
    };
    let (all, estimated) = (tables(false)?, tables(true)?);
    let start = Stamp::parse("2024-05-01T00:00:00Z")?;
    for number in 0..QUESTIONS {
        let question = question(start, shape.days, chance)?;
        let wanted = plainly(&question, if question.estimated_only { &estimated } else { &all });
        let got = store.aggregate(state, &question, &());
        let what = || {
            let buckets = question.buckets.as_ref().map(Vec::len);
            let question = Question { buckets: None, virtuals: Virtuals::default(), ..question.clone() };
            format!("question {number} of state {}, {buckets:?} buckets, {question:?}", state.id)
        };
        match (got, wanted) {
            (Ok(got), Ok(wanted)) => {
                watch(&got.path);
                compare(&got, &wanted, &question).map_err(|error| failed(format!("{}: {error}", what())))?;
            }
            (Err(got), Err(wanted)) => same(&what(), &got.code(), &wanted.code())?,
            (Ok(_), Err(wanted)) => return Err(failed(format!("{}: wanted '{wanted}'", what()))),
            (Err(got), Ok(_)) => return Err(failed(format!("{}: got '{got}'", what()))),
        }
    }
    Ok(())
}

fn plainly(question: &Question, tables: &[ChargeTable]) -> Result<Sums> {
    let mut aggregation = Aggregation::new(question);
    tables.iter().try_for_each(|table| aggregation.add(table))?;
    aggregation.finish()
}

/// What tells groups apart.
type Key = (String, u32, Vec<Option<String>>);

/// What a group comes to.
#[derive(Debug, PartialEq)]
struct Group {
    charges: u64,
    costs: Vec<i128>,
    unknown: Vec<u64>,
    metered: MeteredQuantities,
    distinct: Option<u64>,
}

fn groups(sums: &Sums) -> Result<BTreeMap<Key, Group>> {
    let mut groups = BTreeMap::new();
    for (place, head) in sums.heads.iter().enumerate() {
        let currency = usize::try_from(head.currency).ok().and_then(|place| sums.currencies.get(place));
        let currency = currency.ok_or_else(|| failed("a group without a currency"))?.to_string();
        let values = sums.values_of(place).into_iter().map(|value| value.map(str::to_owned)).collect();
        let distinct = sums
            .distinct
            .as_ref()
            .map(|counts| counts.get(&(head.bucket, sums.codes_of(place).to_vec())).copied().unwrap_or(0));
        let group = Group {
            charges: head.charges,
            costs: sums.costs_of(place).to_vec(),
            unknown: sums.unknown_of(place).to_vec(),
            metered: sums.metered_of(place),
            distinct,
        };
        let key = (currency, head.bucket, values);
        same(&format!("how often {key:?} stands before"), &groups.insert(key, group), &None)?;
    }
    Ok(groups)
}

fn compare(got: &Sums, wanted: &Sums, question: &Question) -> Result<()> {
    let (found, mut all) = (groups(got)?, groups(wanted)?);
    same("how many groups", &(found.len() + got.rest.groups), &all.len())?;
    let first = |group: &Group| group.costs.first().copied();
    let mut order: Vec<_> = all.values().map(|group| Reverse(first(group))).collect();
    order.sort_unstable();
    for (key, group) in found {
        same(&format!("{key:?}"), &Some(group), &all.remove(&key))?;
    }
    // What is left was not among the largest, and is in the rest.
    if let Some(largest) = question.largest {
        let least = largest.checked_sub(1).and_then(|last| order.get(last));
        let small = |group: &Group| least.is_none_or(|Reverse(least)| first(group) < *least);
        holds("whatever is left out is small", all.is_empty() || (least.is_some() && all.values().all(small)))?;
    } else {
        same("what is left out", &all.len(), &0)?;
    }
    same("the charges of the rest", &got.rest.charges, &all.values().map(|group| group.charges).sum())?;
    for view in 0..question.views.len() {
        let cost: i128 = all.values().filter_map(|group| group.costs.get(view)).sum();
        let unknown: u64 = all.values().filter_map(|group| group.unknown.get(view)).sum();
        same("the costs of the rest", &got.rest.costs.get(view).copied().unwrap_or_default(), &(cost, unknown))?;
    }
    same("whether distinct values are counted", &got.distinct.is_some(), &wanted.distinct.is_some())
}
