//! Exact sums over charges, by day and by any dimensions.
//!
//! The sums are kept by currency and never rounded here, so that they do not depend on the order in which tables
//! come, and so that what is added later is what was charged.

use super::group::Groups;
use super::matching;
use super::query::Needs;
use crate::model::charge::{ChargeColumn, ChargeTable, CostView, TextColumn};
use crate::model::dimension::Dimension;
use crate::model::filter::Filter;
use crate::model::money::{Currency, ExactSum, Money, Quantity, Rounding};
use crate::model::time::{Day, Interval};
use crate::{Error, Result};

/// What is metered by the platform itself, with the field that shows it in an answer.
pub(super) const METERED: [(&str, &str); 6] = [
    ("api_calls", "api_calls"),
    ("ledger_transactions", "ledger_transactions"),
    ("search_queries", "search_queries"),
    ("storage", "storage_gb"),
    ("compute", "compute_vcpu_seconds"),
    ("bandwidth", "bandwidth_gb"),
];

/// What to add up.
#[derive(Debug)]
pub(super) struct Question<'q> {
    pub(super) interval: Interval,
    /// The days to tell apart, in order, covering the interval; none for one sum over all of it.
    pub(super) days: Option<&'q [Day]>,
    pub(super) dimensions: &'q [Dimension],
    pub(super) filter: &'q Filter,
    pub(super) view: CostView,
}

impl Question<'_> {
    /// The columns that have to be read.
    fn columns(&self) -> Vec<ChargeColumn> {
        let mut asked = Vec::new();
        self.filter.dimensions(&mut asked);
        let asked = asked.into_iter().chain(self.dimensions).map(Dimension::column);
        let fixed = [
            ChargeColumn::BillingCurrency,
            ChargeColumn::ChargePeriodStart,
            ChargeColumn::ChargeCategory,
            ChargeColumn::ConsumedQuantity,
            ChargeColumn::Resource,
            self.view.column(),
        ];
        let mut columns: Vec<_> = fixed.into_iter().chain(asked).collect();
        columns.sort_unstable();
        columns.dedup();
        columns
    }
}

/// The charges of one currency, one day (where asked for) and one combination of values.
#[derive(Debug)]
pub(super) struct Group {
    pub(super) currency: Currency,
    pub(super) values: Vec<Option<String>>,
    pub(super) day: Option<usize>,
    pub(super) cell: Cell,
}

/// What a group adds up to.
#[derive(Debug, Default, Clone)]
pub(super) struct Cell {
    /// The sum of the known costs.
    pub(super) cost: ExactSum,
    pub(super) charges: u64,
    /// How many of the charges have no cost in the view that was asked for.
    pub(super) unknown: u64,
    /// What was metered, by the place in [`METERED`].
    pub(super) metered: [Option<ExactSum>; METERED.len()],
}

impl Cell {
    pub(super) fn merge(&mut self, other: &Self) -> Result<()> {
        self.cost.merge(&other.cost)?;
        self.charges += other.charges;
        self.unknown += other.unknown;
        for (mine, theirs) in self.metered.iter_mut().zip(other.metered) {
            if let Some(theirs) = theirs {
                mine.get_or_insert_default().merge(&theirs)?;
            }
        }
        Ok(())
    }

    /// What was metered, at 18 decimals.
    pub(super) fn metered(&self) -> Result<[Option<Quantity>; METERED.len()]> {
        let mut quantities = [None; METERED.len()];
        for (quantity, sum) in quantities.iter_mut().zip(&self.metered) {
            let sum = sum.map(|sum| sum.to_money(Rounding::HalfEven)).transpose()?;
            *quantity = sum.map(|sum| Quantity::from_mantissa(sum.mantissa()));
        }
        Ok(quantities)
    }
}

/// Adds up tables.
#[derive(Debug)]
pub(super) struct Aggregation<'q> {
    question: Question<'q>,
    groups: Groups,
    cells: Vec<Cell>,
    days: Vec<Option<usize>>,
}

impl<'q> Aggregation<'q> {
    pub(super) fn new(question: Question<'q>) -> Self {
        // The currency stands first in a key, the day last.
        let groups = Groups::new(question.dimensions.len() + 1);
        Self { question, groups, cells: Vec::new(), days: Vec::new() }
    }

    /// Which charges it needs.
    pub(super) fn needs(&self) -> Needs {
        Needs { columns: self.question.columns(), charged: self.question.interval }
    }

    /// Adds the charges of a table.
    pub(super) fn add(&mut self, table: &ChargeTable) {
        let (Some(starts), Some(currencies)) =
            (table.time(ChargeColumn::ChargePeriodStart), table.text(ChargeColumn::BillingCurrency))
        else {
            return;
        };
        let mask = matching::matches(table, self.question.filter);
        let wanted = |micros: &i64| {
            self.question.interval.start().micros() <= *micros && *micros < self.question.interval.end().micros()
        };
        let rows: Vec<(usize, i64)> = mask
            .iter()
            .enumerate()
            .filter(|(_, holds)| **holds)
            .filter_map(|(row, _)| Some((row, starts.get(row).filter(wanted)?)))
            .collect();
        if rows.is_empty() {
            return;
        }
        let selected: Vec<usize> = rows.iter().map(|(row, _)| *row).collect();
        let currency_codes = self.recode_currency(currencies, &selected);
        let codes = self.groups.codes(table, self.question.dimensions, 1, &selected);
        let costs = table.decimal(self.question.view.column());
        let metered = Metered::new(table);
        let mut key = Vec::with_capacity(codes.len() + 2);
        let mut day_at = 0;
        for (place, (row, micros)) in rows.into_iter().enumerate() {
            key.clear();
            key.push(currency_codes.get(place).copied().unwrap_or(TextColumn::NULL));
            key.extend(codes.iter().map(|codes| codes.get(place).copied().unwrap_or(TextColumn::NULL)));
            let day = self.question.days.map(|days| day_of(days, micros, &mut day_at));
            key.push(day.and_then(|day| u32::try_from(day).ok()).unwrap_or(TextColumn::NULL));
            let number = self.groups.number(&key);
            if number == self.cells.len() {
                self.cells.push(Cell::default());
                self.days.push(day);
            }
            let Some(cell) = self.cells.get_mut(number) else { continue };
            cell.charges += 1;
            match costs.and_then(|costs| costs.get(row)) {
                Some(mantissa) => cell.cost.add(Money::from_mantissa(mantissa)),
                None => cell.unknown += 1,
            }
            metered.add(row, cell);
        }
    }

    fn recode_currency(&mut self, column: &TextColumn, rows: &[usize]) -> Vec<u32> {
        let mut code = |row: &usize| column.get(*row).map_or(TextColumn::NULL, |value| self.groups.intern(0, value));
        rows.iter().map(&mut code).collect()
    }

    /// The groups in the order in which they were met.
    pub(super) fn finish(self) -> Result<Vec<Group>> {
        let cells = self.cells.into_iter().zip(self.days);
        let groups = self.groups.into_keys().zip(cells).map(|(mut values, (cell, day))| {
            let currency = if values.is_empty() { None } else { values.remove(0) };
            let currency = currency.ok_or_else(|| Error::invalid("BillingCurrency", "has no value in some charge"))?;
            Ok(Group { currency: Currency::parse(&currency)?, values, day, cell })
        });
        groups.collect()
    }
}

/// The place of the day that holds an instant. Bills are mostly in order, so the last place is tried first.
fn day_of(days: &[Day], micros: i64, last: &mut usize) -> usize {
    let holds = |day: &Day| day.interval.start().micros() <= micros && micros < day.interval.end().micros();
    if !days.get(*last).is_some_and(holds) {
        *last = days.partition_point(|day| day.interval.end().micros() <= micros);
    }
    *last
}

/// What the platform metered, as far as a table says.
struct Metered<'t> {
    resources: Option<&'t TextColumn>,
    places: Vec<Option<usize>>,
    categories: Option<&'t TextColumn>,
    table: &'t ChargeTable,
}

impl<'t> Metered<'t> {
    fn new(table: &'t ChargeTable) -> Self {
        let resources = table.text(ChargeColumn::Resource);
        let place = |value: &str| METERED.iter().position(|(resource, _)| *resource == value);
        let places = resources.map(|resources| resources.dictionary.iter().map(place).collect()).unwrap_or_default();
        Self { resources, places, categories: table.text(ChargeColumn::ChargeCategory), table }
    }

    fn add(&self, row: usize, cell: &mut Cell) {
        let code = self.resources.and_then(|resources| resources.codes.get(row)).copied();
        let index = code.and_then(|code| usize::try_from(code).ok());
        let Some(place) = index.and_then(|index| self.places.get(index)).copied().flatten() else { return };
        if self.categories.and_then(|categories| categories.get(row)).is_some_and(|category| category != "Usage") {
            return;
        }
        let quantities = self.table.decimal(ChargeColumn::ConsumedQuantity);
        let Some(mantissa) = quantities.and_then(|quantities| quantities.get(row)) else { return };
        if let Some(sum) = cell.metered.get_mut(place) {
            sum.get_or_insert_default().add(Money::from_mantissa(mantissa));
        }
    }
}
