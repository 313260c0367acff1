//! What budgets will have spent, by hand.

use super::*;
use crate::insight::forecast::{Band, SeriesForecast};
use crate::model::money::Currency;

fn at(text: &str) -> Stamp {
    text.parse().unwrap()
}

fn money(text: &str) -> Money {
    text.parse().unwrap()
}

fn january() -> Interval {
    Interval::new(at("2025-01-01T00:00:00Z"), at("2025-02-01T00:00:00Z")).unwrap()
}

/// Weekdays cost 10 and weekends 4, from Monday, 2 December 2024, up to some day of January.
fn past(days: usize, counted: &str) -> DailySpend {
    let cost = |day: usize| Some(money(if day % 7 < 5 { "10" } else { "4" }));
    DailySpend {
        zone: Zone::UTC,
        currency: Currency::parse("USD").unwrap(),
        first: NaiveDate::from_ymd_opt(2024, 12, 2).unwrap(),
        days: (0..days).map(cost).collect(),
        counted: money(counted),
    }
}

/// The last week once more, for sure.
#[derive(Debug)]
struct LastWeek;

impl Forecaster for LastWeek {
    fn name(&self) -> &'static str {
        "last week"
    }

    fn forecast(&self, series: &Series, horizon: usize, levels: &[Level]) -> Result<SeriesForecast> {
        let week = &series.values()[series.values().len() - 7..];
        let mean: Vec<f64> = (0..horizon).map(|step| week[step % 7].unwrap()).collect();
        let bands = levels.iter().map(|level| Band { level: *level, lower: mean.clone(), upper: mean.clone() });
        Ok(SeriesForecast { model: "last week".into(), bands: bands.collect(), mean, fitted: vec![], season_length: 7 })
    }
}

fn model() -> SpendModel {
    SpendModel::new(Arc::new(LastWeek))
}

fn told(past: &DailySpend, now: &str, spent: &str, amount: &str) -> Forecast {
    let outlook = model().look_back(past, january()).unwrap().unwrap();
    let so_far = SpendSoFar { period: january(), now: at(now), spent: money(spent), amount: money(amount) };
    outlook.forecast(&so_far).unwrap().unwrap()
}

#[test]
fn the_days_that_are_left_are_added_as_the_past_has_them() {
    // The 1st to the 5th of January are whole: 10, 10, 10, 4, 4. The 6th to the 31st: 20 weekdays and 6 of a weekend.
    let past = past(35, "38");
    let start = told(&past, "2025-01-06T00:00:00Z", "38", "300");
    assert_eq!((start.expected, start.lower, start.upper), (money("262"), Some(money("262")), Some(money("262"))));
    assert_eq!((start.probability_of_exceeding, start.exhausts_at), (Some(Quantity::ZERO), None));
    let noon = told(&past, "2025-01-06T12:00:00Z", "45", "300");
    assert_eq!(noon.expected, money("264"), "7 came by noon, half of 10 is left");
    let late = told(&past, "2025-01-06T12:00:00Z", "38", "300");
    assert_eq!(late.expected, money("262"), "nothing of the day is there yet, which is the bill's delay");
    let days_late = told(&past, "2025-01-08T12:00:00Z", "38", "300");
    assert_eq!(days_late.expected, money("262"), "nor of two days before");
    let over = told(&past, "2025-02-01T00:00:00Z", "270", "300");
    assert_eq!(over.expected, money("270"), "what is over is known");
}

#[test]
fn it_is_used_up_on_the_day_on_which_it_is_expected() {
    let past = past(35, "38");
    let told = told(&past, "2025-01-06T12:00:00Z", "43", "100");
    // Of 57, Monday takes 5, four days 10 each and the weekend 8: the next Monday needs 4 of its 10.
    assert_eq!(told.exhausts_at, Some(at("2025-01-13T09:36:00Z")));
    assert_eq!(told.probability_of_exceeding, Some(Quantity::from_units(1)));
    let spent = super::tests::told(&past, "2025-01-06T12:00:00Z", "100", "100");
    assert_eq!(spent.exhausts_at, None, "it is used up already");
}

#[test]
fn the_past_must_say_enough() {
    assert!(model().look_back(&past(27, "0"), january()).unwrap().is_none());
    let open = Interval::new(january().start(), Interval::always().end()).unwrap();
    assert!(model().look_back(&past(35, "38"), open).unwrap().is_none(), "no end");
    let gone = Interval::new(at("2024-12-01T00:00:00Z"), at("2025-01-01T00:00:00Z")).unwrap();
    assert!(model().look_back(&past(35, "38"), gone).unwrap().is_none(), "all of its days are known");
    let so_far =
        SpendSoFar { period: january(), now: at("2025-01-16T12:00:00Z"), spent: money("5"), amount: money("9") };
    assert_eq!(model().forecast(&so_far).unwrap().unwrap().expected, money("10"), "the rate so far");
}

#[test]
fn what_is_unsure_is_likely_to_some_degree() {
    let mut past = past(35, "38");
    for (day, cost) in past.days.iter_mut().enumerate() {
        *cost = Some(money(["8", "12", "9", "11", "10"][day % 5]));
    }
    let outlook = SpendModel::new(Arc::new(Model::SeasonalNaive)).look_back(&past, january()).unwrap().unwrap();
    let told = |amount: &str| {
        let now = at("2025-01-06T00:00:00Z");
        let so_far = SpendSoFar { period: january(), now, spent: money("38"), amount: money(amount) };
        outlook.forecast(&so_far).unwrap().unwrap()
    };
    let expected = told("100").expected;
    let (lower, upper) = (told("100").lower.unwrap(), told("100").upper.unwrap());
    assert!(lower < expected && expected < upper);
    let likely = |amount: &str| told(amount).probability_of_exceeding.unwrap().to_string().parse::<f64>().unwrap();
    let at_the_middle = likely(&expected.to_string());
    assert!((at_the_middle - 0.5).abs() < 0.001, "{at_the_middle}");
    assert!((likely(&upper.to_string()) - 0.1).abs() < 0.001 && (likely(&lower.to_string()) - 0.9).abs() < 0.001);
    assert_eq!((told("38").exhausts_at, likely("1")), (None, 1.0));
}

#[test]
fn the_normal_distribution_is_that_of_the_tables() {
    let shares = [(0.0, 0.5), (1.0, 0.841_344_746_068_543), (-3.0, 0.001_349_898_031_630_095), (DEVIATIONS, 0.9)];
    for (deviations, share) in shares {
        assert!((normal(deviations) - share).abs() < 1e-10, "{deviations}");
    }
}

/// Gives the mean that it should, and a band of another length.
#[derive(Debug)]
struct ShortBand;

impl Forecaster for ShortBand {
    fn name(&self) -> &'static str {
        "short band"
    }

    fn forecast(&self, series: &Series, horizon: usize, levels: &[Level]) -> Result<SeriesForecast> {
        let answer = LastWeek.forecast(series, horizon, levels)?;
        let bands = levels.iter().map(|level| Band { level: *level, lower: vec![], upper: vec![1.0] }).collect();
        Ok(SeriesForecast { bands, ..answer })
    }
}

#[test]
fn a_forecaster_that_says_less_than_it_was_asked_leaves_it_to_the_rate() {
    let model = SpendModel::new(Arc::new(ShortBand));
    assert!(model.look_back(&past(35, "38"), january()).unwrap().is_none());
}
