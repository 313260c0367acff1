//! What holds for every model and every series.

use super::{Calendar, Frequency, Level, MAX_HORIZON, Model, Series, backtest, forecast};
use proptest::prelude::*;

fn levels() -> Vec<Level> {
    Level::list(&[0.5, 0.8, 0.95]).unwrap()
}

/// Numbers between -1 and 1 that look random, the same on every run.
pub(super) fn noise(count: usize) -> Vec<f64> {
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 11) as f64 / (1_u64 << 52) as f64 - 1.0
    };
    (0..count).map(|_| next()).collect()
}

fn monthly() -> Calendar {
    Calendar::new("2022-01-01".parse().unwrap(), Frequency::Monthly)
}

/// Series of all kinds: short, intermittent, constant, negative, with gaps, of any size.
fn series() -> impl Strategy<Value = Series> {
    let value = prop_oneof![
        3 => (0.0..1000.0).prop_map(Some),
        1 => Just(Some(0.0)),
        1 => (-500.0..500.0).prop_map(Some),
        1 => Just(None),
        1 => Just(Some(7.0)),
    ];
    let scale = || prop_oneof![4 => Just(1.0), 1 => Just(1e-17), 1 => Just(1e12), 1 => Just(0.0)];
    // Up to some place on one scale, from there on another.
    let scales = (scale(), 0..50_usize, scale());
    (prop::collection::vec(value, 2..50), 1..13_usize, scales, any::<bool>()).prop_map(
        |(values, season, (first, place, then), non_negative)| {
            let scale = |at: usize| if at < place { first } else { then };
            let scaled = values.into_iter().enumerate().map(|(at, value)| value.map(|value: f64| value * scale(at)));
            let series = Series::new(scaled.collect(), season).unwrap().with_calendar(monthly());
            if non_negative { series.non_negative() } else { series }
        },
    )
}

/// One that has a level, a trend and noise, which all models can be fitted to.
fn costs() -> impl Strategy<Value = Vec<f64>> {
    (prop::collection::vec(-5.0..5.0, 30..48), 50.0..500.0, -1.0..2.0).prop_map(|(noise, level, trend)| {
        noise.iter().enumerate().map(|(at, noise)| level + trend * at as f64 + noise).collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn answers_are_finite_and_in_order(series in series(), model in prop::sample::select(Model::ALL.to_vec())) {
        if let Ok(answer) = forecast(&series, 7, &levels(), model) {
            prop_assert_eq!(answer.mean.len(), 7);
            prop_assert_eq!(answer.fitted.len(), series.values().len());
            for (step, mean) in answer.mean.iter().enumerate() {
                prop_assert!(mean.is_finite(), "{}: {}", answer.model, mean);
                let (mut lower, mut upper) = (*mean, *mean);
                for band in &answer.bands {
                    prop_assert!(band.lower[step].is_finite() && band.upper[step].is_finite());
                    prop_assert!(band.lower[step] <= lower && upper <= band.upper[step], "{:?}", answer);
                    (lower, upper) = (band.lower[step], band.upper[step]);
                }
            }
        } else {
            prop_assert!(model != Model::Auto || series.known() < 2, "auto needs two values only");
        }
    }

    #[test]
    fn the_same_series_gives_the_same_bytes(series in series()) {
        let answer = || forecast(&series, 5, &levels(), Model::Auto);
        let text = || answer().map(|answer| serde_json::to_string(&answer).unwrap());
        if let (Ok(one), Ok(other)) = (text(), text()) {
            prop_assert_eq!(one, other);
        }
    }

    #[test]
    fn another_currency_gives_the_same_forecast(values in costs(), model in prop::sample::select(Model::ALL.to_vec())) {
        let of = |scale: f64| {
            let values: Vec<f64> = values.iter().map(|value| value * scale).collect();
            forecast(&Series::of(&values, 6).unwrap().with_calendar(monthly()), 6, &levels(), model).unwrap()
        };
        // A power of two scales without rounding.
        let (one, other) = (of(1.0), of(1024.0));
        for (one, other) in one.mean.iter().zip(&other.mean) {
            prop_assert!((one * 1024.0 - other).abs() <= 1e-6 * other.abs().max(1.0), "{}: {} {}", model, one, other);
        }
    }

    #[test]
    fn costs_do_not_fall_below_zero(values in prop::collection::vec(0.0..20.0, 8..40)) {
        let series = Series::of(&values, 7).unwrap().non_negative();
        let answer = forecast(&series, 10, &levels(), Model::Auto).unwrap();
        let bounds = answer.bands.iter().flat_map(|band| band.lower.iter().chain(&band.upper));
        prop_assert!(answer.mean.iter().chain(bounds).all(|value| *value >= 0.0));
    }
}

#[test]
fn every_model_answers_awkward_series() {
    let awkward: [(&str, Vec<f64>); 8] = [
        ("constant", vec![5.0; 40]),
        ("zero", vec![0.0; 40]),
        ("negative", (0..40).map(|at| -100.0 - f64::from(at % 12)).collect()),
        ("intermittent", (0..40).map(|at| if at % 9 == 0 { 30.0 } else { 0.0 }).collect()),
        ("huge", (0..40).map(|at| 1e300 * (1.0 + f64::from(at % 12) / 100.0)).collect()),
        ("tiny", (0..40).map(|at| 1e-300 * (1.0 + f64::from(at % 12) / 100.0)).collect()),
        ("line", (0..40).map(f64::from).collect()),
        ("gone", (0..40).map(|at| if at < 30 { 1e6 } else { 1e-10 * (1.0 + f64::from(at % 3) / 10.0) }).collect()),
    ];
    for (name, values) in &awkward {
        let series = Series::of(values, 12).unwrap().with_calendar(monthly());
        for model in Model::ALL {
            let answer =
                forecast(&series, 24, &levels(), model).unwrap_or_else(|error| panic!("{name} {model}: {error}"));
            let bounds = answer.bands.iter().flat_map(|band| band.lower.iter().chain(&band.upper));
            assert!(answer.mean.iter().chain(bounds).all(|value| value.is_finite()), "{name} {model}: {answer:?}");
            if ["constant", "zero"].contains(name) {
                assert!(answer.mean.iter().all(|value| (value - values[0]).abs() < 1e-6), "{name} {model}: {answer:?}");
            }
        }
    }
}

#[test]
fn two_values_are_enough_and_a_long_past_is_bounded() {
    let two = forecast(&Series::of(&[4.0, 6.0], 12).unwrap(), 3, &levels(), Model::Auto).unwrap();
    assert!(two.mean.iter().all(|value| value.is_finite()) && two.bands[2].lower[0] < two.bands[2].upper[0]);
    let hours: Vec<f64> = (0..90_000).map(|at| 100.0 + f64::from(at % 24) + f64::from(at * 31 % 17)).collect();
    let answer = forecast(&Series::of(&hours, 24).unwrap(), 48, &levels(), Model::Auto).unwrap();
    assert_eq!((answer.season_length, answer.fitted.len()), (24, 90_000));
    assert!(answer.mean.iter().all(|value| (90.0..150.0).contains(value)), "{:?}", answer.mean);
}

#[test]
fn the_furthest_horizon_is_finite_for_every_model() {
    let values: Vec<f64> = (0..36).map(|at| 100.0 + f64::from(at) + f64::from(at * 7 % 11)).collect();
    let series = Series::of(&values, 12).unwrap().with_calendar(monthly());
    for model in Model::ALL {
        let answer = forecast(&series, MAX_HORIZON, &levels(), model).unwrap();
        let bounds = answer.bands.iter().flat_map(|band| band.lower.iter().chain(&band.upper));
        assert!(answer.mean.iter().chain(bounds).all(|value| value.is_finite()), "{model}");
    }
}

#[test]
fn a_refund_day_hardly_matters() {
    let values: Vec<f64> =
        (0..200).map(|at| [100.0, 104.0, 98.0, 101.0, 103.0, 40.0, 35.0][at % 7] + (at * 37 % 11) as f64).collect();
    let mean = |values: &[f64]| forecast(&Series::of(values, 7).unwrap(), 14, &[], Model::Auto).unwrap().mean;
    let plain = mean(&values);
    for at in [100, 190, 198, 199] {
        let mut refund = values.clone();
        refund[at] = -1_000.0;
        let far = mean(&refund).iter().zip(&plain).map(|(one, other)| (one - other).abs()).sum::<f64>() / 14.0;
        assert!(far < 2.0, "{at}: {far}");
    }
}

#[test]
fn a_backtest_covers_about_what_it_says() {
    let values: Vec<f64> = (0..120).map(|at| 100.0 + f64::from(at * 7919 % 41) - 20.0).collect();
    let answer = backtest(&Series::of(&values, 1).unwrap(), 6, &levels(), &Model::Auto, 8).unwrap();
    assert_eq!(answer.origins, 8);
    assert!(answer.mase.unwrap() < 1.1 && answer.levels[2].coverage > 0.85, "{answer:?}");
}
