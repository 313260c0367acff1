//! The budgets that there are: those that were made, and those that cost centres bring along.

use crate::edge::store::{Defined, Definition};
use crate::engine::Finops;
use crate::model::budget::Budget;
use crate::model::center::CostCenters;
use crate::model::dimension::{BuiltIn, Dimension};
use crate::model::filter::Filter;
use crate::model::id::{self, Id};
use crate::{Error, ErrorCode, Result};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, MutexGuard};

pub(super) type BudgetId = Id<id::Budget>;

/// A budget as the store keeps it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct KeptBudget {
    /// Those that were made later have higher ones, also when the clock stands.
    pub(super) number: u64,
    pub(super) budget: Budget,
    pub(super) deleted: bool,
}

/// A budget, and which charges it covers.
#[derive(Debug)]
pub(super) struct Covered {
    pub(super) budget: Budget,
    pub(super) filter: Filter,
    /// Its number; none of a cost centre's.
    pub(super) number: Option<u64>,
}

impl Covered {
    /// Whether the gate goes by it. It does not know what a cost centre's rules of virtual dimensions make of a spend:
    /// such a centre's budget, which only tells, stays outside.
    pub(super) fn is_gated(&self) -> bool {
        let mut dimensions = Vec::new();
        self.filter.dimensions(&mut dimensions);
        dimensions.iter().all(|dimension| !matches!(dimension, Dimension::Virtual(_)))
    }
}

/// The budgets that were read.
#[derive(Debug, Default)]
pub(super) struct Known {
    /// Up to which change.
    change: u64,
    /// The highest number that any ever had.
    pub(super) number: u64,
    made: BTreeMap<u64, Arc<Covered>>,
    numbers: HashMap<BudgetId, u64>,
    /// The cost centres that filters go by.
    centers: Arc<CostCenters>,
    of_centers: BTreeMap<BudgetId, Arc<Covered>>,
}

impl Known {
    pub(super) fn len(&self) -> usize {
        self.made.len() + self.of_centers.len()
    }

    pub(super) fn made(&self) -> usize {
        self.made.len()
    }

    /// All of them, those that were made first, in the order of their making.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Arc<Covered>> {
        self.made.values().chain(self.of_centers.values())
    }

    pub(super) fn get(&self, id: BudgetId) -> Option<&Arc<Covered>> {
        let made = self.numbers.get(&id).and_then(|number| self.made.get(number));
        made.or_else(|| self.of_centers.get(&id))
    }

    /// Takes over what changed.
    fn take(&mut self, changed: &[Definition]) -> Result<()> {
        for definition in changed {
            let KeptBudget { number, budget, deleted } = read(definition)?;
            self.number = self.number.max(number);
            if deleted {
                self.made.remove(&number);
                self.numbers.remove(&budget.id);
            } else {
                self.numbers.insert(budget.id, number);
                self.made.insert(number, Arc::new(covered(budget, Some(number), &self.centers)?));
            }
            self.change = self.change.max(definition.change);
        }
        Ok(())
    }

    /// Goes by other cost centres from now on.
    fn follow(&mut self, centers: Arc<CostCenters>) -> Result<()> {
        self.centers = centers;
        for (number, held) in &mut self.made {
            if held.budget.scope.center().is_some() {
                *held = Arc::new(covered(held.budget.clone(), Some(*number), &self.centers)?);
            }
        }
        let before = std::mem::take(&mut self.of_centers);
        for center in self.centers.iter() {
            let Some(budget) = Budget::of_center(center).map_err(damaged)? else { continue };
            let now = covered(budget, None, &self.centers)?;
            // One that is as it was stays the same, so that nothing is evaluated anew.
            let same = before.get(&now.budget.id).filter(|was| was.budget == now.budget && was.filter == now.filter);
            self.of_centers.insert(now.budget.id, same.cloned().unwrap_or_else(|| Arc::new(now)));
        }
        Ok(())
    }
}

/// Which charges a budget covers. Until a centre that was made together with it is read as well, those that name it.
fn covered(budget: Budget, number: Option<u64>, centers: &CostCenters) -> Result<Covered> {
    let filter = match budget.filter_with(centers) {
        Err(error) if error.code() == ErrorCode::NotFound => {
            let named = budget.scope.id.iter().map(|id| Filter::equals(Dimension::BuiltIn(BuiltIn::CostCenter), id));
            Filter::All(named.collect())
        }
        filter => filter.map_err(damaged)?,
    };
    Ok(Covered { budget, filter, number })
}

impl Finops {
    /// The budgets as they were last read, with what changed since. While the store is read, others may look at them.
    pub(super) fn known_budgets(&self) -> Result<MutexGuard<'_, Known>> {
        let centers = self.cost_centers()?;
        loop {
            let since = self.budgets.known().change;
            let changed = self.store.definitions_since(Defined::Budget, since)?;
            let mut known = self.budgets.known();
            if known.change != since {
                // Somebody else took what had changed, and maybe more.
                continue;
            }
            // Budgets go by the centres that there were when they were made, or by later ones.
            let follows = !Arc::ptr_eq(&known.centers, &centers);
            if follows {
                known.follow(Arc::clone(&centers))?;
            }
            known.take(&changed)?;
            self.budgets.any.store(known.len() > 0, std::sync::atomic::Ordering::Release);
            return Ok(known);
        }
    }

    /// A budget that this handle sees.
    pub(super) fn budget(&self, id: BudgetId) -> Result<Arc<Covered>> {
        let known = self.known_budgets()?;
        known.get(id).filter(|held| self.sees_budget(&held.budget)).cloned().ok_or_else(|| unknown(id))
    }

    /// The budgets for a cost centre that were made by themselves, as a sentence names them.
    pub(in crate::engine) fn budgets_naming(&self, center: Id<id::CostCenter>) -> Result<Vec<String>> {
        let known = self.known_budgets()?;
        let named = known.made.values().filter(|held| held.budget.scope.center() == Some(center));
        Ok(named.map(|held| format!("the budget '{}'", held.budget.name)).collect())
    }

    /// Refuses centres of which a budget that was made by itself could not be told what it covers.
    pub(in crate::engine) fn check_budgets_with(&self, id: Id<id::CostCenter>, centers: &CostCenters) -> Result<()> {
        let known = self.known_budgets()?;
        let mut named = known.made.values().filter(|held| held.budget.scope.center() == Some(id));
        named.try_for_each(|held| {
            let why = |error: Error| {
                let message =
                    format!("the budget '{}' goes by this centre, which {}", held.budget.name, error.message());
                Error::new(error.code(), message).with_field("filter")
            };
            held.budget.check_with(centers).map_err(why)
        })
    }

    /// Budgets go by what was defined otherwise from now on.
    pub(in crate::engine) fn budgets_follow_definitions(&self) {
        self.budgets.any.store(true, std::sync::atomic::Ordering::Release);
        self.budgets.have_changed();
        self.follow_after();
    }

    /// The budgets that were made by themselves and ask for a value, as a sentence names them.
    pub(in crate::engine) fn budgets_with(&self, dimension: &Dimension, value: &str) -> Result<Vec<String>> {
        let known = self.known_budgets()?;
        let asking = known.made.values().filter(|held| held.filter.names(dimension, value));
        Ok(asking.map(|held| format!("the budget '{}'", held.budget.name)).collect())
    }
}

fn read(definition: &Definition) -> Result<KeptBudget> {
    serde_json::from_str(&definition.body)
        .map_err(|error| Error::new(ErrorCode::Storage, format!("a budget in the store cannot be read: {error}")))
}

fn damaged(error: Error) -> Error {
    let message = format!("the budgets in the store do not go together: {error}");
    Error::new(ErrorCode::Storage, message).with_source(error)
}

pub(super) fn unknown(id: BudgetId) -> Error {
    Error::new(ErrorCode::NotFound, format!("there is no budget '{id}'")).with_field("id")
}
