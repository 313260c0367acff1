//! A watch over one series, fed value by value.

use super::answer::{Anomaly, Direction, Kind};
use super::settings::Settings;
use crate::insight::forecast::Calendar;
use crate::{Error, Result};
use std::collections::VecDeque;

/// Half the width of the 95 % band of normal noise, in standard deviations.
const HALF_WIDTH: f64 = 1.96;
/// What turns the median of absolute deviations into a standard deviation of normal noise.
const MAD_TO_SIGMA: f64 = 1.4826;
/// How many seasons are looked back on.
const SEASONS: usize = 8;
/// Larger amounts are a mistake: sums of them would not be finite.
const LARGEST: f64 = 1e100;

/// What a value led to.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Step {
    /// The place of the value, counted from 0.
    pub index: usize,
    /// What was expected of it before it was known; `None` while too little is known.
    pub expected: Option<f64>,
    /// The anomaly that it belongs to, or that ended with it, as far as is known now. Whoever keeps records replaces
    /// the one with the same start.
    pub anomaly: Option<Anomaly>,
}

/// A watch over one series, fed value by value.
#[derive(Debug, Clone)]
pub struct Watch {
    season_length: usize,
    settings: Settings,
    index: usize,
    known: usize,
    recent: VecDeque<Option<f64>>,
    running: Option<Anomaly>,
}

impl Watch {
    pub(super) fn new(season_length: usize, _calendar: Option<Calendar>, settings: &Settings) -> Result<Self> {
        settings.check()?;
        if season_length == 0 {
            return Err(Error::invalid("season_length", "must be at least 1, which means no season; got 0"));
        }
        let recent = VecDeque::new();
        Ok(Self { season_length, settings: *settings, index: 0, known: 0, recent, running: None })
    }

    /// What is expected of the next value; `None` while too little is known.
    pub fn expected(&self) -> Option<f64> {
        self.band().map(|(expected, _)| expected)
    }

    /// Takes the next value, `None` when it is unknown, and judges it by those before.
    ///
    /// # Errors
    /// `invalid_argument` for a value that is no finite number or beyond any cost (10^100). The watch is as before.
    pub fn push(&mut self, value: Option<f64>) -> Result<Step> {
        if let Some(value) = value.filter(|value| value.is_nan() || value.abs() > LARGEST) {
            return Err(Error::invalid("values", format!("value {} is {value}: no cost is", self.index)));
        }
        let band = self.band();
        let anomaly = band.zip(value).and_then(|((expected, half), value)| self.judge(expected, half, value));
        self.known += usize::from(value.is_some());
        self.recent.push_back(value);
        if self.recent.len() > self.season_length.saturating_mul(SEASONS) {
            self.recent.pop_front();
        }
        let step = Step { index: self.index, expected: band.map(|(expected, _)| expected), anomaly };
        self.index += 1;
        Ok(step)
    }

    /// What is expected of the next value, and half the width of the 95 % band around it.
    fn band(&self) -> Option<(f64, f64)> {
        if self.known < super::RobustBaseline::needs(self.season_length) {
            return None;
        }
        let past = |at: usize| {
            let same = self.recent.iter().rev().skip(at).step_by(self.season_length);
            median(same.copied().flatten().collect())
        };
        let expected = past(self.season_length - 1)?;
        let spread = self.recent.iter().rev().enumerate();
        let spread = spread.filter_map(|(at, value)| Some((past(at % self.season_length)? - (*value)?).abs()));
        let sigma = MAD_TO_SIGMA * median(spread.collect())?;
        Some((expected, HALF_WIDTH * sigma.max(0.02 * expected.abs()).max(f64::MIN_POSITIVE)))
    }

    fn judge(&mut self, expected: f64, half: f64, value: f64) -> Option<Anomaly> {
        let score = (value - expected).abs() / half;
        if score <= self.settings.threshold {
            return self.running.take().map(|ended| Anomaly { ongoing: false, ..ended });
        }
        let (kind, direction) = match value < expected {
            true if value < 0.0 => (Kind::Credit, Direction::Down),
            true => (Kind::Drop, Direction::Down),
            false => (Kind::Spike, Direction::Up),
        };
        let started = self.running.filter(|running| running.direction == direction);
        let mut anomaly = started.unwrap_or(Anomaly {
            start_index: self.index,
            end_index: self.index,
            kind,
            direction,
            expected: 0.0,
            actual: 0.0,
            impact: 0.0,
            score,
            ongoing: true,
        });
        anomaly.end_index = self.index;
        anomaly.expected += expected;
        anomaly.actual += value;
        anomaly.impact = anomaly.actual - anomaly.expected;
        anomaly.score = anomaly.score.max(score);
        self.running = Some(anomaly);
        Some(anomaly).filter(|anomaly| anomaly.impact.abs() >= self.settings.minimum_impact)
    }
}

fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_unstable_by(f64::total_cmp);
    let upper = *values.get(values.len() / 2)?;
    let lower = *values.get((values.len() - 1) / 2)?;
    Some(f64::midpoint(lower, upper))
}
