//! What a run came upon that somebody should know.

use crate::model::allocation::{CenterId, RuleId};
use serde::{Deserialize, Serialize};

/// What was found, as a stable word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum FindingCode {
    /// The base of one centre is below zero: it counts as 0.
    NegativeBase,
    /// Charges of a centre lack the cost that its base is of: only what is known counts.
    UnknownBase,
    /// The base of all centres is 0: the fallback of the rule holds.
    ZeroBase,
    /// More was used than the pool can serve.
    OverCapacity,
    /// The pool is in another currency than the amounts of the rule: its fallback holds.
    OtherCurrency,
    /// Charges have a value that is nobody's: the fallback of the rule holds.
    UnknownValue,
}

impl FindingCode {
    /// The word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NegativeBase => "negative_base",
            Self::UnknownBase => "unknown_base",
            Self::ZeroBase => "zero_base",
            Self::OverCapacity => "over_capacity",
            Self::OtherCurrency => "other_currency",
            Self::UnknownValue => "unknown_value",
        }
    }
}

/// Something that a run came upon; said once for each rule, and once for each centre where it concerns one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Finding {
    /// What it is.
    pub code: FindingCode,
    /// The rule.
    pub rule_id: RuleId,
    /// The centre, where it concerns one.
    pub cost_center_id: Option<CenterId>,
    /// What it is in words.
    pub message: String,
}
