//! The form in which a page is kept: for each series, in order, its quarters of an hour in order. Days are their sums.

use super::cell::Cell;
use super::packed::Packed;
use super::page::{DayPage, QUARTERS};
use crate::model::usage::Aggregation;
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A quarter of an hour: which, the scale of its number, the number, and of how many events; or a cell of another kind.
#[derive(Serialize, Deserialize)]
pub(super) enum Form {
    Small(u8, u8, i64, u32),
    Large(u8, Cell),
}

impl Serialize for DayPage {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let rows: Vec<(u32, Vec<Form>)> =
            self.sorted().map(|(series, quarters)| (series, self.forms(quarters))).collect();
        (self.aggregation(), rows).serialize(serializer)
    }
}

impl DayPage {
    fn forms<'p>(&'p self, quarters: impl Iterator<Item = &'p Packed>) -> Vec<Form> {
        let cells = quarters.filter(|packed| !packed.is_empty(self.large()));
        cells.map(|packed| packed.form(self.large())).collect()
    }
}

impl<'de> Deserialize<'de> for DayPage {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (aggregation, rows) = <(Aggregation, Vec<(u32, Vec<Form>)>)>::deserialize(deserializer)?;
        let mut page = Self::new(aggregation);
        for (series, quarters) in rows {
            for form in quarters {
                let (quarter, cell) = match form {
                    Form::Small(quarter, scale, value, events) => {
                        (quarter, Packed::from_form(quarter, scale, value, events).cell(aggregation, &[]))
                    }
                    Form::Large(quarter, cell) => (quarter, cell),
                };
                if quarter >= QUARTERS || cell.aggregation() != aggregation {
                    return Err(D::Error::custom("a page of usage has a cell that does not belong there"));
                }
                page.merge_cell(series, quarter, &cell);
            }
        }
        Ok(page)
    }
}

/// Whether both counted the same; places that hold nothing do not matter.
impl PartialEq for DayPage {
    fn eq(&self, other: &Self) -> bool {
        let cells = |page: &Self| {
            let series: std::collections::BTreeSet<u32> = page.series().collect();
            let cells = series.into_iter().map(|series| (series, page.quarters(series), page.total(series)));
            cells.filter(|(_, quarters, _)| !quarters.is_empty()).collect::<Vec<_>>()
        };
        self.aggregation() == other.aggregation() && cells(self) == cells(other)
    }
}
