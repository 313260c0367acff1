//! Charges that come once a month: support plans, reservations, licences.

use super::statistics::median;
use chrono::{Datelike, Days, NaiveDate};
use std::collections::VecDeque;

/// How many of the last amounts of a charge are kept; the one in the middle is expected.
const KEPT: usize = 3;
/// From how many times on a charge is expected. Before, it is neither a surprise that it comes nor that it does not.
const EXPECTED_FROM: u32 = 2;
/// From how many times on it is a surprise that it does not come.
const MISSED_FROM: u32 = 3;
/// How often in a row it may fail to come before it is forgotten.
const FORGOTTEN_AFTER: u32 = 2;
/// By how many days a charge moves, for a weekend or a short month.
const MOVES_BY: i64 = 3;
/// How far a charge that moved may be from its amount.
const MOVES_WITHIN: f64 = 0.25;

/// A charge that came on a day of the month.
#[derive(Debug, Clone)]
pub(super) struct Charge {
    day: u32,
    /// Its last amounts, each with how large the rest was then.
    amounts: VecDeque<(f64, f64)>,
    seen: u32,
    missed: u32,
    last: NaiveDate,
}

impl Charge {
    /// What it usually is.
    pub(super) fn amount(&self) -> f64 {
        median(&mut self.amounts.iter().map(|(amount, _)| *amount).collect::<Vec<_>>())
    }

    /// What it may be now that the rest is of this size: what it was, or that grown with the rest.
    pub(super) fn amounts(&self, size: f64) -> impl Iterator<Item = f64> {
        let grown =
            move |(amount, then): &(f64, f64)| if *then > 0.0 { amount * (size / then).min(1e6) } else { *amount };
        self.amounts.iter().flat_map(move |one| [one.0, grown(one)])
    }

    /// Whether it is a surprise when it does not come.
    pub(super) fn is_certain(&self) -> bool {
        self.seen >= MISSED_FROM
    }

    fn falls_on(&self, date: NaiveDate) -> bool {
        let last_of_month = date.checked_add_days(Days::new(1)).is_some_and(|next| next.day() == 1);
        self.day == date.day() || (last_of_month && self.day > date.day())
    }
}

/// The charges of a series by day of the month, at most one a day.
#[derive(Debug, Clone, Default)]
pub(super) struct Charges {
    charges: Vec<Charge>,
    saw_first_of_month: bool,
}

impl Charges {
    /// The charge that falls on a date.
    pub(super) fn on(&self, date: Option<NaiveDate>) -> Option<&Charge> {
        let date = date?;
        self.charges.iter().find(|charge| charge.falls_on(date))
    }

    /// What charges add to the expected of a date.
    pub(super) fn expected(&self, date: Option<NaiveDate>) -> f64 {
        self.on(date).filter(|charge| charge.seen >= EXPECTED_FROM).map_or(0.0, Charge::amount)
    }

    /// Whether the date is the first of a month, and no first of a month was seen before: what is high then may well
    /// come each month.
    pub(super) fn is_first_ever(&self, date: Option<NaiveDate>) -> bool {
        !self.saw_first_of_month && date.is_some_and(|date| date.day() == 1)
    }

    /// Whether a charge of about this amount came a month ago, some days more or less, and has not come since.
    pub(super) fn moved(&self, date: Option<NaiveDate>, amount: f64) -> bool {
        let Some(date) = date else { return false };
        self.charges.iter().any(|charge| {
            let off = (date - charge.last).num_days() - 30;
            off.abs() <= MOVES_BY + 1 && (amount - charge.amount()).abs() <= MOVES_WITHIN * charge.amount().abs()
        })
    }

    /// Takes note that a date has passed.
    pub(super) fn pass(&mut self, date: Option<NaiveDate>) {
        self.saw_first_of_month |= date.is_some_and(|date| date.day() == 1);
    }

    /// A charge came, when the rest was of this size.
    pub(super) fn came(&mut self, date: Option<NaiveDate>, amount: f64, size: f64) {
        let Some(date) = date else { return };
        let Some(charge) = self.charges.iter_mut().find(|charge| charge.falls_on(date)) else {
            let amounts = VecDeque::from([(amount, size)]);
            self.charges.push(Charge { day: date.day(), amounts, seen: 1, missed: 0, last: date });
            return;
        };
        charge.amounts.push_back((amount, size));
        if charge.amounts.len() > KEPT {
            charge.amounts.pop_front();
        }
        charge.seen += 1;
        charge.missed = 0;
        charge.last = date;
    }

    /// No charge came where one falls.
    pub(super) fn missed(&mut self, date: Option<NaiveDate>) {
        let Some(date) = date else { return };
        for charge in self.charges.iter_mut().filter(|charge| charge.falls_on(date)) {
            charge.missed += 1;
        }
        self.charges.retain(|charge| charge.missed < FORGOTTEN_AFTER);
    }

    /// What came on this day of the month was none, unless it came before.
    pub(super) fn take_back(&mut self, day: u32) {
        self.charges.retain(|charge| charge.day != day || charge.seen > 1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(text: &str) -> Option<NaiveDate> {
        text.parse().ok()
    }

    #[test]
    fn twice_makes_a_habit() {
        let mut charges = Charges::default();
        assert!(charges.is_first_ever(date("2024-01-01")));
        charges.pass(date("2024-01-01"));
        assert!(!charges.is_first_ever(date("2024-02-01")));
        charges.came(date("2024-01-31"), 100.0, 10.0);
        assert!(charges.expected(date("2024-02-29")).abs() < 1e-9, "once is none");
        charges.came(date("2024-02-29"), 110.0, 10.0);
        assert!((charges.expected(date("2024-03-31")) - 105.0).abs() < 1e-9, "on the last day of short months too");
        assert!(charges.expected(date("2024-03-30")).abs() < 1e-9);
    }

    #[test]
    fn it_may_move_by_a_weekend() {
        let mut charges = Charges::default();
        charges.came(date("2024-01-05"), 100.0, 10.0);
        assert!(charges.moved(date("2024-02-07"), 90.0));
        assert!(!charges.moved(date("2024-02-07"), 60.0) && !charges.moved(date("2024-02-20"), 100.0));
    }

    #[test]
    fn it_is_forgotten() {
        let mut charges = Charges::default();
        charges.came(date("2024-01-05"), 100.0, 10.0);
        charges.missed(date("2024-02-05"));
        assert!(charges.on(date("2024-03-05")).is_some());
        charges.missed(date("2024-03-05"));
        assert!(charges.on(date("2024-04-05")).is_none());
    }
}
