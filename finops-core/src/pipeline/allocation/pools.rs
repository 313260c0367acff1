//! Pools: what rules hold and share out, and the idle cost that came by them.

use super::bases::Base;
use super::division::{Division, Outcome, Pool};
use super::keys::{Keys, index};
use super::line::{LineKind, Values};
use super::room::RoomPart;
use super::scribe::{Amount, Chunk, Costs, Head, Scribe, WHOLE, nth, own_carriers, split};
use super::table::{Node, Table};
use crate::Result;
use crate::model::allocation::{CenterId, Idle, RuleId};
use crate::model::money::Currency;

/// What writing lines needs beside what it writes about.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scene<'a> {
    pub(super) table: &'a Table,
    pub(super) carry: &'a Keys,
    pub(super) room: &'a RoomPart<'a>,
    /// How many dimensions lines carry.
    pub(super) width: usize,
    /// The place of the cost that bases are taken from.
    pub(super) view: usize,
}

impl Scene<'_> {
    pub(super) fn head(&self, node: &Node, kind: LineKind, rule: RuleId, source: &Values) -> Option<Head> {
        let currency: Currency = self.table.currency(node)?;
        let (center, caused_by, pool, base) = (None, None, None, None);
        Some(Head { center, caused_by, kind, rule: Some(rule), pool, currency, base, source: source.clone() })
    }
}

/// Shares out the nodes of a pool; gives the lines, and for each node what became of it.
pub(super) fn share_out(
    scene: Scene<'_>,
    pool: &Pool<'_>,
    nodes: &[Node],
    cuts: &Keys,
) -> Result<(Chunk, Vec<Outcome>)> {
    let mut scribe = Scribe::new(scene);
    let mut outcomes = Vec::with_capacity(nodes.len());
    for node in nodes {
        let (rows, costs) = (scene.table.rows_of(node), scene.table.costs_of(node));
        let Some(source) = cuts.values(node.cut) else { continue };
        let Some(mut head) = scene.head(node, LineKind::Unallocated, pool.rule.id(), source) else { continue };
        let total = costs.get(scene.view).copied().unwrap_or(0);
        let outcome = if costs == [0; 4] {
            Outcome::Kept
        } else {
            pool.divide(node, head.currency, total, &mut scribe.findings)?
        };
        match &outcome {
            Outcome::Kept => scribe.rows(&head, rows)?,
            Outcome::Unused => {
                head.kind = LineKind::Idle;
                scribe.rows(&head, rows)?;
            }
            Outcome::Divided(division) => {
                scribe.unknown(&head, rows)?;
                let writer = Shared { scene, pool, node, division };
                writer.write(&mut scribe, &head, costs)?;
            }
        }
        outcomes.push(outcome);
    }
    Ok((scribe.finish(), outcomes))
}

/// A node that is shared out.
struct Shared<'a> {
    scene: Scene<'a>,
    pool: &'a Pool<'a>,
    node: &'a Node,
    division: &'a Division,
}

impl Shared<'_> {
    fn write(&self, scribe: &mut Scribe<'_>, head: &Head, costs: Costs) -> Result<()> {
        let decimals = self.pool.rule.terms().decimals;
        let Some((use_or_not, idle)) = &self.division.idle else {
            return self.parts(scribe, head, (LineKind::Shared, Idle::Share), costs, WHOLE);
        };
        let both = split(use_or_not, costs, decimals)?;
        let ratios = use_or_not.split(WHOLE, decimals.max(18))?;
        let ratio = |at: usize| ratios.get(at).copied().unwrap_or(0);
        self.parts(scribe, head, (LineKind::Shared, Idle::Share), nth(&both, 0), ratio(0))?;
        self.parts(scribe, head, (LineKind::Idle, *idle), nth(&both, 1), ratio(1))
    }

    fn parts(
        &self,
        scribe: &mut Scribe<'_>,
        head: &Head,
        (kind, idle): (LineKind, Idle),
        costs: Costs,
        ratio: i128,
    ) -> Result<()> {
        let decimals = self.pool.rule.terms().decimals;
        let mut parts = split(&self.division.shares, costs, decimals)?;
        if let Some(parts) = parts.get_mut(self.scene.view) {
            *parts = self.division.split(costs.get(self.scene.view).copied().unwrap_or(0), decimals, true)?;
        }
        let ratios = self.division.shares.split(ratio, 18)?;
        for (at, part) in self.division.parts.iter().enumerate() {
            let amount = Amount { costs: nth(&parts, at), ratio: ratios.get(at).copied() };
            let head = match part.center.and_then(|place| self.pool.center_id(place)) {
                Some(center) => Head { kind, base: part.base, ..whose(head, Some(center), idle) },
                None => head.clone(),
            };
            self.spread(scribe, &head, part.center, amount, decimals)?;
        }
        Ok(())
    }

    /// A part over those in whose favour it is: the direct cost of its centre, or what stays where it is.
    fn spread(
        &self,
        scribe: &mut Scribe<'_>,
        head: &Head,
        center: Option<u32>,
        amount: Amount,
        decimals: u32,
    ) -> Result<()> {
        if let Some(center) = center {
            return scribe.share(head, amount, carriers(self.pool.base, self.node, center), decimals);
        }
        let own = own_carriers(self.scene.table.rows_of(self.node), self.scene.view);
        scribe.share(head, amount, &own, decimals)
    }
}

fn carriers<'a>(base: &'a Base, node: &Node, center: u32) -> &'a [(u32, i128)] {
    base.center(node.currency, node.cut, center).map(|holder| base.carriers(holder)).unwrap_or_default()
}

/// The head of what a centre bears, or only caused.
pub(super) fn whose(head: &Head, center: Option<CenterId>, idle: Idle) -> Head {
    match idle {
        Idle::Share => Head { center, ..head.clone() },
        Idle::Separate => Head { caused_by: center, ..head.clone() },
    }
}

/// Idle cost that came by a node: the rule that sent it, what becomes of it, and how much.
#[derive(Debug, Clone)]
pub(super) struct Received {
    pub(super) rule: RuleId,
    pub(super) idle: Idle,
    pub(super) node: u32,
    pub(super) costs: Costs,
}

/// Sends on what the nodes of a pool got of idle cost: it goes where the pool goes.
pub(super) fn send_on(
    scene: Scene<'_>,
    pool: &Pool<'_>,
    nodes: (u32, &[Node]),
    outcomes: &[Outcome],
    cuts: &Keys,
    received: &[Received],
) -> Result<Chunk> {
    let mut scribe = Scribe::new(scene);
    let decimals = pool.rule.terms().decimals;
    for got in received {
        let at = got.node.checked_sub(nodes.0).map(index);
        let Some((node, outcome)) = at.and_then(|at| Some((nodes.1.get(at)?, outcomes.get(at)?))) else { continue };
        let Some(source) = cuts.values(node.cut) else { continue };
        let Some(head) = scene.head(node, LineKind::Idle, got.rule, source) else { continue };
        let head = Head { pool: Some(pool.rule.id()), ..head };
        let Outcome::Divided(division) = outcome else {
            let own = own_carriers(scene.table.rows_of(node), scene.view);
            scribe.share(&head, Amount { costs: got.costs, ratio: None }, &own, decimals)?;
            continue;
        };
        let parts = split(&division.shares, got.costs, decimals)?;
        let ratios = division.shares.split(WHOLE, 18)?;
        let writer = Shared { scene, pool, node, division };
        for (at, part) in division.parts.iter().enumerate() {
            let amount = Amount { costs: nth(&parts, at), ratio: ratios.get(at).copied() };
            let center = part.center.and_then(|place| pool.center_id(place));
            let head = Head { base: part.base, ..whose(&head, center, got.idle) };
            writer.spread(&mut scribe, &head, part.center, amount, decimals)?;
        }
    }
    Ok(scribe.finish())
}
