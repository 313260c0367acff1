//! Who has how much cost where: what pools and idle cost are in proportion to, and which values their shares carry.

use super::claims::NONE;
use super::keys::{Keys, index};
use super::table::Table;
use hashbrown::HashMap;
use std::ops::Range;

/// Somebody who has cost: nobody in particular, a centre, or a pool.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum HolderId {
    Nobody,
    Center(u32),
    /// The place of the pool's node.
    Pool(u32),
}

/// Somebody's cost where some values are the same.
#[derive(Debug, Clone)]
pub(super) struct Holder {
    pub(super) id: HolderId,
    /// The sum in the view of the run.
    pub(super) cost: i128,
    /// Whether charges lack that cost.
    pub(super) is_partial: bool,
    carriers: Range<usize>,
}

/// The cost of all holders by the values of some dimensions.
#[derive(Debug, Default)]
pub(super) struct Base {
    /// For each currency and number of values its holders.
    groups: HashMap<(u32, u32), Range<usize>>,
    /// Ascending within a group.
    holders: Vec<Holder>,
    /// The carriers of holders whose cost is above zero, ascending.
    carriers: Vec<(u32, i128)>,
}

/// For each node who it is; none for idle cost, which is nobody's base.
pub(super) fn holders(table: &Table, is_idle: impl Fn(u32) -> bool) -> Vec<Option<HolderId>> {
    let holder = |(place, node): (u32, &super::table::Node)| {
        if node.center != NONE {
            Some(HolderId::Center(node.center))
        } else if node.rule == NONE {
            Some(HolderId::Nobody)
        } else {
            (!is_idle(node.rule)).then_some(HolderId::Pool(place))
        }
    };
    (0..).zip(&table.nodes).map(holder).collect()
}

struct Entry {
    group: (u32, u32),
    holder: HolderId,
    carrier: u32,
    cost: i128,
    is_partial: bool,
}

impl Base {
    /// Cost by the values of those keys; `cuts` is none where nothing is told apart. `costs` gives what a cell costs,
    /// and whether charges of it lack that.
    pub(super) fn new(
        table: &Table,
        holders: &[Option<HolderId>],
        cuts: Option<&Keys>,
        costs: impl Fn(usize) -> (i128, bool),
        view: usize,
    ) -> Self {
        let mut entries = match cuts {
            None => by_row(table, holders, view),
            Some(cuts) => by_cell(table, holders, cuts, costs),
        };
        entries.sort_unstable_by_key(|entry| (entry.group, entry.holder, entry.carrier));
        let mut base = Self::default();
        for same in entries.chunk_by(|one, other| one.group == other.group && one.holder == other.holder) {
            let Some(first) = same.first() else { continue };
            let start = base.carriers.len();
            for carried in same.chunk_by(|one, other| one.carrier == other.carrier) {
                let cost: i128 = carried.iter().map(|entry| entry.cost).sum();
                base.carriers.extend(carried.first().filter(|_| cost > 0).map(|entry| (entry.carrier, cost)));
            }
            let cost = same.iter().map(|entry| entry.cost).sum();
            let group = base.groups.entry(first.group).or_insert(base.holders.len()..base.holders.len());
            let is_partial = same.iter().any(|entry| entry.is_partial);
            base.holders.push(Holder { id: first.holder, cost, is_partial, carriers: start..base.carriers.len() });
            group.end = base.holders.len();
        }
        base
    }

    /// Those who have cost in a currency, of those values.
    pub(super) fn group(&self, currency: u32, cut: u32) -> &[Holder] {
        let range = self.groups.get(&(currency, cut)).cloned();
        range.and_then(|range| self.holders.get(range)).unwrap_or_default()
    }

    /// What a centre has in a currency, of those values.
    pub(super) fn center(&self, currency: u32, cut: u32, center: u32) -> Option<&Holder> {
        let group = self.group(currency, cut);
        group.binary_search_by_key(&HolderId::Center(center), |holder| holder.id).ok().and_then(|at| group.get(at))
    }

    /// The carriers of a holder and their cost, which is above zero.
    pub(super) fn carriers(&self, holder: &Holder) -> &[(u32, i128)] {
        self.carriers.get(holder.carriers.clone()).unwrap_or_default()
    }
}

fn by_row(table: &Table, holders: &[Option<HolderId>], view: usize) -> Vec<Entry> {
    let entry = |(row, node): (&super::table::Row, &u32)| {
        let holder = holders.get(index(*node)).copied().flatten()?;
        let currency = table.nodes.get(index(*node))?.currency;
        let cost = row.costs.get(view).copied()?;
        let is_partial = row.unknown.get(view).is_some_and(|count| *count > 0);
        Some(Entry { group: (currency, 0), holder, carrier: row.carrier(), cost, is_partial })
    };
    table.rows.iter().zip(&table.node_of).filter_map(entry).collect()
}

fn by_cell(
    table: &Table,
    holders: &[Option<HolderId>],
    cuts: &Keys,
    costs: impl Fn(usize) -> (i128, bool),
) -> Vec<Entry> {
    let mut sums: HashMap<u64, (i128, bool)> = HashMap::new();
    for (cell, row) in table.row_of.iter().enumerate() {
        let (sum, lacks) = sums.entry(u64::from(cuts.of(cell)) << 32 | u64::from(*row)).or_default();
        let (cost, is_partial) = costs(cell);
        *sum += cost;
        *lacks |= is_partial;
    }
    let half = |bits: u64| u32::try_from(bits & u64::from(u32::MAX)).unwrap_or(NONE);
    let entry = |(key, (cost, is_partial)): (u64, (i128, bool))| {
        let row = index(half(key));
        let node = index(table.node_of.get(row).copied()?);
        let holder = holders.get(node).copied().flatten()?;
        let currency = table.nodes.get(node)?.currency;
        let (group, carrier) = ((currency, half(key >> 32)), table.rows.get(row)?.carrier());
        Some(Entry { group, holder, carrier, cost, is_partial })
    };
    sums.into_iter().filter_map(entry).collect()
}
