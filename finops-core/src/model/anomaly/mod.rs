//! Anomalies of costs as people deal with them: which one it is, what they say of it, and who watches for more.
//!
//! What is an anomaly is no concern of this module.

mod feedback;
mod monitor;
mod scope;

pub use feedback::{AnomalyFeedback, Feedback, MAX_FEEDBACK};
pub use monitor::{AnomalyMonitor, AnomalyMonitorCreate, MAX_MONITORS};
pub use scope::AnomalyScope;
