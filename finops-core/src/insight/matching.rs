//! Which rows of a table a filter lets through, decided once per distinct value.

use crate::model::charge::{ChargeTable, TextColumn};
use crate::model::dimension::Dimension;
use crate::model::filter::Filter;
use crate::model::tags;
use std::borrow::Cow;

/// The values of a dimension over a table; none when no row has one.
pub(super) fn values<'t>(table: &'t ChargeTable, dimension: &Dimension) -> Option<Cow<'t, TextColumn>> {
    let column = table.text(dimension.column())?;
    Some(match dimension {
        Dimension::BuiltIn(_) => Cow::Borrowed(column),
        Dimension::Tag(key) => Cow::Owned(tags::values_of(column, key)),
    })
}

/// For each row, whether the filter holds.
pub(super) fn matches(table: &ChargeTable, filter: &Filter) -> Vec<bool> {
    match filter {
        Filter::In(dimension, wanted) => matches_values(table, dimension, wanted),
        Filter::Not(inner) => {
            let mut mask = matches(table, inner);
            for holds in &mut mask {
                *holds = !*holds;
            }
            mask
        }
        Filter::Any(filters) => fold(table, filters, false, |left, right| left | right),
        Filter::All(filters) => fold(table, filters, true, |left, right| left & right),
    }
}

fn fold(table: &ChargeTable, filters: &[Filter], start: bool, join: fn(bool, bool) -> bool) -> Vec<bool> {
    let mut mask = vec![start; table.rows()];
    for filter in filters {
        for (holds, inner) in mask.iter_mut().zip(matches(table, filter)) {
            *holds = join(*holds, inner);
        }
    }
    mask
}

fn matches_values(table: &ChargeTable, dimension: &Dimension, wanted: &[Option<String>]) -> Vec<bool> {
    let wants_null = wanted.iter().any(Option::is_none);
    let Some(column) = values(table, dimension) else { return vec![wants_null; table.rows()] };
    let wants = |value: &str| wanted.iter().flatten().any(|wanted| wanted == value);
    let verdicts: Vec<bool> = column.dictionary.iter().map(wants).collect();
    let verdict = |code: &u32| usize::try_from(*code).ok().and_then(|code| verdicts.get(code)).copied();
    column.codes.iter().map(|code| verdict(code).unwrap_or(wants_null)).collect()
}
