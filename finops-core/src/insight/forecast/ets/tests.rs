//! What exponential smoothing does to series of which the answer is known, and to those that nobody wants.

use super::form::{Error, Form, Season, Trend};
use super::recursion::{States, Weights};
use super::*;
use crate::insight::forecast::fit::Fitted;
use crate::insight::numerics::pow;

const FORMS: [Season; 3] = [Season::None, Season::Additive, Season::Multiplicative];
const TRENDS: [Trend; 3] = [Trend::None, Trend::Additive, Trend::Damped];

/// Three years of months with a slope and a season; what varies has no pattern, and is the same each time.
fn months(count: usize) -> Vec<f64> {
    let season = [8.0, 3.0, -2.0, -6.0, -4.0, 1.0, 5.0, 7.0, 0.0, -5.0, -9.0, 2.0];
    (0..count).map(|at| 100.0 + at as f64 + season[at % 12] + ((at * 7919) % 13) as f64 / 6.0 - 1.0).collect()
}

fn relative(one: &[f64], other: &[f64]) -> f64 {
    one.iter().zip(other).map(|(one, other)| (one - other).abs() / other.abs()).fold(0.0, f64::max)
}

/// The components of Hyndman et al. (2008), table 2.2 and 2.3, as the book writes them.
fn book(form: Form, weights: &Weights, values: &[f64], states: &States) -> Vec<f64> {
    let Weights { alpha, beta, gamma, phi } = *weights;
    // The book keeps the level of the last value, and the slope before it fades.
    let mut slope = if form.trend == Trend::None { 0.0 } else { states.slope / phi };
    let mut level = states.level - phi * slope;
    let mut season = states.season.clone();
    let mut all = Vec::new();
    for (at, value) in values.iter().enumerate() {
        let place = at % season.len().max(1);
        let index = season.get(place).copied().unwrap_or(0.0);
        let base = level + phi * slope;
        let expected = match form.season {
            Season::None => base,
            Season::Additive => base + index,
            Season::Multiplicative => base * index,
        };
        let error = value - expected;
        let (of_level, of_season) = match form.season {
            Season::Multiplicative => (error / index, error / base),
            _ => (error, error),
        };
        level = base + alpha * of_level;
        slope = phi * slope + beta * of_level;
        if let Some(index) = season.get_mut(place) {
            *index += gamma * of_season;
        }
        all.push(expected);
    }
    all
}

#[test]
fn every_form_goes_the_way_of_the_book() {
    let values = months(40);
    for season in FORMS {
        for trend in TRENDS {
            let form = Form { error: Error::Multiplicative, trend, season };
            let phi = [0.0, 1.0, 0.9][TRENDS.iter().position(|one| *one == trend).unwrap()];
            let beta = if trend == Trend::None { 0.0 } else { 0.04 };
            let gamma = if season == Season::None { 0.0 } else { 0.2 };
            let weights = Weights { alpha: 0.3, beta, gamma, phi };
            let states = Outline::of(&values, 12, season, true).unwrap().end(form);
            let wanted = book(form, &weights, &values, &states);
            let found = expected(form, &weights, &values, &mut states.clone());
            assert!(relative(&found, &wanted) < 1e-12, "{form}");
        }
    }
}

#[test]
fn a_level_goes_on() {
    for value in [0.0, -3.0, 7.5, 1e15, 1e-9] {
        for count in 4..40 {
            let fitted = Ets::Best.fit(&vec![value; count], 12).unwrap();
            let mean = fitted.mean(24);
            assert!(mean.iter().all(|next| (next - value).abs() <= 1e-9 * value.abs()), "{value} {count} {mean:?}");
        }
    }
}

#[test]
fn a_slope_and_a_season_go_on() {
    let values = months(72);
    let (known, next) = values.split_at(60);
    for model in [Ets::Best, Ets::Average] {
        let fitted = model.fit(known, 12).unwrap();
        assert!(relative(&fitted.mean(12), next) < 0.02, "{} {:?}", fitted.label(), fitted.mean(12));
        assert_eq!(fitted.fitted().len(), 60);
    }
}

#[test]
fn a_season_that_grows_with_the_level_is_seen() {
    let values: Vec<f64> =
        months(96).iter().enumerate().map(|(at, value)| (value - at as f64) * pow(1.01, at as f64)).collect();
    let fitted = Ets::Best.fit(&values[..84], 12).unwrap();
    assert!(fitted.label().ends_with("M)"), "{}", fitted.label());
    assert!(relative(&fitted.mean(12), &values[84..]) < 0.03);
}

#[test]
fn values_that_are_not_positive_are_never_shares() {
    let mut values = months(60);
    values[3] = 0.0;
    let label = Ets::Best.fit(&values, 12).unwrap().label();
    assert!(label.starts_with("ETS(A") && !label.ends_with("M)"), "{label}");
}

#[test]
fn the_unit_does_not_count() {
    let values = months(50);
    for scale in [1e-9, 3.7, 1e15] {
        let scaled: Vec<f64> = values.iter().map(|value| value * scale).collect();
        for model in [Ets::Best, Ets::Average] {
            let (one, other) = (model.fit(&values, 12).unwrap(), model.fit(&scaled, 12).unwrap());
            let wanted: Vec<f64> = one.mean(18).iter().map(|value| value * scale).collect();
            assert_eq!(one.label(), other.label());
            assert!(relative(&other.mean(18), &wanted) < 1e-6, "{scale}");
        }
    }
}

#[test]
fn parameters_run_over_other_values() {
    let values = months(60);
    for model in [Ets::Best, Ets::Average] {
        let fitted = model.fit(&values, 12).unwrap();
        let again = fitted.refilter(&values).unwrap();
        assert_eq!((fitted.mean(12), fitted.fitted()), (again.mean(12), again.fitted()));
        let shorter = fitted.refilter(&values[..48]).unwrap();
        assert!(relative(&shorter.mean(12), &values[48..]) < 0.03);
    }
    let none = Ets::Best.fit(&values, 12).unwrap().refilter(&values[..20]);
    assert!(none.is_none(), "less than two seasons");
}

#[test]
fn the_plain_ones_are_told_apart() {
    let values: Vec<f64> = months(40).iter().enumerate().map(|(at, value)| value + 2.0 * at as f64).collect();
    let ahead = |model: Smoothing| model.fit(&values, 12).unwrap();
    let (simple, holt, damped) = (ahead(Smoothing::Simple), ahead(Smoothing::Holt), ahead(Smoothing::Damped));
    assert!((simple.mean(9)[0] - simple.mean(9)[8]).abs() < 1e-12);
    assert!(holt.mean(9)[8] > damped.mean(9)[8] && damped.mean(9)[8] > simple.mean(9)[8]);
    assert_eq!([simple.label(), holt.label(), damped.label()], ["SES", "Holt", "DampedTrend"]);
}

#[test]
fn too_few_values_are_not_fitted() {
    for count in 0..4 {
        let values = vec![2.0; count];
        assert!(Ets::Best.fit(&values, 12).is_none() && Ets::Average.fit(&values, 1).is_none());
        assert_eq!(Smoothing::Simple.fit(&values, 1).is_some(), count == 3);
        assert!(Smoothing::Holt.fit(&values, 1).is_none() && Smoothing::Damped.fit(&values, 1).is_none());
    }
    assert!(Ets::Best.fit(&[1.0, f64::NAN, 2.0, 3.0, 4.0], 1).is_none());
}

#[test]
fn the_far_past_costs_nothing_and_is_fitted_too() {
    let hours: Vec<f64> = (0..90_000).map(|at| 50.0 + f64::from(at % 24) + f64::from((at * 31) % 17) / 4.0).collect();
    let fitted = Ets::Best.fit(&hours, 24).unwrap();
    assert_eq!(fitted.fitted().len(), hours.len());
    assert!(fitted.mean(48).iter().zip(&hours).all(|(next, value)| (next - value).abs() < 8.0));
}
