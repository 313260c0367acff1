//! Whether spending goes on: the lifecycle of a budget.

use crate::{Error, ErrorCode, Result};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Whether a budget lets spending through.
///
/// ```text
///                      exhaust
///            active --------------> exhausted
///            |    ^ <--------------    |
///      pause |    |     replenish      |
///            |    | resume             | pause
///            v    |                    |
///            paused <------------------+
/// ```
///
/// People pause and resume; a crossed threshold that pauses exhausts, and a new period, a larger amount or a refund
/// replenish. Every other step is a `conflict`. A budget that is resumed is active first; the next look at what has
/// been spent says whether it is exhausted.
///
/// ```
/// use finops_core::model::budget::Lifecycle;
///
/// let exhausted = Lifecycle::Active.exhaust()?;
/// assert_eq!(exhausted.replenish()?, Lifecycle::Active);
/// assert!(exhausted.resume().is_err(), "only what was paused is resumed");
/// # Ok::<(), finops_core::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Lifecycle {
    /// Spending is counted, and goes on.
    #[default]
    Active,
    /// Somebody has put the budget out of force: nothing is judged by it and nobody is held up.
    Paused,
    /// A threshold that pauses has been crossed: the gate lets nothing more through.
    Exhausted,
}

impl Lifecycle {
    /// The word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Paused => "paused",
            Self::Exhausted => "exhausted",
        }
    }

    /// Whether the budget is in force.
    pub const fn is_enabled(self) -> bool {
        !matches!(self, Self::Paused)
    }

    /// Puts the budget out of force.
    ///
    /// # Errors
    /// `conflict` when it is paused already.
    pub fn pause(self) -> Result<Self> {
        match self {
            Self::Active | Self::Exhausted => Ok(Self::Paused),
            Self::Paused => self.refuse("paused"),
        }
    }

    /// Puts a paused budget into force again.
    ///
    /// # Errors
    /// `conflict` when it is not paused.
    pub fn resume(self) -> Result<Self> {
        match self {
            Self::Paused => Ok(Self::Active),
            Self::Active | Self::Exhausted => self.refuse("resumed"),
        }
    }

    /// A threshold that pauses has been crossed.
    ///
    /// # Errors
    /// `conflict` when it is not active.
    pub fn exhaust(self) -> Result<Self> {
        match self {
            Self::Active => Ok(Self::Exhausted),
            Self::Paused | Self::Exhausted => self.refuse("exhausted"),
        }
    }

    /// No threshold that pauses is crossed any more.
    ///
    /// # Errors
    /// `conflict` when it is not exhausted.
    pub fn replenish(self) -> Result<Self> {
        match self {
            Self::Exhausted => Ok(Self::Active),
            Self::Active | Self::Paused => self.refuse("replenished"),
        }
    }

    fn refuse(self, step: &str) -> Result<Self> {
        let message = format!("is '{}': such a budget cannot be {step}", self.as_str());
        Err(Error::new(ErrorCode::Conflict, message).with_field("status"))
    }
}

/// What is told of it among the fields of a budget: its word, and whether the budget is in force.
#[derive(Serialize, Deserialize)]
struct Told {
    status: Lifecycle,
    /// Follows from the status, and is not read.
    #[serde(default)]
    enabled: Option<bool>,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde hands over a reference")]
pub(super) fn serialize<S: Serializer>(status: &Lifecycle, serializer: S) -> Result<S::Ok, S::Error> {
    Told { status: *status, enabled: Some(status.is_enabled()) }.serialize(serializer)
}

pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Lifecycle, D::Error> {
    Told::deserialize(deserializer).map(|told| told.status)
}
