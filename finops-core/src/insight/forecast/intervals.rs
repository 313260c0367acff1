//! Intervals around a mean.

use super::answer::{Band, SeriesForecast};
use super::level::Level;

/// From the errors of one step, which grow with the square root of the seasons ahead.
pub(super) fn of_residuals(values: &[f64], fitted: &[f64], mean: &[f64], season: usize, levels: &[Level]) -> Vec<Band> {
    let errors: Vec<f64> =
        values.iter().zip(fitted).map(|(value, fitted)| value - fitted).filter(|error| error.is_finite()).collect();
    let spread = (errors.iter().map(|error| error * error).sum::<f64>() / errors.len().max(1) as f64).sqrt();
    let half = |step: usize, level: &Level| spread * ((step / season) as f64 + 1.0).sqrt() * normal(*level);
    levels
        .iter()
        .map(|level| Band {
            level: *level,
            lower: mean.iter().enumerate().map(|(step, mean)| mean - half(step, level)).collect(),
            upper: mean.iter().enumerate().map(|(step, mean)| mean + half(step, level)).collect(),
        })
        .collect()
}

/// Cuts what lies below zero.
pub(super) fn stop_at_zero(answer: &mut SeriesForecast) {
    let bounds = answer.bands.iter_mut().flat_map(|band| band.lower.iter_mut().chain(&mut band.upper));
    for value in answer.mean.iter_mut().chain(bounds) {
        *value = value.max(0.0);
    }
}

/// How many standard deviations to each side cover a share of the normal distribution: the approximation of Hastings
/// (1955), which is right to 0.0005.
fn normal(level: Level) -> f64 {
    let tail = f64::midpoint(1.0, -level.share());
    let t = (-2.0 * tail.ln()).sqrt();
    let above = 2.515_517 + t * (0.802_853 + t * 0.010_328);
    let below = 1.0 + t * (1.432_788 + t * (0.189_269 + t * 0.001_308));
    (t - above / below).max(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_normal_distribution_is_known() {
        for (share, want) in [(0.95, 1.96), (0.8, 1.2816), (0.5, 0.6745)] {
            let got = normal(Level::new(share).unwrap());
            assert!((got - want).abs() < 0.001, "{share}: {got}");
        }
    }
}
