//! Budgets by what they cover, so that a scope that is new finds its accounts among many thousand.
//!
//! Most budgets want a dimension to have some value. They are found by it, and then tried; the few others are tried
//! for every scope. A scope that was met before in a lane does not come here.

use super::scope::Scope;
use super::scopes::{Cover, Covers};
use crate::model::dimension::{BuiltIn, Dimension};
use crate::model::filter::Filter;
use crate::model::id::{self, Id};
use crate::model::money::Currency;
use hashbrown::HashMap;
use std::sync::Arc;

/// What a budget covers, and the number of its account.
#[derive(Debug, Clone)]
pub(super) struct Known {
    pub(super) account: u32,
    pub(super) filter: Arc<Filter>,
    pub(super) currency: Currency,
}

type Ids = Vec<Id<id::Budget>>;

/// Budgets by id and by a value that they want.
#[derive(Debug, Default)]
pub(super) struct Index {
    known: HashMap<Id<id::Budget>, Known>,
    by_id: HashMap<BuiltIn, HashMap<String, Ids>>,
    by_tag: HashMap<String, HashMap<String, Ids>>,
    others: Ids,
    constants: Arc<[(BuiltIn, String)]>,
}

impl Index {
    /// No budgets yet; each charge of the gate has those `constants`.
    pub(super) fn new(constants: Arc<[(BuiltIn, String)]>) -> Self {
        Self { constants, ..Self::default() }
    }

    /// As empty as at first.
    pub(super) fn emptied(&self) -> Self {
        Self::new(Arc::clone(&self.constants))
    }

    pub(super) fn get(&self, id: Id<id::Budget>) -> Option<&Known> {
        self.known.get(&id)
    }

    pub(super) fn ids(&self) -> impl Iterator<Item = Id<id::Budget>> {
        self.known.keys().copied()
    }

    pub(super) fn insert(&mut self, id: Id<id::Budget>, known: Known) {
        self.remove(id);
        match self.anchor(&known.filter) {
            Some((Dimension::BuiltIn(dimension), values)) => add(self.by_id.entry(dimension).or_default(), values, id),
            Some((Dimension::Tag(key), values)) => add(self.by_tag.entry(key).or_default(), values, id),
            _ => self.others.push(id),
        }
        self.known.insert(id, known);
    }

    pub(super) fn remove(&mut self, id: Id<id::Budget>) -> Option<Known> {
        let known = self.known.remove(&id)?;
        match self.anchor(&known.filter) {
            Some((Dimension::BuiltIn(dimension), values)) => take(self.by_id.get_mut(&dimension), &values, id),
            Some((Dimension::Tag(key), values)) => take(self.by_tag.get_mut(&key), &values, id),
            _ => self.others.retain(|other| *other != id),
        }
        Some(known)
    }

    /// The budgets that cover a scope, with their accounts, in the order of their ids.
    pub(super) fn find(&self, scope: &Scope) -> Vec<(Id<id::Budget>, Cover)> {
        let ids = scope.ids().filter_map(|(dimension, value)| self.by_id.get(&dimension)?.get(value));
        let tags = scope.tags().filter_map(|(key, value)| self.by_tag.get(key)?.get(value));
        let candidates = ids.chain(tags).flatten().chain(&self.others);
        let mut found: Vec<_> = candidates
            .filter_map(|id| Some((*id, self.known.get(id)?)))
            .filter(|(_, known)| scope.passes(&known.filter, &self.constants))
            .map(|(id, known)| (id, Cover { account: known.account, foreign: known.currency != scope.currency() }))
            .collect();
        found.sort_unstable_by_key(|(id, _)| *id);
        found
    }

    /// The accounts that cover a scope, in the order of the ids of their budgets.
    pub(super) fn covers(&self, scope: &Scope) -> Covers {
        self.find(scope).into_iter().map(|(_, cover)| cover).collect()
    }

    /// A dimension of which all that passes has one of some values, and those values.
    fn anchor(&self, filter: &Filter) -> Option<(Dimension, Vec<String>)> {
        match filter {
            Filter::In(Dimension::BuiltIn(BuiltIn::Currency) | Dimension::Virtual(_), _) => None,
            Filter::In(Dimension::BuiltIn(dimension), _) if self.constants.iter().any(|(is, _)| is == dimension) => {
                None
            }
            Filter::In(dimension, values) => {
                let mut values: Vec<String> = values.iter().cloned().collect::<Option<_>>()?;
                values.sort_unstable();
                values.dedup();
                Some((dimension.clone(), values))
            }
            // The one of the fewest values; the first of several.
            Filter::All(all) => {
                all.iter().filter_map(|filter| self.anchor(filter)).min_by_key(|(_, values)| values.len())
            }
            _ => None,
        }
    }
}

fn add(places: &mut HashMap<String, Ids>, values: Vec<String>, id: Id<id::Budget>) {
    for value in values {
        places.entry(value).or_default().push(id);
    }
}

fn take(places: Option<&mut HashMap<String, Ids>>, values: &[String], id: Id<id::Budget>) {
    let Some(places) = places else { return };
    for value in values {
        if let Some(ids) = places.get_mut(value) {
            ids.retain(|other| *other != id);
            if ids.is_empty() {
                places.remove(value);
            }
        }
    }
}
