//! Who holds each cell: a rule, else the centre that it names, else the centre whose own filter matches.

use super::cells::Cells;
use super::conditions::Conditions;
use super::keys::index;
use crate::model::allocation::{Direct, Method, Rule, RuleSet};
use crate::model::dimension::{BuiltIn, Dimension};
use crate::{Error, ErrorCode, Result};
use std::collections::HashMap;

/// Stands for no rule, no centre.
pub(super) const NONE: u32 = u32::MAX;

/// Who holds a cell, by places: a rule, a centre, both (a rule that gives the cell to the centre), or nobody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Claim {
    pub(super) rule: u32,
    pub(super) center: u32,
}

impl Claim {
    const NOBODY: Self = Self { rule: NONE, center: NONE };
}

/// What claims are told by, made ready for some cells.
#[derive(Debug)]
pub(super) struct Claimants {
    rules: Conditions,
    orders: Vec<u32>,
    /// For each rule that gives each charge to one centre, which.
    direct: Vec<Option<Given>>,
    named: Option<Given>,
    own: Conditions,
    own_places: Vec<u32>,
}

/// The centre of each code of a dimension.
#[derive(Debug)]
enum Given {
    One(u32),
    By(usize, Vec<u32>),
}

impl Given {
    fn of(&self, codes: &[u32]) -> u32 {
        match self {
            Self::One(center) => *center,
            Self::By(place, centers) => {
                codes.get(*place).and_then(|code| centers.get(index(*code))).copied().unwrap_or(NONE)
            }
        }
    }
}

impl Claimants {
    pub(super) fn new(cells: &Cells, set: &RuleSet) -> Result<Self> {
        let centers = set.centers();
        let named = if centers.all().is_empty() {
            None
        } else {
            let place = cells.place(&Dimension::BuiltIn(BuiltIn::CostCenter))?;
            let center = |label: &str| centers.place_of_id(label);
            Some(Given::By(place, by_label(cells, place, center)))
        };
        // Deepest first, then earliest made.
        let mut own_places: Vec<u32> = (0..).take(centers.all().len()).collect();
        own_places.sort_by_key(|place| std::cmp::Reverse(centers.at(*place).map_or(0, |center| center.depth)));
        let own = own_places.iter().map(|place| centers.at(*place).and_then(|center| center.filter.as_ref()));
        Ok(Self {
            rules: Conditions::new(cells, set.rules().map(|rule| Some(&rule.terms().source)))?,
            orders: set.rules().map(|rule| rule.terms().order).collect(),
            direct: set.rules().map(|rule| given(cells, set, rule)).collect::<Result<_>>()?,
            named,
            own: Conditions::new(cells, own)?,
            own_places,
        })
    }

    /// Who holds a cell; two rules where both do and neither comes first.
    pub(super) fn claim(&self, codes: &[u32]) -> Result<Claim, (usize, usize)> {
        if let Some(rule) = self.rules.next(codes, 0) {
            if let Some(other) = self.rules.next(codes, rule + 1)
                && self.orders.get(rule) == self.orders.get(other)
            {
                return Err((rule, other));
            }
            let center = self.direct.get(rule).and_then(Option::as_ref).map_or(NONE, |given| given.of(codes));
            return Ok(Claim { rule: u32::try_from(rule).unwrap_or(NONE), center });
        }
        let named = self.named.as_ref().map_or(NONE, |given| given.of(codes));
        if named != NONE {
            return Ok(Claim { rule: NONE, center: named });
        }
        let own = self.own.next(codes, 0).and_then(|place| self.own_places.get(place));
        Ok(own.map_or(Claim::NOBODY, |center| Claim { rule: NONE, center: *center }))
    }
}

/// The centre of each code, by its label.
fn by_label(cells: &Cells, place: usize, center: impl Fn(&str) -> Option<u32>) -> Vec<u32> {
    let of = |label: &Option<std::sync::Arc<str>>| label.as_deref().and_then(&center).unwrap_or(NONE);
    cells.labels(place).iter().map(of).collect()
}

fn given(cells: &Cells, set: &RuleSet, rule: &Rule) -> Result<Option<Given>> {
    let centers = set.centers();
    Ok(match rule.method() {
        Method::Direct(Direct::To(center)) => Some(Given::One(centers.place(*center).unwrap_or(NONE))),
        Method::Direct(Direct::By { by, targets, .. }) => {
            let place = cells.place(by)?;
            let mut listed: HashMap<&str, u32> = HashMap::new();
            for target in targets {
                let center = centers.place(target.cost_center).unwrap_or(NONE);
                listed.extend(target.values.iter().map(|value| (value.as_str(), center)));
            }
            // A centre whose cost is shared out gets none, whoever names it.
            let open = |label: &str| centers.place_of(label).filter(|center| !set.is_source(*center));
            let center = |label: &str| if targets.is_empty() { open(label) } else { listed.get(label).copied() };
            Some(Given::By(place, by_label(cells, place, center)))
        }
        _ => None,
    })
}

/// The claims of all cells, or of those that `again` names, in the places of those before.
///
/// # Errors
/// `conflict` naming two rules of the same order that both hold a cell.
pub(super) fn claim_all(
    cells: &Cells,
    set: &RuleSet,
    claimants: &Claimants,
    claims: &mut [Claim],
    again: impl Fn(usize, &Claim) -> bool,
) -> Result<()> {
    let mut conflict: Option<(usize, usize)> = None;
    for (cell, claim) in claims.iter_mut().enumerate() {
        if !again(cell, claim) {
            continue;
        }
        match claimants.claim(cells.codes_of(cell)) {
            Ok(found) => *claim = found,
            // The same two are named, whatever the order of cells.
            Err(pair) => conflict = Some(conflict.map_or(pair, |first| first.min(pair))),
        }
    }
    let Some((one, other)) = conflict else { return Ok(()) };
    let called = |place: usize| set.rules().nth(place).map_or_else(String::new, |rule| rule.called());
    let order = set.rules().nth(one).map_or(0, |rule| rule.terms().order);
    let message = format!(
        "rules {} and {} both hold some charges, and both have order {order}: give one of them another order, or let \
         their sources exclude each other",
        called(one),
        called(other),
    );
    Err(Error::new(ErrorCode::Conflict, message))
}

pub(super) fn unclaimed(cells: &Cells) -> Vec<Claim> {
    vec![Claim::NOBODY; cells.len()]
}
