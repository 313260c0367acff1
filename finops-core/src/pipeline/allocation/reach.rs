//! What changed rules reach: which cells they hold now, and whose cost that changes.

use super::cells::Cells;
use super::claims::{Claim, Claimants, NONE, claim_all, unclaimed};
use super::conditions::Conditions;
use super::keys::index;
use crate::Result;
use crate::model::allocation::{Direct, Method, Rule, RuleSet};
use std::collections::{BTreeSet, HashMap};

/// Stands for a rule that is no more.
const GONE: u32 = u32::MAX - 1;

/// What has to be done again.
#[derive(Debug)]
pub(super) struct Reach {
    /// Whether cells have to be added up again.
    pub(super) regroup: bool,
    /// The places of the rules that lost or got cells.
    pub(super) rules: BTreeSet<u32>,
    /// The places of the centres whose direct cost changed.
    pub(super) centers: BTreeSet<u32>,
    /// For each rule its place before; none for one that is new.
    pub(super) before: Vec<Option<usize>>,
}

/// The claims of all cells.
pub(super) fn claim_first(cells: &Cells, set: &RuleSet) -> Result<Vec<Claim>> {
    let mut claims = unclaimed(cells);
    claim_all(cells, set, &Claimants::new(cells, set)?, &mut claims, |_, _| true)?;
    Ok(claims)
}

/// The claims of cells after rules changed, of which there were others before, over the same centres.
pub(super) fn claim_again(
    cells: &Cells,
    (old, before): (&RuleSet, &[Claim]),
    new: &RuleSet,
) -> Result<(Vec<Claim>, Reach)> {
    let places: HashMap<_, usize> = old.rules().enumerate().map(|(place, rule)| (rule.id(), place)).collect();
    let before_of: Vec<Option<usize>> = new.rules().map(|rule| places.get(&rule.id()).copied()).collect();
    let mut now_of = vec![GONE; old.rules().len()];
    for (now, place) in (0..).zip(&before_of) {
        if let Some(now_place) = place.and_then(|place| now_of.get_mut(place)) {
            *now_place = now;
        }
    }
    let sources = old.open_targets() != new.open_targets();
    let same: Vec<bool> = new
        .rules()
        .zip(&before_of)
        .map(|(rule, place)| {
            let before = place.and_then(|place| old.rules().nth(place));
            before.is_some_and(|before| claims_alike(before, rule, sources))
        })
        .collect();
    let is_same = |now: u32| same.get(index(now)).copied().unwrap_or(false);
    let moved_on = |rule: u32| if rule == NONE { NONE } else { now_of.get(index(rule)).copied().unwrap_or(GONE) };
    let mut claims: Vec<Claim> = before.iter().map(|claim| Claim { rule: moved_on(claim.rule), ..*claim }).collect();
    let mut reach = Reach {
        regroup: now_of.iter().zip(0..).any(|(now, place)| *now != place) || cut_otherwise(old, new, &before_of),
        rules: BTreeSet::new(),
        centers: BTreeSet::new(),
        before: before_of,
    };
    let all_same = same.iter().all(|same| *same) && !now_of.contains(&GONE);
    if !all_same {
        let changed = new.rules().zip(&same).map(|(rule, same)| (!same).then_some(&rule.terms().source));
        let changed = Conditions::new(cells, changed)?;
        claim_all(cells, new, &Claimants::new(cells, new)?, &mut claims, |cell, claim| {
            (claim.rule != NONE && !is_same(claim.rule)) || changed.next(cells.codes_of(cell), 0).is_some()
        })?;
        for (was, is) in before.iter().zip(&claims) {
            let was = Claim { rule: moved_on(was.rule), ..*was };
            if was != *is {
                reach.regroup = true;
                reach.rules.extend([was.rule, is.rule]);
                reach.centers.extend([was.center, is.center]);
            }
        }
    }
    Ok((claims, reach))
}

/// Whether two versions of a rule hold the same of what is left to them.
fn claims_alike(before: &Rule, now: &Rule, sources_changed: bool) -> bool {
    let (one, other) = (before.terms(), now.terms());
    let same = (one.order, one.effective_from) == (other.order, other.effective_from) && one.source == other.source;
    same && match (before.method(), now.method()) {
        // Whose name counts depends on whose cost is shared out.
        (Method::Direct(Direct::By { targets, .. }), _) if targets.is_empty() && sources_changed => false,
        (Method::Direct(Direct::To(before)), Method::Direct(Direct::To(now))) => before == now,
        (
            Method::Direct(Direct::By { by, targets, .. }),
            Method::Direct(Direct::By { by: by_now, targets: now, .. }),
        ) => by == by_now && targets == now,
        (Method::Direct(_), _) | (_, Method::Direct(_)) => false,
        _ => true,
    }
}

/// Whether a pool that is still there is cut by other dimensions, or became idle cost or ceased to be.
fn cut_otherwise(old: &RuleSet, new: &RuleSet, before: &[Option<usize>]) -> bool {
    let is_idle = |rule: &Rule| matches!(rule.method(), Method::Idle { .. });
    new.rules().zip(before).any(|(rule, place)| {
        let before = place.and_then(|place| old.rules().nth(place));
        before
            .is_none_or(|before| before.method().within() != rule.method().within() || is_idle(before) != is_idle(rule))
    })
}
