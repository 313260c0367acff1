//! What complex exponential smoothing does to series of which the answer is known, and to those that nobody wants.

use super::form::Complex;
use super::*;
use crate::insight::forecast::fit::Fitted;

fn months(count: usize) -> Vec<f64> {
    let season = [8.0, 3.0, -2.0, -6.0, -4.0, 1.0, 5.0, 7.0, 0.0, -5.0, -9.0, 2.0];
    (0..count).map(|at| 100.0 + at as f64 + season[at % 12] + ((at * 7919) % 13) as f64 / 6.0 - 1.0).collect()
}

fn relative(one: &[f64], other: &[f64]) -> f64 {
    one.iter().zip(other).map(|(one, other)| (one - other).abs() / other.abs()).fold(0.0, f64::max)
}

/// The equations of the paper, with errors.
fn paper(form: Form, weights: &Weights, values: &[f64], states: &States) -> Vec<f64> {
    let step = |pair: &mut Pair, weight: Complex, error: f64| {
        let Pair { value, potential } = *pair;
        let Complex { real, imaginary } = weight;
        pair.value = value - (1.0 - imaginary) * potential + (real - imaginary) * error;
        pair.potential = value + (1.0 - real) * potential + (real + imaginary) * error;
    };
    let States { mut level, mut season } = states.clone();
    let mut all = Vec::new();
    for (at, value) in values.iter().enumerate() {
        let place = at % season.len().max(1);
        let index = season.get(place).map_or(0.0, |pair| pair.value);
        let expected = if form == Form::Simple { index } else { level.value + index };
        let error = value - expected;
        step(&mut level, weights.level, error);
        match (form, season.get_mut(place)) {
            (Form::Simple, Some(pair)) => step(pair, weights.level, error),
            (Form::Partial, Some(pair)) => pair.value += weights.season.real * error,
            (Form::Full, Some(pair)) => step(pair, weights.season, error),
            _ => {}
        }
        all.push(expected);
    }
    all
}

#[test]
fn every_form_goes_the_way_of_the_paper() {
    let values = months(40);
    for form in [Form::None, Form::Simple, Form::Partial, Form::Full] {
        let weights = Weights {
            level: Complex { real: 1.2, imaginary: 0.95 },
            season: Complex { real: 0.9, imaginary: if form == Form::Full { 1.02 } else { 0.0 } },
        };
        let states = States::at_end(form, &values, 12).unwrap();
        let mut found = Vec::new();
        run(form, Way::Forwards, &weights, &values, &mut states.clone(), |_, expected| found.push(expected));
        let wanted = paper(form, &weights, &values, &states);
        let apart = found.iter().zip(&wanted).map(|(one, other)| (one - other).abs()).fold(0.0, f64::max);
        assert!(apart < 1e-9, "{form}: {apart}");
    }
}

#[test]
fn stability_is_that_of_the_discount_matrix() {
    let complex = |real, imaginary| Complex { real, imaginary };
    assert!(complex(1.3, 1.0).is_stable() && complex(1.6, 0.9).is_stable());
    assert!(!complex(0.8, 1.0).is_stable() && !complex(0.1, 0.1).is_stable() && !complex(2.0, 0.0).is_stable());
    assert!((complex(1.3, 1.0).growth() - 1.0).abs() < 1e-12);
    assert!(complex(1.3, 1.05).growth() > 1.02 && complex(1.3, 0.9).growth() < 1.0);
}

#[test]
fn a_slope_and_a_season_go_on() {
    let values = months(72);
    let (known, next) = values.split_at(60);
    for model in [Ces::Best, Ces::Average] {
        let fitted = model.fit(known, 12).unwrap();
        assert!(relative(&fitted.mean(12), next) < 0.06, "{} {:?}", fitted.label(), fitted.mean(12));
        assert_eq!(fitted.fitted().len(), 60);
    }
}

#[test]
fn a_constant_goes_on() {
    for value in [0.0, -3.0, 7.5, 1e15, 1e-9] {
        for count in [5, 12, 30, 60] {
            let mean = Ces::Best.fit(&vec![value; count], 12).unwrap().mean(24);
            assert!(mean.iter().all(|next| (next - value).abs() <= 1e-3 * value.abs()), "{value} {count} {mean:?}");
        }
    }
}

#[test]
fn the_unit_does_not_count() {
    let values = months(50);
    for scale in [1e-9, 3.7, 1e15] {
        let scaled: Vec<f64> = values.iter().map(|value| value * scale).collect();
        let (one, other) = (Ces::Average.fit(&values, 12).unwrap(), Ces::Average.fit(&scaled, 12).unwrap());
        let wanted: Vec<f64> = one.mean(18).iter().map(|value| value * scale).collect();
        assert!(relative(&other.mean(18), &wanted) < 1e-6, "{scale}");
    }
}

#[test]
fn parameters_run_over_other_values() {
    let values = months(60);
    let fitted = Ces::Best.fit(&values, 12).unwrap();
    let again = fitted.refilter(&values).unwrap();
    assert_eq!((fitted.mean(30), fitted.fitted()), (again.mean(30), again.fitted()));
    assert!(relative(&fitted.refilter(&values[..47]).unwrap().mean(12), &values[47..59]) < 0.1);
}

#[test]
fn what_grows_stays_within_reach() {
    let values: Vec<f64> = (0..60).map(|at| 1.2_f64.powi(at)).collect();
    let mean = Ces::Best.fit(&values, 1).unwrap().mean(10_000);
    assert!(mean.iter().all(|value| value.is_finite() && *value <= 10.1 * values[59]));
}

#[test]
fn too_few_values_are_not_fitted() {
    for count in 0..4 {
        assert!(Ces::Best.fit(&vec![2.0; count], 12).is_none());
    }
    assert!(Ces::Best.fit(&[1.0, 2.0, 3.0, 2.0], 1).is_some());
    assert!(Ces::Average.fit(&[1.0, f64::INFINITY, 2.0, 3.0, 4.0, 5.0], 1).is_none());
}
