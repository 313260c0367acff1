//! How the cost that a rule holds is shared out. Each method carries its own fields and no others.

use super::CenterId;
use crate::model::dimension::Dimension;
use crate::model::money::{Currency, Money, Quantity};
use serde::{Deserialize, Serialize};

/// How the cost that a rule holds, its *pool*, is shared out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Method {
    /// Each charge goes to one centre as its direct cost.
    Direct(Direct),
    /// The same to each centre. At least one.
    Even(Vec<CenterId>),
    /// By fixed weights.
    Weighted {
        /// The centres; at least one. A weight is 0 or more.
        targets: Vec<Share>,
        /// What happens where all weights are 0.
        fallback: Fallback,
    },
    /// By fixed percentages, which add up to exactly 100.
    Fixed(Vec<Share>),
    /// Fixed amounts in each calendar month of UTC, pro rata for a part of one.
    FixedAmount {
        /// The centres, and what each bears in a month; at least one, 0 or more.
        targets: Vec<FixedAmount>,
        /// The currency of the amounts. Pools in other currencies follow the fallback as a whole.
        currency: Currency,
        /// What happens to the rest of the pool, which is below zero where the pool is smaller than the amounts.
        fallback: Fallback,
    },
    /// By percentages that change with the size of the pool in a calendar month of UTC, marginally.
    Tiered {
        /// The tiers, ascending; the last one is open.
        tiers: Vec<Tier>,
        /// The currency of the bounds. Pools in other currencies follow the fallback.
        currency: Currency,
        /// What happens to pools in other currencies; `Even` is over the centres of all tiers.
        fallback: Fallback,
    },
    /// In proportion to a base.
    Proportional {
        /// The base.
        base: Base,
        /// The centres; none for every centre that is no rule's source.
        targets: Option<Vec<CenterId>>,
        /// What happens where the base of all centres is 0.
        fallback: Fallback,
    },
    /// The pool is idle cost: it goes to whatever ran there, in proportion to its cost, before anything is shared.
    Idle {
        /// The dimensions in whose values idle cost and what caused it agree; without any it goes over everything.
        within: Vec<Dimension>,
        /// Whether those who caused it bear it.
        idle: Idle,
    },
}

impl Method {
    /// The word for it in JSON.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Direct(_) => "direct",
            Self::Even(_) => "even",
            Self::Weighted { .. } => "weighted",
            Self::Fixed(_) => "fixed",
            Self::FixedAmount { .. } => "fixed_amount",
            Self::Tiered { .. } => "tiered",
            Self::Proportional { .. } => "proportional",
            Self::Idle { .. } => "idle",
        }
    }

    /// The dimensions that the pool is cut by.
    pub fn within(&self) -> &[Dimension] {
        match self {
            Self::Proportional { base: Base::DirectCost { within }, .. } | Self::Idle { within, .. } => within,
            _ => &[],
        }
    }

    /// What happens to what cannot be shared out; none where that cannot be.
    pub const fn fallback(&self) -> Option<Fallback> {
        match self {
            Self::Direct(Direct::By { fallback, .. })
            | Self::Weighted { fallback, .. }
            | Self::FixedAmount { fallback, .. }
            | Self::Tiered { fallback, .. }
            | Self::Proportional { fallback, .. } => Some(*fallback),
            Self::Direct(Direct::To(_)) | Self::Even(_) | Self::Fixed(_) | Self::Idle { .. } => None,
        }
    }

    /// The centres that it names, each once, in their order; none where it names none.
    pub fn targets(&self) -> Vec<CenterId> {
        let mut named: Vec<CenterId> = match self {
            Self::Direct(Direct::To(center)) => vec![*center],
            Self::Direct(Direct::By { targets, .. }) => targets.iter().map(|target| target.cost_center).collect(),
            Self::Even(targets) | Self::Proportional { targets: Some(targets), .. } => targets.clone(),
            Self::Weighted { targets, .. } | Self::Fixed(targets) => {
                targets.iter().map(|target| target.cost_center).collect()
            }
            Self::FixedAmount { targets, .. } => targets.iter().map(|target| target.cost_center).collect(),
            Self::Tiered { tiers, .. } => {
                tiers.iter().flat_map(|tier| &tier.targets).map(|target| target.cost_center).collect()
            }
            Self::Proportional { targets: None, .. } | Self::Idle { .. } => Vec::new(),
        };
        let mut seen = std::collections::HashSet::with_capacity(named.len());
        named.retain(|center| seen.insert(*center));
        named
    }
}

/// To which centre each charge goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Direct {
    /// All of them to one.
    To(CenterId),
    /// As a dimension of the charge says.
    By {
        /// The dimension.
        by: Dimension,
        /// Which values are whose; without any the value is the id of the centre, or its name.
        targets: Vec<ByValue>,
        /// What happens to charges whose value is nobody's; `Even` is over the targets.
        fallback: Fallback,
    },
}

/// The centre of some values of a dimension.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ByValue {
    /// The centre.
    pub cost_center: CenterId,
    /// The values; at least one.
    pub values: Vec<String>,
}

/// A centre and its weight or its percentage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Share {
    /// The centre.
    pub cost_center: CenterId,
    /// The weight, 0 or more, or the percentage, 0 to 100.
    pub share: Quantity,
}

/// A centre and what it bears in a calendar month.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FixedAmount {
    /// The centre.
    pub cost_center: CenterId,
    /// How much, 0 or more.
    pub amount: Money,
}

/// A part of the pool of a month, by its size.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tier {
    /// Up to which size of the pool it reaches; none for the last tier. A pool below zero is its mirror image.
    pub up_to: Option<Money>,
    /// The percentages, which add up to exactly 100.
    pub targets: Vec<Share>,
}

/// What a pool is in proportion to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Base {
    /// The direct cost of the centres, without idle, in the currency of the pool.
    DirectCost {
        /// Dimensions by whose values the pool is cut; each cut goes only to cost with the same values.
        within: Vec<Dimension>,
    },
    /// What a meter counted for the centres.
    Meter {
        /// The slug of the meter.
        meter: String,
        /// What the pool could serve.
        capacity: Option<Capacity>,
    },
}

/// What a pool could serve in a calendar month of UTC; what of it was not used is idle cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Capacity {
    /// How much of the meter, above 0.
    pub quantity: Quantity,
    /// Whether those who used the rest bear the idle part.
    pub idle: Idle,
}

/// What becomes of idle cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Idle {
    /// Those who caused it bear it, as their idle cost.
    Share,
    /// It stays apart: nobody bears it, but it is known in whose favour it was.
    #[default]
    Separate,
}

/// What becomes of cost that a rule holds and cannot share out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fallback {
    /// It stays where it is, unallocated.
    #[default]
    Keep,
    /// The same to each target.
    Even,
    /// The run fails and names the rule.
    Error,
}
