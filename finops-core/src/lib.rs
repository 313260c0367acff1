//! The FinOps engine that services embed.

pub mod model;

mod error;

pub use error::{Error, ErrorCode, Result};
