//! The FinOps engine that services embed: bills in, exact costs out, in the caller's process.
//!
//! ```
//! use finops_core::{CostSummaryRequest, Finops, ImportCharges};
//!
//! # let folder = std::env::temp_dir().join(format!("finops-doc-{}", std::process::id()));
//! # std::fs::create_dir_all(&folder).unwrap();
//! # let bill = folder.join("bill.csv");
//! # let header = "BilledCost,EffectiveCost,BillingAccountId,BillingCurrency,BillingPeriodStart,BillingPeriodEnd,\
//! #     ChargePeriodStart,ChargePeriodEnd,ServiceName";
//! # let row = "12.50,10.00,acct-1,USD,2024-01-01T00:00:00Z,2024-02-01T00:00:00Z,\
//! #     2024-01-02T00:00:00Z,2024-01-03T00:00:00Z,Queue";
//! # std::fs::write(&bill, format!("{header}\n{row}\n")).unwrap();
//! # let bill = bill.to_str().unwrap();
//! let finops = Finops::open(":memory:")?;
//! finops.import_charges(&ImportCharges::new(bill))?;
//!
//! let mut request = CostSummaryRequest::default();
//! request.period = Some("2024-01".parse()?);
//! request.group_by.0 = vec!["service".parse()?];
//! let summary = finops.get_cost_summary(&request)?;
//! assert_eq!(summary.total_cost, Some("10".parse()?));
//! # std::fs::remove_dir_all(&folder).unwrap();
//! # Ok::<(), finops_core::Error>(())
//! ```
//!
//! One way leads through the crate, and a stage uses only what stands before it:
//!
//! - [`model`]: values. Money, time, dimensions, charges. No I/O, no clock.
//! - [`pipeline`]: pure functions from what is delivered to charges.
//! - [`insight`]: pure functions from charges to answers.
//! - [`edge`]: files and stores.
//! - [`engine`]: [`Finops`], which holds state and calls the rest in order.
//!
//! Without the default feature `embedded` only the first three are there.

#![forbid(unsafe_code)]

pub mod edge;
#[cfg(feature = "embedded")]
pub mod engine;
pub mod insight;
pub mod model;
pub mod pipeline;

mod error;

/// The Rust of the README compiles.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
mod readme {}

#[cfg(feature = "embedded")]
pub use engine::{Answer, ExportReport, Finops, ImportCharges, Listener, Observer, Operation, Progress, operations};
pub use error::{Error, ErrorCode, Result};
pub use insight::{Breakdown, BreakdownRequest, Granularity, HistoricalCosts, HistoricalRequest};
pub use insight::{CostSummary, CostSummaryRequest, DailyCosts, DailyRequest};
pub use insight::{MonthlyCosts, MonthlyRequest, ServiceCosts, ServicesRequest};
pub use model::event::EVENT_SCHEMA;
pub use model::receipt::ImportReceipt;
pub use model::webhook::verify_webhook;
