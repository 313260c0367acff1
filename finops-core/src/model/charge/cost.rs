//! Which of the four costs a figure is made of.

use super::ChargeColumn;
use serde::{Deserialize, Serialize};

/// Which cost of a charge a query adds up; two of them are never mixed in one sum.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
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
