//! Filters, decided once for each code of a column.

use super::BlockSource;
use super::axis::{Axis, From, Known, prepare_axis};
use super::view::View;
use crate::Result;
use crate::insight::blocks::Codes;
use crate::insight::question::Question;
use crate::insight::sums::Labels;
use crate::model::filter::Filter;
use std::collections::HashSet;
use std::ops::Range;

/// A condition on rows.
#[derive(Debug)]
pub(super) enum Test {
    /// The code of the column is one of those marked.
    Codes(u16, Marks),
    /// The number that rules give is one of those marked.
    Given(Box<Axis>, Marks),
    Not(Box<Test>),
    Any(Vec<Test>),
    All(Vec<Test>),
}

/// Some of the codes of a column.
#[derive(Debug)]
pub(super) struct Marks {
    marked: Vec<bool>,
    /// The first and the last of them.
    ends: Option<(u32, u32)>,
    /// How many they are.
    count: u64,
}

impl Marks {
    fn new(marked: Vec<bool>) -> Self {
        let place = |place: usize| u32::try_from(place).unwrap_or(u32::MAX);
        let first = marked.iter().position(|marked| *marked).map(place);
        let last = marked.iter().rposition(|marked| *marked).map(place);
        let count = u64::try_from(marked.iter().filter(|marked| **marked).count()).unwrap_or(u64::MAX);
        Self { marked, ends: first.zip(last), count }
    }

    pub(super) fn hold(&self, code: u32) -> bool {
        usize::try_from(code).ok().and_then(|code| self.marked.get(code)).copied().unwrap_or(false)
    }
}

/// How many values are looked for one by one; more are hashed.
const FEW_VALUES: usize = 4;

pub(super) fn prepare_test(filter: &Filter, question: &Question, source: &dyn BlockSource) -> Result<Test> {
    let one = |filter: &Filter| prepare_test(filter, question, source);
    let list = |filters: &[Filter]| filters.iter().map(one).collect::<Result<Vec<_>>>();
    Ok(match filter {
        Filter::Not(inner) => Test::Not(Box::new(prepare_test(inner, question, source)?)),
        Filter::Any(filters) => Test::Any(list(filters)?),
        Filter::All(filters) => Test::All(list(filters)?),
        Filter::In(dimension, wanted) => {
            let axis = prepare_axis(dimension, question, source)?;
            let labels = match &axis.labels {
                Known::Labels(labels) => labels.clone(),
                Known::Column(column, _) => Labels::new(source.words(*column)?),
            };
            let marks = Marks::new(marked(&labels, wanted));
            match axis.from {
                From::Column(column) => Test::Codes(column, marks),
                From::Mapped(column, codes) => {
                    Test::Codes(column, Marks::new(codes.iter().map(|code| marks.hold(*code)).collect()))
                }
                From::Rules { .. } => Test::Given(Box::new(axis), marks),
            }
        }
    })
}

/// For each code whether its text is wanted.
fn marked(labels: &Labels, wanted: &[Option<String>]) -> Vec<bool> {
    if wanted.len() <= FEW_VALUES {
        let mut marked = vec![false; labels.len()];
        for code in wanted.iter().flat_map(|wanted| labels.codes_of(wanted.as_deref())) {
            if let Some(marked) = usize::try_from(code).ok().and_then(|code| marked.get_mut(code)) {
                *marked = true;
            }
        }
        return marked;
    }
    let texts = (0..labels.len()).map(|code| labels.get(u32::try_from(code).unwrap_or(u32::MAX)));
    let wanted: HashSet<Option<&str>> = wanted.iter().map(Option::as_deref).collect();
    texts.map(|text| wanted.contains(&text)).collect()
}

/// Which rows of a stretch hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Mask {
    All,
    None,
    Some(Vec<bool>),
}

impl Test {
    /// Adds the columns that it looks at.
    pub(super) fn columns(&self, columns: &mut Vec<u16>) {
        match self {
            Self::Codes(column, _) => columns.push(*column),
            Self::Given(axis, _) => axis.columns(columns),
            Self::Not(inner) => inner.columns(columns),
            Self::Any(tests) | Self::All(tests) => tests.iter().for_each(|test| test.columns(columns)),
        }
    }

    /// Whether every row passes, whatever it holds.
    pub(super) fn is_always(&self) -> bool {
        matches!(self, Self::All(tests) if tests.iter().all(Self::is_always))
    }

    /// Whether no row passes, whatever it holds: such as where a value is asked for that nobody has.
    pub(super) fn is_never(&self) -> bool {
        match self {
            Self::Codes(_, marks) => marks.count == 0,
            Self::All(tests) => tests.iter().any(Self::is_never),
            Self::Any(tests) => tests.iter().all(Self::is_never),
            Self::Given(..) | Self::Not(_) => false,
        }
    }

    /// Of how many codes of a column the test lets how many through, where that can be told.
    pub(super) fn share(&self, column: u16) -> (u64, u64) {
        match self {
            Self::All(tests) => {
                let mut shares = tests.iter().map(|test| test.share(column));
                shares.find(|(some, all)| some < all).unwrap_or((1, 1))
            }
            Self::Codes(tested, marks) if *tested == column => {
                (marks.count, u64::try_from(marks.marked.len().max(1)).unwrap_or(u64::MAX))
            }
            _ => (1, 1),
        }
    }

    /// Whether it says something of that column which leads to some of the rows that are sorted by it.
    pub(super) fn narrows(&self, lead: u16) -> bool {
        match self {
            Self::All(tests) => tests.iter().any(|test| test.narrows(lead)),
            Self::Codes(column, _) => *column == lead,
            _ => false,
        }
    }

    /// The only code of a column that it lets through, where that can be told.
    pub(super) fn only(&self, column: u16) -> Option<u32> {
        match self {
            Self::All(tests) => tests.iter().find_map(|test| test.only(column)),
            Self::Codes(tested, marks) if *tested == column => {
                marks.ends.filter(|(first, last)| first == last).map(|(code, _)| code)
            }
            _ => None,
        }
    }

    /// The part of sorted rows outside of which the test cannot hold: rows of a day ascend by the `codes` of `lead`.
    pub(super) fn narrow(&self, lead: u16, codes: &Codes, rows: Range<usize>) -> Range<usize> {
        match self {
            Self::All(tests) => tests.iter().fold(rows, |rows, test| test.narrow(lead, codes, rows)),
            Self::Codes(column, marks) if *column == lead => match marks.ends {
                Some((first, last)) => {
                    let found = codes.range_of(first, rows.clone());
                    if first == last { found } else { found.start..codes.range_of(last, rows).end }
                }
                None => rows.start..rows.start,
            },
            _ => rows,
        }
    }

    /// Which of the rows pass; all of them have the code of a column that is told, if they were narrowed to one.
    pub(super) fn mask(&self, view: &View, rows: Range<usize>, same: Option<(u16, u32)>) -> Mask {
        match self {
            Self::Codes(column, marks) => match same.filter(|(known, _)| known == column) {
                Some((_, code)) if marks.hold(code) => Mask::All,
                Some(_) => Mask::None,
                None => view.marked(*column, marks, rows),
            },
            Self::Given(axis, marks) => {
                let mut numbers = vec![0; rows.len()];
                axis.numbers(view, rows, &mut numbers);
                Mask::of(numbers.into_iter().map(|number| marks.hold(number)).collect())
            }
            Self::Not(inner) => match inner.mask(view, rows, same) {
                Mask::All => Mask::None,
                Mask::None => Mask::All,
                Mask::Some(mask) => Mask::Some(mask.into_iter().map(|holds| !holds).collect()),
            },
            Self::Any(tests) => tests.iter().fold(Mask::None, |mask, test| match mask {
                Mask::All => Mask::All,
                mask => mask.or(test.mask(view, rows.clone(), same)),
            }),
            Self::All(tests) => tests.iter().fold(Mask::All, |mask, test| match mask {
                Mask::None => Mask::None,
                mask => mask.and(test.mask(view, rows.clone(), same)),
            }),
        }
    }
}

impl Mask {
    pub(super) fn of(mask: Vec<bool>) -> Self {
        match mask.first() {
            Some(true) if mask.iter().all(|holds| *holds) => Self::All,
            Some(false) if !mask.contains(&true) => Self::None,
            _ => Self::Some(mask),
        }
    }

    pub(super) fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::None, _) | (_, Self::None) => Self::None,
            (Self::All, mask) | (mask, Self::All) => mask,
            (Self::Some(one), Self::Some(other)) => {
                Self::of(one.into_iter().zip(other).map(|(one, other)| one & other).collect())
            }
        }
    }

    fn or(self, other: Self) -> Self {
        match (self, other) {
            (Self::All, _) | (_, Self::All) => Self::All,
            (Self::None, mask) | (mask, Self::None) => mask,
            (Self::Some(one), Self::Some(other)) => {
                Self::of(one.into_iter().zip(other).map(|(one, other)| one | other).collect())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes(column: u16, wanted: &[usize]) -> Test {
        Test::Codes(column, Marks::new((0..5).map(|code| wanted.contains(&code)).collect()))
    }

    #[test]
    fn one_code_is_told_where_all_rows_have_it() {
        let [one, several, none] = [&[3][..], &[1, 3], &[]].map(|wanted| codes(7, wanted));
        assert_eq!([one.only(7), one.only(8), several.only(7), none.only(7)], [Some(3), None, None, None]);
        let both = Test::All(vec![codes(8, &[2]), several, Test::All(vec![one])]);
        assert_eq!([both.only(7), both.only(8), both.only(9)], [Some(3), Some(2), None]);
        for test in [Test::Any(vec![codes(7, &[3])]), Test::Not(Box::new(codes(7, &[3])))] {
            assert_eq!(test.only(7), None, "{test:?}");
        }
    }

    #[test]
    fn what_nobody_has_is_never_met() {
        let [some, none] = [&[0][..], &[]].map(|wanted| move || codes(7, wanted));
        let never = [none(), Test::All(vec![some(), none()]), Test::Any(vec![none()]), Test::Any(Vec::new())];
        assert!(never.iter().all(Test::is_never));
        let ever = [some(), Test::All(vec![some()]), Test::Any(vec![none(), some()]), Test::Not(Box::new(none()))];
        assert!(!ever.iter().any(Test::is_never));
        assert!(!Test::All(Vec::new()).is_never());
    }
}
