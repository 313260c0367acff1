//! What people define and the engine goes by: meters, prices, grants, cost centres, rules of allocation, budgets,
//! resource groups, webhooks, and who watches for anomalies.

use crate::model::audit::AuditKind;

/// A kind of definition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Defined {
    /// That a meter was made or changed, by its slug.
    Meter,
    /// A version of a price, by its id.
    Price,
    /// A price list of language models, by when it takes effect.
    ModelPrices,
    /// A grant, by its id.
    Grant,
    /// A cost centre, by its id.
    CostCenter,
    /// A rule of allocation, by its id.
    AllocationRule,
    /// A budget, by its id.
    Budget,
    /// A webhook with its secrets, by its id.
    Webhook,
    /// A resource group, by its id.
    ResourceGroup,
    /// A monitor of anomalies, by its id.
    AnomalyMonitor,
}

impl Defined {
    /// The word for it, as stores write it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Meter => "meter",
            Self::Price => "price",
            Self::ModelPrices => "model_prices",
            Self::Grant => "grant",
            Self::CostCenter => "cost_center",
            Self::AllocationRule => "allocation_rule",
            Self::Budget => "budget",
            Self::Webhook => "webhook",
            Self::ResourceGroup => "resource_group",
            Self::AnomalyMonitor => "anomaly_monitor",
        }
    }

    /// What the log of changes calls it; none for what is no definition by itself. That a meter changed is written by
    /// whoever changes the meters.
    pub const fn audited(self) -> Option<AuditKind> {
        match self {
            Self::Meter => None,
            Self::Price => Some(AuditKind::Price),
            Self::ModelPrices => Some(AuditKind::ModelPrices),
            Self::Grant => Some(AuditKind::Grant),
            Self::CostCenter => Some(AuditKind::CostCenter),
            Self::AllocationRule => Some(AuditKind::AllocationRule),
            Self::Budget => Some(AuditKind::Budget),
            Self::Webhook => Some(AuditKind::Webhook),
            Self::ResourceGroup => Some(AuditKind::ResourceGroup),
            Self::AnomalyMonitor => Some(AuditKind::AnomalyMonitor),
        }
    }

    /// What a key is about, where each version has a key of its own: `prc_1` of `prc_1.0000000002`. Keys of later
    /// versions are higher.
    pub fn versioned(self, key: &str) -> Option<&str> {
        match self {
            Self::Price => key.rsplit_once('.').map(|(id, _)| id),
            Self::Meter
            | Self::ModelPrices
            | Self::Grant
            | Self::CostCenter
            | Self::AllocationRule
            | Self::Budget
            | Self::Webhook
            | Self::ResourceGroup
            | Self::AnomalyMonitor => None,
        }
    }
}

/// A definition as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Definition {
    /// What tells it from others of its kind.
    pub key: String,
    /// The definition, as JSON.
    pub body: String,
    /// The number of the change that wrote it: later changes have higher numbers, over all kinds.
    pub change: u64,
}
