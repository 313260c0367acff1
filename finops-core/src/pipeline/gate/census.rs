//! Everything that the gate holds, in an order that does not depend on anything but that: for tests, and for those who
//! look for what went wrong.

use super::cells::Cells;
use super::holds::State;
use super::value::{AccountState, Resolution};
use super::{Gate, Scope};
use crate::model::id::{self, Id};
use crate::model::money::Money;

/// All that the gate holds. Parts of it are read one after the other; it is one state only while nobody calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Census {
    /// By id.
    pub accounts: Vec<AccountCensus>,
    /// Those with anything unwritten, in their order.
    pub scopes: Vec<ScopeCensus>,
    /// By id.
    pub reservations: Vec<ReservationCensus>,
    /// How many scopes there are, how many places for reservations, and for their deadlines: what memory goes by.
    pub places: (usize, usize, usize),
}

/// Quarters of an hour by their start in microseconds, with the sum and how many settled it.
type Quarters = Vec<(i64, Money, u64)>;

/// The account of a budget.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountCensus {
    /// The budget.
    pub id: Id<id::Budget>,
    /// Its figures.
    pub state: AccountState,
    /// What its charges come to.
    pub base: Option<Money>,
    /// What is no charge yet, in any period.
    pub unwritten: Quarters,
}

/// What is unwritten of a scope.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScopeCensus {
    /// The ids and tags, and the currency.
    pub scope: Scope,
    /// What was settled since it was last taken.
    pub open: Quarters,
    /// What was taken to be written.
    pub taken: Quarters,
}

/// A reservation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReservationCensus {
    /// The reservation.
    pub id: Id<id::Reservation>,
    /// What was asked for.
    pub amount: Money,
    /// When it runs out, in microseconds.
    pub expires: i64,
    /// What became of it; none while it is held or refused.
    pub resolution: Option<Resolution>,
    /// Whether it was refused.
    pub refused: bool,
}

impl Gate {
    /// Counts everything.
    pub fn census(&self) -> Census {
        let mut accounts: Vec<_> = self.index.read().iter().map(|known| known.account.clone()).collect();
        accounts.sort_unstable_by_key(|account| account.id());
        let account = |account: &std::sync::Arc<super::account::Account>| {
            let ledger = account.lock();
            let (state, base) = (ledger.state(), ledger.base());
            AccountCensus { id: account.id(), state, base, unwritten: quarters(ledger.unwritten()) }
        };
        let accounts = accounts.iter().map(account).collect();
        let (mut scopes, mut count) = (Vec::new(), 0_usize);
        self.spenders.each(|spender| {
            count += 1;
            let books = spender.lock();
            if !books.open.is_empty() || !books.taken.is_empty() {
                let (open, taken) = (quarters(&books.open), quarters(&books.taken));
                scopes.push(ScopeCensus { scope: spender.scope().clone(), open, taken });
            }
        });
        scopes.sort_unstable_by(|one, two| one.scope.cmp(&two.scope));
        let (mut reservations, mut places) = (Vec::new(), (count, 0, 0));
        self.holds.each(|shard| {
            let (entries, deadlines) = shard.places();
            places = (places.0, places.1 + entries, places.2 + deadlines);
            reservations.extend(shard.iter().map(|entry| ReservationCensus {
                id: entry.id,
                amount: Money::from_mantissa(entry.amount),
                expires: entry.expires,
                resolution: entry.state.resolution(),
                refused: matches!(entry.state, State::Refused(_)),
            }));
        });
        reservations.sort_unstable_by_key(|reservation| reservation.id);
        Census { accounts, scopes, reservations, places }
    }
}

fn quarters(cells: &Cells) -> Quarters {
    let all = cells.iter().map(|cell| (cell.start, Money::from_mantissa(cell.amount), cell.count));
    let mut all: Vec<_> = all.collect();
    all.sort_unstable();
    all
}
