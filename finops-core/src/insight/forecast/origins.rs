//! Forecasts from points of the past, each knowing only what was known then, and how wrong they were.

use super::member::{FittedMember, Member};

/// How many values before its end the series was cut: close together at the end, where errors are like those to come.
const CUTS: [usize; 12] = [1, 2, 3, 4, 6, 8, 10, 12, 15, 18, 21, 24];
/// Series up to this length are fitted anew at each point; for longer ones the parameters hardly change.
const FITTED_ANEW: usize = 130;
/// A point of the past has at least this many values before it.
const LEAST: usize = 6;

/// The errors of all members from one point of the past.
#[derive(Debug, Clone)]
pub(crate) struct Origin {
    /// How many values were known.
    pub(crate) at: usize,
    /// By member what it was wrong by at each step, actual less expected. Empty for one that could not be fitted.
    pub(crate) errors: Vec<Vec<f64>>,
}

/// Goes back to points of the past. `fitted` are the members fitted to all values.
pub(crate) fn origins(
    members: &[Box<dyn Member>],
    fitted: &[Option<Box<dyn FittedMember>>],
    values: &[f64],
    season: usize,
    horizon: usize,
) -> Vec<Origin> {
    let length = values.len();
    let apart = if length > 20 * CUTS[CUTS.len() - 1] { season.max(1) } else { 1 };
    let least = LEAST.max(length / 3);
    let cuts = CUTS.iter().map(|cut| (cut - 1) * apart + 1);
    let points = cuts.filter_map(|cut| length.checked_sub(cut)).filter(|at| *at >= least);
    points
        .map(|at| {
            let (before, after) = values.split_at(at);
            let steps = horizon.min(after.len());
            let errors = members.iter().zip(fitted).map(|(member, fitted)| {
                let expected = if length <= FITTED_ANEW {
                    member.fit_member(before, season).map(|fitted| fitted.expected(steps))
                } else {
                    fitted.as_ref().and_then(|fitted| fitted.expected_after(before, steps))
                };
                let errors =
                    |expected: Vec<f64>| after.iter().zip(expected).map(|(actual, mean)| actual - mean).collect();
                let errors: Vec<f64> = expected.map(errors).unwrap_or_default();
                if errors.iter().all(|error| error.is_finite()) { errors } else { Vec::new() }
            });
            Origin { at, errors: errors.collect() }
        })
        .collect()
}
