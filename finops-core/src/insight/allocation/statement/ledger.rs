//! All months that are closed: what is booked of each, what corrects them, and what came before a month.

use super::booked::{Booked, Costs, add};
use super::frozen::{CenterFacts, ClosedMonth, Facts};
use crate::Result;
use crate::model::allocation::{CenterId, month_of};
use crate::model::money::Currency;
use crate::model::time::Stamp;
use std::collections::BTreeMap;
use std::sync::Arc;

/// A closed month and its place among all closings.
#[derive(Debug, Clone)]
pub struct ClosedEntry {
    /// Those that were closed later have higher ones.
    pub number: u64,
    /// What was closed.
    pub month: ClosedMonth,
}

/// Costs by currency and centre.
pub(super) type Balances = BTreeMap<(Currency, Option<CenterId>), Costs>;

/// The closed months, by when they start.
#[derive(Debug, Clone, Default)]
pub struct Ledger(BTreeMap<Stamp, Arc<ClosedEntry>>);

impl Ledger {
    /// Takes another one in.
    pub fn insert(&mut self, entry: ClosedEntry) {
        self.0.insert(entry.month.period.start(), Arc::new(entry));
    }

    /// The month that starts then, if it is closed.
    pub fn get(&self, start: Stamp) -> Option<&Arc<ClosedEntry>> {
        self.0.get(&start)
    }

    /// The last closing.
    pub fn last_number(&self) -> u64 {
        self.0.values().map(|entry| entry.number).max().unwrap_or(0)
    }

    /// The closed months whose corrections belong into an open one: those directly before it.
    ///
    /// # Errors
    /// `overflow` at the end of time.
    pub fn corrected_in(&self, open: Stamp) -> Result<Vec<&Arc<ClosedEntry>>> {
        let mut found = Vec::new();
        let mut start = open;
        for (closed, entry) in self.0.range(..open).rev() {
            if month_of(*closed)?.end() != start {
                break;
            }
            start = *closed;
            found.push(entry);
        }
        found.reverse();
        Ok(found)
    }

    /// What is booked of a month: what it was closed with, and what corrected it since.
    ///
    /// # Errors
    /// `overflow`.
    pub fn booked(&self, start: Stamp) -> Result<Booked> {
        let mut booked = self.get(start).map(|entry| entry.month.booked.clone()).unwrap_or_default();
        let corrections = self.0.values().flat_map(|entry| &entry.month.corrections);
        for (account, costs) in corrections.filter(|(of, _)| *of == start).flat_map(|(_, booked)| booked.iter()) {
            booked.add(*account, costs)?;
        }
        Ok(booked)
    }

    /// What all closed months before one come to, corrections included. Of a closed month only what was closed before
    /// it counts, so that it stays as it is.
    ///
    /// # Errors
    /// `overflow`.
    pub(super) fn opening(&self, start: Stamp) -> Result<Balances> {
        let until = self.get(start).map_or(u64::MAX, |entry| entry.number);
        let mut opening = Balances::new();
        for entry in self.0.range(..start).map(|(_, entry)| entry).filter(|entry| entry.number < until) {
            let corrections = entry.month.corrections.iter().map(|(_, booked)| booked);
            for (account, costs) in std::iter::once(&entry.month.booked).chain(corrections).flat_map(Booked::iter) {
                add(opening.entry((account.currency, account.cost_center_id)).or_default(), costs)?;
            }
        }
        Ok(opening)
    }

    /// The facts of a month, with the centres and rules of earlier closings that are no more: of a closed month as it
    /// was closed, else those given.
    pub fn facts(&self, start: Stamp, present: Facts) -> Facts {
        let own = self.get(start);
        let until = own.map_or(u64::MAX, |entry| entry.number);
        let mut facts = own.map_or(present, |entry| entry.month.facts());
        let mut earlier: Vec<_> = self.0.values().filter(|entry| entry.number < until).collect();
        earlier.sort_by_key(|entry| std::cmp::Reverse(entry.number));
        for month in earlier.into_iter().map(|entry| &entry.month) {
            for center in &month.centers {
                let gone = || CenterFacts { parent: None, ..center.clone() };
                facts.centers.entry(center.id).or_insert_with(gone);
            }
            for rule in &month.rules {
                facts.rules.entry(rule.id).or_insert_with(|| rule.clone());
            }
        }
        facts
    }
}
