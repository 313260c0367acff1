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
/// An anomaly that one value was enough for is over when a value lies within this part of the way to it.
const BACK: f64 = 0.4;
/// One that only several values showed is over when this much evidence, a logarithm of odds, is used up.
const EVIDENCE: f64 = 3.0;
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

/// What has become of an anomaly so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Course {
    /// It may be over with the next value.
    Short,
    /// There was nothing before.
    Onset,
    /// It grows still when it could have settled.
    Ramp,
    /// It is the new level.
    Shift,
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
    course: Course,
    /// The evidence that it goes on, where only several values together showed it.
    evidence: Option<f64>,
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
            course: Course::Short,
            evidence: None,
            charge_day: None,
            told: false,
        }
    }

    /// Begins where there was nothing before.
    pub(super) fn begin_from_nothing(index: usize, value: f64, score: f64) -> Self {
        let direction = if value < 0.0 { Direction::Down } else { Direction::Up };
        let mut record = Self { course: Course::Onset, ..Self::begin(direction, index) };
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

    /// Begins at an index with values that only show it together.
    pub(super) fn begin_together(direction: Direction, start: usize) -> Self {
        Self { evidence: Some(EVIDENCE), ..Self::begin(direction, start) }
    }

    /// Whether it is over with a value this far off on its side, where the band is as wide and the noise has this
    /// standard deviation. If several values were needed to see it, one is not enough to end it: each counts by how
    /// much likelier it is out there than at the expected (the sequential test of Wald 1945).
    pub(super) fn is_over(&mut self, towards: f64, band: f64, sigma: f64) -> bool {
        let away = self.distance().min(band);
        let Some(evidence) = &mut self.evidence else { return towards <= BACK * away };
        let likelier = away * (towards - away / 2.0) / (sigma * sigma).max(f64::MIN_POSITIVE);
        *evidence = (*evidence + likelier).min(EVIDENCE);
        *evidence <= 0.0
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
        self.course = Course::Ramp;
    }

    /// It became the new level, which lies as far from the old one as is given back.
    pub(super) fn settle(&mut self) -> f64 {
        let last = if self.course == Course::Ramp {
            KEPT_OF_RAMP
        } else {
            self.course = Course::Shift;
            KEPT
        };
        median(&mut self.deviations.iter().rev().take(last).copied().collect::<Vec<_>>())
    }

    /// There was nothing before, and it did not stay.
    pub(super) fn was_no_onset(&mut self) {
        self.course = Course::Short;
        self.elsewhere = false;
    }

    /// Whether it is past its first values.
    pub(super) fn lasts(&self) -> bool {
        self.known > 2
    }

    fn kind(&self) -> Kind {
        let down = self.direction == Direction::Down;
        match self.course {
            Course::Onset => return Kind::Onset,
            Course::Ramp => return Kind::Ramp,
            Course::Shift | Course::Short if down && self.nothing >= GONE_AFTER => return Kind::Disappearance,
            Course::Shift => return Kind::LevelShift,
            Course::Short => {}
        }
        if down && self.actual < 0.0 && self.expected >= 0.0 {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn with(mut record: Record, deviation: f64) -> Record {
        for index in 0..3 {
            record.extend(Unusual { index, value: 1.0, expected: 1.0, deviation, elsewhere: false }, 2.0);
        }
        record
    }

    #[test]
    fn what_one_value_showed_one_value_ends() {
        let mut spike = with(Record::begin(Direction::Up, 0), 0.5);
        assert!(!spike.is_over(0.3, 0.4, 0.1));
        assert!(spike.is_over(0.1, 0.4, 0.1));
    }

    #[test]
    fn what_several_values_showed_one_does_not_end() {
        let mut shift = with(Record::begin_together(Direction::Up, 0), 0.2);
        assert!(!shift.is_over(0.0, 0.4, 0.1), "one value back");
        assert!(!shift.is_over(0.2, 0.4, 0.1), "and out there again");
        assert!(!shift.is_over(0.0, 0.4, 0.1));
        assert!(shift.is_over(0.0, 0.4, 0.1), "several back");
    }
}
