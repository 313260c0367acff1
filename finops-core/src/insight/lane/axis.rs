//! What a question tells apart and filters by, turned into numbers before any row is read.

use super::BlockSource;
use super::test::{Test, prepare_test};
use crate::Result;
use crate::insight::blocks::Measure;
use crate::insight::by_value::ByValue;
use crate::insight::question::{METERED, METERED_BY, Question};
use crate::insight::sums::Labels;
use crate::model::charge::{ChargeColumn, Dictionary, TextBuilder};
use crate::model::dimension::Dimension;
use crate::model::tags::value_of;
use crate::model::virtual_dimension::VirtualDimension;
use std::sync::Arc;

/// The values of a tag: for each code of column `Tags` the code of its value, and the texts of those.
#[derive(Debug, Default)]
pub struct TagValues {
    /// By the code of the tags; 0 where they do not have it.
    pub codes: Arc<Vec<u32>>,
    /// The values; code 1 stands for the first.
    pub values: Arc<Dictionary>,
}

impl TagValues {
    /// Reads a tag out of every distinct JSON object.
    pub fn read(tags: &Dictionary, key: &str) -> Self {
        let mut values = TextBuilder::default();
        let code = |json: &str| value_of(json, key).map_or(0, |value| values.intern(&value) + 1);
        let codes = std::iter::once(0).chain(tags.iter().map(code)).collect::<Vec<_>>();
        let codes = Arc::new(codes);
        Self { codes, values: values.take().dictionary }
    }
}

/// A dimension as the lane sees it: a number for each row.
#[derive(Debug)]
pub(super) struct Axis {
    pub(super) from: From,
    pub(super) labels: Known,
}

/// The texts of an axis's numbers, of which 0 stands for "has no value".
#[derive(Debug)]
pub(super) enum Known {
    Labels(Labels),
    /// Those of a column, of which there are so many; they are read when it is known which are needed.
    Column(ChargeColumn, usize),
}

impl Known {
    /// How many numbers there are.
    pub(super) fn len(&self) -> usize {
        match self {
            Self::Labels(labels) => labels.len(),
            Self::Column(_, count) => count + 1,
        }
    }
}

/// Where the numbers come from.
#[derive(Debug)]
pub(super) enum From {
    /// The codes of a column as they are.
    Column(u16),
    /// The codes of a column, each standing for another number.
    Mapped(u16, Arc<Vec<u32>>),
    /// The first rule that holds gives the number, else the default.
    Rules { rules: Vec<(Test, u32)>, default: u32 },
}

/// A question ready to be answered.
#[derive(Debug)]
pub(super) struct Prepared<'q> {
    pub(super) question: &'q Question,
    pub(super) axes: Vec<Axis>,
    pub(super) currencies: Labels,
    pub(super) test: Test,
    pub(super) distinct: Option<Axis>,
    pub(super) metered: Option<Metered>,
    pub(super) measures: Vec<Measure>,
    /// The columns of dimensions that have to be read.
    pub(super) columns: Vec<u16>,
}

/// How many resources the platform meters.
pub(super) const METERED_PLACES: usize = METERED.len();

/// Which rows were metered by the platform.
#[derive(Debug)]
pub(super) struct Metered {
    /// By the code of the resource the place in [`METERED`], or none.
    places: Vec<Option<usize>>,
    /// By the code of the charge category, whether the quantity was used.
    used: Vec<bool>,
}

impl Metered {
    /// The place in [`METERED`] of a resource.
    pub(super) fn place(&self, resource: u32) -> Option<usize> {
        usize::try_from(resource).ok().and_then(|code| self.places.get(code)).copied().flatten()
    }

    /// Whether charges of that category are usage.
    pub(super) fn is_used(&self, category: u32) -> bool {
        usize::try_from(category).ok().and_then(|code| self.used.get(code)).copied().unwrap_or(true)
    }
}

pub(super) fn number_of(column: ChargeColumn) -> u16 {
    u16::try_from(column.index()).unwrap_or(u16::MAX)
}

/// The columns that say what was metered.
pub(super) fn metered_columns() -> [u16; 2] {
    [METERED_BY.column().unwrap_or(ChargeColumn::Resource), ChargeColumn::ChargeCategory].map(number_of)
}

pub(super) fn prepare<'q>(question: &'q Question, source: &dyn BlockSource) -> Result<Prepared<'q>> {
    let one = |dimension: &Dimension| prepare_axis(dimension, question, source);
    let axes = question.dimensions.iter().map(one).collect::<Result<Vec<_>>>()?;
    let distinct = question.distinct.as_ref().map(one).transpose()?;
    let test = prepare_test(&question.filter, question, source)?;
    let metered = if question.metered { Some(prepare_metered(source)?) } else { None };
    let mut columns = vec![number_of(ChargeColumn::BillingCurrency)];
    axes.iter().chain(&distinct).for_each(|axis| axis.columns(&mut columns));
    test.columns(&mut columns);
    if metered.is_some() {
        columns.extend(metered_columns());
    }
    columns.sort_unstable();
    columns.dedup();
    let currencies = Labels::new(source.words(ChargeColumn::BillingCurrency)?);
    let measures = super::measures(question);
    Ok(Prepared { question, axes, currencies, test, distinct, metered, measures, columns })
}

fn prepare_metered(source: &dyn BlockSource) -> Result<Metered> {
    let resources = source.words(METERED_BY.column().unwrap_or(ChargeColumn::Resource))?;
    let place = |value: &str| METERED.iter().position(|(resource, _)| *resource == value);
    let places = std::iter::once(None).chain(resources.iter().map(place)).collect();
    let categories = source.words(ChargeColumn::ChargeCategory)?;
    // A charge without a category counts, as it does in the plain way.
    let used = std::iter::once(true).chain(categories.iter().map(|category| category == "Usage")).collect();
    Ok(Metered { places, used })
}

pub(super) fn prepare_axis(dimension: &Dimension, question: &Question, source: &dyn BlockSource) -> Result<Axis> {
    match dimension {
        Dimension::BuiltIn(built_in) => {
            let column = built_in.column();
            Ok(Axis { from: From::Column(number_of(column)), labels: Known::Column(column, source.count(column)) })
        }
        Dimension::Tag(key) => {
            let values = source.tag_values(key)?;
            let labels = Known::Labels(Labels::new(Arc::clone(&values.values)));
            Ok(Axis { from: From::Mapped(number_of(ChargeColumn::Tags), Arc::clone(&values.codes)), labels })
        }
        Dimension::Virtual(name) => prepare_rules(question.virtuals.get(name)?, question, source),
    }
}

fn prepare_rules(dimension: &VirtualDimension, question: &Question, source: &dyn BlockSource) -> Result<Axis> {
    let mut values = TextBuilder::default();
    let default = dimension.default.as_deref().map_or(0, |value| values.intern(value) + 1);
    if let Some(by_value) = ByValue::of(&dimension.rules) {
        let numbers: Vec<u32> = dimension.rules.iter().map(|rule| values.intern(&rule.value) + 1).collect();
        let number = |value: Option<&str>| {
            by_value.first(value).and_then(|place| numbers.get(place)).copied().unwrap_or(default)
        };
        let from = mapped(prepare_axis(by_value.dimension, question, source)?, source, number)?;
        return Ok(Axis { from, labels: Known::Labels(Labels::new(values.take().dictionary)) });
    }
    let rules = dimension.rules.iter().map(|rule| {
        let number = values.intern(&rule.value) + 1;
        Ok((prepare_test(&rule.when, question, source)?, number))
    });
    let rules = rules.collect::<Result<Vec<_>>>()?;
    Ok(Axis { from: From::Rules { rules, default }, labels: Known::Labels(Labels::new(values.take().dictionary)) })
}

/// The codes of an axis, each standing for the number that its value is given.
fn mapped(axis: Axis, source: &dyn BlockSource, number: impl Fn(Option<&str>) -> u32) -> Result<From> {
    let labels = match axis.labels {
        Known::Labels(labels) => labels,
        Known::Column(column, _) => Labels::new(source.words(column)?),
    };
    let given: Vec<u32> = (0..).take(labels.len()).map(|code| number(labels.get(code))).collect();
    Ok(match axis.from {
        From::Column(column) => From::Mapped(column, Arc::new(given)),
        From::Mapped(column, codes) => {
            let give = |code: &u32| usize::try_from(*code).ok().and_then(|code| given.get(code)).copied().unwrap_or(0);
            From::Mapped(column, Arc::new(codes.iter().map(give).collect()))
        }
        rules @ From::Rules { .. } => rules,
    })
}

impl Axis {
    /// Adds the columns that it is read from.
    pub(super) fn columns(&self, columns: &mut Vec<u16>) {
        match &self.from {
            From::Column(column) | From::Mapped(column, _) => columns.push(*column),
            From::Rules { rules, .. } => rules.iter().for_each(|(test, _)| test.columns(columns)),
        }
    }
}
