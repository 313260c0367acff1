//! Which rows of a table a filter lets through, decided once per distinct value.

use super::by_value::ByValue;
use crate::Result;
use crate::model::charge::{ChargeTable, TextBuilder, TextColumn};
use crate::model::dimension::Dimension;
use crate::model::filter::Filter;
use crate::model::tags;
use crate::model::virtual_dimension::{VirtualDimension, Virtuals};
use std::borrow::Cow;

/// The values of a dimension over a table; none when no row has one.
pub(super) fn values<'t>(
    table: &'t ChargeTable,
    dimension: &Dimension,
    virtuals: &Virtuals,
) -> Result<Option<Cow<'t, TextColumn>>> {
    if let Dimension::Virtual(name) = dimension {
        return given(table, virtuals.get(name)?, virtuals).map(|column| Some(Cow::Owned(column)));
    }
    let column = dimension.column().and_then(|column| table.text(column));
    Ok(column.map(|column| match dimension {
        Dimension::Tag(key) => Cow::Owned(tags::values_of(column, key)),
        _ => Cow::Borrowed(column),
    }))
}

/// What the rules of a virtual dimension give each row: the first that holds.
fn given(table: &ChargeTable, dimension: &VirtualDimension, virtuals: &Virtuals) -> Result<TextColumn> {
    let mut values = TextBuilder::default();
    let default = dimension.default.as_deref().map_or(TextColumn::NULL, |value| values.intern(value));
    if let Some(by_value) = ByValue::of(&dimension.rules) {
        let numbers: Vec<u32> = dimension.rules.iter().map(|rule| values.intern(&rule.value)).collect();
        let number = |value: Option<&str>| {
            by_value.first(value).and_then(|place| numbers.get(place)).copied().unwrap_or(default)
        };
        let absent = number(None);
        let codes = match self::values(table, by_value.dimension, virtuals)? {
            None => vec![absent; table.rows()],
            Some(column) => {
                let given: Vec<u32> = column.dictionary.iter().map(|value| number(Some(value))).collect();
                let give = |code: &u32| usize::try_from(*code).ok().and_then(|code| given.get(code)).copied();
                column.codes.iter().map(|code| give(code).unwrap_or(absent)).collect()
            }
        };
        return Ok(TextColumn { dictionary: values.take().dictionary, codes });
    }
    let mut codes = vec![None; table.rows()];
    for rule in &dimension.rules {
        let code = values.intern(&rule.value);
        for (given, holds) in codes.iter_mut().zip(matches(table, &rule.when, virtuals)?) {
            if holds {
                given.get_or_insert(code);
            }
        }
    }
    let codes = codes.into_iter().map(|code| code.unwrap_or(default)).collect();
    Ok(TextColumn { dictionary: values.take().dictionary, codes })
}

/// For each row, whether the filter holds.
pub(super) fn matches(table: &ChargeTable, filter: &Filter, virtuals: &Virtuals) -> Result<Vec<bool>> {
    match filter {
        Filter::In(dimension, wanted) => matches_values(table, dimension, wanted, virtuals),
        Filter::Not(inner) => {
            let mut mask = matches(table, inner, virtuals)?;
            for holds in &mut mask {
                *holds = !*holds;
            }
            Ok(mask)
        }
        Filter::Any(filters) => fold(table, filters, false, virtuals, |left, right| left | right),
        Filter::All(filters) => fold(table, filters, true, virtuals, |left, right| left & right),
    }
}

fn fold(
    table: &ChargeTable,
    filters: &[Filter],
    start: bool,
    virtuals: &Virtuals,
    join: fn(bool, bool) -> bool,
) -> Result<Vec<bool>> {
    let mut mask = vec![start; table.rows()];
    for filter in filters {
        for (holds, inner) in mask.iter_mut().zip(matches(table, filter, virtuals)?) {
            *holds = join(*holds, inner);
        }
    }
    Ok(mask)
}

fn matches_values(
    table: &ChargeTable,
    dimension: &Dimension,
    wanted: &[Option<String>],
    virtuals: &Virtuals,
) -> Result<Vec<bool>> {
    let wants_null = wanted.iter().any(Option::is_none);
    let Some(column) = values(table, dimension, virtuals)? else { return Ok(vec![wants_null; table.rows()]) };
    let wants = |value: &str| wanted.iter().flatten().any(|wanted| wanted == value);
    let verdicts: Vec<bool> = column.dictionary.iter().map(wants).collect();
    let verdict = |code: &u32| usize::try_from(*code).ok().and_then(|code| verdicts.get(code)).copied();
    Ok(column.codes.iter().map(|code| verdict(code).unwrap_or(wants_null)).collect())
}
