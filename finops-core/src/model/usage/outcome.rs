//! What became of an event that was reported.

use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};

/// What became of an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It is durable and counted.
    Accepted,
    /// It was counted before, with the same content.
    Duplicate,
    /// It is not counted.
    Rejected(Rejection),
}

/// Why an event is not counted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Rejection {
    /// Another content came with the same tenant, source and id; the first stays.
    #[error("another event has this tenant, source and id: the first stays; correct it with correct_usage")]
    Conflict,
    /// It is older than what can still be told from what was counted.
    #[error("{0}")]
    TooLate(String),
    /// It lies further in the future than clocks may differ.
    #[error("{0}")]
    Future(String),
    /// It is of another tenant than the handle that it was reported through.
    #[error("tenant_id: this handle reports only the usage of its own tenant")]
    Forbidden,
    /// It cannot be read or counted: the field, and what is wrong with it.
    #[error("{field}: {message}")]
    Invalid {
        /// The field.
        field: String,
        /// What is wrong with it, and what to do.
        message: String,
    },
}

impl Rejection {
    /// A field that cannot be right.
    pub fn invalid(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self::Invalid { field: field.into(), message: message.into() }
    }

    /// The word for it.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Conflict => "conflict",
            Self::TooLate(_) => "too_late",
            Self::Future(_) => "future",
            Self::Forbidden => "forbidden",
            Self::Invalid { .. } => "invalid",
        }
    }
}

impl Serialize for Rejection {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}

/// An event of a call that is not counted. In JSON: `{index, id, code, message}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejected {
    /// Its place in the call, from 0.
    pub index: usize,
    /// Its id, where it has one that can be read.
    pub id: Option<String>,
    /// Why.
    pub rejection: Rejection,
}

impl Serialize for Rejected {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut rejected = serializer.serialize_struct("Rejected", 4)?;
        rejected.serialize_field("index", &self.index)?;
        rejected.serialize_field("id", &self.id)?;
        rejected.serialize_field("code", self.rejection.code())?;
        rejected.serialize_field("message", &self.rejection.to_string())?;
        rejected.end()
    }
}
