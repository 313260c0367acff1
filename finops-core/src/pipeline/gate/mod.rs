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
//! Locks are taken in this order, and only in this order, so that nobody waits in a circle: *admin* (definitions, and
//! what is written), a part of the reservations, the index of budgets, a part of the scopes, one scope, and its
//! accounts in the order of their ids. A call holds all accounts of a spend at once: it judges them, then changes all
//! or none. Nothing that every call takes is one lock for all.
//!
//! An account has at any time what is unwritten of the scopes that it covers. When a definition changes, the scopes
//! are gone through one by one, each under its lock; spends that meet the account meanwhile wait until that is done.
//!
//! A reservation has expired at the instant its time is over, for every reader: one mark says before which instant
//! nothing runs out, and whoever comes later lets go of all that has before it reads.

mod account;
mod cells;
mod census;
mod deadlines;
mod defining;
mod error;
mod holds;
mod index;
mod posting;
mod reserving;
mod scope;
mod spender;
mod value;
mod writing;

pub use census::{AccountCensus, Census, ReservationCensus, ScopeCensus};
pub use error::GateError;
pub use scope::{Scope, Spend};
pub use value::{AccountState, Closed, Covering, Limits, Rebase, Refusal, Reserved, Resolution, Settled, Terms};
pub use value::{Verdict, ZeroCost};
pub use writing::{Taken, TakenCell};

use crate::model::dimension::BuiltIn;
use crate::model::id::{self, Id};
use crate::model::time::Stamp;
use crate::pipeline::sync::{Mutex, RwLock};
use hashbrown::DefaultHashBuilder;
use holds::Holds;
use index::Index;
use spender::{Spender, Spenders};
use std::sync::Arc;

/// The gate; shared by reference between threads.
#[derive(Debug)]
pub struct Gate {
    admin: Mutex<Admin>,
    index: RwLock<Index>,
    spenders: Spenders,
    holds: Holds,
    hasher: DefaultHashBuilder,
}

/// What belongs to those who define budgets and write what was settled; they come one after the other.
#[derive(Debug, Default)]
struct Admin {
    /// Something was taken and is neither written nor given back.
    taken: bool,
}

/// Why a call has to start over. It has changed nothing and holds no lock.
enum Again {
    /// Something has run out.
    Sweep,
    /// A definition is being changed.
    Wait,
    /// The call failed.
    Failed(GateError),
}

impl From<GateError> for Again {
    fn from(error: GateError) -> Self {
        Self::Failed(error)
    }
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
        Self {
            admin: Mutex::default(),
            index: RwLock::new(Index::new(constants.into())),
            spenders: Spenders::default(),
            holds: Holds::default(),
            hasher: DefaultHashBuilder::default(),
        }
    }

    /// What stands on the account of a budget at `now`; none for a budget that the gate does not have.
    pub fn state(&self, budget: Id<id::Budget>, now: Stamp) -> Option<AccountState> {
        let account = Arc::clone(&self.index.read().get(budget)?.account);
        self.again(now, || {
            let ledger = account.lock();
            if self.holds.is_due(now.micros()) {
                return Err(Again::Sweep);
            }
            Ok(ledger.state())
        })
        .ok()
    }

    /// Tries until nothing is in the way.
    fn again<T>(&self, now: Stamp, mut attempt: impl FnMut() -> Result<T, Again>) -> Result<T, GateError> {
        loop {
            match attempt() {
                Ok(answer) => return Ok(answer),
                Err(Again::Sweep) => self.holds.sweep(now.micros()),
                // Whoever changes the definition holds this lock until it is changed.
                Err(Again::Wait) => drop(self.admin.lock()),
                Err(Again::Failed(error)) => return Err(error),
            }
        }
    }

    /// The scope of a spend, looked up, or made with the accounts that cover it.
    fn spender(&self, spend: &Spend<'_>, hash: u64) -> Result<Arc<Spender>, GateError> {
        if let Some(found) = self.spenders.find(hash, spend) {
            return Ok(found);
        }
        let scope = Scope::new(spend)?;
        // Held until the scope is in the table: a definition that changes then finds it there.
        let index = self.index.read();
        let route = index.route(&scope);
        Ok(self.spenders.insert(scope, hash, route))
    }
}
