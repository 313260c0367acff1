//! Which of the four costs a figure is made of.

use super::ChargeColumn;
use serde::{Deserialize, Deserializer, Serialize};

/// Which cost of a charge a query adds up; two of them are never mixed in one sum.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum CostView {
    /// `BilledCost`: what the invoice asks for.
    Billed,
    /// `EffectiveCost`: amortized, after all discounts. What showback uses.
    #[default]
    Effective,
    /// `ContractedCost`: at agreed prices, before commitments.
    Contracted,
    /// `ListCost`: at public prices.
    List,
}

impl CostView {
    /// Every view.
    pub const ALL: [Self; 4] = [Self::Billed, Self::Effective, Self::Contracted, Self::List];

    /// Its place in [`CostView::ALL`], which is the order of costs that come as four.
    pub(crate) const fn place(self) -> usize {
        match self {
            Self::Billed => 0,
            Self::Effective => 1,
            Self::Contracted => 2,
            Self::List => 3,
        }
    }

    /// The word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Billed => "billed",
            Self::Effective => "effective",
            Self::Contracted => "contracted",
            Self::List => "list",
        }
    }

    /// The column that is added up.
    pub const fn column(self) -> ChargeColumn {
        match self {
            Self::Billed => ChargeColumn::BilledCost,
            Self::Effective => ChargeColumn::EffectiveCost,
            Self::Contracted => ChargeColumn::ContractedCost,
            Self::List => ChargeColumn::ListCost,
        }
    }
}

/// The same as it is derived, for forms that have numbers in place of words.
#[derive(Deserialize)]
#[serde(remote = "CostView", rename_all = "snake_case")]
enum Derived {
    Billed,
    Effective,
    Contracted,
    List,
}

impl<'de> Deserialize<'de> for CostView {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if !deserializer.is_human_readable() {
            return Derived::deserialize(deserializer);
        }
        let word = String::deserialize(deserializer)?;
        Self::ALL.into_iter().find(|view| view.as_str() == word).ok_or_else(|| {
            let words = Self::ALL.map(Self::as_str).join(", ");
            serde::de::Error::custom(if word == "allocated" {
                format!("'allocated' is for get_cost_summary and costs.breakdown alone: use one of {words}")
            } else {
                format!("must be one of {words}, got '{word}'")
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_those_in_the_list() {
        assert_eq!(CostView::ALL.map(CostView::place), [0, 1, 2, 3]);
    }
}
