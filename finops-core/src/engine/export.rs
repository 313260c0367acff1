//! Reports out of the engine. The one there is so far gives the charges themselves.

use super::Finops;
use crate::Result;
use crate::edge::export::write_parquet;
use crate::edge::usage_export::write_usage_parquet;
use crate::model::time::{Interval, Period, Zone};
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
}

/// What a report is written as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ReportFormat {
    /// Apache Parquet.
    #[default]
    Parquet,
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
    /// Charges whose charge period starts in that period, in UTC; by default all.
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
    /// # Errors
    /// `invalid_argument` when the folder does not exist; `storage` when the file cannot be written.
    pub fn export_report(&self, request: &ExportReport) -> Result<Exported> {
        self.permit("export_report")?;
        let (ReportType::Focus, ReportFormat::Parquet) = (request.kind, request.format);
        let charged = match &request.period {
            Some(period) => period.interval(Zone::UTC)?,
            None => Interval::always(),
        };
        let snapshot = self.state(None)?;
        let (rows, bytes) = write_parquet(self.store.as_ref(), &snapshot, charged, Path::new(&request.path))?;
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
