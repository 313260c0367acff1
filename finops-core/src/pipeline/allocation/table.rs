//! Cells added up by who holds them: what each holder has, told apart by what lines carry.

use super::cells::Cells;
use super::claims::{Claim, NONE};
use super::keys::{Keys, index};
use crate::model::money::Currency;
use hashbrown::HashMap;
use std::ops::Range;

/// What a holder has of the same carried values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Row {
    key: u128,
    pub(super) costs: [i128; 4],
    pub(super) unknown: [u64; 4],
}

impl Row {
    /// The number of what it carries.
    pub(super) fn carrier(&self) -> u32 {
        low(self.key)
    }
}

/// A holder in one currency; of a pool one cut.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Node {
    /// The place among [`Table::currencies`].
    pub(super) currency: u32,
    pub(super) rule: u32,
    pub(super) center: u32,
    /// The number of the values that the pool is cut by.
    pub(super) cut: u32,
    pub(super) rows: Range<usize>,
}

/// The rows in the order of rule, centre, currency, cut and carrier, and the nodes that they make. What no rule holds
/// comes first, and of a rule what is no centre's own.
#[derive(Debug)]
pub(super) struct Table {
    pub(super) currencies: Vec<Currency>,
    pub(super) rows: Vec<Row>,
    pub(super) nodes: Vec<Node>,
    /// For each cell its row.
    pub(super) row_of: Vec<u32>,
    /// For each row its node.
    pub(super) node_of: Vec<u32>,
}

/// Two bytes of rule, four of centre, two of currency, four each of cut and carrier. Rules and centres are one more
/// than their places, so that none comes first; there are at most 1,000 and 10,000, and of currencies a few hundred.
fn pack(claim: Claim, currency: u32, cut: u32, carrier: u32) -> u128 {
    let holder = u128::from(claim.rule.wrapping_add(1)) << 32 | u128::from(claim.center.wrapping_add(1));
    (holder << 16 | u128::from(currency)) << 64 | u128::from(cut) << 32 | u128::from(carrier)
}

fn low(bits: u128) -> u32 {
    u32::try_from(bits & u128::from(u32::MAX)).unwrap_or(NONE)
}

impl Table {
    /// `cut_of` has for each rule the keys that its pool is cut by.
    pub(super) fn new(cells: &Cells, claims: &[Claim], carrier_of: &Keys, cut_of: &[&Keys]) -> Self {
        let (currencies, ranks) = ranked(cells.currencies());
        let mut places: HashMap<u128, u32> = HashMap::new();
        let (mut rows, mut row_of): (Vec<Row>, _) = (Vec::new(), Vec::with_capacity(cells.len()));
        let mut last = (u128::MAX, 0);
        let columns = claims.iter().zip(&cells.currency).zip(cells.costs.iter().zip(&cells.unknown));
        for (cell, ((claim, currency), (costs, unknown))) in columns.enumerate() {
            let currency = ranks.get(index(*currency)).copied().unwrap_or(0);
            let pooled = if claim.center == NONE { cut_of.get(index(claim.rule)) } else { None };
            let key = pack(*claim, currency, pooled.map_or(0, |keys| keys.of(cell)), carrier_of.of(cell));
            if key != last.0 {
                let next = u32::try_from(rows.len()).unwrap_or(NONE);
                let place = *places.entry(key).or_insert(next);
                if place == next {
                    rows.push(Row { key, costs: [0; 4], unknown: [0; 4] });
                }
                last = (key, place);
            }
            row_of.push(last.1);
            if let Some(row) = rows.get_mut(index(last.1)) {
                // Cells are refused whose magnitudes together could pass the range.
                row.costs.iter_mut().zip(costs).for_each(|(sum, cost)| *sum += cost);
                row.unknown.iter_mut().zip(unknown).for_each(|(sum, more)| *sum += more);
            }
        }
        Self::sorted(currencies, &rows, row_of)
    }

    fn sorted(currencies: Vec<Currency>, rows: &[Row], mut row_of: Vec<u32>) -> Self {
        let mut order: Vec<(u128, u32)> = rows.iter().map(|row| row.key).zip(0..).collect();
        order.sort_unstable();
        let mut renumbered = vec![0; rows.len()];
        let mut sorted: Vec<Row> = Vec::with_capacity(rows.len());
        let (mut nodes, mut node_of): (Vec<Node>, _) = (Vec::new(), Vec::with_capacity(rows.len()));
        let mut last = None;
        for (rank, (key, place)) in order.into_iter().enumerate() {
            if let Some(new) = renumbered.get_mut(index(place)) {
                *new = u32::try_from(rank).unwrap_or(NONE);
            }
            if last != Some(key >> 32) {
                last = Some(key >> 32);
                nodes.push(Node {
                    currency: low(key >> 64 & 0xffff),
                    rule: low(key >> 112).wrapping_sub(1),
                    center: low(key >> 80).wrapping_sub(1),
                    cut: low(key >> 32),
                    rows: rank..rank,
                });
            }
            if let Some(node) = nodes.last_mut() {
                node.rows.end = rank + 1;
            }
            node_of.push(u32::try_from(nodes.len() - 1).unwrap_or(NONE));
            sorted.extend(rows.get(index(place)));
        }
        for row in &mut row_of {
            *row = renumbered.get(index(*row)).copied().unwrap_or(NONE);
        }
        Self { currencies, rows: sorted, nodes, row_of, node_of }
    }

    /// The nodes that are the pool of a rule: their places.
    pub(super) fn pool(&self, rule: u32) -> Range<usize> {
        let before = |node: &Node| node.rule == NONE || node.rule < rule;
        let start = self.nodes.partition_point(before);
        let is_pool = |node: &&Node| node.rule == rule && node.center == NONE;
        start..start + self.nodes.iter().skip(start).take_while(is_pool).count()
    }

    /// The rows of a node.
    pub(super) fn rows_of(&self, node: &Node) -> &[Row] {
        self.rows.get(node.rows.clone()).unwrap_or_default()
    }

    /// The costs of a node.
    pub(super) fn costs_of(&self, node: &Node) -> [i128; 4] {
        self.rows_of(node).iter().fold([0; 4], |mut sums, row| {
            sums.iter_mut().zip(row.costs).for_each(|(sum, cost)| *sum += cost);
            sums
        })
    }

    /// The currency of a node.
    pub(super) fn currency(&self, node: &Node) -> Option<Currency> {
        self.currencies.get(index(node.currency)).copied()
    }
}

/// Currencies by their codes, and for each place before its place now.
fn ranked(currencies: &[Currency]) -> (Vec<Currency>, Vec<u32>) {
    let mut sorted = currencies.to_vec();
    sorted.sort_unstable();
    let rank = |currency: &Currency| u32::try_from(sorted.partition_point(|known| known < currency)).unwrap_or(NONE);
    let ranks = currencies.iter().map(rank).collect();
    (sorted, ranks)
}
