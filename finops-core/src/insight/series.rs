//! Series: a figure for each bucket, where nothing known is not zero.

use super::buckets::Bucket;
use super::health::known_cost;
use super::reach::Reach;
use super::settled::Settled;
use crate::model::money::Money;
use crate::model::time::Day;
use crate::{Error, Result};
use chrono::{Datelike, NaiveDate};
use serde::Serializer;

/// How many points, over all groups, one answer has at most.
const MAX_POINTS: usize = 1_000_000;

/// A date as `2024-09-30`. A series repeats its days for every group, and chrono's own way takes longer than the sums.
#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde hands on a reference")]
pub(super) fn serialize_day<S: Serializer>(day: &NaiveDate, serializer: S) -> Result<S::Ok, S::Error> {
    let Ok(year) = u32::try_from(day.year()) else { return serializer.collect_str(day) };
    let digit = |number: u32, unit: u32| u8::try_from(number / unit % 10).unwrap_or(0) + b'0';
    let (month, date) = (day.month(), day.day());
    let text = [
        digit(year, 1000),
        digit(year, 100),
        digit(year, 10),
        digit(year, 1),
        b'-',
        digit(month, 10),
        digit(month, 1),
        b'-',
        digit(date, 10),
        digit(date, 1),
    ];
    match std::str::from_utf8(&text) {
        Ok(text) if year <= 9999 => serializer.serialize_str(text),
        _ => serializer.collect_str(day),
    }
}

/// For each bucket, whether a bill reaches any of it.
pub(super) fn known(reach: &Reach, buckets: &[Bucket]) -> Vec<bool> {
    let day = |bucket: &Bucket| Day { date: bucket.date, interval: bucket.interval };
    buckets.iter().map(|bucket| reach.is_known(&day(bucket))).collect()
}

/// The sum of each bucket over some groups. One that no bill covers has none, unless there are charges all the same;
/// neither has one whose charges all lack the cost.
pub(super) fn sums(settled: &Settled, groups: &[usize], known: &[bool]) -> Result<Vec<Option<Money>>> {
    let mut buckets = vec![(Money::ZERO, 0, 0); known.len()];
    for group in groups {
        if let Some((total, charges, unknown)) = buckets.get_mut(settled.bucket_of(*group)) {
            *total = total.checked_add(settled.sum_of(*group, 0))?;
            *charges += settled.charges_of(*group);
            *unknown += settled.unknown_of(*group, 0);
        }
    }
    let sum = |((total, charges, unknown), known): ((Money, u64, u64), &bool)| {
        known_cost(total, charges, unknown).filter(|_| *known || charges > 0)
    };
    Ok(buckets.into_iter().zip(known).map(sum).collect())
}

/// The sum of the points that are known; none when none is.
pub(super) fn total(points: &[Option<Money>]) -> Result<Option<Money>> {
    let known: Vec<Money> = points.iter().copied().flatten().collect();
    if known.is_empty() { Ok(None) } else { Money::try_sum(known).map(Some) }
}

/// A series for each group takes memory for each of its points.
pub(super) fn refuse_too_much(groups: usize, points: usize) -> Result<()> {
    if groups.saturating_mul(points) <= MAX_POINTS {
        return Ok(());
    }
    let message = format!("gives {groups} groups of {points} points: filter, or ask for less time or fewer dimensions");
    Err(Error::invalid("group_by", message))
}
