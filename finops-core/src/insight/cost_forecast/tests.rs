//! Whole days become months and days to come, by hand.

use super::analysis::{Analysis, Confidence};
use super::history::History;
use super::outlook::{Basis, Bounds, Outlook, Predictions};
use crate::insight::forecast::{Forecaster, Level, Model};
use crate::model::money::Money;
use chrono::{Datelike, Days, NaiveDate};

fn date(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

/// A cost for each of so many days from a date on.
fn history(first: &str, days: u64, cost: impl Fn(NaiveDate, u64) -> f64) -> History {
    let day = |place| date(first).checked_add_days(Days::new(place)).unwrap();
    let money = |cost: f64| Some(Money::parse_f64(cost).unwrap().value);
    History::new(date(first), (0..days).map(|place| money(cost(day(place), place))).collect())
}

fn levels() -> Vec<Level> {
    Level::list(&[0.8, 0.95]).unwrap()
}

fn months(history: &History, count: usize, today: &str, model: Model) -> Predictions {
    Outlook { forecaster: &model, levels: &levels() }.months(history, count, date(today)).unwrap()
}

/// What is known of a prediction and expected together.
fn whole(predictions: &Predictions, place: usize) -> f64 {
    let point = &predictions.points[place];
    point.known.to_f64_nearest() + point.expected
}

/// Numbers between -1 and 1 that look random, the same on every run.
fn noise(place: u64) -> f64 {
    let mut state = (place + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    state = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    state = (state ^ (state >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    ((state ^ (state >> 31)) >> 11) as f64 / (1_u64 << 52) as f64 - 1.0
}

#[test]
fn the_month_that_runs_is_the_same_however_many_follow() {
    let history =
        history("2022-12-10", 500, |day, place| f64::from(day.weekday().num_days_from_monday()) + 9.0 + noise(place));
    let today = "2024-04-24";
    let alone = Outlook { forecaster: &Model::Theta, levels: &levels() }.running(&history, date(today)).unwrap();
    let three = months(&history, 3, today, Model::Theta);
    let one = months(&history, 1, today, Model::Theta);
    assert_eq!((&three.points[0], one.points.len()), (&alone.predictions.points[0], 1));
    assert_eq!(
        three.points.iter().map(|point| point.basis).collect::<Vec<_>>(),
        [Basis::Days, Basis::Months, Basis::Months]
    );
    assert_eq!(
        three.points.iter().map(|point| point.date.to_string()).collect::<Vec<_>>(),
        ["2024-04-01", "2024-05-01", "2024-06-01"]
    );
    assert_eq!((alone.unknown_days, alone.remaining_days), (0, 8));
    for point in &three.points {
        let ([narrow, wide], expected) = ([point.bounds[0], point.bounds[1]], point.expected);
        assert!(
            wide.lower <= narrow.lower
                && narrow.lower <= expected
                && expected <= narrow.upper
                && narrow.upper <= wide.upper
        );
    }
}

#[test]
fn bills_that_come_late_leave_two_months_running() {
    let history = history("2024-01-01", 140, |_, _| 10.0);
    let predictions = months(&history, 3, "2024-06-03", Model::Naive);
    let points: Vec<(String, f64)> =
        (0..3).map(|place| (predictions.points[place].date.to_string(), whole(&predictions, place))).collect();
    let want = [("2024-05-01", 310.0), ("2024-06-01", 300.0), ("2024-07-01", 310.0)];
    assert_eq!(points, want.map(|(date, cost)| (date.to_owned(), cost)));
}

#[test]
fn a_gap_in_the_month_counts_as_one_of_the_days_to_come() {
    let mut days: Vec<Option<Money>> = vec![Some(Money::from_units(10)); 80];
    days[70] = None;
    let history = History::new(date("2024-01-01"), days);
    let predictions = months(&history, 1, "2024-03-21", Model::Naive);
    assert!((whole(&predictions, 0) - 310.0).abs() < 1e-9, "{predictions:?}");
    assert_eq!(predictions.points[0].known, Money::from_units(190));
}

#[test]
fn a_month_with_an_unknown_day_is_unknown_and_what_starts_late_has_no_month_before() {
    let mut days: Vec<Option<Money>> = vec![Some(Money::from_units(1)); 100];
    days[40] = None;
    let history = History::new(date("2024-01-15"), days);
    let sums: Vec<(String, Option<String>)> = history
        .months()
        .unwrap()
        .into_iter()
        .map(|(month, cost)| (month.to_string(), cost.map(|cost| cost.to_string())))
        .collect();
    assert_eq!(sums, [("2024-02-01".to_owned(), None), ("2024-03-01".to_owned(), Some("31".to_owned()))]);
    let outlook = Outlook { forecaster: &Model::Naive, levels: &levels() };
    let error = outlook.months(&history, 3, date("2024-04-24")).unwrap_err().into_error();
    assert!(error.to_string().starts_with("needs 2 months of whole days; has 1"), "{error}");
}

/// How far off the end of each month is, in percent, when it is projected on its tenth day, and at the rate so far.
fn errors(history: &History, forecaster: &dyn Forecaster) -> (f64, f64) {
    let levels = levels();
    let outlook = Outlook { forecaster, levels: &levels };
    let (mut projected, mut rate, mut count) = (0.0, 0.0, 0.0);
    for (month, cost) in history.months().unwrap().into_iter().skip(4).step_by(3) {
        let tenth = history.length_until(month).unwrap() + 10;
        let before = history.until(tenth);
        let running = outlook.running(&before, date(&month.with_day(11).unwrap().to_string())).unwrap();
        let actual = cost.unwrap().to_f64_nearest();
        let to_date = before.since(month).unwrap().cost.to_f64_nearest();
        let days = super::history::next_month(month).signed_duration_since(month).num_days();
        projected += (whole(&running.predictions, 0) - actual).abs() / actual;
        rate += (to_date / 10.0 * days as f64 - actual).abs() / actual;
        count += 1.0;
    }
    (100.0 * projected / count, 100.0 * rate / count)
}

#[test]
fn on_the_tenth_the_months_end_is_nearer_than_the_rate_so_far() {
    let fee = |day: NaiveDate| if day.day() == 1 { 150.0 } else { 0.0 };
    let weekday = |day: NaiveDate| if day.weekday().num_days_from_monday() < 5 { 100.0 } else { 45.0 };
    let shaped = history("2023-06-01", 420, |day, place| (weekday(day) + fee(day)) * (1.0 + 0.05 * noise(place)));
    let (projected, rate) = errors(&shaped, &Model::Auto);
    assert!(projected < 3.0 && rate > 2.0 * projected, "{projected} against {rate}");
}

#[test]
fn a_width_that_fits_nowhere_is_none_and_no_error() {
    let history = History::new(date("2024-01-01"), vec![Some(Money::from_units(10)); 80]);
    let mut predictions = months(&history, 1, "2024-03-21", Model::Naive);
    let point = &mut predictions.points[0];
    (point.known, point.expected) = (Money::ZERO, 1e-30);
    point.bounds = vec![Bounds { lower: 0.0, upper: 5.0 }];
    let analysis = Analysis::of(&history, &predictions).unwrap();
    assert_eq!((analysis.relative_width, analysis.confidence), (None, Confidence::Low));
}
