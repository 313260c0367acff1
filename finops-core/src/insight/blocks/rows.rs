//! Rows on their way into a section, and how they are summed into fewer.

use super::index::Measure;
use hashbrown::HashMap;
use std::ops::Range;

/// How many measures there are.
pub(super) const MEASURES: usize = Measure::ALL.len();

/// Rows of some days, by column: each stands for one charge or for the sum of several.
#[derive(Debug, Clone, Default)]
pub(super) struct Rows {
    /// Where the rows of each day end.
    pub(super) day_ends: Vec<usize>,
    /// Whether they are summed over all days, as if these were one.
    pub(super) over_days: bool,
    /// The dimensions that are told apart, by column, and their codes.
    pub(super) dimensions: Vec<(u16, Vec<u32>)>,
    /// How many charges each row stands for.
    pub(super) charges: Vec<u32>,
    /// For each measure the sums, and how many charges lack it.
    pub(super) sums: [Vec<i128>; MEASURES],
    pub(super) unknown: [Vec<u32>; MEASURES],
}

impl Rows {
    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.charges.len()
    }

    /// The rows of a day.
    pub(super) fn of_day(&self, day: usize) -> Range<usize> {
        let end = |day: usize| self.day_ends.get(day).copied().unwrap_or(0);
        day.checked_sub(1).map_or(0, end)..end(day)
    }

    /// The rows of each day summed over everything but the given dimensions (places in `dimensions`), sorted by them
    /// in that order. None when there would be more than `most` rows, a sum would not fit, or the codes take more than
    /// 128 bits together.
    pub(super) fn summed(&self, keep: &[usize], most: usize) -> Option<Self> {
        self.summed_within(&self.day_ends, keep, most, self.over_days)
    }

    /// The same over all days at once.
    pub(super) fn over_days(&self, keep: &[usize], most: usize) -> Option<Self> {
        self.summed_within(&[self.len()], keep, most, true)
    }

    fn summed_within(&self, ends: &[usize], keep: &[usize], most: usize, over_days: bool) -> Option<Self> {
        let keys = self.keys(keep)?;
        let mut into = Self {
            over_days,
            dimensions: keep.iter().filter_map(|place| Some((self.dimensions.get(*place)?.0, Vec::new()))).collect(),
            ..Self::default()
        };
        let mut places: HashMap<u128, usize> = HashMap::new();
        let mut start = 0;
        for end in ends {
            places.clear();
            let rows = start..*end;
            start = *end;
            let mut firsts: Vec<(u128, usize)> = Vec::new();
            for (row, key) in rows.clone().zip(keys.get(rows.clone())?) {
                places.entry(*key).or_insert_with(|| {
                    firsts.push((*key, row));
                    0
                });
            }
            if into.len() + firsts.len() > most {
                return None;
            }
            firsts.sort_unstable();
            let start = into.len();
            into.append_empty(firsts.len());
            for (place, (key, row)) in firsts.iter().enumerate() {
                places.insert(*key, start + place);
                for (kept, (_, codes)) in keep.iter().zip(&mut into.dimensions) {
                    codes.push(self.dimensions.get(*kept).and_then(|(_, codes)| codes.get(*row)).copied()?);
                }
            }
            for (row, key) in rows.clone().zip(keys.get(rows)?) {
                into.add(*places.get(key)?, self, row)?;
            }
            into.day_ends.push(into.len());
        }
        Some(into)
    }

    fn append_empty(&mut self, rows: usize) {
        let len = self.len() + rows;
        self.charges.resize(len, 0);
        self.sums.iter_mut().for_each(|sums| sums.resize(len, 0));
        self.unknown.iter_mut().for_each(|unknown| unknown.resize(len, 0));
    }

    fn add(&mut self, place: usize, from: &Self, row: usize) -> Option<()> {
        let charges = self.charges.get_mut(place)?;
        *charges = charges.checked_add(*from.charges.get(row)?)?;
        for (into, sums) in self.sums.iter_mut().zip(&from.sums) {
            let into = into.get_mut(place)?;
            *into = into.checked_add(*sums.get(row)?)?;
        }
        for (into, unknown) in self.unknown.iter_mut().zip(&from.unknown) {
            *into.get_mut(place)? += unknown.get(row)?;
        }
        Some(())
    }

    /// For each row the codes of the dimensions in one number, the first in the highest bits.
    fn keys(&self, keep: &[usize]) -> Option<Vec<u128>> {
        let mut keys = vec![0_u128; self.len()];
        let mut taken = 0;
        for place in keep {
            let (_, codes) = self.dimensions.get(*place)?;
            let bits = u32::BITS - codes.iter().copied().max().unwrap_or(0).leading_zeros();
            taken += bits;
            if taken > u128::BITS {
                return None;
            }
            for (key, code) in keys.iter_mut().zip(codes) {
                *key = *key << bits | u128::from(*code);
            }
        }
        Some(keys)
    }
}
