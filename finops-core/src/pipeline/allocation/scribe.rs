//! Writes lines: shares down to the values that they carry, and the sums that are compared in the end.

use super::finding::Finding;
use super::keys::Keys;
use super::line::{Line, LineKind, Values};
use super::pools::Scene;
use super::room::RoomPart;
use super::share::Shares;
use super::table::Row;
use crate::Result;
use crate::model::allocation::{CenterId, RuleId};
use crate::model::money::{Currency, Money, Quantity};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The four costs.
pub(super) type Costs = [i128; 4];

/// Costs and unknown counts by currency, modulo 2^128: of what is the same so, and fits, nothing is lost.
pub(super) type Sums = BTreeMap<Currency, (Costs, [u64; 4])>;

/// Lines that belong together, what was found on the way, and what they add up to.
#[derive(Debug, Clone)]
pub(super) struct Chunk {
    pub(super) lines: Arc<Vec<Line>>,
    pub(super) findings: Vec<Finding>,
    pub(super) sums: Sums,
}

/// What lines of one share have in common.
#[derive(Debug, Clone)]
pub(super) struct Head {
    pub(super) center: Option<CenterId>,
    pub(super) caused_by: Option<CenterId>,
    pub(super) kind: LineKind,
    pub(super) rule: Option<RuleId>,
    pub(super) pool: Option<RuleId>,
    pub(super) currency: Currency,
    pub(super) base: Option<Quantity>,
    pub(super) source: Values,
}

/// An amount of each cost, and its part of the pool.
#[derive(Debug, Clone, Copy)]
pub(super) struct Amount {
    pub(super) costs: Costs,
    pub(super) ratio: Option<i128>,
}

/// The ratio of a whole pool.
pub(super) const WHOLE: i128 = 10_i128.pow(Quantity::SCALE);

#[derive(Debug)]
pub(super) struct Scribe<'a> {
    carry: &'a Keys,
    room: &'a RoomPart<'a>,
    /// What lines carry that are in favour of no cost at all.
    nothing: Values,
    lines: Vec<Line>,
    sums: Sums,
    pub(super) findings: Vec<Finding>,
}

impl<'a> Scribe<'a> {
    pub(super) fn new(scene: Scene<'a>) -> Self {
        let nothing = vec![None; scene.width].into();
        Self {
            carry: scene.carry,
            room: scene.room,
            nothing,
            lines: Vec::new(),
            sums: Sums::new(),
            findings: Vec::new(),
        }
    }

    pub(super) fn finish(mut self) -> Chunk {
        let mut seen = std::collections::HashSet::new();
        self.findings.retain(|finding| seen.insert((finding.code, finding.rule_id, finding.cost_center_id)));
        Chunk { lines: Arc::new(self.lines), findings: self.findings, sums: self.sums }
    }

    /// Rows as they are.
    pub(super) fn rows(&mut self, head: &Head, rows: &[Row]) -> Result<()> {
        let amount = |row: &Row| Amount { costs: row.costs, ratio: None };
        rows.iter().try_for_each(|row| self.line(head, amount(row), row.unknown, Some(row.carrier())))
    }

    /// What of rows is unknown, which nobody can share out.
    pub(super) fn unknown(&mut self, head: &Head, rows: &[Row]) -> Result<()> {
        let nothing = Amount { costs: [0; 4], ratio: None };
        let mut unknown = rows.iter().filter(|row| row.unknown != [0; 4]);
        unknown.try_for_each(|row| self.line(head, nothing, row.unknown, Some(row.carrier())))
    }

    /// A share, spread over those in whose favour it is.
    pub(super) fn share(&mut self, head: &Head, amount: Amount, carriers: &[(u32, i128)], decimals: u32) -> Result<()> {
        if amount.costs == [0; 4] {
            return Ok(());
        }
        let weights = match carriers {
            [] => None,
            [(carrier, _)] => {
                return self.line(head, amount, [0; 4], Some(*carrier));
            }
            several => Shares::new(several.iter().map(|(_, weight)| *weight).collect())?,
        };
        let Some(weights) = weights else {
            return self.line(head, amount, [0; 4], None);
        };
        let parts = split(&weights, amount.costs, decimals)?;
        let ratios = amount.ratio.map(|ratio| weights.split(ratio, Quantity::SCALE)).transpose()?;
        for (at, (carrier, _)) in carriers.iter().enumerate() {
            let ratio = ratios.as_ref().and_then(|ratios| ratios.get(at)).copied();
            self.line(head, Amount { costs: nth(&parts, at), ratio }, [0; 4], Some(*carrier))?;
        }
        Ok(())
    }

    fn line(&mut self, head: &Head, amount: Amount, unknown: [u64; 4], carrier: Option<u32>) -> Result<()> {
        if amount.costs == [0; 4] && unknown == [0; 4] && head.kind != LineKind::Direct {
            return Ok(());
        }
        self.room.take(1)?;
        let (costs, counts) = self.sums.entry(head.currency).or_default();
        costs.iter_mut().zip(amount.costs).for_each(|(sum, cost)| *sum = sum.wrapping_add(cost));
        counts.iter_mut().zip(unknown).for_each(|(sum, more)| *sum = sum.wrapping_add(more));
        let values = carrier.and_then(|carrier| self.carry.values(carrier)).unwrap_or(&self.nothing);
        self.lines.push(Line {
            center: head.center,
            caused_by: head.caused_by,
            kind: head.kind,
            rule: head.rule,
            pool: head.pool,
            currency: head.currency,
            costs: amount.costs.map(Money::from_mantissa),
            unknown,
            ratio: amount.ratio.map(Quantity::from_mantissa),
            base: head.base,
            source: head.source.clone(),
            carried: values.clone(),
        });
        Ok(())
    }
}

/// Each of four costs by the same weights.
pub(super) fn split(weights: &Shares, costs: Costs, decimals: u32) -> Result<[Vec<i128>; 4]> {
    let [billed, effective, contracted, list] = costs.map(|cost| weights.split(cost, decimals));
    Ok([billed?, effective?, contracted?, list?])
}

/// The costs at a place.
pub(super) fn nth(parts: &[Vec<i128>; 4], at: usize) -> Costs {
    [0, 1, 2, 3].map(|cost| parts.get(cost).and_then(|parts| parts.get(at)).copied().unwrap_or(0))
}

/// The carriers of a pool's own rows by the cost of a view; those of the other sign than the pool have no weight.
pub(super) fn own_carriers(rows: &[Row], view: usize) -> Vec<(u32, i128)> {
    let cost = |row: &Row| row.costs.get(view).copied().unwrap_or(0);
    let sign = rows.iter().map(cost).sum::<i128>().signum();
    rows.iter().map(|row| (row.carrier(), cost(row) * sign)).filter(|(_, weight)| *weight > 0).collect()
}
