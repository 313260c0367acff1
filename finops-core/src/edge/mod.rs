//! Where the engine meets the world: files that bills come from, stores that charges are kept in.
//!
//! Each is a trait or a small set of functions first, implementations behind features after.

#[cfg(feature = "embedded")]
mod arrow;
#[cfg(feature = "embedded")]
pub mod audit_export;
#[cfg(feature = "embedded")]
mod csv;
#[cfg(feature = "embedded")]
pub mod export;
#[cfg(feature = "embedded")]
pub mod notify;
#[cfg(feature = "embedded")]
mod parquet;
#[cfg(feature = "embedded")]
pub mod source;
#[cfg(feature = "embedded")]
pub mod store;
#[cfg(feature = "tower")]
pub mod tower;
#[cfg(feature = "embedded")]
pub mod usage_export;
