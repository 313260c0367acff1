//! A watch over one series, fed value by value.

use super::RobustBaseline;
use super::answer::{Anomaly, Step};
use super::charges::Charges;
use super::model::{Model, Moment, Next};
use super::record::{Record, Unusual};
use super::settings::Settings;
use super::statistics::settles;
use crate::insight::forecast::{Calendar, Frequency};
use crate::{Error, Result};
use chrono::NaiveDate;

/// Larger amounts are a mistake: sums of them would not be finite.
const LARGEST: f64 = 1e100;
/// Smaller amounts count as zero: what they are divided by would not be finite.
const SMALLEST: f64 = 1e-100;
/// How far a charge on a day without other costs may be from its amount.
const CHARGE_WITHIN: f64 = 0.5;

/// A watch over one series, fed value by value.
///
/// ```text
///              enough is known             off the band, or several
///              ┌───────────────────▶ calm  ────together────▶ anomaly ─┐
///   learning ──┤                      ▲ ▲                    │ │ ▲    │ farther off: the
///       ▲      │ only zeros           │ └──back in the band──┘ │ └────┘ record grows
///       │      ▼                      │                        │
///       └── silent ◀──zero for long───┴──────stays: it is the──┘
///        an onset                            new level
/// ```
///
/// - **Learning** keeps values until there are [enough](RobustBaseline::needs). Then the baseline is the median of each
///   place of the season, and the noise that of the deviations from it.
/// - **Calm** expects the baseline and the monthly charges of the date, and has a band that is as wide as the noise of
///   the series. What lies within is learnt from, in bounded steps.
/// - **Anomaly** leaves the baseline alone. It ends when a value is back, or, where only several values together showed
///   it, when the values since speak against it together; until then they are not counted to it. When it stays for a
///   week of days (a day of hours, three months), grows no more and nothing speaks against it, the baseline moves
///   there, and what follows is expected to stay.
/// - **Silent** expects nothing. The first value that is not zero is an onset, and all is learnt anew.
///
/// Noise is calm or heavy. It is heavy where it is a good part of the level, the more so the farther its tails reach
/// and the more neighbours deviate together. In calm noise a value is judged by its place in the season, and 2 to 7
/// values together by a lower bar, so that a ramp is seen after few days. In heavy noise a value must lie beyond all
/// recent ones as well, a low one by more; a week of which each day is low is a new level where a low day is nothing.
///
/// An unknown value changes nothing but the date. What is kept does not grow with the series: the values while
/// learning, the last 91 deviations, a charge for each day of the month.
#[derive(Debug, Clone)]
pub struct Watch {
    season_length: usize,
    calendar: Option<Calendar>,
    settles: usize,
    settings: Settings,
    index: usize,
    phase: Phase,
}

#[derive(Debug, Clone)]
enum Phase {
    Learning { known: Vec<Moment>, onset: Option<Box<Record>>, charges: Charges },
    Silent(Charges),
    Calm(Box<Model>),
    Anomaly(Box<Model>, Box<Record>),
}

impl Watch {
    pub(super) fn new(season_length: usize, calendar: Option<Calendar>, settings: &Settings) -> Result<Self> {
        settings.check()?;
        if season_length == 0 {
            return Err(Error::invalid("season_length", "must be at least 1, which means no season; got 0"));
        }
        let settles = settles(season_length, calendar.map(|calendar| calendar.frequency()));
        let phase = Phase::Learning { known: Vec::new(), onset: None, charges: Charges::default() };
        Ok(Self { season_length, calendar, settles, settings: *settings, index: 0, phase })
    }

    /// What is expected of the next value; `None` while too little is known.
    pub fn expected(&self) -> Option<f64> {
        match &self.phase {
            Phase::Learning { onset, .. } => onset.as_ref().map(|_| 0.0),
            Phase::Silent(charges) => Some(charges.expected(self.date())),
            Phase::Calm(model) | Phase::Anomaly(model, _) => Some(model.expected(self.index, self.date())),
        }
    }

    /// Takes the next value, `None` when it is unknown, and judges it by those before.
    ///
    /// # Errors
    /// `invalid_argument` for a value that is no finite number or beyond any cost (10^100). The watch is as before.
    pub fn push(&mut self, value: Option<f64>) -> Result<Step> {
        if let Some(value) = value.filter(|value| value.is_nan() || value.abs() > LARGEST) {
            return Err(Error::invalid("values", format!("value {} is {value}: no cost is", self.index)));
        }
        let expected = self.expected();
        let anomaly = value.and_then(|value| {
            let value = if value.abs() < SMALLEST { 0.0 } else { value };
            self.take(Moment { index: self.index, date: self.date(), value })
        });
        let step = Step { index: self.index, expected, anomaly };
        self.index += 1;
        Ok(step)
    }

    /// The date of the next value, where its day of the month may mean something.
    fn date(&self) -> Option<NaiveDate> {
        self.calendar.filter(|calendar| calendar.frequency() == Frequency::Daily)?.date(self.index)
    }

    fn take(&mut self, now: Moment) -> Option<Anomaly> {
        let phase = std::mem::replace(&mut self.phase, Phase::Silent(Charges::default()));
        let (phase, told) = match phase {
            Phase::Learning { mut known, onset, charges } => {
                known.push(now);
                match onset {
                    Some(record) => self.follow_onset(known, *record, charges, now),
                    None => (self.learn(known), None),
                }
            }
            Phase::Silent(charges) => self.listen(charges, now),
            Phase::Calm(mut model) => {
                let record = model.judge(now, self.settings.threshold);
                self.begin(model, record)
            }
            Phase::Anomaly(model, record) => self.follow(model, *record, now),
        };
        self.phase = phase;
        told
    }

    /// Goes on learning, or judges from now on.
    fn learn(&self, known: Vec<Moment>) -> Phase {
        if known.len() < RobustBaseline::needs(self.season_length) {
            return Phase::Learning { known, onset: None, charges: Charges::default() };
        }
        match Model::learn(&known, self.season_length, self.settles, self.settings.threshold) {
            Ok(model) => Phase::Calm(Box::new(model)),
            Err(charges) => Phase::Silent(charges),
        }
    }

    /// Waits for something to begin.
    fn listen(&self, mut charges: Charges, now: Moment) -> (Phase, Option<Anomaly>) {
        charges.pass(now.date);
        let is_charge = charges.on(now.date).is_some_and(|charge| {
            let amount = charge.amount();
            (now.value - amount).abs() <= CHARGE_WITHIN * amount.abs()
        });
        if is_charge {
            charges.came(now.date, now.value, 0.0);
        }
        if is_charge || now.value.abs() <= 0.0 {
            return (Phase::Silent(charges), None);
        }
        let mut record = Record::begin_from_nothing(now.index, now.value, self.settings.threshold);
        let told = self.tell(&mut record, true);
        (Phase::Learning { known: vec![now], onset: Some(Box::new(record)), charges }, told)
    }

    /// Something began: it is an onset when it stays, else it was a spike.
    fn follow_onset(
        &self,
        known: Vec<Moment>,
        mut record: Record,
        mut charges: Charges,
        now: Moment,
    ) -> (Phase, Option<Anomaly>) {
        let first = known.first().copied().unwrap_or(now);
        charges.pass(now.date);
        if now.value.abs() > 0.0 {
            let value = now.value;
            record.extend(Unusual { index: now.index, value, expected: 0.0, deviation: 0.0, elsewhere: false }, 0.0);
        }
        if known.len() < self.settles {
            let told = self.tell(&mut record, true).filter(|anomaly| anomaly.end_index == now.index);
            return (Phase::Learning { known, onset: Some(Box::new(record)), charges }, told);
        }
        if record.known > 1 {
            return (Phase::Learning { known, onset: None, charges }, self.tell(&mut record, false));
        }
        record.was_no_onset();
        charges.came(first.date, first.value, 0.0);
        (Phase::Silent(charges), self.tell(&mut record, false))
    }

    fn begin(&self, model: Box<Model>, record: Option<Record>) -> (Phase, Option<Anomaly>) {
        match record {
            Some(mut record) => {
                let told = self.tell(&mut record, true);
                (Phase::Anomaly(model, Box::new(record)), told)
            }
            None => (Phase::Calm(model), None),
        }
    }

    fn follow(&self, mut model: Box<Model>, record: Record, now: Moment) -> (Phase, Option<Anomaly>) {
        match model.follow(record, now, self.settings.threshold, self.settles) {
            Next::Runs(mut record) => {
                let told = self.tell(&mut record, true);
                (Phase::Anomaly(model, Box::new(record)), told)
            }
            Next::Over(_, Some(next)) => self.begin(model, Some(next)),
            Next::Over(mut record, None) => {
                let told = self.tell(&mut record, false);
                (Phase::Calm(model), told)
            }
            Next::Settled(mut record) => {
                let told = self.tell(&mut record, false);
                let phase = if model.is_silent() { Phase::Silent(model.into_charges()) } else { Phase::Calm(model) };
                (phase, told)
            }
        }
    }

    fn tell(&self, record: &mut Record, ongoing: bool) -> Option<Anomaly> {
        record.tell(ongoing, self.settings.minimum_impact)
    }
}
