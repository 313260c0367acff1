//! The one error of the crate.
//!
//! Every failure says what was wrong, which field it concerns where there is one, and what to do about it.
//! [`ErrorCode`] is the stable contract: a new code is added only when a caller would act differently.

use std::error::Error as StdError;
use std::fmt;

/// What a fallible call of this crate gives.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a call failed, as a stable word for programs to act on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorCode {
    /// The caller passed something that cannot be right: correct the argument and call again.
    InvalidArgument,
    /// What was named does not exist.
    NotFound,
    /// The call collides with what is there, such as a second writer.
    Conflict,
    /// Amounts in several currencies would have to be added: name a currency and its rates, or filter.
    MixedCurrencies,
    /// An exact result does not fit: money is never wrapped or saturated.
    Overflow,
    /// The disk, the database or a stored file failed or is damaged.
    Storage,
    /// The caller asked for the work to stop; nothing was changed.
    Cancelled,
    /// The handle may not do this: call with another role or scope, or leave it.
    Forbidden,
    /// Whoever sent this did not prove who they are: answer them with 401, and do nothing of it.
    Unauthorized,
    /// A budget does not let the spend through: leave it, make it smaller, or wait for the next period.
    BudgetExhausted,
}

impl ErrorCode {
    /// Every code, in the order of their declaration.
    pub const ALL: [Self; 10] = [
        Self::InvalidArgument,
        Self::NotFound,
        Self::Conflict,
        Self::MixedCurrencies,
        Self::Overflow,
        Self::Storage,
        Self::Cancelled,
        Self::Forbidden,
        Self::Unauthorized,
        Self::BudgetExhausted,
    ];

    /// The code as it stands in JSON and in the exceptions of the bindings.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InvalidArgument => "invalid_argument",
            Self::NotFound => "not_found",
            Self::Conflict => "conflict",
            Self::MixedCurrencies => "mixed_currencies",
            Self::Overflow => "overflow",
            Self::Storage => "storage",
            Self::Cancelled => "cancelled",
            Self::Forbidden => "forbidden",
            Self::Unauthorized => "unauthorized",
            Self::BudgetExhausted => "budget_exhausted",
        }
    }
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A failed call. It changed nothing.
///
/// ```
/// use finops_core::{Error, ErrorCode};
///
/// let error = Error::invalid("limit", "must be 1 to 1000, got -5");
/// assert_eq!(error.code(), ErrorCode::InvalidArgument);
/// assert_eq!(error.field(), Some("limit"));
/// assert_eq!(error.to_string(), "limit: must be 1 to 1000, got -5");
/// ```
#[derive(Debug, thiserror::Error)]
#[error("{}{message}", field.as_ref().map(|field| format!("{field}: ")).unwrap_or_default())]
pub struct Error {
    code: ErrorCode,
    field: Option<String>,
    message: String,
    #[source]
    source: Option<Box<dyn StdError + Send + Sync>>,
}

impl Error {
    /// An error without a field.
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self { code, field: None, message: message.into(), source: None }
    }

    /// A wrong argument: the field and the sentence that says what it must be.
    pub fn invalid(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new(ErrorCode::InvalidArgument, message).with_field(field)
    }

    /// An exact result that does not fit.
    pub fn overflow(message: impl Into<String>) -> Self {
        Self::new(ErrorCode::Overflow, message)
    }

    /// Names the field that the error concerns.
    #[must_use]
    pub fn with_field(mut self, field: impl Into<String>) -> Self {
        self.field = Some(field.into());
        self
    }

    /// Keeps the failure underneath, for `std::error::Error::source`.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// The stable code.
    pub const fn code(&self) -> ErrorCode {
        self.code
    }

    /// The argument or column that the error concerns.
    pub fn field(&self) -> Option<&str> {
        self.field.as_deref()
    }

    /// What was wrong and what to do, without the field.
    pub fn message(&self) -> &str {
        &self.message
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_a_word_of_its_own() {
        let words: std::collections::BTreeSet<_> = ErrorCode::ALL.iter().map(|code| code.as_str()).collect();
        assert_eq!(words.len(), ErrorCode::ALL.len());
    }

    #[test]
    fn the_failure_underneath_stays_reachable() {
        let error = Error::new(ErrorCode::Storage, "cannot write").with_source(std::io::Error::other("disk full"));
        assert_eq!(error.source().map(ToString::to_string).as_deref(), Some("disk full"));
        assert_eq!(error.to_string(), "cannot write");
    }
}
