//! Everything that the gate holds, in an order that does not depend on anything but that: for tests, and for those who
//! look for what went wrong.

use super::holds::State;
use super::value::{AccountState, Resolution};
use super::{Gate, Scope};
use crate::model::id::{self, Id};
use crate::model::money::Money;
use std::collections::BTreeMap;

/// All that the gate holds, at one instant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Census {
    /// By id.
    pub accounts: Vec<AccountCensus>,
    /// What is no charge yet, by scope and by the start of its quarter of an hour in microseconds: the sum, and how
    /// many settled it.
    pub unwritten: BTreeMap<(Scope, i64), (Money, u64)>,
    /// By id.
    pub reservations: Vec<ReservationCensus>,
    /// How many scopes there are, how many places for reservations, and for their deadlines: what memory goes by.
    pub places: (usize, usize, usize),
}

/// The account of a budget.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountCensus {
    /// The budget.
    pub id: Id<id::Budget>,
    /// Its figures.
    pub state: AccountState,
    /// What its charges come to.
    pub base: Option<Money>,
}

/// A reservation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReservationCensus {
    /// The reservation.
    pub id: Id<id::Reservation>,
    /// What was asked for and when it runs out, in microseconds; none when it is over.
    pub held: Option<(Money, i64)>,
    /// What became of it; none while it is held or refused.
    pub resolution: Option<Resolution>,
    /// Whether it was refused.
    pub refused: bool,
}

impl Gate {
    /// Counts everything.
    pub fn census(&self) -> Census {
        let all = self.all();
        let numbers = all.book.index.ids().filter_map(|id| Some(all.book.index.get(id)?.account));
        let accounts = numbers.filter_map(|at| all.sums(at)).map(|(account, sums)| AccountCensus {
            id: account.id,
            state: account.state(sums),
            base: account.base,
        });
        let mut census = Census {
            accounts: accounts.collect(),
            unwritten: BTreeMap::new(),
            reservations: Vec::new(),
            places: (0, 0, 0),
        };
        for lane in &all.lanes {
            for (spender, cells) in lane.scopes.unwritten() {
                for cell in cells.iter() {
                    let sum = census.unwritten.entry((spender.scope().clone(), cell.start)).or_default();
                    sum.0 = Money::from_mantissa(sum.0.mantissa().saturating_add(cell.amount));
                    sum.1 = sum.1.saturating_add(cell.count);
                }
            }
            census.reservations.extend(lane.holds.iter().map(|entry| ReservationCensus {
                id: entry.id,
                held: Some((Money::from_mantissa(entry.asked.amount), entry.asked.expires)),
                resolution: None,
                refused: matches!(entry.state, State::Refused(_)),
            }));
            census.reservations.extend(lane.holds.over.iter().map(|(id, resolution)| ReservationCensus {
                id,
                held: None,
                resolution: Some(resolution),
                refused: false,
            }));
            let (entries, deadlines) = lane.holds.places();
            let (scopes, before, due) = census.places;
            census.places = (scopes + lane.scopes.len(), before + entries, due + deadlines);
        }
        census.accounts.sort_unstable_by_key(|account| account.id);
        census.reservations.sort_unstable_by_key(|reservation| reservation.id);
        census
    }
}
