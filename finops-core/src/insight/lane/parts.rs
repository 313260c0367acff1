//! The parts of keys: where the number of each row comes from, and how single numbers become a key.

use super::axis::Axis;
use super::keys::Shape;
use super::view::View;
use super::work::Plan;
use std::ops::Range;

/// Stands for "outside of the interval" among buckets.
pub(super) const OUTSIDE: u32 = u32::MAX;

/// A part of a key.
#[derive(Debug)]
pub(super) enum Part<'p> {
    Axis(&'p Axis),
    Column(u16),
    /// The bucket of each row, as it was read before.
    Buckets,
    /// The same number for each row.
    Same(u32),
}

impl Part<'_> {
    pub(super) fn read(&self, view: &View<'_>, rows: Range<usize>, buckets: &[u32], out: &mut [u32]) {
        match self {
            Self::Axis(axis) => axis.numbers(view, rows, out),
            Self::Column(column) => view.codes(*column).read(rows.start, out),
            // What lies outside is masked; its number must only not leave the range.
            Self::Buckets => {
                let inside = |bucket: u32| if bucket == OUTSIDE { 0 } else { bucket };
                out.iter_mut().zip(buckets).for_each(|(out, bucket)| *out = inside(*bucket));
            }
            Self::Same(number) => out.fill(*number),
        }
    }
}

/// A key made of single numbers.
#[derive(Debug, Default)]
pub(super) struct Key(u128);

impl Key {
    pub(super) fn push_all(&mut self, plan: &Plan, codes: &[u32], bucket: Option<u32>, currency: u32) -> u128 {
        let bucket = bucket.filter(|_| plan.bucket_in_key);
        let numbers = codes.iter().copied().chain(bucket).chain([currency]);
        match &plan.shape {
            Shape::Dense { sizes, .. } => numbers.zip(sizes).for_each(|(number, size)| {
                self.0 = self.0 * u128::try_from((*size).max(1)).unwrap_or(1) + u128::from(number);
            }),
            Shape::Hash { bits } => {
                numbers.zip(bits).for_each(|(number, bits)| self.0 = self.0 << bits | u128::from(number));
            }
        }
        self.0
    }
}
