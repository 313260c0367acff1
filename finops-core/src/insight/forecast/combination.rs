//! Members fitted side by side and taken together.
//!
//! The mean of unequal models is better than each of them (Bates and Granger 1969; Petropoulos and Svetunkov 2020).
//! Weights come from the errors that each made from points of the past, and are drawn towards equal ones: there are few
//! such points, and weights that follow them too closely lose more than they win (Smith and Wallis 2009).

use super::intervals::{Past, Spread};
use super::member::{FittedMember, Member};
use super::origins::{Origin, origins};

/// What members together make of values.
#[derive(Debug)]
pub(super) struct Combination {
    pub(super) mean: Vec<f64>,
    pub(super) fitted: Vec<f64>,
    pub(super) spread: Spread,
    pub(super) labels: Vec<String>,
}

/// Fits all members to values. `None` when none can be.
pub(super) fn combine(
    members: &[Box<dyn Member>],
    values: &[f64],
    season: usize,
    horizon: usize,
) -> Option<Combination> {
    let fitted: Vec<Option<Box<dyn FittedMember>>> =
        members.iter().map(|member| member.fit_member(values, season)).collect();
    let means: Vec<Option<Vec<f64>>> = fitted
        .iter()
        .map(|fitted| {
            Some(fitted.as_ref()?.expected(horizon)).filter(|mean| mean.iter().all(|value| value.is_finite()))
        })
        .collect();
    let origins = origins(members, &fitted, values, season, horizon);
    let weights = weights(&means, &origins);
    let total: f64 = weights.iter().sum();
    if total <= 0.0 {
        return None;
    }
    let together = |of: &dyn Fn(usize) -> Option<f64>| {
        let known = weights.iter().enumerate().filter(|(_, weight)| **weight > 0.0);
        let (sum, total) = known
            .filter_map(|(at, weight)| Some((weight, of(at).filter(|value| value.is_finite())?)))
            .fold((0.0, 0.0), |(sum, total), (weight, value)| (sum + weight * value, total + weight));
        if total > 0.0 { sum / total } else { f64::NAN }
    };
    let mean = (0..horizon).map(|step| together(&|at| Some(means[at].as_ref()?[step]))).collect();
    let in_sample = |place: usize| {
        together(&|at| {
            let part = fitted[at].as_ref()?.in_sample();
            part.get((place + part.len()).checked_sub(values.len())?).copied()
        })
    };
    let error = |origin: &Origin, step: usize| together(&|at| origin.errors[at].get(step).copied());
    let past: Vec<Past> = origins
        .iter()
        .map(|origin| {
            let steps = horizon.min(values.len() - origin.at);
            let errors = (0..steps).map(|step| error(origin, step)).take_while(|error| error.is_finite()).collect();
            Past { at: origin.at, errors }
        })
        .collect();
    let labels = fitted.iter().zip(&weights).filter(|(_, weight)| **weight > 0.0);
    Some(Combination {
        mean,
        fitted: (0..values.len()).map(in_sample).collect(),
        spread: Spread::new(&past, values, season, horizon),
        labels: labels.filter_map(|(fitted, _)| Some(fitted.as_ref()?.name())).collect(),
    })
}

/// The inverse square of each member's absolute error over what all of them were tried on; equal where nothing was
/// tried. A member that cannot say what comes has none.
fn weights(means: &[Option<Vec<f64>>], origins: &[Origin]) -> Vec<f64> {
    let mut sums = vec![0.0; means.len()];
    let able: Vec<usize> = (0..means.len()).filter(|at| means[*at].is_some()).collect();
    for origin in origins {
        if able.iter().all(|at| !origin.errors[*at].is_empty()) {
            for at in &able {
                sums[*at] += origin.errors[*at].iter().map(|error| error.abs()).sum::<f64>();
            }
        }
    }
    let largest = able.iter().map(|at| sums[*at]).fold(0.0, f64::max);
    let weight = |at: usize| match (&means[at], largest > 0.0) {
        (None, _) => 0.0,
        (Some(_), false) => 1.0,
        // No member counts more than a hundred times as much as the worst.
        (Some(_), true) => (sums[at] / largest).max(0.1).powi(2).recip(),
    };
    (0..means.len()).map(weight).collect()
}

#[cfg(test)]
mod tests {
    use super::super::naive::{Drift, Naive, SeasonalNaive};
    use super::*;

    #[test]
    fn the_member_that_was_right_counts_most() {
        let values: Vec<f64> = (0..40).map(|at| 3.0 * f64::from(at)).collect();
        let members: [Box<dyn Member>; 2] = [Box::new(Naive), Box::new(Drift)];
        let together = combine(&members, &values, 1, 4).unwrap();
        assert!((together.mean[3] - 129.0).abs() < 0.5, "{:?}", together.mean);
        assert_eq!(together.labels, ["Naive", "Drift"]);
    }

    #[test]
    fn who_cannot_be_fitted_is_left_out() {
        let members: [Box<dyn Member>; 2] = [Box::new(SeasonalNaive), Box::new(Naive)];
        let together = combine(&members, &[1.0, 2.0, 4.0], 12, 2).unwrap();
        assert_eq!((together.mean, together.labels), (vec![4.0, 4.0], vec!["Naive".to_owned()]));
        assert!(combine(&members[..1], &[1.0, 2.0, 4.0], 12, 2).is_none());
    }
}
