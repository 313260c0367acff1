//! The centres as rules see them: who they are and which charges are theirs by their own filter.

use super::CenterId;
use crate::model::filter::Filter;
use crate::{Error, Result};
use std::collections::HashMap;

/// What rules know of a cost centre.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Center {
    /// Its id.
    pub id: CenterId,
    /// Its name, unique without regard to case and blanks around it.
    pub name: String,
    /// How many centres stand above it.
    pub depth: u32,
    /// Which charges are its own where no rule and no `cost_center` says otherwise; none where it has no filter.
    pub filter: Option<Filter>,
}

/// The centres in the order in which they were made.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Centers {
    all: Vec<Center>,
    by_id: HashMap<CenterId, u32>,
    by_name: HashMap<String, u32>,
}

impl Centers {
    /// Those centres, in the order in which they were made.
    ///
    /// # Errors
    /// `invalid_argument` when two have the same id or name.
    pub fn new(all: Vec<Center>) -> Result<Self> {
        let mut centers = Self::default();
        for (place, center) in (0..).zip(&all) {
            let twice = centers.by_id.insert(center.id, place).is_some()
                | centers.by_name.insert(folded(&center.name), place).is_some();
            if twice {
                return Err(Error::invalid("cost_center", format!("'{}' ({}) is there twice", center.name, center.id)));
            }
        }
        Ok(Self { all, ..centers })
    }

    /// All of them.
    pub fn all(&self) -> &[Center] {
        &self.all
    }

    /// The one of that id.
    pub fn get(&self, id: CenterId) -> Option<&Center> {
        self.at(self.place(id)?)
    }

    /// The place of an id.
    pub(crate) fn place(&self, id: CenterId) -> Option<u32> {
        self.by_id.get(&id).copied()
    }

    /// The one at a place.
    pub(crate) fn at(&self, place: u32) -> Option<&Center> {
        self.all.get(usize::try_from(place).ok()?)
    }

    /// The place of the one whose id that is.
    pub(crate) fn place_of_id(&self, text: &str) -> Option<u32> {
        CenterId::parse(text).ok().and_then(|id| self.place(id))
    }

    /// The place of the one whose id that is, else whose name.
    pub(crate) fn place_of(&self, text: &str) -> Option<u32> {
        self.place_of_id(text).or_else(|| self.by_name.get(&folded(text)).copied())
    }
}

fn folded(name: &str) -> String {
    name.trim().to_lowercase()
}
