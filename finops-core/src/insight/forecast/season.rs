//! Seasons: whether there is one, and what it is.

/// How a season acts on the level.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    /// There is none.
    None,
    /// It is added.
    Added,
    /// It multiplies: larger where the level is.
    Multiplied,
}

/// A season and what is left without it.
#[derive(Debug, Clone)]
pub(crate) struct Seasonal {
    /// How it acts.
    pub(crate) shape: Shape,
    /// What it does at each place, from that of the first value.
    pub(crate) indices: Vec<f64>,
    /// The values without it.
    pub(crate) adjusted: Vec<f64>,
}

/// Whether the values differ by season: the test of the M4 competition, the autocorrelation at the season against its
/// 90 % limit.
pub(crate) fn is_seasonal(values: &[f64], season: usize) -> bool {
    if season <= 1 || values.len() < 3 * season {
        return false;
    }
    let correlations = autocorrelations(values, season);
    let Some((last, earlier)) = correlations.split_last() else { return false };
    let limit = 1.645 * ((1.0 + 2.0 * earlier.iter().map(|r| r * r).sum::<f64>()) / values.len() as f64).sqrt();
    last.abs() > limit
}

/// The autocorrelations of the first `lags` lags; none of a constant.
pub(crate) fn autocorrelations(values: &[f64], lags: usize) -> Vec<f64> {
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    let centred: Vec<f64> = values.iter().map(|value| value - mean).collect();
    let variance: f64 = centred.iter().map(|value| value * value).sum();
    let tiny = mean * mean * values.len() as f64 * 1e-20;
    if variance <= tiny {
        return Vec::new();
    }
    let at = |lag: usize| centred.iter().zip(centred.iter().skip(lag)).map(|(one, other)| one * other).sum::<f64>();
    (1..=lags).map(|lag| at(lag) / variance).collect()
}

/// The shape that suits the values: multiplied where all are positive.
pub(crate) fn shape(values: &[f64], season: usize) -> Shape {
    match is_seasonal(values, season) {
        false => Shape::None,
        true if values.iter().all(|value| *value > 0.0) => Shape::Multiplied,
        true => Shape::Added,
    }
}

impl Seasonal {
    /// The classical decomposition: a moving average of a season, then the mean of what differs from it at each place.
    /// None where the values do not fill two seasons.
    pub(crate) fn classical(values: &[f64], season: usize, shape: Shape) -> Self {
        if shape == Shape::None || season <= 1 || values.len() < 2 * season {
            return Self { shape: Shape::None, indices: vec![0.0], adjusted: values.to_vec() };
        }
        let mut indices = raw_indices(values, season, shape);
        let mean = indices.iter().sum::<f64>() / season as f64;
        for index in &mut indices {
            match shape {
                Shape::Multiplied => *index = (*index / mean).max(0.01),
                _ => *index -= mean,
            }
        }
        let mut seasonal = Self { shape, indices, adjusted: Vec::new() };
        seasonal.adjusted = values.iter().enumerate().map(|(at, value)| seasonal.without(at, *value)).collect();
        seasonal
    }

    /// A value without the season of its place.
    fn without(&self, at: usize, value: f64) -> f64 {
        let index = self.indices[at % self.indices.len()];
        match self.shape {
            Shape::None => value,
            Shape::Added => value - index,
            Shape::Multiplied => value / index,
        }
    }

    /// A value with the season of its place.
    pub(crate) fn with(&self, at: usize, value: f64) -> f64 {
        let index = self.indices[at % self.indices.len()];
        match self.shape {
            Shape::None => value,
            Shape::Added => value + index,
            Shape::Multiplied => value * index,
        }
    }
}

fn raw_indices(values: &[f64], season: usize, shape: Shape) -> Vec<f64> {
    let half = season / 2;
    let trend = moving_average(values, season);
    let mut sums = vec![(0.0, 0.0); season];
    for (at, trend) in trend.iter().enumerate() {
        let value = values[at + half];
        let difference = if shape == Shape::Multiplied { value / trend } else { value - trend };
        let sum = &mut sums[(at + half) % season];
        sum.0 += difference;
        sum.1 += 1.0;
    }
    let neutral = if shape == Shape::Multiplied { 1.0 } else { 0.0 };
    sums.iter().map(|(sum, count)| if *count > 0.0 { sum / count } else { neutral }).collect()
}

/// The centred moving average over a season; the first is that of the value at half a season.
pub(crate) fn moving_average(values: &[f64], season: usize) -> Vec<f64> {
    let half = season / 2;
    let mut sum: f64 = values[..=2 * half].iter().sum();
    let mut averages = Vec::with_capacity(values.len());
    for at in half..values.len() - half {
        let ends = if season.is_multiple_of(2) { f64::midpoint(values[at - half], values[at + half]) } else { 0.0 };
        averages.push((sum - ends) / season as f64);
        if let Some(next) = values.get(at + half + 1) {
            sum += next - values[at - half];
        }
    }
    averages
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seasonal(length: usize, level: f64) -> Vec<f64> {
        (0..length).map(|at| level + [3.0, -1.0, -4.0, 2.0][at % 4] + at as f64 * 0.1).collect()
    }

    #[test]
    fn a_season_is_found_and_none_in_a_line() {
        assert!(is_seasonal(&seasonal(40, 10.0), 4));
        assert!(!is_seasonal(&seasonal(11, 10.0), 4), "fewer than three seasons");
        assert!(!is_seasonal(&[5.0; 40], 4));
    }

    #[test]
    fn a_season_is_taken_off_and_put_back() {
        let values = seasonal(41, 0.0);
        let parts = Seasonal::classical(&values, 4, Shape::Added);
        let steps: Vec<f64> = parts.adjusted.windows(2).map(|pair| pair[1] - pair[0]).collect();
        assert!(steps.iter().all(|step| (step - 0.1).abs() < 1e-9), "{steps:?}");
        for (at, value) in values.iter().enumerate() {
            assert!((parts.with(at, parts.adjusted[at]) - value).abs() < 1e-9);
        }
    }

    #[test]
    fn averages_are_centred() {
        assert_eq!(moving_average(&[1.0, 2.0, 3.0, 4.0, 5.0], 4), [3.0]);
        assert_eq!(moving_average(&[1.0, 2.0, 3.0, 4.0], 3), [2.0, 3.0]);
    }
}
