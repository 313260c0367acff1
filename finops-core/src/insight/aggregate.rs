//! Exact sums over charges, table by table: the plain way, which any store can go and which takes any amounts.
//!
//! The sums are kept by currency in 256 bits and never rounded here, so that they do not depend on the order in which
//! tables come, and so that what is added later is what was charged.

use super::group::Groups;
use super::matching;
use super::plan::Grouping;
use super::question::{METERED, METERED_BY, Question, too_many_groups};
use super::sums::{Head, Sums};
use crate::model::charge::{ChargeColumn, ChargeTable, TextColumn};
use crate::model::money::{Currency, ExactSum, Money, Quantity, Rounding};
use crate::{Error, Result};
use std::collections::{HashMap, HashSet};

/// What a group adds up to.
#[derive(Debug)]
struct Cell {
    charges: u64,
    /// For each view the sum of the known costs, and how many are unknown.
    costs: Vec<(ExactSum, u64)>,
    /// What was metered, by the place in [`METERED`].
    metered: [Option<ExactSum>; METERED.len()],
}

/// Adds up tables.
#[derive(Debug)]
pub struct Aggregation<'q> {
    question: &'q Question,
    /// Keys: the currency, the bucket, a code for each dimension.
    groups: Groups,
    cells: Vec<Cell>,
    distinct: HashMap<(u32, Vec<u32>), HashSet<u32>>,
    rows: u64,
}

/// Where the codes of the dimensions start in a key.
const FIRST: usize = 2;

impl<'q> Aggregation<'q> {
    /// Sums for a question.
    pub fn new(question: &'q Question) -> Self {
        let groups = Groups::new(question.dimensions.len() + FIRST + usize::from(question.distinct.is_some()));
        Self { question, groups, cells: Vec::new(), distinct: HashMap::new(), rows: 0 }
    }

    /// Adds the charges of a table.
    ///
    /// # Errors
    /// `invalid_argument` when there are more groups than the question allows.
    pub fn add(&mut self, table: &ChargeTable) -> Result<()> {
        let question = self.question;
        let (Some(starts), Some(currencies)) =
            (table.time(ChargeColumn::ChargePeriodStart), table.text(ChargeColumn::BillingCurrency))
        else {
            return Ok(());
        };
        let mask = matching::matches(table, &question.filter, &question.virtuals)?;
        let held = |(row, holds): (usize, &bool)| {
            let start = starts.get(row).filter(|start| *holds && question.holds(*start))?;
            Some((row, start))
        };
        let rows: Vec<(usize, i64)> = mask.iter().enumerate().filter_map(held).collect();
        if rows.is_empty() {
            return Ok(());
        }
        self.rows += u64::try_from(table.rows()).unwrap_or(u64::MAX);
        let selected: Vec<usize> = rows.iter().map(|(row, _)| *row).collect();
        let currency_codes = self.groups.recode(0, currencies, &selected);
        let asked: Vec<_> = question.dimensions.iter().chain(&question.distinct).collect();
        let codes = self.groups.codes(table, &asked, FIRST, &selected, &question.virtuals)?;
        let costs: Vec<_> = question.views.iter().map(|view| table.decimal(view.column())).collect();
        let metered = question.metered.then(|| Metered::new(table));
        let width = question.dimensions.len();
        let (mut key, mut bucket_at) = (Vec::with_capacity(width + FIRST), 0);
        for (place, (row, micros)) in rows.into_iter().enumerate() {
            let bucket = u32::try_from(question.bucket_of(micros, &mut bucket_at)).unwrap_or(u32::MAX);
            key.clear();
            key.extend([code_at(&currency_codes, place), bucket]);
            key.extend(codes.iter().take(width).map(|codes| code_at(codes, place)));
            let number = self.groups.number(&key);
            if number == self.cells.len() {
                self.refuse_more(number)?;
                let costs = vec![(ExactSum::default(), 0); question.views.len()];
                self.cells.push(Cell { charges: 0, costs, metered: Default::default() });
            }
            let Some(cell) = self.cells.get_mut(number) else { continue };
            cell.charges += 1;
            for ((sum, unknown), column) in cell.costs.iter_mut().zip(&costs) {
                match column.and_then(|column| column.get(row)) {
                    Some(mantissa) => sum.add(Money::from_mantissa(mantissa)),
                    None => *unknown += 1,
                }
            }
            if let Some(metered) = &metered {
                metered.add(row, cell);
            }
            if let Some(value) = codes.get(width).map(|codes| code_at(codes, place)).filter(|value| *value != 0) {
                let dimensions = key.get(FIRST..).unwrap_or_default().to_vec();
                self.distinct.entry((bucket, dimensions)).or_default().insert(value);
            }
        }
        Ok(())
    }

    fn refuse_more(&self, groups: usize) -> Result<()> {
        if groups >= self.question.max_groups { Err(too_many_groups(self.question.max_groups)) } else { Ok(()) }
    }

    /// The groups in the order in which they were met.
    ///
    /// # Errors
    /// `overflow` when a sum does not fit.
    pub fn finish(self) -> Result<Sums> {
        let (views, width) = (self.question.views.len(), self.question.dimensions.len());
        let (keys, mut labels) = self.groups.into_parts();
        let currencies = labels.first().cloned().unwrap_or_default();
        labels.truncate(FIRST + width);
        let mut sums = Sums::new(labels.split_off(FIRST), views);
        let parsed = (1..currencies.len()).map(|code| {
            let text = u32::try_from(code).ok().and_then(|code| currencies.get(code)).unwrap_or_default();
            Currency::parse(text)
        });
        sums.currencies = parsed.collect::<Result<_>>()?;
        for (key, cell) in keys.iter().zip(self.cells) {
            let code = |place: usize| code_at(key, place);
            let currency = code(0).checked_sub(1);
            let currency = currency.ok_or_else(|| Error::invalid("BillingCurrency", "has no value in some charge"))?;
            sums.heads.push(Head { currency, bucket: code(1), charges: cell.charges });
            sums.codes.extend(key.iter().skip(FIRST));
            for (sum, unknown) in &cell.costs {
                sums.costs.push(sum.to_money(Rounding::HalfEven)?.mantissa());
                sums.unknown.push(*unknown);
            }
            if self.question.metered {
                let mut quantities = [None; METERED.len()];
                for (quantity, sum) in quantities.iter_mut().zip(&cell.metered) {
                    let sum = sum.map(|sum| sum.to_money(Rounding::HalfEven)).transpose()?;
                    *quantity = sum.map(|sum| Quantity::from_mantissa(sum.mantissa()));
                }
                sums.metered.push(quantities);
            }
        }
        if self.question.distinct.is_some() {
            let count = |set: HashSet<u32>| u64::try_from(set.len()).unwrap_or(u64::MAX);
            sums.distinct = Some(self.distinct.into_iter().map(|(key, set)| (key, count(set))).collect());
        }
        sums.path.rows_from_parquet = self.rows;
        sums.path.grouping = Grouping::Plain;
        sums.path.threads = 1;
        Ok(sums)
    }
}

fn code_at(codes: &[u32], place: usize) -> u32 {
    codes.get(place).copied().unwrap_or(0)
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
        let resources = METERED_BY.column().and_then(|column| table.text(column));
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
