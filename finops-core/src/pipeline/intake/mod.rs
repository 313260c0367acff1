//! From the rows of a bill to charges: mend, check, set aside, and sort by what they replace.
//!
//! [`Intake`] is made once per import, told the header of each file, and given batch after batch. It reads no file and keeps
//! no row: it gives charges on, and remembers what was to be said. A row that cannot be accounted for is set aside
//! and listed, so that a total never changes unseen.

mod decimals;
mod issues;
mod plan;
mod raw;
mod remarks;
mod rules;
mod scope;
mod texts;
mod times;

pub use plan::Mapping;
pub use raw::{RawCells, RawTable, ScaledDecimals};
pub use remarks::{Mode, Remarks};
pub use scope::by_scope;

use crate::model::charge::{ChargeColumn, ChargeTable, Column, ColumnKind, FocusVersion, TextBuilder, TextColumn};
use crate::model::receipt::{QuarantineReason, Remark};
use crate::model::time::Stamp;
use crate::{Error, Result};
use issues::Issues;
use plan::{Origin, Plan};
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
    /// In strict mode for the first deviation from FOCUS.
    pub fn take(&mut self, raw: RawTable) -> Result<ChargeTable> {
        let first_row = self.rows + 1;
        let rows = raw.rows;
        let mut table = ChargeTable::new(rows);
        let mut refused = Refused::default();
        for &row in &raw.malformed {
            refused.add(row, None, QuarantineReason::Malformed, None);
        }
        self.fill_mapped(&raw, &mut table, &mut refused, first_row)?;
        let mut columns: Vec<Option<RawCells>> = raw.columns.into_iter().map(Some).collect();
        for (column, place, name) in &self.plan.known {
            let Some(cells) = columns.get_mut(*place).and_then(Option::take) else { continue };
            fill(&mut self.remarks, *column, name, cells, &mut table, &mut refused, first_row)?;
        }
        for (place, name) in &self.plan.extra {
            let cells = columns.get_mut(*place).and_then(Option::take);
            if let Some(cells) = cells.and_then(|cells| as_text(cells)) {
                let (cells, issues) = texts::clean(&cells, ColumnKind::Text, false);
                tell(&mut self.remarks, name, &issues, first_row, |row| cells.get(row).map(str::to_owned))?;
                table.push_extra(name.clone(), cells)?;
            }
        }
        self.fill_provider(&mut table)?;
        rules::check_essential(&table, &mut refused);
        rules::check_periods(&table, &mut refused);
        self.note_missing(&table, &refused, first_row)?;
        self.rows += u64::try_from(rows).unwrap_or(u64::MAX);
        self.set_aside(table, &refused, first_row)
    }

    fn fill_provider(&self, table: &mut ChargeTable) -> Result<()> {
        let (Some(provider), column) = (self.provider.as_deref(), ChargeColumn::ServiceProviderName) else {
            return Ok(());
        };
        let mut cells = TextBuilder::default();
        let given = table.text(column);
        (0..table.rows()).for_each(|row| cells.push(given.and_then(|given| given.get(row)).or(Some(provider))));
        table.set(column, Column::Text(cells.take()))
    }

    fn fill_mapped(
        &mut self,
        raw: &RawTable,
        table: &mut ChargeTable,
        refused: &mut Refused,
        first_row: u64,
    ) -> Result<()> {
        for (column, origin) in &self.plan.mapped {
            let (place, key) = match origin {
                Origin::Column(place) => (Some(*place), None),
                Origin::Tag(key) => {
                    let tags = self.plan.known.iter().find(|(known, ..)| *known == ChargeColumn::Tags);
                    (tags.map(|(_, place, _)| *place), Some(key))
                }
            };
            let Some(cells) = place.and_then(|place| raw.columns.get(place)) else { continue };
            let cells = match key {
                Some(key) => RawCells::Text(tag_values(cells, key)),
                None => copy(cells),
            };
            fill(&mut self.remarks, *column, column.name(), cells, table, refused, first_row)?;
        }
        Ok(())
    }

    /// Remarks on the cells that FOCUS wants filled, over the rows that are kept.
    fn note_missing(&mut self, table: &ChargeTable, refused: &Refused, first_row: u64) -> Result<()> {
        for column in plan::WANTED {
            if !self.plan.fills(column) {
                continue;
            }
            let missing = |row: usize| !rules::has_value(table, column, row) && !refused.contains(row);
            let mut rows = (0..table.rows()).filter(|&row| missing(row));
            if let Some(first) = rows.next() {
                let count = 1 + u64::try_from(rows.count()).unwrap_or(u64::MAX);
                self.remarks.note(column.name(), Remark::MissingValue, count, place(first_row, first), None)?;
            }
        }
        Ok(())
    }

    fn set_aside(&mut self, table: ChargeTable, refused: &Refused, first_row: u64) -> Result<ChargeTable> {
        if refused.is_empty() {
            return Ok(table);
        }
        for (row, refusal) in refused.iter() {
            let value = refusal.value.as_deref();
            self.remarks.quarantine(place(first_row, row), refusal.column, refusal.reason, value)?;
        }
        let kept: Vec<usize> = (0..table.rows()).filter(|&row| !refused.contains(row)).collect();
        Ok(table.select(&kept))
    }

    /// What there is to say of the rows taken.
    pub const fn remarks(&self) -> &Remarks {
        &self.remarks
    }

    /// The remarks alone.
    pub fn into_remarks(self) -> Remarks {
        self.remarks
    }
}

/// Reads the cells of a column by its kind and puts them into the table.
fn fill(
    remarks: &mut Remarks,
    column: ChargeColumn,
    name: &str,
    cells: RawCells,
    table: &mut ChargeTable,
    refused: &mut Refused,
    first_row: u64,
) -> Result<()> {
    let original = match &cells {
        RawCells::Text(text) => Some(text.clone()),
        _ => None,
    };
    let example = |row: usize| original.as_ref().and_then(|text| text.get(row)).map(str::to_owned);
    let (cells, issues) = match read(column, name, cells)? {
        Some(read) => read,
        None => return Ok(()),
    };
    tell(remarks, name, &issues, first_row, example)?;
    let matters = column.is_essential() || column.kind() == ColumnKind::Money;
    for &(row, reason) in &issues.refused {
        if matters {
            refused.add(row, Some(column), reason, example(row));
        } else {
            let example = example(row);
            remarks.note(name, Remark::UnreadableValue, 1, place(first_row, row), example.as_deref())?;
        }
    }
    table.set(column, cells)
}

fn read(column: ChargeColumn, name: &str, cells: RawCells) -> Result<Option<(Column, Issues)>> {
    let kind = column.kind();
    let decimals = |read: decimals::Decimals| (Column::Decimal(read.column), read.issues);
    let wrong = |what: &str| Error::invalid(name, format!("holds {what} where {kind:?} is expected: cast it to text"));
    let read = match (cells, kind) {
        (RawCells::Nothing, _) => return Ok(None),
        (RawCells::Text(cells), ColumnKind::Money | ColumnKind::Quantity) => {
            let (cells, mut issues) = texts::clean(&cells, ColumnKind::Text, false);
            let read = decimals::from_text(&cells);
            issues.append(read.issues);
            (Column::Decimal(read.column), issues)
        }
        (RawCells::Text(cells), ColumnKind::Time) => {
            let (cells, mut issues) = texts::clean(&cells, ColumnKind::Text, false);
            let (times, more) = times::from_text(&cells);
            issues.append(more);
            (Column::Time(times), issues)
        }
        (RawCells::Text(cells), _) => {
            let (cells, issues) = texts::clean(&cells, kind, column.is_essential());
            (Column::Text(cells), issues)
        }
        (RawCells::Decimals(cells), _) if kind.is_decimal() => decimals(decimals::from_scaled(cells)),
        (RawCells::Floats(cells), _) if kind.is_decimal() => decimals(decimals::from_floats(&cells)),
        (RawCells::Times { times, naive }, ColumnKind::Time) => {
            let (times, issues) = times::from_times(times, naive);
            (Column::Time(times), issues)
        }
        (RawCells::Times { .. }, _) => return Err(wrong("times")),
        (cells, ColumnKind::Time) => return Err(wrong(if matches!(cells, RawCells::Floats(_)) { "doubles" } else { "numbers" })),
        (cells, _) => return read(column, name, as_text(cells).map_or(RawCells::Nothing, RawCells::Text)),
    };
    Ok(Some(read))
}

fn tell(
    remarks: &mut Remarks,
    name: &str,
    issues: &Issues,
    first_row: u64,
    example: impl Fn(usize) -> Option<String>,
) -> Result<()> {
    issues.remarks.iter().try_for_each(|tally| {
        let example = example(tally.first_row);
        remarks.note(name, tally.remark, tally.count, place(first_row, tally.first_row), example.as_deref())
    })
}

fn place(first_row: u64, row: usize) -> u64 {
    first_row.saturating_add(u64::try_from(row).unwrap_or(u64::MAX))
}

/// Any cells as text, as a custom column keeps them.
fn as_text(cells: RawCells) -> Option<TextColumn> {
    let mut builder = TextBuilder::default();
    match cells {
        RawCells::Text(text) => return Some(text),
        RawCells::Nothing => return None,
        RawCells::Decimals(cells) => {
            for (row, mantissa) in cells.mantissas.iter().enumerate() {
                let valid = cells.valid.as_ref().is_none_or(|valid| valid.get(row).copied().unwrap_or(false));
                builder.push(valid.then(|| decimals::scaled_text(*mantissa, cells.scale)).as_deref());
            }
        }
        RawCells::Floats(cells) => {
            cells.iter().for_each(|cell| builder.push(cell.map(|value| format!("{value:?}")).as_deref()));
        }
        RawCells::Times { times, .. } => {
            let stamp = |row| times.get(row).and_then(|micros| Stamp::from_micros(micros).ok());
            let text = |row| stamp(row).map(|stamp| stamp.to_string());
            (0..times.micros.len()).for_each(|row| builder.push(text(row).as_deref()));
        }
    }
    Some(builder.take())
}

/// Cells that two columns are filled from.
fn copy(cells: &RawCells) -> RawCells {
    match cells {
        RawCells::Text(text) => RawCells::Text(text.clone()),
        RawCells::Decimals(cells) => RawCells::Decimals(ScaledDecimals {
            mantissas: cells.mantissas.clone(),
            scale: cells.scale,
            valid: cells.valid.clone(),
        }),
        RawCells::Floats(cells) => RawCells::Floats(cells.clone()),
        RawCells::Times { times, naive } => RawCells::Times { times: times.clone(), naive: *naive },
        RawCells::Nothing => RawCells::Nothing,
    }
}

/// The values of a tag in cells that hold JSON objects.
fn tag_values(cells: &RawCells, key: &str) -> TextColumn {
    let RawCells::Text(cells) = cells else { return TextColumn::default() };
    crate::model::tags::values_of(cells, key)
}

impl Issues {
    fn append(&mut self, mut other: Self) {
        self.remarks.append(&mut other.remarks);
        self.refused.append(&mut other.refused);
    }
}

impl Refused {
    fn add(&mut self, row: usize, column: Option<ChargeColumn>, reason: QuarantineReason, value: Option<String>) {
        self.insert(row, rules::Refusal { column, reason, value });
    }
}
