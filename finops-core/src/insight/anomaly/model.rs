//! What is known of a series that has been learnt, and how it judges the next value.

use super::answer::Direction;
use super::baseline::Baseline;
use super::charges::Charges;
use super::noise::Noise;
use super::overall::Overall;
use super::record::{Record, Unusual};
use super::sums::{Judged, Sums, Together};
use crate::insight::numerics::pow;
use chrono::{Datelike, NaiveDate};

/// Where the noise is heavy, how far a value must lie from what its place in the season expects, as a part of what is
/// asked where it is not; it must lie beyond all recent values as well.
const HEAVY_PART: f64 = 0.35;
/// How much farther below a single value must lie there than above: closed days are common.
const HEAVY_LOW: f64 = 1.3;
/// How much farther off a value must lie right after an anomaly where the noise is heavy, and after how many values
/// half of that is over: trouble comes in clusters, as in the returns of Engle 1982.
const AFTER: f64 = 1.0;
const AFTER_HALF: f64 = 3.0;
/// How much wider the band of a charge is: what it usually is, is known from few times.
const CHARGE_BAND: f64 = 1.5;
/// After how many times as long as a new level takes, what still grows or may be over is one.
const SETTLES_AT_LAST: usize = 6;
/// Beyond how many standard deviations the baseline follows no farther.
const FOLLOWS: f64 = 2.0;

/// A value with its place in time.
#[derive(Debug, Clone, Copy)]
pub(super) struct Moment {
    pub(super) index: usize,
    pub(super) date: Option<NaiveDate>,
    pub(super) value: f64,
}

/// Baseline, noise and charges of a series.
#[derive(Debug, Clone)]
pub(super) struct Model {
    baseline: Baseline,
    noise: Noise,
    overall: Overall,
    sums: Sums,
    charges: Charges,
    last_anomaly: Option<usize>,
    /// Whether values below zero are usual.
    knows_credits: bool,
}

impl Model {
    /// What can be said of the values known. There is none when most are zero, and no more than two are not: then there
    /// is nothing to learn but charges.
    pub(super) fn learn(
        known: &[Moment],
        season_length: usize,
        settles: usize,
        threshold: f64,
    ) -> Result<Self, Charges> {
        let values: Vec<(usize, f64)> = known.iter().map(|moment| (moment.index, moment.value)).collect();
        let baseline = Baseline::of(&values, season_length);
        let mut charges = Charges::default();
        if baseline.is_nothing() && known.iter().filter(|moment| moment.value.abs() > 0.0).count() <= 2 {
            for moment in known {
                charges.pass(moment.date);
                if moment.value.abs() > 0.0 {
                    charges.came(moment.date, moment.value, 0.0);
                }
            }
            return Err(charges);
        }
        let knows_credits = known.iter().any(|moment| moment.value < 0.0);
        let off = |moment: &Moment| baseline.deviation(moment.value, baseline.at(moment.index));
        let noise = Noise::of(&known.iter().map(off).collect::<Vec<_>>());
        let mut overall = Overall::default();
        for moment in known {
            charges.pass(moment.date);
            let expected = baseline.at(moment.index);
            let is_high = off(moment) > threshold * noise.half_width();
            if is_high {
                charges.came(moment.date, moment.value - expected, baseline.size());
            }
            overall.take(if is_high && moment.date.is_some() { expected } else { moment.value });
        }
        Ok(Self { baseline, noise, overall, sums: Sums::of(settles), charges, last_anomaly: None, knows_credits })
    }

    /// What is expected at a place in time.
    pub(super) fn expected(&self, index: usize, date: Option<NaiveDate>) -> f64 {
        self.baseline.at(index) + self.charges.expected(date)
    }

    /// Nothing came for long: what is left to know.
    pub(super) fn into_charges(self) -> Charges {
        self.charges
    }

    /// Whether nothing is expected at any place.
    pub(super) fn is_silent(&self) -> bool {
        self.baseline.is_nothing()
    }

    /// Judges a value while no anomaly runs: begins one, or learns from it.
    pub(super) fn judge(&mut self, now: Moment, threshold: f64) -> Option<Record> {
        let expected = self.expected(now.index, now.date);
        let (record, beside) = if self.is_charge(now, threshold) {
            (None, self.baseline.at(now.index))
        } else {
            let beside = now.value - (expected - self.baseline.at(now.index));
            (self.unusual(now, expected, threshold), beside)
        };
        self.overall.take(beside);
        self.charges.pass(now.date);
        record
    }

    /// Judges a value while an anomaly runs, which goes on, or is over.
    pub(super) fn follow(&mut self, mut record: Record, now: Moment, threshold: f64, settles: usize) -> Next {
        let expected = self.expected_beside(now);
        let deviation = self.baseline.deviation(now.value, expected);
        let band = threshold * self.noise.half_width();
        let towards = deviation * record.direction.sign();
        self.overall.take(now.value - self.charges.expected(now.date));
        self.charges.pass(now.date);
        if record.is_over(towards, band, self.noise.sigma()) {
            return self.end(record, now, towards < -band, threshold);
        }
        let unusual = self.seen(now, expected, deviation);
        record.extend(unusual, deviation.abs() / self.noise.half_width());
        if record.lasts() {
            self.take_back_charge(&mut record);
        }
        if record.known < settles {
            return Next::Runs(record);
        }
        if record.known < settles.saturating_mul(SETTLES_AT_LAST) {
            if !record.is_sure() {
                return Next::Runs(record);
            }
            if record.grows(self.noise.sigma()) {
                record.ramps();
                return Next::Runs(record);
            }
        }
        self.baseline.rebase(record.settle());
        self.sums.break_off();
        self.last_anomaly = Some(now.index);
        Next::Settled(record)
    }

    fn end(&mut self, record: Record, now: Moment, turned: bool, threshold: f64) -> Next {
        self.last_anomaly = Some(now.index);
        let expected = self.expected(now.index, now.date);
        let next = if turned { self.unusual(now, expected, threshold) } else { None };
        if next.is_none() && !turned {
            self.usual(now, self.expected_beside(now));
        }
        Next::Over(record, next)
    }

    fn take_back_charge(&mut self, record: &mut Record) {
        if let Some(day) = record.charge_day.take() {
            self.charges.take_back(day);
        }
    }

    /// What is expected while an anomaly runs: with a charge that falls on the day, if the value looks like it.
    fn expected_beside(&self, now: Moment) -> f64 {
        let base = self.baseline.at(now.index);
        let off = |expected: &f64| self.baseline.deviation(now.value, *expected).abs();
        let with = self.charges.on(now.date).map(|charge| base + charge.amount());
        let expected = base + self.charges.expected(now.date);
        with.filter(|with| off(with) < off(&expected)).unwrap_or(expected)
    }

    fn unusual(&mut self, now: Moment, expected: f64, threshold: f64) -> Option<Record> {
        let deviation = self.baseline.deviation(now.value, expected);
        let heavy = self.noise.is_heavy();
        let half = self.noise.half_width() * if heavy { HEAVY_PART } else { 1.0 };
        let overall = self.overall.score(now.value - (expected - self.baseline.at(now.index))) / self.after(now.index);
        let overall = if deviation < 0.0 { overall / HEAVY_LOW } else { overall };
        let alone = !heavy || (now.value < 0.0 && !self.knows_credits);
        let score = if alone { deviation.abs() / half } else { overall };
        if deviation.abs() > threshold * half && score > threshold {
            return Some(self.begin(now, expected, deviation, score));
        }
        let judged = Judged { index: now.index, value: now.value, expected, deviation };
        let farther = self.noise.together();
        let together =
            self.sums.unusual(&judged, self.noise.sigma(), threshold * farther).map(|found| found.beside(farther));
        let low = || if heavy { self.sums.low(&judged, self.noise.middle(), threshold) } else { None };
        let together = together.or_else(low);
        let Some(together) = together else {
            self.usual(now, expected);
            return None;
        };
        Some(self.begin_together(judged, together, threshold))
    }

    fn begin(&mut self, now: Moment, expected: f64, deviation: f64, score: f64) -> Record {
        let direction = if deviation > 0.0 { Direction::Up } else { Direction::Down };
        let mut record = Record::begin(direction, now.index);
        record.extend(self.seen(now, expected, deviation), score);
        let base = self.baseline.at(now.index);
        if direction == Direction::Up && self.charges.on(now.date).is_none() {
            record.charge_day = now.date.map(|date| date.day());
            self.charges.came(now.date, now.value - base, self.baseline.size());
        }
        self.noise.take(deviation);
        self.sums.break_off();
        record
    }

    /// Begins with the last values, which only together are unusual: what the level followed of them is taken back.
    fn begin_together(&mut self, now: Judged, together: Together, threshold: f64) -> Record {
        let before: Vec<Judged> = self.sums.last(together.span - 1).copied().collect();
        let bound = FOLLOWS * self.noise.sigma();
        let followed: f64 = before.iter().map(|one| one.deviation.clamp(-bound, bound)).sum();
        self.baseline.unfollow(followed);
        let moved = Baseline::followed(followed);
        self.noise.take(now.deviation);
        self.sums.break_off();
        let unusual = |Judged { index, value, expected, deviation }| Unusual {
            index,
            value,
            expected,
            deviation: deviation + moved,
            elsewhere: false,
        };
        let values: Vec<Unusual> = before.into_iter().chain([now]).map(unusual).collect();
        let direction = if together.up { Direction::Up } else { Direction::Down };
        Record::begin_together(direction, &values, together.score, threshold * self.noise.half_width())
    }

    fn seen(&self, now: Moment, expected: f64, deviation: f64) -> Unusual {
        let (low, high) = self.baseline.range();
        let edge = if deviation > 0.0 { high } else { low };
        let beyond = self.baseline.deviation(now.value, edge) * deviation.signum();
        let no_charge = self.charges.expected(now.date).abs() <= 0.0;
        let elsewhere = no_charge && beyond <= self.noise.half_width();
        Unusual { index: now.index, value: now.value, expected, deviation, elsewhere }
    }

    /// Learns from a usual value.
    fn usual(&mut self, now: Moment, expected: f64) {
        let deviation = self.baseline.deviation(now.value, expected);
        let bound = FOLLOWS * self.noise.sigma();
        self.knows_credits |= now.value < 0.0;
        self.baseline.follow(now.index, deviation.clamp(-bound, bound), now.value);
        self.noise.take(deviation);
        self.sums.take(Judged { index: now.index, value: now.value, expected, deviation }, self.noise.sigma());
        self.noise.cluster(self.sums.clustering());
    }

    /// How much farther off a value must lie because an anomaly has just ended.
    fn after(&self, index: usize) -> f64 {
        let since = |last: usize| index.saturating_sub(last) as f64;
        self.last_anomaly.map_or(1.0, |last| 1.0 + AFTER * pow(0.5, since(last) / AFTER_HALF))
    }

    /// Whether a monthly charge explains the value, or that it does not come; takes note of it.
    fn is_charge(&mut self, now: Moment, threshold: f64) -> bool {
        let deviation = self.baseline.deviation(now.value, self.expected(now.index, now.date));
        let allowed = threshold * self.noise.half_width();
        let (base, size) = (self.baseline.at(now.index), self.baseline.size());
        let came = now.value - base;
        let off = |expected: f64| self.baseline.deviation(now.value, expected);
        let Some(charge) = self.charges.on(now.date) else {
            let first = self.charges.is_first_ever(now.date) || self.charges.moved(now.date, came);
            let is_charge = first && deviation > allowed;
            if is_charge {
                self.charges.came(now.date, came, size);
            }
            return is_charge;
        };
        let wide = CHARGE_BAND * threshold * self.noise.half_width();
        let explained = charge.amounts(size).map(|amount| off(base + amount)).find(|off| off.abs() <= wide);
        let low = charge.amounts(size).fold(f64::INFINITY, f64::min);
        let high = charge.amounts(size).fold(f64::NEG_INFINITY, f64::max);
        let between = came > low && came < high;
        let fails = off(base).abs() <= allowed;
        let is_certain = charge.is_certain();
        if explained.is_some() || between {
            self.charges.came(now.date, came, size);
            self.noise.take(explained.unwrap_or(0.0));
            return true;
        }
        if fails {
            self.charges.missed(now.date);
        } else {
            self.charges.came(now.date, came, size);
        }
        fails && !is_certain
    }
}

/// What becomes of an anomaly with the next value.
#[derive(Debug)]
pub(super) enum Next {
    /// It goes on.
    Runs(Record),
    /// It is over, and with the same value another one may begin.
    Over(Record, Option<Record>),
    /// It has become the new level.
    Settled(Record),
}
