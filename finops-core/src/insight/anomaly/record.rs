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

/// What the values of an anomaly come to, up to one of them.
#[derive(Debug, Clone, Copy)]
struct Extent {
    end: usize,
    expected: f64,
    actual: f64,
    score: f64,
    elsewhere: bool,
    nothing: usize,
}

/// The evidence that an anomaly goes on: the sequential test of Wald (1945), which restarts when it is sure.
#[derive(Debug, Clone, Copy)]
struct Evidence {
    /// How far from the expected its values lie if it goes on; on the expected, if it is over.
    away: f64,
    /// The logarithm of the odds that it goes on, no more than `EVIDENCE`.
    odds: f64,
}

impl Evidence {
    /// Weighs a value this far off on the side of the anomaly, with noise of this standard deviation.
    fn weigh(&mut self, towards: f64, sigma: f64) {
        let likelier = self.away * (towards - self.away / 2.0) / (sigma * sigma).max(f64::MIN_POSITIVE);
        self.odds = (self.odds + likelier).min(EVIDENCE);
    }

    /// Whether no value since counts against it.
    fn is_full(self) -> bool {
        self.odds >= EVIDENCE
    }
}

/// An anomaly from its first value to its last one so far.
#[derive(Debug, Clone)]
pub(super) struct Record {
    start: usize,
    pub(super) direction: Direction,
    pub(super) known: usize,
    /// All its values, also those that may turn out to be usual again.
    seen: Extent,
    /// Those that surely belong to it.
    sure: Extent,
    deviations: VecDeque<f64>,
    course: Course,
    /// Where only several values together showed it.
    evidence: Option<Evidence>,
    /// The day of the month that it was taken for a charge of.
    pub(super) charge_day: Option<u32>,
    told: bool,
}

impl Record {
    /// Begins at an index, with no value yet: the first one that it is extended by is there.
    pub(super) fn begin(direction: Direction, start: usize) -> Self {
        let none = Extent { end: start, expected: 0.0, actual: 0.0, score: 0.0, elsewhere: true, nothing: 0 };
        Self {
            start,
            direction,
            known: 0,
            seen: none,
            sure: none,
            deviations: VecDeque::new(),
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
        let is_nothing = now.value.abs() <= NOTHING * now.expected.abs();
        self.known += 1;
        self.seen = Extent {
            end: now.index,
            expected: self.seen.expected + now.expected,
            actual: self.seen.actual + now.value,
            score: self.seen.score.max(score),
            elsewhere: self.seen.elsewhere && now.elsewhere,
            nothing: if is_nothing { self.seen.nothing + 1 } else { 0 },
        };
        if self.is_sure() {
            self.sure = self.seen;
        }
        self.deviations.push_back(now.deviation);
        if self.deviations.len() > KEPT {
            self.deviations.pop_front();
        }
    }

    /// How far its last values lie from the expected.
    pub(super) fn distance(&self) -> f64 {
        median(&mut self.deviations.iter().rev().take(3).map(|deviation| deviation.abs()).collect::<Vec<_>>())
    }

    /// Begins with values that only show it together, where the band is as wide. Those before it began are left out.
    pub(super) fn begin_together(direction: Direction, values: &[Unusual], score: f64, band: f64) -> Self {
        let towards: Vec<f64> = values.iter().map(|one| one.deviation * direction.sign()).collect();
        let mean = towards.iter().sum::<f64>() / towards.len().max(1) as f64;
        let away = median(&mut towards.iter().rev().take(3).copied().collect::<Vec<_>>()).max(mean).min(band);
        let values = values.get(began(&towards, away)..).unwrap_or_default();
        let mut record = Self::begin(direction, values.first().map_or(0, |one| one.index));
        for value in values {
            record.extend(*value, score);
        }
        record.evidence = Some(Evidence { away, odds: EVIDENCE });
        record
    }

    /// Whether it is over with a value this far off on its side, where the band is as wide and the noise has this
    /// standard deviation. If several values were needed to see it, one is not enough to end it: each counts by how
    /// much likelier it is out there than at the expected.
    pub(super) fn is_over(&mut self, towards: f64, band: f64, sigma: f64) -> bool {
        let Some(evidence) = &mut self.evidence else { return towards <= BACK * self.distance().min(band) };
        evidence.weigh(towards, sigma);
        evidence.odds <= 0.0
    }

    /// Whether its last value surely belongs to it.
    pub(super) fn is_sure(&self) -> bool {
        self.evidence.is_none_or(Evidence::is_full)
    }

    /// Whether it still moves away from the expected, with noise of this standard deviation.
    pub(super) fn grows(&self, sigma: f64) -> bool {
        let (slope, squares) = slope(self.deviations.iter().copied());
        let mean = self.deviations.iter().sum::<f64>() / self.deviations.len().max(1) as f64;
        let growth = slope * self.direction.sign();
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
            Course::Shift | Course::Short if down && self.sure.nothing >= GONE_AFTER => return Kind::Disappearance,
            Course::Shift => return Kind::LevelShift,
            Course::Short => {}
        }
        if down && self.sure.actual < 0.0 && self.sure.expected >= 0.0 {
            Kind::Credit
        } else if self.sure.elsewhere {
            Kind::Contextual
        } else if down {
            Kind::Drop
        } else {
            Kind::Spike
        }
    }

    /// What is told of it; nothing while its impact is too small. What was told once stays told.
    pub(super) fn tell(&mut self, ongoing: bool, minimum_impact: f64) -> Option<Anomaly> {
        let Extent { end, expected, actual, score, .. } = self.sure;
        let impact = actual - expected;
        self.told |= impact.abs() >= minimum_impact;
        self.told.then(|| Anomaly {
            start_index: self.start,
            end_index: end,
            kind: self.kind(),
            direction: self.direction,
            expected,
            actual,
            impact,
            score,
            ongoing,
        })
    }
}

/// From which of the last values on it is likeliest that they lie as far out, and those before do not.
fn began(towards: &[f64], away: f64) -> usize {
    let (mut first, mut most, mut sum) = (towards.len().saturating_sub(1), f64::NEG_INFINITY, 0.0);
    for (at, one) in towards.iter().enumerate().rev() {
        sum += one - away / 2.0;
        if sum > most {
            (first, most) = (at, sum);
        }
    }
    first
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(index: usize, deviation: f64) -> Unusual {
        Unusual { index, value: 1.0 + deviation, expected: 1.0, deviation, elsewhere: false }
    }

    /// An anomaly that several values showed, the first two of which were still usual.
    fn together() -> Record {
        let values = [0.0, 0.05, 0.2, 0.2, 0.2].into_iter().enumerate().map(|(index, one)| at(index, one));
        Record::begin_together(Direction::Up, &values.collect::<Vec<_>>(), 2.0, 0.4)
    }

    #[test]
    fn what_one_value_showed_one_value_ends() {
        let mut spike = Record::begin(Direction::Up, 0);
        (0..3).for_each(|index| spike.extend(at(index, 0.5), 2.0));
        assert!(!spike.is_over(0.3, 0.4, 0.1));
        assert!(spike.is_over(0.1, 0.4, 0.1));
    }

    #[test]
    fn what_several_values_showed_one_does_not_end() {
        let mut shift = together();
        assert!(!shift.is_over(0.0, 0.4, 0.1), "one value back");
        assert!(!shift.is_over(0.2, 0.4, 0.1), "and out there again");
        assert!(!shift.is_over(0.0, 0.4, 0.1));
        assert!(shift.is_over(0.0, 0.4, 0.1), "several back");
    }

    #[test]
    fn values_that_may_be_back_are_not_yet_told() {
        let mut bump = together();
        let told = |bump: &mut Record| {
            let told = bump.tell(true, 0.0).unwrap();
            (told.start_index, told.end_index, (100.0 * told.impact).round())
        };
        assert_eq!(told(&mut bump), (2, 4, 60.0), "what was usual is left out");
        assert!(!bump.is_over(0.0, 0.4, 0.1));
        bump.extend(at(5, 0.0), 0.0);
        assert!(!bump.is_sure());
        assert_eq!(told(&mut bump), (2, 4, 60.0), "the value may be usual");
        assert!(!bump.is_over(0.3, 0.4, 0.1));
        bump.extend(at(6, 0.3), 1.5);
        assert!(bump.is_sure());
        assert_eq!(told(&mut bump), (2, 6, 90.0), "and was not");
        assert!(!bump.is_over(0.0, 0.4, 0.1));
        bump.extend(at(7, 0.0), 0.0);
        assert!(bump.is_over(0.0, 0.4, 0.1), "those that are back wear the evidence down however far off they were");
        assert_eq!(told(&mut bump), (2, 6, 90.0));
    }
}
