//! A series made ready for models: without what is unknown at either end, gaps filled, the far past left out.

use super::series::Series;

/// Values without gaps, and where they come from.
#[derive(Debug, Clone)]
pub(crate) struct Prepared {
    /// Finite values, the last of them known.
    pub(crate) values: Vec<f64>,
    /// Which of them are known and not filled in.
    pub(crate) known: Vec<bool>,
    /// The place of the first of them in the series.
    pub(crate) start: usize,
    /// How many unknown values follow.
    pub(crate) trailing: usize,
    /// The length of the season, 1 when the values do not reach over two of them.
    pub(crate) season: usize,
}

impl Prepared {
    /// Of a series, its most recent part: at most `most` values. `None` when nothing is known.
    pub(crate) fn new(series: &Series, most: usize) -> Option<Self> {
        let values = series.values();
        let end = values.iter().rposition(Option::is_some)? + 1;
        let first = values.iter().position(Option::is_some)?;
        let recent = first.max(end.saturating_sub(most));
        let start = recent + values[recent..end].iter().position(Option::is_some)?;
        let part = &values[start..end];
        let season = if part.len() >= 2 * series.season_length() { series.season_length() } else { 1 };
        Some(Self {
            values: filled(part, season),
            known: part.iter().map(Option::is_some).collect(),
            start,
            trailing: values.len() - end,
            season,
        })
    }
}

/// A gap becomes the straight line between the nearest known values of the same place in the season, before and after;
/// without a season, or where there are none, between its own ends.
fn filled(values: &[Option<f64>], season: usize) -> Vec<f64> {
    let line = straight(values);
    let same_place = |at: usize| {
        let before = (1..=at / season).find_map(|back| Some((back, values[at - back * season]?)));
        let after = (1..=(values.len() - 1 - at) / season).find_map(|on| Some((on, values[at + on * season]?)));
        match (before, after) {
            (Some((back, left)), Some((on, right))) => Some(left + (right - left) * back as f64 / (back + on) as f64),
            (one, other) => one.or(other).map(|(_, value)| value),
        }
    };
    let fill = |(at, value): (usize, &Option<f64>)| value.or_else(|| same_place(at)).unwrap_or(line[at]);
    if season <= 1 { line } else { values.iter().enumerate().map(fill).collect() }
}

/// The straight line over each gap. The first and the last value are known.
fn straight(values: &[Option<f64>]) -> Vec<f64> {
    let mut line: Vec<f64> = Vec::with_capacity(values.len());
    for (at, value) in values.iter().enumerate() {
        if let Some(value) = value {
            let before = line.len();
            if let (Some(last), true) = (line.last().copied(), before < at) {
                let steps = (at - before + 1) as f64;
                line.extend((before..at).map(|gap| last + (value - last) * (gap - before + 1) as f64 / steps));
            }
            line.push(*value);
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_late_start_has_no_zeros_before_it() {
        let series = Series::new(vec![None, None, Some(3.0), None, Some(5.0), None], 1).unwrap();
        let prepared = Prepared::new(&series, 100).unwrap();
        assert_eq!(prepared.values, [3.0, 4.0, 5.0]);
        assert_eq!(prepared.known, [true, false, true]);
        assert_eq!((prepared.start, prepared.trailing), (2, 1));
        assert!(Prepared::new(&Series::new(vec![None, None], 1).unwrap(), 100).is_none());
    }

    #[test]
    fn the_far_past_is_left_out() {
        let values: Vec<f64> = (0..50).map(f64::from).collect();
        let prepared = Prepared::new(&Series::of(&values, 7).unwrap(), 20).unwrap();
        assert_eq!((prepared.start, prepared.values.len(), prepared.season), (30, 20, 7));
        assert_eq!(Prepared::new(&Series::of(&values, 30).unwrap(), 50).unwrap().season, 1);
    }

    #[test]
    fn a_gap_keeps_the_season() {
        let mut values: Vec<Option<f64>> = (0..28).map(|at| Some(if at % 7 < 5 { 10.0 } else { 3.0 })).collect();
        values[12] = None;
        values[13] = None;
        values[14] = None;
        let prepared = Prepared::new(&Series::new(values, 7).unwrap(), 100).unwrap();
        assert!(prepared.values[12] < 5.0 && prepared.values[13] < 5.0, "{:?}", prepared.values);
        assert!(prepared.values[14] > 8.0, "{:?}", prepared.values);
    }
}
