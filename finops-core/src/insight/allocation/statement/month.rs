//! A month that was run: its lines, what they come to, and what closing it keeps.

use super::booked::Booked;
use super::frozen::{ClosedMonth, Facts, FrozenLine, Unknown, unknown};
use crate::insight::allocation::run::findings;
use crate::model::allocation::RuleId;
use crate::model::time::{Interval, Stamp};
use crate::pipeline::allocation::{Allocation, Finding, Line};
use crate::{Error, Result};
use std::collections::BTreeSet;

/// How many lines a month may have to be closed: what the store is to keep for ever is bounded.
const MAX_LINES: usize = 1_000_000;

/// What of a month is told, or kept.
#[derive(Debug, Clone, Default)]
pub struct Booking {
    /// The amounts of the month itself.
    pub booked: Booked,
    /// Charges whose costs are not known.
    pub unknown: Vec<Unknown>,
    /// What corrects other months, by when they start.
    pub corrections: Vec<(Stamp, Booked)>,
}

impl Booking {
    /// What was kept of a closed month.
    pub fn of(month: &ClosedMonth) -> Self {
        let ClosedMonth { booked, unknown, corrections, .. } = month;
        Self { booked: booked.clone(), unknown: unknown.clone(), corrections: corrections.clone() }
    }
}

/// The lines of a month as a run gave them, stretch by stretch.
#[derive(Debug, Clone, Copy)]
pub struct MonthLines<'a>(pub &'a [(Interval, Allocation)]);

impl MonthLines<'_> {
    fn lines(&self) -> impl Iterator<Item = &Line> {
        self.0.iter().flat_map(|(_, allocation)| allocation.lines())
    }

    /// What they come to, with what corrects other months.
    ///
    /// # Errors
    /// `overflow`.
    pub fn booking(&self, corrections: Vec<(Stamp, Booked)>) -> Result<Booking> {
        Ok(Booking { booked: self.booked()?, unknown: unknown(self.lines()), corrections })
    }

    /// What they come to.
    ///
    /// # Errors
    /// `overflow`.
    pub fn booked(&self) -> Result<Booked> {
        Booked::of(self.lines())
    }

    /// The lines, each on its own feet.
    pub fn frozen(&self) -> impl Iterator<Item = FrozenLine> {
        let of = |(stretch, allocation): &(Interval, Allocation)| {
            let stretch = *stretch;
            allocation.lines().map(move |line| FrozenLine::new(stretch, line)).collect::<Vec<_>>()
        };
        self.0.iter().flat_map(of)
    }

    /// The rules of the lines.
    pub fn rules(&self) -> BTreeSet<RuleId> {
        self.lines().flat_map(|line| line.rule.into_iter().chain(line.pool)).collect()
    }

    /// What the run came upon, each thing once.
    pub fn findings(&self) -> Vec<Finding> {
        findings(self.0)
    }

    /// What closing the month keeps, beside the lines and their digest.
    ///
    /// # Errors
    /// `invalid_argument` when there are too many lines.
    pub fn closed(
        &self,
        period: Interval,
        (closed_at, snapshot): (Stamp, u64),
        booking: Booking,
        facts: Facts,
    ) -> Result<ClosedMonth> {
        let lines = self.lines().count();
        if lines > MAX_LINES {
            let message = format!(
                "comes to {lines} lines, more than the {MAX_LINES} that are kept of a closed month: let rules share \
                 out within fewer values, or to fewer centres"
            );
            return Err(Error::invalid("period", message));
        }
        let Booking { booked, unknown, corrections } = booking;
        Ok(ClosedMonth {
            period,
            closed_at,
            snapshot,
            lines: u64::try_from(lines).unwrap_or(u64::MAX),
            digest: String::new(),
            booked,
            unknown,
            corrections,
            centers: facts.centers.into_values().collect(),
            rules: facts.rules.into_values().collect(),
        })
    }
}
