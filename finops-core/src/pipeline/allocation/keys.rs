//! Numbers for the combinations of values that cells have, in the order of the values.

use super::cells::Cells;
use super::line::Values;
use crate::model::dimension::Dimension;
use crate::{Error, Result};
use hashbrown::HashMap;
use std::sync::Arc;

/// For each cell the number of its values of some dimensions. Numbers ascend with the values, so that nothing depends
/// on how cells were coded or in which order they came.
#[derive(Debug, Clone)]
pub(super) struct Keys {
    /// Empty where there is only one combination, of no dimension.
    of_cell: Vec<u32>,
    values: Vec<Values>,
}

impl Keys {
    pub(super) fn new(cells: &Cells, dimensions: &[Dimension]) -> Result<Self> {
        let places: Vec<usize> = dimensions.iter().map(|dimension| cells.place(dimension)).collect::<Result<_>>()?;
        match places.as_slice() {
            [] => Ok(Self { of_cell: Vec::new(), values: vec![Arc::from([])] }),
            [place] => Ok(Self::of_one(cells, *place)),
            places => Self::of_several(cells, places),
        }
    }

    /// The number of a cell.
    pub(super) fn of(&self, cell: usize) -> u32 {
        self.of_cell.get(cell).copied().unwrap_or(0)
    }

    /// The values that a number stands for.
    pub(super) fn values(&self, key: u32) -> Option<&Values> {
        usize::try_from(key).ok().and_then(|key| self.values.get(key))
    }

    fn of_one(cells: &Cells, place: usize) -> Self {
        let (ranks, sorted) = ranked(cells.labels(place));
        let of_cell = (0..cells.len()).map(|cell| at(&ranks, cells.codes_of(cell), place)).collect();
        Self { of_cell, values: sorted.into_iter().map(|label| Arc::from([label])).collect() }
    }

    fn of_several(cells: &Cells, places: &[usize]) -> Result<Self> {
        let ranked: Vec<_> = places.iter().map(|place| ranked(cells.labels(*place))).collect();
        let radix: Vec<u128> = ranked.iter().map(|(_, sorted)| u128::try_from(sorted.len()).unwrap_or(1)).collect();
        if radix.iter().try_fold(1_u128, |all, radix| all.checked_mul(*radix)).is_none() {
            return Err(Error::invalid("group_by", "tells too many values apart at once: name fewer dimensions"));
        }
        let mut numbers: HashMap<u128, u32> = HashMap::new();
        let (mut of_cell, mut found) = (Vec::with_capacity(cells.len()), Vec::new());
        for cell in 0..cells.len() {
            let codes = cells.codes_of(cell);
            let digits = places.iter().zip(&ranked).zip(&radix);
            let key =
                digits.fold(0, |key, ((place, (ranks, _)), radix)| key * radix + u128::from(at(ranks, codes, *place)));
            of_cell.push(*numbers.entry(key).or_insert_with(|| {
                found.push(key);
                u32::try_from(found.len() - 1).unwrap_or(u32::MAX)
            }));
        }
        let mut order: Vec<u32> = (0..).take(found.len()).collect();
        order.sort_unstable_by_key(|number| found.get(index(*number)).copied());
        let mut renumbered = vec![0; found.len()];
        let mut values = Vec::with_capacity(found.len());
        for (rank, number) in (0..).zip(order) {
            if let Some(place) = renumbered.get_mut(index(number)) {
                *place = rank;
            }
            values.push(texts(found.get(index(number)).copied().unwrap_or(0), &ranked, &radix));
        }
        for key in &mut of_cell {
            *key = renumbered.get(index(*key)).copied().unwrap_or(0);
        }
        Ok(Self { of_cell, values })
    }
}

type Ranked = (Vec<u32>, Vec<Option<Arc<str>>>);

/// For each code its rank among the sorted labels, and those.
fn ranked(labels: &[Option<Arc<str>>]) -> Ranked {
    let mut order: Vec<u32> = (0..).take(labels.len()).collect();
    order.sort_by_key(|code| labels.get(index(*code)));
    let mut ranks = vec![0; labels.len()];
    for (rank, code) in (0..).zip(&order) {
        if let Some(place) = ranks.get_mut(index(*code)) {
            *place = rank;
        }
    }
    let sorted = order.iter().map(|code| labels.get(index(*code)).cloned().flatten()).collect();
    (ranks, sorted)
}

fn texts(mut key: u128, ranked: &[Ranked], radix: &[u128]) -> Values {
    let mut values = Vec::with_capacity(ranked.len());
    for ((_, sorted), radix) in ranked.iter().zip(radix).rev() {
        let rank = usize::try_from(key % radix).unwrap_or(usize::MAX);
        values.push(sorted.get(rank).cloned().flatten());
        key /= radix;
    }
    values.reverse();
    values.into()
}

fn at(ranks: &[u32], codes: &[u32], place: usize) -> u32 {
    codes.get(place).and_then(|code| ranks.get(index(*code))).copied().unwrap_or(0)
}

pub(super) fn index(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}
