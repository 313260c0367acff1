//! Anomalies of costs: the days of each group against what was expected of them, and what drove those that stand out.
//!
//! Days are looked at as a detector of plain series wants them: what is not known, and what is not known as a whole, is
//! a gap and no evidence. What somebody was told, and what they said of it, is no concern of this module.

mod answer;
mod drivers;
mod foreign;
mod request;
mod search;
mod series;
pub(crate) mod usage;

pub use answer::{AnomalyDriver, AnomalyPeriod, AnomalyUsage, CostAnomalies, CostAnomaly, UsageChange};
pub(crate) use drivers::{DRIVER_DIMENSIONS, Decomposed};
pub use foreign::{ForeignAnomaly, ForeignDetection};
pub use request::{AnomaliesRequest, AnomalyStatus, FeedbackFilter};
pub(crate) use search::{AnomalySearch, Found, FoundAnomalies};
