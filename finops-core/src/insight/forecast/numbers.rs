//! Small sums over doubles that several models need.

/// A count as a double.
pub(crate) fn count(number: usize) -> f64 {
    u32::try_from(number).map_or(f64::INFINITY, f64::from)
}

/// The mean; zero of nothing.
pub(crate) fn mean(values: &[f64]) -> f64 {
    if values.is_empty() { 0.0 } else { values.iter().sum::<f64>() / count(values.len()) }
}

/// The value in the middle, or the mean of the two there; zero of nothing.
pub(in crate::insight) fn median(values: &mut [f64]) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values {
        [] => 0.0,
        _ if values.len().is_multiple_of(2) => f64::midpoint(values[middle - 1], values[middle]),
        _ => values[middle],
    }
}

/// The same; none of nothing.
pub(in crate::insight) fn median_of(mut values: Vec<f64>) -> Option<f64> {
    (!values.is_empty()).then(|| median(&mut values))
}

/// A straight line through values at 0, 1, 2 ...
#[derive(Debug, Clone, Copy)]
pub(crate) struct Line {
    /// Its value at 0.
    pub level: f64,
    /// What it gains from one value to the next.
    pub slope: f64,
}

impl Line {
    /// By least squares.
    pub(crate) fn through(values: &[f64]) -> Self {
        let middle = (count(values.len()) - 1.0) / 2.0;
        let average = mean(values);
        let (mut both, mut squares) = (0.0, 0.0);
        let mut at = -middle;
        for value in values {
            both += at * (value - average);
            squares += at * at;
            at += 1.0;
        }
        let slope = if squares > 0.0 { both / squares } else { 0.0 };
        Self { level: average - slope * middle, slope }
    }

    /// Its value at `place`.
    pub(crate) fn at(&self, place: f64) -> f64 {
        self.level + self.slope * place
    }
}

/// A point that counts with a weight.
#[derive(Debug, Clone, Copy)]
pub(super) struct Point {
    pub x: f64,
    pub y: f64,
    pub weight: f64,
}

/// Points about their mean.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scatter {
    /// The mean.
    pub x: f64,
    /// The mean.
    pub y: f64,
    both: f64,
    squares: f64,
}

impl Scatter {
    pub(super) fn of(points: &[Point]) -> Self {
        let sum = |of: &dyn Fn(&Point) -> f64| points.iter().map(|point| point.weight * of(point)).sum::<f64>();
        let total = sum(&|_| 1.0);
        let (x, y) = (sum(&|point| point.x) / total, sum(&|point| point.y) / total);
        let (both, squares) = (sum(&|point| (point.x - x) * (point.y - y)), sum(&|point| (point.x - x).powi(2)));
        Self { x, y, both, squares }
    }

    /// How steep they lie by least squares, drawn towards what is usual as if by so much more of their spread.
    pub(super) fn slope(&self, usual: f64, counts: f64) -> f64 {
        (self.both + counts * usual) / (self.squares + counts)
    }
}

/// The largest magnitude, by which values are divided before they are fitted; `None` when one is not finite. Zeros
/// are divided by 1.
pub(crate) fn magnitude(values: &[f64]) -> Option<f64> {
    let largest = values.iter().fold(0.0_f64, |largest, value| largest.max(value.abs()));
    if values.iter().all(|value| value.is_finite()) {
        Some(if largest.recip().is_finite() { largest } else { 1.0 })
    } else {
        None
    }
}
