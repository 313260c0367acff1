//! Which cost an answer adds up: one of the four that charges have, or what cost centres bear.

use crate::model::charge::CostView;
use crate::{Error, Result};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A cost of charges, or what cost centres bear after everything is shared out.
///
/// ```
/// use finops_core::insight::View;
/// use finops_core::model::charge::CostView;
///
/// let view: View = serde_json::from_str("\"allocated\"").unwrap();
/// assert_eq!((view, view.cost()), (View::Allocated, CostView::Effective));
/// assert_eq!(View::from(CostView::List).as_str(), "list");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum View {
    /// That cost of the charges.
    Charged(CostView),
    /// The effective cost of the charges after allocation: dimension `cost_center` is who bears it.
    Allocated,
}

impl View {
    /// The word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Charged(view) => view.as_str(),
            Self::Allocated => "allocated",
        }
    }

    /// The cost that is added up.
    pub const fn cost(self) -> CostView {
        match self {
            Self::Charged(view) => view,
            Self::Allocated => CostView::Effective,
        }
    }

    /// Whether it is what centres bear.
    pub const fn is_allocated(self) -> bool {
        matches!(self, Self::Allocated)
    }

    /// Refuses what has no meaning for what centres bear.
    pub(super) fn refuse_allocated(self, when: bool, why: &str) -> Result<()> {
        if when && self.is_allocated() { Err(Error::invalid("view", format!("'allocated' {why}"))) } else { Ok(()) }
    }
}

impl Default for View {
    fn default() -> Self {
        CostView::default().into()
    }
}

impl From<CostView> for View {
    fn from(view: CostView) -> Self {
        Self::Charged(view)
    }
}

impl Serialize for View {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for View {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let word = String::deserialize(deserializer)?;
        let known = CostView::ALL.into_iter().map(Self::Charged).chain([Self::Allocated]);
        known.into_iter().find(|view| view.as_str() == word).ok_or_else(|| {
            let words: Vec<&str> = CostView::ALL.iter().map(|view| view.as_str()).collect();
            serde::de::Error::custom(format!("must be one of {}, allocated, got '{word}'", words.join(", ")))
        })
    }
}
