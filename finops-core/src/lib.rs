//! The FinOps engine that services embed.

pub mod edge;
pub mod model;
pub mod pipeline;

mod error;

pub use error::{Error, ErrorCode, Result};
