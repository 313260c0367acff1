//! An anomaly while it runs.

use super::answer::{Anomaly, Direction, Kind};
use super::statistics::{median, slope};
use std::collections::VecDeque;

/// The deviations of how many of its last values are kept.
const KEPT: usize = 7;
/// Of how many of them the new level is made when it grew.
const KEPT_OF_RAMP: usize = 3;
/// How many times its own uncertainty a growth must be to be one.
const GROWTH: f64 = 2.0;
/// Which part of the mean deviation it must grow by within the values kept.
const GROWTH_PART: f64 = 0.2;
/// Which share of the expected is nothing.
const NOTHING: f64 = 0.01;
/// How many values of nothing make a disappearance.
const GONE_AFTER: usize = 3;

/// What is known of one value of an anomaly.
#[derive(Debug, Clone, Copy)]
pub(super) struct Unusual {
    pub(super) index: usize,
    pub(super) value: f64,
    pub(super) expected: f64,
    pub(super) deviation: f64,
    /// Whether the value is usual at another place of the season.
    pub(super) elsewhere: bool,
}

/// An anomaly from its first value to its last one so far.
#[derive(Debug, Clone)]
pub(super) struct Record {
    start: usize,
    end: usize,
    pub(super) direction: Direction,
    pub(super) known: usize,
    expected: f64,
    actual: f64,
    score: f64,
    deviations: VecDeque<f64>,
    elsewhere: bool,
    nothing: usize,
    from_nothing: bool,
    ramp: bool,
    settled: bool,
    /// The day of the month that it was taken for a charge of.
    pub(super) charge_day: Option<u32>,
    told: bool,
}

impl Record {
    /// Begins at an index, with no value yet: the first one that it is extended by is there.
    pub(super) fn begin(direction: Direction, start: usize) -> Self {
        Self {
            start,
            end: start,
            direction,
            known: 0,
            expected: 0.0,
            actual: 0.0,
            score: 0.0,
            deviations: VecDeque::new(),
            elsewhere: true,
            nothing: 0,
            from_nothing: false,
            ramp: false,
            settled: false,
            charge_day: None,
            told: false,
        }
    }

    /// Begins where there was nothing before.
    pub(super) fn begin_from_nothing(index: usize, value: f64, score: f64) -> Self {
        let direction = if value < 0.0 { Direction::Down } else { Direction::Up };
        let mut record = Self { from_nothing: true, ..Self::begin(direction, index) };
        record.extend(Unusual { index, value, expected: 0.0, deviation: 0.0, elsewhere: false }, score);
        record
    }

    /// Grows by a value.
    pub(super) fn extend(&mut self, now: Unusual, score: f64) {
        self.end = now.index;
        self.known += 1;
        self.expected += now.expected;
        self.actual += now.value;
        self.score = self.score.max(score);
        self.elsewhere &= now.elsewhere;
        let is_nothing = now.value.abs() <= NOTHING * now.expected.abs();
        self.nothing = if is_nothing { self.nothing + 1 } else { 0 };
        self.deviations.push_back(now.deviation);
        if self.deviations.len() > KEPT {
            self.deviations.pop_front();
        }
    }

    /// The sign of its deviations.
    pub(super) fn sign(&self) -> f64 {
        match self.direction {
            Direction::Up => 1.0,
            Direction::Down => -1.0,
        }
    }

    /// How far its last values lie from the expected.
    pub(super) fn distance(&self) -> f64 {
        median(&mut self.deviations.iter().rev().take(3).map(|deviation| deviation.abs()).collect::<Vec<_>>())
    }

    /// Whether it still moves away from the expected, with noise of this standard deviation.
    pub(super) fn grows(&self, sigma: f64) -> bool {
        let (slope, squares) = slope(self.deviations.iter().copied());
        let mean = self.deviations.iter().sum::<f64>() / self.deviations.len().max(1) as f64;
        let growth = slope * self.sign();
        let within = growth * self.deviations.len().saturating_sub(1) as f64;
        growth > GROWTH * sigma / squares.sqrt().max(f64::MIN_POSITIVE) && within > GROWTH_PART * mean.abs()
    }

    /// It is a ramp: it grew when it could have settled.
    pub(super) fn ramps(&mut self) {
        self.ramp = true;
    }

    /// It became the new level, which lies as far from the old one as is given back.
    pub(super) fn settle(&mut self) -> f64 {
        self.settled = true;
        let last = if self.ramp { KEPT_OF_RAMP } else { KEPT };
        median(&mut self.deviations.iter().rev().take(last).copied().collect::<Vec<_>>())
    }

    /// There was nothing before, and it did not stay.
    pub(super) fn was_no_onset(&mut self) {
        self.from_nothing = false;
        self.elsewhere = false;
    }

    /// Whether it is past its first values.
    pub(super) fn lasts(&self) -> bool {
        self.known > 2
    }

    fn kind(&self) -> Kind {
        let down = self.direction == Direction::Down;
        if self.from_nothing {
            Kind::Onset
        } else if self.ramp {
            Kind::Ramp
        } else if down && self.nothing >= GONE_AFTER {
            Kind::Disappearance
        } else if self.settled {
            Kind::LevelShift
        } else if down && self.actual < 0.0 && self.expected >= 0.0 {
            Kind::Credit
        } else if self.elsewhere {
            Kind::Contextual
        } else if down {
            Kind::Drop
        } else {
            Kind::Spike
        }
    }

    /// What is told of it; nothing while its impact is too small. What was told once stays told.
    pub(super) fn tell(&mut self, ongoing: bool, minimum_impact: f64) -> Option<Anomaly> {
        let impact = self.actual - self.expected;
        self.told |= impact.abs() >= minimum_impact;
        self.told.then(|| Anomaly {
            start_index: self.start,
            end_index: self.end,
            kind: self.kind(),
            direction: self.direction,
            expected: self.expected,
            actual: self.actual,
            impact,
            score: self.score,
            ongoing,
        })
    }
}
