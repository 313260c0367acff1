//! How the days of charges lie to a question: outside, inside, or cut by it.

use crate::insight::blocks::{DAY_MICROS, DayTotals};
use crate::insight::question::Question;

/// When a day begins, in microseconds.
pub(super) fn midnight_of(totals: &DayTotals) -> i64 {
    i64::from(totals.day) * DAY_MICROS
}

/// When the first and the last charge of a day start, in microseconds.
#[derive(Debug, Clone, Copy)]
pub(super) struct Span {
    first: i64,
    last: i64,
}

/// How a day of charges lies to a question.
pub(super) enum Reach {
    Outside,
    /// All of its charges lie in the interval, and in that bucket.
    Whole(u32),
    /// Some of them lie elsewhere than others.
    Partly,
}

impl Span {
    pub(super) fn of(totals: &DayTotals) -> Self {
        let midnight = midnight_of(totals);
        let time = |time: Option<&(i64, u32)>| midnight + time.map_or(0, |(time, _)| *time);
        Self { first: time(totals.times.first()), last: time(totals.times.last()) }
    }

    pub(super) fn reach(self, question: &Question, last_bucket: &mut usize) -> Reach {
        let (Self { first, last }, interval) = (self, question.interval);
        if last < interval.start().micros() || first >= interval.end().micros() {
            return Reach::Outside;
        }
        if !question.holds(first) || !question.holds(last) {
            return Reach::Partly;
        }
        let bucket = question.bucket_of(first, last_bucket);
        if bucket == question.bucket_of(last, last_bucket) {
            return u32::try_from(bucket).map_or(Reach::Partly, Reach::Whole);
        }
        Reach::Partly
    }
}

/// The bucket that all days of a block lie in as a whole, if there are several days and one bucket.
pub(super) fn only_bucket(question: &Question, spans: &[Span]) -> Option<u32> {
    let (mut only, mut last_bucket) = (None, 0);
    for span in spans {
        match (span.reach(question, &mut last_bucket), only) {
            (Reach::Whole(bucket), None) => only = Some(bucket),
            (Reach::Whole(bucket), Some(known)) if bucket == known => {}
            _ => return None,
        }
    }
    only.filter(|_| spans.len() > 1)
}

/// How many of the times of a day, which are in order, are before an instant.
pub(super) fn count_before(times: &[(i64, u32)], midnight: i64, end: i64) -> usize {
    let is_before = |(time, _): &(i64, u32)| midnight + time < end;
    let (Some(first), Some(last)) = (times.first(), times.last()) else { return 0 };
    match (is_before(first), is_before(last)) {
        (false, _) => return 0,
        (_, true) => return times.len(),
        _ => {}
    }
    // Charges by the hour lie at even distances: then it is known where to look, and each look is far away.
    let (steps, behind) = (i64::try_from(times.len() - 1).ok(), end - midnight - first.0 - 1);
    let share = steps.and_then(|steps| behind.checked_mul(steps)?.checked_div(last.0.checked_sub(first.0)?));
    let guess = share.and_then(|share| usize::try_from(share).ok()).map_or(1, |share| share + 1);
    match times.get(guess - 1..=guess) {
        Some([one, next]) if is_before(one) && !is_before(next) => guess,
        _ => times.partition_point(is_before),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::charge::CostView;
    use crate::model::time::{Interval, Stamp, Zone};

    fn question(start: &str, end: &str, zone: Option<&str>) -> Question {
        let interval = Interval::new(Stamp::parse(start).unwrap(), Stamp::parse(end).unwrap()).unwrap();
        let mut question = Question::new(interval, CostView::Billed);
        let days = zone.map(|zone| Zone::parse(zone).unwrap().days(interval).unwrap());
        question.buckets = days.map(|days| days.into_iter().map(|day| day.interval).collect());
        question
    }

    /// How the days from 2024-03-01 on lie to it: `-` for outside, `~` for partly, else the bucket.
    fn reached(question: &Question, time_of_day: Option<i64>, days: i32) -> String {
        let times = time_of_day.map_or(vec![(0, 1), (DAY_MICROS - 1, 2)], |time| vec![(time, 1)]);
        let totals = |day| DayTotals { day: 19_783 + day, charges: 1, measures: [(None, 0); 5], times: times.clone() };
        let reached = (0..days).map(|day| match Span::of(&totals(day)).reach(question, &mut 0) {
            Reach::Outside => "-".to_owned(),
            Reach::Partly => "~".to_owned(),
            Reach::Whole(bucket) => bucket.to_string(),
        });
        reached.collect()
    }

    #[test]
    fn days_lie_outside_inside_or_across() {
        let (noon, last) = (Some(DAY_MICROS / 2), Some(DAY_MICROS - 1));
        let whole = question("2024-03-02T00:00:00Z", "2024-03-04T00:00:00Z", None);
        for time in [None, Some(0), noon, last] {
            assert_eq!(reached(&whole, time, 5), "-00--", "{time:?}");
        }
        let cut = question("2024-03-02T12:00:00Z", "2024-03-04T12:00:00Z", None);
        assert_eq!(reached(&cut, None, 5), "-~0~-");
        assert_eq!(reached(&cut, Some(0), 5), "--00-", "at midnight the first day has begun before");
        assert_eq!(reached(&cut, noon, 5), "-00--", "the start is inside, the end is not");
        assert_eq!(reached(&cut, last, 5), "-00--");
        let inside = question("2024-03-02T06:00:00Z", "2024-03-02T07:00:00Z", None);
        assert_eq!((reached(&inside, None, 3), reached(&inside, noon, 3)), ("-~-".into(), "---".into()));
    }

    #[test]
    fn times_before_another_are_counted_whatever_their_distances() {
        let hour = 3_600_000_000;
        let times = |hours: &[i64]| hours.iter().map(|of| (of * hour, 0)).collect::<Vec<_>>();
        let every: Vec<i64> = (0..24).collect();
        let lists = [&every[..], &[], &[5], &[0, 23], &[0, 1, 2, 20, 21, 22, 23], &[9, 10, 11]];
        for list in lists.map(times) {
            for end in (-1..=25).flat_map(|of| [of * hour - 1, of * hour, of * hour + 1]) {
                let counted = list.iter().filter(|(time, _)| *time < end).count();
                assert_eq!(count_before(&list, 7 * hour, end + 7 * hour), counted, "of {list:?} before {end}");
            }
        }
    }

    #[test]
    fn days_of_another_zone_cut_those_of_utc() {
        let utc = question("2024-03-01T00:00:00Z", "2024-03-04T00:00:00Z", Some("UTC"));
        assert_eq!(reached(&utc, None, 4), "012-");
        // 2024-03-01T00:00 there is 18:30 of the day before.
        let india = question("2024-02-29T18:30:00Z", "2024-03-03T18:30:00Z", Some("Asia/Kolkata"));
        assert_eq!(reached(&india, None, 4), "~~~-");
        assert_eq!(reached(&india, Some(0), 4), "012-");
        assert_eq!(reached(&india, Some(DAY_MICROS * 3 / 4), 4), "012-", "18:00");
        assert_eq!(reached(&india, Some(DAY_MICROS - 1), 4), "12--", "of the next day there");
    }
}
