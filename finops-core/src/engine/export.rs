//! Reports out of the engine, as files: the charges themselves, and who bears them.

use super::Finops;
use crate::edge::export::{ChargeFormat, write_charges, write_tables};
use crate::edge::usage_export::write_usage_parquet;
use crate::insight::allocation::KIND_COLUMN;
use crate::model::time::{Interval, Period, Zone};
use crate::{Error, Result};
use serde::{Deserialize, Serialize};
use std::path::Path;

/// What a report shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ReportType {
    /// The charges, as FOCUS rows.
    #[default]
    Focus,
    /// Who bears the charges of a month, as FOCUS rows: one for each line of the allocation and one for each correction
    /// of a closed month that is booked in it; of a closed month as it was closed.
    Allocation,
}

/// What a report is written as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ReportFormat {
    /// Apache Parquet.
    #[default]
    Parquet,
    /// CSV: comma, UTF-8, a header; nothing stands where nothing is known.
    Csv,
}

impl From<ReportFormat> for ChargeFormat {
    fn from(format: ReportFormat) -> Self {
        match format {
            ReportFormat::Parquet => Self::Parquet,
            ReportFormat::Csv => Self::Csv,
        }
    }
}

/// What to report, and where to.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct ExportReport {
    /// What it shows.
    #[serde(default, rename = "type")]
    pub kind: ReportType,
    /// What it is written as.
    #[serde(default)]
    pub format: ReportFormat,
    /// The file, which is replaced if it is there.
    pub path: String,
    /// Charges whose charge period starts in that period, in UTC; by default all. An allocation is of one month.
    #[serde(default)]
    pub period: Option<Period>,
}

impl ExportReport {
    pub(super) const FIELDS: &'static [&'static str] = &["type", "format", "path", "period"];

    /// All charges, as FOCUS rows in a Parquet file.
    pub fn focus(path: impl Into<String>) -> Self {
        let (kind, format) = (ReportType::Focus, ReportFormat::Parquet);
        Self { kind, format, path: path.into(), period: None }
    }

    /// Who bears a month, as FOCUS rows in a Parquet file.
    pub fn allocation(path: impl Into<String>, period: Period) -> Self {
        let (kind, format) = (ReportType::Allocation, ReportFormat::Parquet);
        Self { kind, format, path: path.into(), period: Some(period) }
    }
}

/// Which events to write, and where to.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct UsageExport {
    /// The Parquet file, which is replaced if it is there.
    pub path: String,
    /// Events that happened in that period, in UTC; by default all that are kept.
    #[serde(default)]
    pub period: Option<Period>,
}

impl UsageExport {
    pub(super) const FIELDS: &'static [&'static str] = &["path", "period"];

    /// All events that are kept.
    pub fn new(path: impl Into<String>) -> Self {
        Self { path: path.into(), period: None }
    }
}

/// A file that was written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Exported {
    /// Where it lies.
    pub path: String,
    /// How many rows it has.
    pub rows: u64,
    /// How many bytes.
    pub bytes: u64,
}

impl Finops {
    /// Writes a report to a file. The file appears complete or not at all.
    ///
    /// Rows of an allocation add charges of many services up. The centre stands as `AllocatedResourceId`,
    /// `AllocatedResourceName` and `x_CostCenterId`, the rule as `AllocatedMethodId`; `AllocatedMethodDetails` has the
    /// part of the pool and what it was weighed by, `AllocatedTags` the values that the pool was cut by, and
    /// `x_AllocationKind` the reason: `direct`, `shared`, `idle` or `unallocated`. The four costs of what is no
    /// correction add up to those of the charges, to the last digit. What FOCUS asks for beyond that is the same in all
    /// rows: account, seller and invoice issuer `allocation`, service `Cost allocation` of category `Other`, charge
    /// category `Adjustment`. The billing period is the month, the charge period the part of it in which the same rules
    /// were in force. A row of charges whose cost is unknown has no cost there. What corrects a closed month stands in
    /// the month in which it is booked, with the charge class `Correction` and the closed month as charge period: so
    /// the rows of all months come to what their statements come to.
    ///
    /// # Errors
    /// `invalid_argument` when the folder does not exist, and without a month for an allocation, which else fails as
    /// `allocation.run`; `storage` when the file cannot be written.
    pub fn export_report(&self, request: &ExportReport) -> Result<Exported> {
        self.permit("export_report")?;
        let (format, path) = (request.format.into(), Path::new(&request.path));
        let (rows, bytes) = match request.kind {
            ReportType::Focus => {
                let charged = match &request.period {
                    Some(period) => period.interval(Zone::UTC)?,
                    None => Interval::always(),
                };
                let snapshot = self.state(None)?;
                write_charges(format, path, (self.store.as_ref(), &snapshot), charged)?
            }
            ReportType::Allocation => {
                let Some(period) = &request.period else {
                    return Err(Error::invalid("period", "is missing: an allocation is of a month such as '2024-01'"));
                };
                let (period, custom) = (period.month()?, [KIND_COLUMN.to_owned()]);
                write_tables(format, path, &custom, &mut |visit| self.allocated_tables(period, visit))?
            }
        };
        Ok(Exported { path: request.path.clone(), rows, bytes })
    }

    /// Writes events as they are now, voided ones left out and corrected ones corrected, to a Parquet file: `id`,
    /// `source`, `time`, `resource`, `quantity` as `DECIMAL(38, 18)`, `tenant_id`, `workspace_id`, `rail`, `user_id`,
    /// and `properties` as JSON. The file appears complete or not at all.
    ///
    /// # Errors
    /// `invalid_argument` when the folder does not exist; `storage` when the file cannot be written, or a batch of
    /// events is damaged.
    pub fn usage_export(&self, request: &UsageExport) -> Result<Exported> {
        self.permit("usage.export")?;
        let interval = match &request.period {
            Some(period) => period.interval(Zone::UTC)?,
            None => Interval::always(),
        };
        let (rows, bytes) = write_usage_parquet(self.store.usage()?, interval, Path::new(&request.path))?;
        Ok(Exported { path: request.path.clone(), rows, bytes })
    }
}
