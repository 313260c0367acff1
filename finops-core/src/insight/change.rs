//! What a span and an amount are compared with, and how much an amount changed.

use super::health::Held;
use super::settled::Settled;
use crate::model::money::{Currency, Money, Quantity, ratio};
use crate::model::time::{Day, Interval, Stamp, Zone};
use crate::{Error, ErrorCode, Result};
use chrono::{Datelike, Days, Months, NaiveDate};

/// How many decimals a change in percent has.
const PERCENT_DECIMALS: u32 = 2;
/// How many decimals a hundredth of it has.
const RATIO_DECIMALS: u32 = PERCENT_DECIMALS + 2;

/// By how much percent of the earlier amount an amount differs, half even at 2 decimals; the sign is that of the
/// change, also where the earlier amount is a credit. None when either is unknown or the earlier one is zero.
pub(super) fn change_pct(cost: Option<Money>, earlier: Option<Money>) -> Result<Option<Quantity>> {
    let (Some(cost), Some(earlier)) = (cost, earlier) else { return Ok(None) };
    if earlier.is_zero() {
        return Ok(None);
    }
    let part = ratio(cost.checked_sub(earlier)?, earlier.abs()?, RATIO_DECIMALS);
    let percent = part.and_then(|part| part.mantissa().checked_mul(100)).map(Quantity::from_mantissa);
    percent.map(Some).ok_or_else(|| Error::overflow("a change in percent does not fit: the earlier cost is tiny"))
}

/// The difference of two amounts that are known.
pub(super) fn difference(cost: Option<Money>, earlier: Option<Money>) -> Result<Option<Money>> {
    cost.zip(earlier).map(|(cost, earlier)| cost.checked_sub(earlier)).transpose()
}

/// The span of the same length directly before: as many months before whole months, as many days before whole days,
/// by the calendar of the zone.
pub(super) fn before(interval: Interval, zone: Zone) -> Result<Interval> {
    let (start, end) = (interval.start(), interval.end());
    let (first, last) = (zone.date_of(start), zone.date_of(end));
    if zone.day_start(first)? != start || zone.day_start(last)? != end {
        return length_before(start, end.micros() - start.micros(), zone);
    }
    let months = (last.year() - first.year()) * 12 + months(last) - months(first);
    let months = u32::try_from(months).ok().filter(|_| first.day() == 1 && last.day() == 1);
    let days = u64::try_from(last.signed_duration_since(first).num_days()).unwrap_or(0);
    let from = match months {
        Some(months) => first.checked_sub_months(Months::new(months)),
        None => first.checked_sub_days(Days::new(days)),
    };
    Interval::new(zone.day_start(from.unwrap_or(NaiveDate::MIN))?, start)
}

/// The span of a length directly before an instant; whole days are those of the zone where one starts there.
pub(super) fn length_before(end: Stamp, micros: i64, zone: Zone) -> Result<Interval> {
    const DAY: i64 = 86_400_000_000;
    let date = zone.date_of(end);
    if micros % DAY == 0 && zone.day_start(date)? == end {
        let days = u64::try_from(micros / DAY).unwrap_or(0);
        let from = date.checked_sub_days(Days::new(days)).unwrap_or(NaiveDate::MIN);
        return Interval::new(zone.day_start(from)?, end);
    }
    Interval::new(Stamp::from_micros(end.micros().saturating_sub(micros))?, end)
}

fn months(date: NaiveDate) -> i32 {
    i32::try_from(date.month0()).unwrap_or(0)
}

/// Whether anything is known of a span: a bill reaches one of its days, or there are charges all the same.
pub(super) fn is_covered(held: Held<'_>, days: &[Day], settled: &Settled) -> bool {
    settled.charges() > 0 || days.iter().any(|day| held.reach.is_known(day))
}

/// The one currency of two sums that are compared.
///
/// # Errors
/// `mixed_currencies` when they are in two.
pub(super) fn one_currency(one: Option<Currency>, other: Option<Currency>) -> Result<Option<Currency>> {
    match (one, other) {
        (Some(one), Some(other)) if one != other => {
            let message = format!(
                "what is compared is in {one} and in {other}: name the currency of the answer and give \
                 exchange_rates, or filter by 'currency'"
            );
            Err(Error::new(ErrorCode::MixedCurrencies, message).with_field("currency"))
        }
        (one, other) => Ok(one.or(other)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::time::Period;

    fn percent(cost: &str, earlier: &str) -> Option<String> {
        let money = |text: &str| Some(text.parse().unwrap());
        change_pct(money(cost), money(earlier)).unwrap().map(|percent| percent.to_string())
    }

    #[test]
    fn percent_is_rounded_half_even_at_two_decimals() {
        assert_eq!(percent("112.5", "100").as_deref(), Some("12.5"));
        assert_eq!(percent("100.005", "100").as_deref(), Some("0"));
        assert_eq!(percent("100.015", "100").as_deref(), Some("0.02"));
        assert_eq!(percent("2", "3").as_deref(), Some("-33.33"));
        assert_eq!(percent("1", "0"), None);
    }

    #[test]
    fn a_credit_that_shrinks_is_a_change_upwards() {
        assert_eq!(percent("-5", "-10").as_deref(), Some("50"));
    }

    fn before_period(period: &str, zone: &str) -> String {
        let zone = Zone::parse(zone).unwrap();
        before(Period::parse(period).unwrap().interval(zone).unwrap(), zone).unwrap().to_string()
    }

    #[test]
    fn months_have_months_before_them_and_days_days() {
        assert_eq!(before_period("2024-03", "UTC"), "2024-02-01T00:00:00Z/2024-03-01T00:00:00Z");
        assert_eq!(before_period("2024-Q1", "UTC"), "2023-10-01T00:00:00Z/2024-01-01T00:00:00Z");
        assert_eq!(before_period("2024-W10", "UTC"), "2024-02-26T00:00:00Z/2024-03-04T00:00:00Z");
        // The day before the clocks change has 24 hours, the day itself 23.
        assert_eq!(before_period("2024-04-01", "Europe/Berlin"), "2024-03-30T23:00:00Z/2024-03-31T22:00:00Z");
        let cut = "2024-01-02T06:00:00Z/2024-01-02T18:00:00Z";
        assert_eq!(before_period(cut, "UTC"), "2024-01-01T18:00:00Z/2024-01-02T06:00:00Z");
    }
}
