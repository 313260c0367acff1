//! The gate: whether a spend may happen, decided in memory over all budgets that cover it, all or none.
//!
//! ```text
//! check, reserve ->  base + unwritten + pending + amount <= limit, in each account that covers the scope
//! settle         ->  pending to unwritten;  release, expiry -> pending to nothing
//! take ... write ... rebase:  unwritten to base, when what was settled has become charges
//! ```
//!
//! Nothing here reads a clock, a file or a random number: ids and the time are passed in. What was reserved lives in
//! memory only; whoever reserved it died with the process.
//!
//! # Lanes
//! Everything is there several times over, once for each *lane*, with one lock for all of a lane. A thread uses the
//! lane it prefers, another one while that is taken. A lane has a share of what is left of each budget, its *room*:
//!
//! ```text
//! room of lane 0 + room of lane 1 + ... = limit - base - unwritten - pending
//! ```
//!
//! What fits the rooms of one lane is decided there, and no other processor is asked for a line of its cache. What does
//! not is decided with all lanes locked, in their order: exactly, and what is left is shared out anew. So are
//! definitions, states, expiries, and all that concerns a budget of which more is used than allowed. A refusal is never
//! decided by one lane.
//!
//! Locks are taken in this order, and only in this order, so that nobody waits in a circle: what is *taken*, the lanes
//! from the first to the last, the *book* of accounts and definitions.
//!
//! A reservation has expired at the instant its time is over, for every reader: who decides over all lanes lets go of
//! all that has run out first, and what one lane grants would be granted with that too.

mod account;
mod all;
mod cells;
mod census;
mod deadlines;
mod defining;
mod error;
mod holds;
mod index;
mod lane;
mod ledger;
mod memory;
mod posting;
mod reserving;
mod scope;
mod scopes;
mod value;
mod writing;

pub use census::{AccountCensus, Census, ReservationCensus};
pub use error::GateError;
pub use scope::{Scope, Spend};
pub use value::{AccountState, Closed, Covering, Limits, Rebase, Refusal, Reserved, Resolution, Settled, Terms};
pub use value::{Verdict, ZeroCost};
pub use writing::{Taken, TakenCell};

use crate::model::dimension::BuiltIn;
use crate::model::id::{self, Id};
use crate::model::time::Stamp;
use crate::pipeline::sync::{LANES, Mutex, MutexGuard, RwLock, own_lane, prefer_lane};
use all::{All, Book};
use hashbrown::DefaultHashBuilder;
use index::Index;
use lane::Lane;

/// The gate; shared by reference between threads.
#[derive(Debug)]
pub struct Gate {
    /// Whether something was taken and is neither written nor given back.
    taken: Mutex<bool>,
    lanes: [Mutex<Lane>; LANES],
    book: RwLock<Book>,
    hasher: DefaultHashBuilder,
}

impl Default for Gate {
    fn default() -> Self {
        Self::new(Vec::new())
    }
}

impl Gate {
    /// A gate without budgets. Every charge that comes of what it settles has the `constants`, such as the name of its
    /// billing account, and budgets may ask for them.
    pub fn new(constants: Vec<(BuiltIn, String)>) -> Self {
        let hasher = DefaultHashBuilder::default();
        let book = Book { index: Index::new(constants.into()), ..Book::default() };
        Self {
            taken: Mutex::default(),
            lanes: std::array::from_fn(|_| Mutex::new(Lane::new(hasher.clone()))),
            book: RwLock::new(book),
            hasher,
        }
    }

    /// What stands on the account of a budget at `now`; none for a budget that the gate does not have.
    pub fn state(&self, budget: Id<id::Budget>, now: Stamp) -> Option<AccountState> {
        let mut all = self.all();
        all.sweep(now.micros());
        let account = all.book.index.get(budget)?.account;
        all.sums(account).map(|(account, sums)| account.state(sums))
    }

    /// A lane: the one that this thread prefers, else any that is free, which it prefers from then on, else its own
    /// when that is free.
    fn enter(&self) -> (usize, MutexGuard<'_, Lane>) {
        let own = own_lane();
        let mut lanes = (0..LANES).map(|step| (own + step) % LANES);
        let free = lanes.find_map(|number| Some((number, self.lanes.get(number)?.try_lock()?)));
        let Some((number, lane)) = free else { return self.enter_at(own) };
        if number != own {
            prefer_lane(number);
        }
        (number, lane)
    }

    fn enter_at(&self, number: usize) -> (usize, MutexGuard<'_, Lane>) {
        let [first, ..] = &self.lanes;
        (number, self.lanes.get(number).unwrap_or(first).lock())
    }

    /// Everything, with nobody else in.
    fn all(&self) -> All<'_> {
        All { lanes: self.lanes.iter().map(Mutex::lock).collect(), book: self.book.write() }
    }
}
