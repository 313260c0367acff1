//! The run: claims, sums, idle cost, pools, and the proof that nothing was lost.

use super::Frame;
use super::bases::{Base, HolderId, holders};
use super::cells::Cells;
use super::claims::{Claim, NONE};
use super::keys::{Keys, index};
use super::line::{Allocation, LineKind, Total, Values};
use super::month::MonthPart;
use super::pools::Scene;
use super::reach::{claim_again, claim_first};
use super::room::Room;
use super::rules::{Before, Done, Run};
use super::scribe::{Chunk, Head, Scribe, Sums};
use super::table::Table;
use super::weights::Weights;
use crate::model::allocation::{Method, RuleId, RuleSet};
use crate::model::dimension::Dimension;
use crate::model::money::{Currency, Money};
use crate::{Error, ErrorCode, Result};
use std::collections::HashMap;
use std::sync::Arc;

/// Cells, and what was found out about them: run again with other rules, it does again what they reach, and gives the
/// same as if it had done everything.
#[derive(Debug)]
pub struct Allocator {
    cells: Arc<Cells>,
    frame: Frame,
    month: MonthPart,
    carry: Keys,
    cuts: HashMap<Vec<Dimension>, Keys>,
    last: Option<Last>,
}

/// The run before.
#[derive(Debug)]
struct Last {
    set: RuleSet,
    weights: Weights,
    claims: Vec<Claim>,
    grouped: Grouped,
    own: Chunk,
    done: Vec<Done>,
}

/// Cells, added up by who holds them, and what shares go by.
#[derive(Debug)]
pub(super) struct Grouped {
    pub(super) table: Table,
    pub(super) bases: HashMap<Vec<Dimension>, Base>,
}

/// Who bears what of those cells: [`Allocator::run`] for a single run.
///
/// # Errors
/// As there.
pub fn allocate(cells: Cells, frame: Frame, rules: &RuleSet, weights: &Weights) -> Result<Allocation> {
    Allocator::new(cells, frame)?.run(rules, weights)
}

impl Allocator {
    /// An allocator of those cells.
    ///
    /// # Errors
    /// `invalid_argument` when the stretch does not lie in one calendar month of UTC, or the cells lack a dimension
    /// that lines are to carry.
    pub fn new(cells: impl Into<Arc<Cells>>, frame: Frame) -> Result<Self> {
        let cells = cells.into();
        let month = MonthPart::new(frame.stretch)?;
        let carry = Keys::new(&cells, &frame.carry)?;
        Ok(Self { cells, frame, month, carry, cuts: HashMap::new(), last: None })
    }

    /// Who bears what by rules that are all in force, with what meters counted for those that go by one.
    ///
    /// What was found out in the run before is used as far as the rules and quantities are still the same; after an
    /// error the next run does everything again.
    ///
    /// # Errors
    /// `conflict` naming two rules of the same order that both hold a charge, or a rule that cannot be applied and
    /// whose fallback is `error`; `invalid_argument` when the cells do not tell a dimension apart that a rule or a
    /// centre looks at, or there would be more than [`MAX_LINES`](super::MAX_LINES); `overflow`.
    pub fn run(&mut self, rules: &RuleSet, weights: &Weights) -> Result<Allocation> {
        self.run_within(rules, weights, &Room::default())
    }

    /// The same where there is room for so many lines, of which the run takes its own.
    ///
    /// # Errors
    /// As [`Allocator::run`].
    pub fn run_within(&mut self, rules: &RuleSet, weights: &Weights, room: &Room) -> Result<Allocation> {
        for within in rules.rules().map(|rule| rule.method().within()) {
            if !self.cuts.contains_key(within) {
                self.cuts.insert(within.to_vec(), Keys::new(&self.cells, within)?);
            }
        }
        let last = self.last.take().filter(|last| last.set.centers() == rules.centers());
        let next = if let Some(last) = last {
            self.again(last, (rules, weights), room)?
        } else {
            let claims = claim_first(&self.cells, rules)?;
            let grouped = self.group(rules, &claims);
            self.finish((rules, weights), claims, (grouped, None), (None, room))?
        };
        let allocation = next.allocation(&self.frame, &self.cells)?;
        self.last = Some(next);
        Ok(allocation)
    }

    fn again(&self, last: Last, (set, weights): (&RuleSet, &Weights), room: &Room) -> Result<Last> {
        let (claims, reach) = claim_again(&self.cells, (&last.set, &last.claims), set)?;
        let Last { set: old, weights: old_weights, grouped, own, done, .. } = last;
        let grouped = if reach.regroup { (self.group(set, &claims), None) } else { (grouped, Some(own)) };
        let before = Before { set: old, weights: old_weights, done: done.into_iter().map(Some).collect(), reach };
        self.finish((set, weights), claims, grouped, (Some(before), room))
    }

    fn finish(
        &self,
        (set, weights): (&RuleSet, &Weights),
        claims: Vec<Claim>,
        (mut grouped, own): (Grouped, Option<Chunk>),
        (before, room): (Option<Before>, &Room),
    ) -> Result<Last> {
        self.add_bases(set, &mut grouped);
        let (month, cuts) = (self.month, &self.cuts);
        let (carry, width, view) = (&self.carry, self.frame.carry.len(), self.frame.view.place());
        let room = &room.part();
        let scene = Scene { table: &grouped.table, carry, room, width, view };
        let own = match own {
            Some(own) => {
                room.take(own.lines.len())?;
                own
            }
            None => own_lines(scene, set)?,
        };
        let done = Run { scene, set, weights, bases: &grouped.bases, cuts, month }.all(before)?;
        Ok(Last { set: set.clone(), weights: weights.clone(), claims, grouped, own, done })
    }

    fn group(&self, set: &RuleSet, claims: &[Claim]) -> Grouped {
        let cut_of: Vec<&Keys> = set.rules().filter_map(|rule| self.cuts.get(rule.method().within())).collect();
        Grouped { table: Table::new(&self.cells, claims, &self.carry, &cut_of), bases: HashMap::new() }
    }

    /// Adds what rules go by as far as it is not there yet.
    fn add_bases(&self, set: &RuleSet, grouped: &mut Grouped) {
        let idle: Vec<bool> = set.rules().map(|rule| matches!(rule.method(), Method::Idle { .. })).collect();
        let is_idle = |rule: u32| idle.get(index(rule)).copied().unwrap_or(false);
        let view = self.frame.view.place();
        let mut known: Option<Vec<Option<HolderId>>> = None;
        for within in set.rules().map(|rule| rule.method().within()) {
            if grouped.bases.contains_key(within) {
                continue;
            }
            let holders = known.get_or_insert_with(|| holders(&grouped.table, is_idle));
            let cuts = self.cuts.get(within).filter(|_| !within.is_empty());
            let cost = |cell: usize| {
                let cost = self.cells.costs.get(cell).and_then(|costs| costs.get(view)).copied();
                let unknown = self.cells.unknown.get(cell).and_then(|counts| counts.get(view));
                (cost.unwrap_or(0), unknown.is_some_and(|count| *count > 0))
            };
            let base = Base::new(&grouped.table, holders, cuts, cost, view);
            grouped.bases.insert(within.to_vec(), base);
        }
    }
}

/// What is a centre's own, and what is nobody's.
fn own_lines(scene: Scene<'_>, set: &RuleSet) -> Result<Chunk> {
    let mut scribe = Scribe::new(scene);
    let ids: Vec<RuleId> = set.rules().map(|rule| rule.id()).collect();
    for node in scene.table.nodes.iter().filter(|node| node.rule == NONE || node.center != NONE) {
        let Some(currency) = scene.table.currency(node) else { continue };
        let center = set.centers().at(node.center).map(|center| center.id);
        let kind = if center.is_some() { LineKind::Direct } else { LineKind::Unallocated };
        let rule = ids.get(index(node.rule)).copied();
        let source = Values::from([]);
        let head = Head { center, caused_by: None, kind, rule, pool: None, currency, base: None, source };
        scribe.rows(&head, scene.table.rows_of(node))?;
    }
    Ok(scribe.finish())
}

impl Last {
    fn chunks(&self) -> impl Iterator<Item = &Chunk> {
        let rules = self.done.iter().flat_map(|done| std::iter::once(&done.shared).chain(&done.sent_on));
        std::iter::once(&self.own).chain(rules)
    }

    /// The lines, after it was made sure that nothing came to them or was lost.
    fn allocation(&self, frame: &Frame, cells: &Cells) -> Result<Allocation> {
        let (came, mut went) = (cells.sums(), Sums::new());
        for (currency, (costs, unknown)) in self.chunks().flat_map(|chunk| &chunk.sums) {
            let (sums, counts) = went.entry(*currency).or_default();
            sums.iter_mut().zip(costs).for_each(|(sum, cost)| *sum = sum.wrapping_add(*cost));
            counts.iter_mut().zip(unknown).for_each(|(sum, more)| *sum = sum.wrapping_add(*more));
        }
        let mut totals = Vec::with_capacity(came.len());
        for (currency, (costs, unknown)) in came {
            let (out, counts) = went.remove(&currency).unwrap_or_default();
            if (out, counts) != (costs, unknown) {
                return Err(lost(currency));
            }
            let [total_in, total_out] = [costs, out].map(|costs| costs.map(Money::from_mantissa));
            totals.push(Total { currency, total_in, total_out, unknown });
        }
        if let Some(currency) = went.keys().next() {
            return Err(lost(*currency));
        }
        let parts = self.chunks().map(|chunk| chunk.lines.clone()).filter(|lines| !lines.is_empty()).collect();
        let findings = self.chunks().flat_map(|chunk| chunk.findings.iter().cloned()).collect();
        Ok(Allocation { parts, findings, totals, carry: frame.carry.clone() })
    }
}

/// Never, or the engine is wrong: then nothing is given out.
fn lost(currency: Currency) -> Error {
    let message = format!("the allocation in {currency} does not add up to the charges: please report it");
    Error::new(ErrorCode::Storage, message)
}
