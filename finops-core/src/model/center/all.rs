//! All cost centres together: what they say of each other.

use super::CostCenter;
use crate::model::id::{self, Id};
use crate::{Error, ErrorCode, Result};
use std::collections::HashMap;
use std::sync::Arc;

/// How many cost centres there are at most.
pub const MAX_COST_CENTERS: usize = 10_000;
/// How many levels of cost centres there are at most; one without a parent stands on the first.
pub const MAX_DEPTH: usize = 16;

/// The cost centres that there are, in the order of their making.
#[derive(Debug, Clone, Default)]
pub struct CostCenters {
    in_order: Vec<Arc<CostCenter>>,
    by_id: HashMap<Id<id::CostCenter>, usize>,
    by_name: HashMap<String, usize>,
}

impl CostCenters {
    /// Those centres, each of which is valid by itself, in that order.
    ///
    /// # Errors
    /// `conflict` for a name that two of them have, and beyond 10,000 of them; `not_found` for a parent that is not
    /// among them; `invalid_argument` for parents that lead in a circle or further up than 16 levels.
    pub fn new(centers: Vec<Arc<CostCenter>>) -> Result<Self> {
        if centers.len() > MAX_COST_CENTERS {
            let message = format!("there are {MAX_COST_CENTERS} cost centres already: delete one first");
            return Err(Error::new(ErrorCode::Conflict, message).with_field("name"));
        }
        let by_id = centers.iter().enumerate().map(|(place, center)| (center.id, place)).collect();
        let mut by_name = HashMap::with_capacity(centers.len());
        for (place, center) in centers.iter().enumerate() {
            if by_name.insert(CostCenter::name_key(&center.name), place).is_some() {
                let message = format!("is taken: there is a cost centre '{}' already", center.name.trim());
                return Err(Error::new(ErrorCode::Conflict, message).with_field("name"));
            }
        }
        let all = Self { in_order: centers, by_id, by_name };
        all.in_order.iter().try_for_each(|center| all.check_parents(center))?;
        Ok(all)
    }

    /// The centre with that id.
    pub fn get(&self, id: Id<id::CostCenter>) -> Option<&CostCenter> {
        self.by_id.get(&id).and_then(|place| self.in_order.get(*place)).map(Arc::as_ref)
    }

    /// The centre of that name, whatever its case and the blanks around it.
    pub fn named(&self, name: &str) -> Option<&CostCenter> {
        self.by_name.get(&CostCenter::name_key(name)).and_then(|place| self.in_order.get(*place)).map(Arc::as_ref)
    }

    /// Every centre, in the order of their making.
    pub fn iter(&self) -> impl Iterator<Item = &CostCenter> {
        self.in_order.iter().map(Arc::as_ref)
    }

    /// The centres that are a part of that one, without what is a part of them.
    pub fn children(&self, id: Id<id::CostCenter>) -> impl Iterator<Item = &CostCenter> {
        self.iter().filter(move |center| center.parent == Some(id))
    }

    /// On which level a centre stands: 1 without a parent, at most 16.
    pub fn level(&self, center: &CostCenter) -> usize {
        1 + self.above(center).count()
    }

    /// The centres that one is a part of, the nearest first.
    fn above<'a>(&'a self, center: &'a CostCenter) -> impl Iterator<Item = &'a CostCenter> {
        let parent = |center: &CostCenter| center.parent.and_then(|parent| self.get(parent));
        std::iter::successors(parent(center), move |center| parent(center))
    }

    fn check_parents(&self, center: &CostCenter) -> Result<()> {
        if let Some(parent) = center.parent.filter(|parent| self.get(*parent).is_none()) {
            let message = format!("there is no cost centre '{parent}'");
            return Err(Error::new(ErrorCode::NotFound, message).with_field("parent"));
        }
        let mut path = vec![center];
        // One more than is allowed, so that a circle does not go on for ever.
        for above in self.above(center).take(MAX_DEPTH) {
            let passed = path.iter().position(|passed| passed.id == above.id);
            path.push(above);
            if let Some(first) = passed {
                let circle: Vec<&str> = path.iter().skip(first).map(|center| center.name.as_str()).collect();
                return Err(Error::invalid("parent", format!("leads in a circle: {}", circle.join(" -> "))));
            }
        }
        if path.len() > MAX_DEPTH {
            let message = format!("puts '{}' below the {MAX_DEPTH} levels that there may be", center.name);
            return Err(Error::invalid("parent", message));
        }
        Ok(())
    }
}
