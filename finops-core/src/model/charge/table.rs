//! Many charges by column, as they travel from a file into the store and from the store into a query.

use super::columns::Cell;
use super::text::TextBuilder;
use super::{Charge, ChargeColumn, ColumnKind, TextColumn};
use crate::{Error, Result};

/// Exact decimals at scale 18, one per row.
#[derive(Debug, Clone, Default)]
pub struct DecimalColumn {
    /// The mantissas; zero where there is no value.
    pub mantissas: Vec<i128>,
    /// Which rows have a value; none means all.
    pub valid: Option<Vec<bool>>,
}

impl DecimalColumn {
    /// The mantissa of a row.
    pub fn get(&self, row: usize) -> Option<i128> {
        present(&self.mantissas, self.valid.as_deref(), row)
    }
}

/// Instants in microseconds since 1970 UTC, one per row.
#[derive(Debug, Clone, Default)]
pub struct TimeColumn {
    /// The instants; zero where there is no value.
    pub micros: Vec<i64>,
    /// Which rows have a value; none means all.
    pub valid: Option<Vec<bool>>,
}

impl TimeColumn {
    /// The instant of a row.
    pub fn get(&self, row: usize) -> Option<i64> {
        present(&self.micros, self.valid.as_deref(), row)
    }
}

fn present<T: Copy>(values: &[T], valid: Option<&[bool]>, row: usize) -> Option<T> {
    let valid = valid.is_none_or(|valid| valid.get(row).copied().unwrap_or(false));
    values.get(row).copied().filter(|_| valid)
}

/// A column of a [`ChargeTable`].
#[derive(Debug, Clone)]
pub enum Column {
    /// Text, words, currencies and JSON.
    Text(TextColumn),
    /// Money and quantities.
    Decimal(DecimalColumn),
    /// Instants.
    Time(TimeColumn),
}

impl Column {
    /// How many rows it has.
    pub fn len(&self) -> usize {
        match self {
            Self::Text(column) => column.codes.len(),
            Self::Decimal(column) => column.mantissas.len(),
            Self::Time(column) => column.micros.len(),
        }
    }

    /// Whether it has no rows.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether no row has a value.
    pub(crate) fn is_all_null(&self) -> bool {
        let none = |valid: &Option<Vec<bool>>| valid.as_ref().is_some_and(|valid| !valid.contains(&true));
        match self {
            Self::Text(column) => column.is_all_null(),
            Self::Decimal(column) => none(&column.valid),
            Self::Time(column) => none(&column.valid),
        }
    }

    /// Whether it can stand in a column of that kind.
    fn suits(&self, kind: ColumnKind) -> bool {
        match self {
            Self::Decimal(_) => kind.is_decimal(),
            Self::Time(_) => kind == ColumnKind::Time,
            Self::Text(_) => !kind.is_decimal() && kind != ColumnKind::Time,
        }
    }

    /// The given rows, in that order.
    pub(crate) fn select(&self, rows: &[usize]) -> Self {
        match self {
            Self::Text(column) => Self::Text(column.select(rows)),
            Self::Decimal(column) => Self::Decimal(DecimalColumn {
                mantissas: select(&column.mantissas, rows),
                valid: column.valid.as_ref().map(|valid| select(valid, rows)),
            }),
            Self::Time(column) => Self::Time(TimeColumn {
                micros: select(&column.micros, rows),
                valid: column.valid.as_ref().map(|valid| select(valid, rows)),
            }),
        }
    }
}

fn select<T: Copy>(values: &[T], rows: &[usize]) -> Vec<T> {
    rows.iter().filter_map(|&row| values.get(row).copied()).collect()
}

/// Charges by column. A column that is absent has no value in any row.
///
/// ```
/// use finops_core::model::charge::{Charge, ChargeColumn, ChargeTable};
///
/// let charge = Charge { service_name: Some("Queue".into()), ..Charge::default() };
/// let table = ChargeTable::from_charges(&[charge]);
/// assert_eq!(table.rows(), 1);
/// assert_eq!(table.text(ChargeColumn::ServiceName).and_then(|names| names.get(0)), Some("Queue"));
/// assert!(table.decimal(ChargeColumn::BilledCost).is_none());
/// ```
#[derive(Debug, Clone)]
pub struct ChargeTable {
    rows: usize,
    columns: Vec<Option<Column>>,
    extra: Vec<(String, TextColumn)>,
}

impl ChargeTable {
    /// A table of that many rows in which nothing is known yet.
    pub fn new(rows: usize) -> Self {
        Self { rows, columns: std::iter::repeat_with(|| None).take(ChargeColumn::COUNT).collect(), extra: Vec::new() }
    }

    /// The rows as a table. Columns that no row fills stay absent.
    pub fn from_charges(charges: &[Charge]) -> Self {
        let mut builders: Vec<Builder> = ChargeColumn::ALL.iter().map(|column| Builder::new(column.kind())).collect();
        for charge in charges {
            for (builder, cell) in builders.iter_mut().zip(charge.cells()) {
                builder.push(cell);
            }
        }
        let columns = builders.into_iter().map(Builder::finish).collect();
        Self { rows: charges.len(), columns, extra: Vec::new() }
    }

    /// How many charges there are.
    pub const fn rows(&self) -> usize {
        self.rows
    }

    /// Whether there is none.
    pub const fn is_empty(&self) -> bool {
        self.rows == 0
    }

    /// A column, if any row may have a value in it.
    pub fn column(&self, column: ChargeColumn) -> Option<&Column> {
        self.columns.get(column.index()).and_then(Option::as_ref)
    }

    /// A column of text.
    pub fn text(&self, column: ChargeColumn) -> Option<&TextColumn> {
        match self.column(column)? {
            Column::Text(text) => Some(text),
            _ => None,
        }
    }

    /// A column of decimals.
    pub fn decimal(&self, column: ChargeColumn) -> Option<&DecimalColumn> {
        match self.column(column)? {
            Column::Decimal(decimals) => Some(decimals),
            _ => None,
        }
    }

    /// A column of instants.
    pub fn time(&self, column: ChargeColumn) -> Option<&TimeColumn> {
        match self.column(column)? {
            Column::Time(times) => Some(times),
            _ => None,
        }
    }

    /// Columns that FOCUS does not know, kept as text under their `x_` names.
    pub fn extra(&self) -> &[(String, TextColumn)] {
        &self.extra
    }

    /// Sets a column.
    ///
    /// # Errors
    /// `invalid_argument` when it has another number of rows or holds another kind of value.
    pub fn set(&mut self, column: ChargeColumn, cells: Column) -> Result<()> {
        if cells.len() != self.rows {
            let message = format!("has {} rows where the table has {}", cells.len(), self.rows);
            return Err(Error::invalid(column.name(), message));
        }
        if !cells.suits(column.kind()) {
            return Err(Error::invalid(column.name(), format!("holds {:?}", column.kind())));
        }
        if let Some(slot) = self.columns.get_mut(column.index()) {
            *slot = Some(cells);
        }
        Ok(())
    }

    /// Adds a column that FOCUS does not know.
    ///
    /// # Errors
    /// `invalid_argument` when it has another number of rows or the name is taken.
    pub fn push_extra(&mut self, name: impl Into<String>, cells: TextColumn) -> Result<()> {
        let name = name.into();
        let taken = ChargeColumn::from_name(&name).is_some() || self.extra.iter().any(|(other, _)| *other == name);
        if taken {
            return Err(Error::invalid(name, "stands twice in the same table: rename one of the columns"));
        }
        if cells.codes.len() != self.rows {
            return Err(Error::invalid(name, "has another number of rows than the table"));
        }
        self.extra.push((name, cells));
        Ok(())
    }

    /// The given rows, in that order.
    pub(crate) fn select(&self, rows: &[usize]) -> Self {
        let columns = self.columns.iter().map(|column| column.as_ref().map(|column| column.select(rows))).collect();
        let extra = self.extra.iter().map(|(name, cells)| (name.clone(), cells.select(rows)));
        Self { rows: rows.len(), columns, extra: extra.collect() }
    }
}

/// Gathers the cells of one column.
enum Builder {
    Text(TextBuilder),
    Decimal(Vec<Option<i128>>),
    Time(Vec<Option<i64>>),
}

impl Builder {
    fn new(kind: ColumnKind) -> Self {
        match kind {
            ColumnKind::Money | ColumnKind::Quantity => Self::Decimal(Vec::new()),
            ColumnKind::Time => Self::Time(Vec::new()),
            _ => Self::Text(TextBuilder::default()),
        }
    }

    fn push(&mut self, cell: Cell<'_>) {
        match (self, cell) {
            (Self::Text(text), Cell::Text(value)) => text.push(value),
            (Self::Decimal(decimals), Cell::Decimal(value)) => decimals.push(value),
            (Self::Time(times), Cell::Time(value)) => times.push(value),
            _ => unreachable!("the cells of a charge come in the order of the columns"),
        }
    }

    fn finish(self) -> Option<Column> {
        match self {
            Self::Text(mut text) => Some(text.take()).filter(|column| !column.is_all_null()).map(Column::Text),
            Self::Decimal(cells) => {
                split(cells).map(|(mantissas, valid)| Column::Decimal(DecimalColumn { mantissas, valid: Some(valid) }))
            }
            Self::Time(cells) => {
                split(cells).map(|(micros, valid)| Column::Time(TimeColumn { micros, valid: Some(valid) }))
            }
        }
    }
}

fn split<T: Default>(cells: Vec<Option<T>>) -> Option<(Vec<T>, Vec<bool>)> {
    if cells.iter().all(Option::is_none) {
        return None;
    }
    let valid = cells.iter().map(Option::is_some).collect();
    Some((cells.into_iter().map(Option::unwrap_or_default).collect(), valid))
}
