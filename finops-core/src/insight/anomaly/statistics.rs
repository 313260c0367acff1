//! Small robust statistics, and how many steps of time things take at each frequency.

use crate::insight::forecast::Frequency;
pub(super) use crate::insight::forecast::median;

/// Half the width of the 95 % band of normal noise, in standard deviations.
pub(super) const HALF_WIDTH: f64 = 1.96;
/// The quantiles of the size of normal noise, in standard deviations: at a half, 90 % and 95 %.
pub(super) const NORMAL: [f64; 3] = [0.6745, 1.645, HALF_WIDTH];

/// The value below which a share of sorted values lies, 0 of none.
pub(super) fn quantile(sorted: &[f64], share: f64) -> f64 {
    let place = share * sorted.len().saturating_sub(1) as f64;
    sorted.get(place.round() as usize).copied().unwrap_or(0.0)
}

/// How much values at equal steps grow from one to the next, with the sum of squares of their places.
pub(super) fn slope(values: impl ExactSizeIterator<Item = f64>) -> (f64, f64) {
    let middle = (values.len() as f64 - 1.0) / 2.0;
    let (mut products, mut squares) = (0.0, 0.0);
    for (at, value) in values.enumerate() {
        let place = at as f64 - middle;
        products += place * value;
        squares += place * place;
    }
    (if squares > 0.0 { products / squares } else { 0.0 }, squares)
}

/// After how many values away from the expected they are the new level: a week of days, a day of hours.
pub(super) fn settles(season_length: usize, frequency: Option<Frequency>) -> usize {
    match frequency {
        Some(Frequency::Hourly) => 24,
        Some(Frequency::Daily) => 7,
        Some(Frequency::Weekly) => 4,
        Some(_) => 3,
        None if season_length == 1 => 7,
        None => season_length.clamp(3, 24),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_and_the_edges() {
        assert!((median(&mut [3.0, 1.0, 2.0]) - 2.0).abs() < 1e-12);
        assert!((median(&mut [4.0, 1.0, 2.0, 3.0]) - 2.5).abs() < 1e-12);
        assert!(median(&mut []).abs() < 1e-12);
        let sorted: Vec<f64> = (0..101).map(f64::from).collect();
        assert!((quantile(&sorted, 0.95) - 95.0).abs() < 1e-12);
        assert!(quantile(&[], 0.5).abs() < 1e-12);
    }

    #[test]
    fn a_line_has_its_slope() {
        let (slope, squares) = slope([1.0, 3.0, 5.0].into_iter());
        assert!((slope - 2.0).abs() < 1e-12 && (squares - 2.0).abs() < 1e-12);
    }
}
