//! Rule by rule: what has to be shared out again, and what became of it before.

use super::bases::Base;
use super::division::{Outcome, Pool, targets};
use super::idle::share_idle;
use super::keys::Keys;
use super::month::MonthPart;
use super::pools::{Received, Scene, send_on, share_out};
use super::reach::Reach;
use super::scribe::Chunk;
use super::table::Node;
use super::weights::Weights;
use crate::Result;
use crate::model::allocation::{Method, Rule, RuleSet};
use crate::model::dimension::Dimension;
use std::collections::HashMap;

/// What became of a rule.
#[derive(Debug)]
pub(super) struct Done {
    targets: Vec<u32>,
    outcomes: Vec<Outcome>,
    /// What it shared out, or its idle cost that no pool got.
    pub(super) shared: Chunk,
    /// What pools got of its idle cost.
    sent: Vec<Received>,
    /// What it sent on of idle cost that it got.
    pub(super) sent_on: Option<Chunk>,
}

/// The run before, and what changed since.
#[derive(Debug)]
pub(super) struct Before {
    pub(super) set: RuleSet,
    pub(super) weights: Weights,
    pub(super) done: Vec<Option<Done>>,
    pub(super) reach: Reach,
}

impl Before {
    /// What became of a rule, by its place now, if that is still so.
    fn take(&mut self, run: &Run<'_>, place: u32, rule: &Rule, targets: &[u32]) -> Option<Done> {
        let old_place = self.reach.before.get(super::keys::index(place)).copied().flatten()?;
        if **self.set.rules().nth(old_place)? != *rule {
            return None;
        }
        let done = self.done.get_mut(old_place)?;
        let reach = &self.reach;
        let is_reached = if let Method::Idle { .. } = rule.method() {
            // It goes over everything.
            reach.regroup
        } else {
            reach.rules.contains(&place)
                || targets.iter().any(|center| reach.centers.contains(center))
                || done.as_ref().is_none_or(|done| done.targets != targets)
                || (rule.meter().is_some() && !self.same_quantities(run, rule, targets))
        };
        if is_reached { None } else { self.done.get_mut(old_place).and_then(Option::take) }
    }

    fn same_quantities(&self, run: &Run<'_>, rule: &Rule, targets: &[u32]) -> bool {
        let centers = targets.iter().filter_map(|place| run.set.centers().at(*place));
        centers.map(|center| center.id).all(|id| self.weights.get(rule.id(), id) == run.weights.get(rule.id(), id))
    }
}

/// A run, and all that rules look at.
#[derive(Debug)]
pub(super) struct Run<'a> {
    pub(super) scene: Scene<'a>,
    pub(super) set: &'a RuleSet,
    pub(super) weights: &'a Weights,
    pub(super) bases: &'a HashMap<Vec<Dimension>, Base>,
    pub(super) cuts: &'a HashMap<Vec<Dimension>, Keys>,
    pub(super) month: MonthPart,
}

impl Run<'_> {
    /// What becomes of all rules.
    pub(super) fn all(&self, mut before: Option<Before>) -> Result<Vec<Done>> {
        let regroup = before.as_ref().is_none_or(|before| before.reach.regroup);
        let (mut all, mut fresh) = (Vec::with_capacity(self.set.rules().len()), Vec::new());
        for (place, rule) in (0..).zip(self.set.rules()) {
            let targets = targets(self.set, rule);
            let kept = before.as_mut().and_then(|before| before.take(self, place, rule, &targets));
            fresh.push(kept.is_none());
            all.push(match kept {
                Some(done) => {
                    self.scene.room.take(done.shared.lines.len())?;
                    done
                }
                None => self.one(place, rule, targets)?,
            });
        }
        let is_idle = |rule: &Rule| matches!(rule.method(), Method::Idle { .. });
        let idle_anew = self.set.rules().zip(&fresh).any(|(rule, fresh)| *fresh && is_idle(rule));
        let sent: Vec<Received> = all.iter().flat_map(|done| done.sent.iter().cloned()).collect();
        for ((place, rule), (done, fresh)) in (0..).zip(self.set.rules()).zip(all.iter_mut().zip(fresh)) {
            if fresh || idle_anew || regroup {
                done.sent_on = self.sent_on(place, rule, done, &sent)?;
            } else if let Some(kept) = &done.sent_on {
                self.scene.room.take(kept.lines.len())?;
            }
        }
        Ok(all)
    }

    fn nodes(&self, place: u32) -> (u32, &[Node]) {
        let range = self.scene.table.pool(place);
        let first = u32::try_from(range.start).unwrap_or(u32::MAX);
        (first, self.scene.table.nodes.get(range).unwrap_or_default())
    }

    fn pool<'a>(&'a self, rule: &'a Rule, targets: &'a [u32]) -> Option<(Pool<'a>, &'a Keys)> {
        let within = rule.method().within();
        let (base, cuts) = (self.bases.get(within)?, self.cuts.get(within)?);
        Some((Pool { rule, targets, set: self.set, weights: self.weights, base, month: self.month }, cuts))
    }

    fn one(&self, place: u32, rule: &Rule, targets: Vec<u32>) -> Result<Done> {
        let (_, nodes) = self.nodes(place);
        let empty = || super::scribe::Scribe::new(self.scene).finish();
        let Some((pool, cuts)) = self.pool(rule, &targets) else {
            return Ok(Done { targets, outcomes: Vec::new(), shared: empty(), sent: Vec::new(), sent_on: None });
        };
        if let Method::Idle { idle, .. } = rule.method() {
            let (shared, sent) = share_idle(self.scene, (self.set, rule, *idle), nodes, cuts, pool.base)?;
            return Ok(Done { targets, outcomes: Vec::new(), shared, sent, sent_on: None });
        }
        let (shared, outcomes) = share_out(self.scene, &pool, nodes, cuts)?;
        Ok(Done { targets, outcomes, shared, sent: Vec::new(), sent_on: None })
    }

    /// What a pool sends on of the idle cost that it got; none where it got none.
    fn sent_on(&self, place: u32, rule: &Rule, done: &Done, sent: &[Received]) -> Result<Option<Chunk>> {
        let (first, nodes) = self.nodes(place);
        let end = first.saturating_add(u32::try_from(nodes.len()).unwrap_or(u32::MAX));
        let own: Vec<Received> = sent.iter().filter(|got| (first..end).contains(&got.node)).cloned().collect();
        let Some((pool, cuts)) = self.pool(rule, &done.targets).filter(|_| !own.is_empty()) else { return Ok(None) };
        send_on(self.scene, &pool, (first, nodes), &done.outcomes, cuts, &own).map(Some)
    }
}
