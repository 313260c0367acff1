//! From the rows of a bill to charges: mend, check, set aside, and sort by what they replace.
//!
//! [`Intake`] is made once per import, told the header of each file, and given batch after batch. It reads no file
//! and keeps no row: it gives charges on, and remembers what was to be said. A row that cannot be accounted for is
//! set aside and listed, so that a total never changes unseen.

mod cells;
mod decimals;
mod issues;
mod plan;
mod raw;
mod remarks;
mod rules;
mod scope;
mod texts;
mod times;

pub use plan::{MAX_COLUMNS, Mapping};
pub use raw::{RawCells, RawTable, ScaledDecimals};
pub use remarks::{Mode, Remarks};
pub use scope::by_scope;

use crate::Result;
use crate::model::charge::{ChargeColumn, ChargeTable, Column, ColumnKind, FocusVersion, TextBuilder, TextColumn};
use crate::model::receipt::{QuarantineReason, Remark};
use issues::Issues;
use plan::Plan;
use rules::Refused;

/// Takes the rows of one delivery.
#[derive(Debug)]
pub struct Intake {
    mapping: Mapping,
    provider: Option<String>,
    plan: Plan,
    version: FocusVersion,
    remarks: Remarks,
    rows: u64,
}

impl Intake {
    /// An intake for a delivery. Rows that do not say who sells the service are given the provider.
    pub fn new(mapping: Mapping, mode: Mode, provider: Option<String>) -> Self {
        let (plan, remarks) = (Plan::default(), Remarks::new(mode));
        Self { mapping, provider, plan, version: FocusVersion::V1_0, remarks, rows: 0 }
    }

    /// Says that the rows that follow have that header.
    ///
    /// # Errors
    /// `invalid_argument` for a header that lacks an essential column or names one twice, and for a mapping that
    /// names what is not there; in strict mode for a header that deviates from FOCUS.
    pub fn start_file(&mut self, header: &[String]) -> Result<()> {
        self.plan = Plan::new(header, &self.mapping, &mut self.remarks)?;
        self.version = self.version.max(self.plan.version);
        Ok(())
    }

    /// The youngest FOCUS version that a header asked for.
    pub const fn version(&self) -> FocusVersion {
        self.version
    }

    /// How many rows were taken so far.
    pub const fn rows(&self) -> u64 {
        self.rows
    }

    /// Turns rows into charges. Rows set aside are missing in the table.
    ///
    /// # Errors
    /// In strict mode for the first deviation from FOCUS; else when a column has a type that cannot be read.
    pub fn take(&mut self, raw: &RawTable) -> Result<ChargeTable> {
        let mut batch = Batch {
            table: ChargeTable::new(raw.rows),
            refused: Refused::default(),
            remarks: &mut self.remarks,
            first_row: self.rows + 1,
        };
        for &row in &raw.malformed {
            batch.refused.add(row, None, QuarantineReason::Malformed, None);
        }
        for (column, origin) in &self.plan.mapped {
            batch.fill(*column, column.name(), &self.plan.mapped_cells(origin, raw))?;
        }
        for (column, place, name) in &self.plan.known {
            let cells = raw.columns.get(*place).unwrap_or(&RawCells::Nothing);
            batch.fill(*column, name, cells)?;
        }
        for (place, name) in &self.plan.custom {
            let cells = raw.columns.get(*place).unwrap_or(&RawCells::Nothing);
            batch.keep(name, cells)?;
        }
        if let Some(provider) = &self.provider {
            batch.fill_provider(provider)?;
        }
        rules::check_essential(&batch.table, &mut batch.refused);
        rules::check_periods(&batch.table, &mut batch.refused);
        batch.note_missing(&self.plan)?;
        self.rows += count(raw.rows);
        batch.set_aside()
    }

    /// The remarks, with which the intake ends.
    pub fn into_remarks(self) -> Remarks {
        self.remarks
    }
}

/// Rows on their way.
struct Batch<'i> {
    table: ChargeTable,
    refused: Refused,
    remarks: &'i mut Remarks,
    /// The number of the first row, counted from 1 over all files.
    first_row: u64,
}

impl Batch<'_> {
    /// Reads the cells of a column by its kind and puts them into the table.
    fn fill(&mut self, column: ChargeColumn, name: &str, cells: &RawCells) -> Result<()> {
        let Some((read, issues)) = cells::read(column, name, cells)? else { return Ok(()) };
        self.tell(name, &issues, cells)?;
        let matters = column.is_essential() || column.kind() == ColumnKind::Money;
        for &(row, reason) in &issues.refused {
            let value = cells::shown(cells, row);
            if matters {
                self.refused.add(row, Some(column), reason, value.map(str::to_owned));
            } else {
                self.remarks.note(name, Remark::UnreadableValue, 1, Some(self.number(row)), value)?;
            }
        }
        // A column without values stays absent: that is told from one with values all the way to the query.
        if read.is_all_null() { Ok(()) } else { self.table.set(column, read) }
    }

    /// Keeps a column that FOCUS does not know. It stands in every batch, so that all have the same columns.
    fn keep(&mut self, name: &str, cells: &RawCells) -> Result<()> {
        let rows = self.table.rows();
        if let RawCells::Unreadable(kind) = cells {
            self.remarks.note(name, Remark::UnreadableColumn, count(rows), None, Some(kind))?;
        }
        let Some((read, issues)) = cells::read_custom(cells) else {
            return self.table.push_extra(name, TextColumn::constant(None, rows));
        };
        self.tell(name, &issues, cells)?;
        self.table.push_extra(name, read)
    }

    fn fill_provider(&mut self, provider: &str) -> Result<()> {
        let column = ChargeColumn::ServiceProviderName;
        let mut cells = TextBuilder::default();
        let given = self.table.text(column);
        for row in 0..self.table.rows() {
            cells.push(given.and_then(|given| given.get(row)).or(Some(provider)));
        }
        self.table.set(column, Column::Text(cells.take()))
    }

    fn tell(&mut self, name: &str, issues: &Issues, cells: &RawCells) -> Result<()> {
        issues.remarks.iter().try_for_each(|tally| {
            let (number, example) = (self.number(tally.first_row), cells::shown(cells, tally.first_row));
            self.remarks.note(name, tally.remark, tally.count, Some(number), example)
        })
    }

    /// Remarks on the cells that FOCUS wants filled, over the rows that are kept.
    fn note_missing(&mut self, plan: &Plan) -> Result<()> {
        for column in plan::WANTED.into_iter().filter(|column| plan.fills(*column)) {
            let missing = |row: &usize| !rules::has_value(&self.table, column, *row) && !self.refused.contains(*row);
            let mut rows = (0..self.table.rows()).filter(missing);
            if let Some(first) = rows.next() {
                let missing = 1 + count(rows.count());
                self.remarks.note(column.name(), Remark::MissingValue, missing, Some(self.number(first)), None)?;
            }
        }
        Ok(())
    }

    /// The table without the rows that cannot be accounted for.
    fn set_aside(self) -> Result<ChargeTable> {
        if self.refused.is_empty() {
            return Ok(self.table);
        }
        for (row, refusal) in self.refused.iter() {
            let value = refusal.value.as_deref();
            self.remarks.quarantine(self.number(row), refusal.column, refusal.reason, value)?;
        }
        let kept: Vec<usize> = (0..self.table.rows()).filter(|row| !self.refused.contains(*row)).collect();
        Ok(self.table.select(&kept))
    }

    fn number(&self, row: usize) -> u64 {
        self.first_row.saturating_add(count(row))
    }
}

fn count(rows: usize) -> u64 {
    u64::try_from(rows).unwrap_or(u64::MAX)
}
