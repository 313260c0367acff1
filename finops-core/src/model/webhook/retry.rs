//! When a delivery that failed is tried again.

use crate::model::time::Stamp;
use chrono::DateTime;

/// How many times a delivery is tried: at once, and after each of the delays.
pub const ATTEMPTS: u32 = 10;
/// What a receiver may ask for with `Retry-After` at most: the longest delay of the schedule.
pub const MAX_RETRY_AFTER_SECONDS: i64 = 24 * HOUR;

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
/// The schedule of the Standard Webhooks specification, in seconds after the attempt before.
const DELAYS: [i64; 9] = [5, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 5 * HOUR, 10 * HOUR, 14 * HOUR, 20 * HOUR, 24 * HOUR];
/// Up to this part of a delay is added, so that what failed together does not come again together.
const JITTER_PART: i64 = 10;

/// How many microseconds to wait after so many failed attempts; none when there are no more. `random` spreads the
/// time over the tenth that follows.
///
/// ```
/// use finops_core::model::webhook::retry_delay_micros;
///
/// assert_eq!(retry_delay_micros(1, None, 0), Some(5_000_000));
/// assert_eq!(retry_delay_micros(1, Some(60), 0), Some(60_000_000), "the receiver asked for a minute");
/// assert_eq!(retry_delay_micros(10, None, 0), None, "that was the last attempt");
/// ```
pub fn retry_delay_micros(failed: u32, retry_after_seconds: Option<i64>, random: u16) -> Option<i64> {
    let place = usize::try_from(failed.checked_sub(1)?).ok()?;
    let scheduled = *DELAYS.get(place)?;
    let asked = retry_after_seconds.unwrap_or(0).clamp(0, MAX_RETRY_AFTER_SECONDS);
    let micros = scheduled.max(asked) * 1_000_000;
    // At most a day, so that nothing can overflow.
    Some(micros + micros / JITTER_PART * i64::from(random) / i64::from(u16::MAX))
}

/// What a `Retry-After` header asks for: seconds, or an HTTP date; none when it is neither, or past.
pub fn retry_after_seconds(header: &str, now: Stamp) -> Option<i64> {
    let header = header.trim();
    if !header.is_empty() && header.bytes().all(|byte| byte.is_ascii_digit()) {
        return Some(header.parse().unwrap_or(i64::MAX));
    }
    let until = DateTime::parse_from_rfc2822(header).ok()?.timestamp();
    Some(until.saturating_sub(now.micros().div_euclid(1_000_000))).filter(|seconds| *seconds > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_schedule_is_the_one_of_the_specification() {
        let mut since_start = 0;
        let starts: Vec<i64> = (1..ATTEMPTS)
            .map(|failed| {
                since_start += retry_delay_micros(failed, None, 0).unwrap() / 1_000_000;
                since_start
            })
            .collect();
        let clock = |hours: i64, minutes: i64, seconds: i64| (hours * 60 + minutes) * 60 + seconds;
        let expected = [
            clock(0, 0, 5),
            clock(0, 5, 5),
            clock(0, 35, 5),
            clock(2, 35, 5),
            clock(7, 35, 5),
            clock(17, 35, 5),
            clock(31, 35, 5),
            clock(51, 35, 5),
            clock(75, 35, 5),
        ];
        assert_eq!(starts, expected);
        assert_eq!((retry_delay_micros(0, None, 0), retry_delay_micros(ATTEMPTS, None, 0)), (None, None));
    }

    #[test]
    fn jitter_adds_up_to_a_tenth() {
        for failed in 1..ATTEMPTS {
            let plain = retry_delay_micros(failed, None, 0).unwrap();
            assert_eq!(retry_delay_micros(failed, None, u16::MAX), Some(plain + plain / 10));
            let half = retry_delay_micros(failed, None, u16::MAX / 2).unwrap();
            assert!(plain < half && half < plain + plain / 10);
        }
    }

    #[test]
    fn a_receiver_may_ask_for_later_within_bounds() {
        assert_eq!(retry_delay_micros(2, Some(1), 0), Some(300_000_000), "the schedule is never cut short");
        for much in [MAX_RETRY_AFTER_SECONDS, MAX_RETRY_AFTER_SECONDS + 1, i64::MAX] {
            assert_eq!(retry_delay_micros(1, Some(much), 0), Some(MAX_RETRY_AFTER_SECONDS * 1_000_000));
        }
        let now = Stamp::parse("2015-10-21T07:27:00Z").unwrap();
        let read = |header| retry_after_seconds(header, now);
        assert_eq!(read("120"), Some(120));
        assert_eq!(read(" 0 "), Some(0));
        assert_eq!(read("Wed, 21 Oct 2015 07:28:00 GMT"), Some(60));
        assert_eq!(read("99999999999999999999999"), Some(i64::MAX));
        for header in ["", "soon", "-5", "1.5", "Wed, 21 Oct 2015 07:26:00 GMT", "+5"] {
            assert_eq!(read(header), None, "{header}");
        }
    }
}
