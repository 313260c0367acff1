//! From settled to written: what was settled is taken, becomes charges elsewhere, and then counts as part of them.

use super::account::Account;
use super::cells::Cells;
use super::scope::Scope;
use super::spender::Spender;
use super::value::Rebase;
use super::{Gate, GateError};
use crate::model::id::{self, Id};
use crate::model::money::Money;
use crate::model::time::Stamp;
use hashbrown::HashMap;
use std::sync::Arc;

/// What was settled since it was last taken. It counts as unwritten until it is handed to
/// [`Gate::rebase`] as written, or to [`Gate::give_back`].
#[must_use = "what was taken must be told to be written, or be given back"]
#[derive(Debug)]
pub struct Taken {
    scopes: Vec<(Arc<Spender>, Cells)>,
}

/// What was settled of a scope in a quarter of an hour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TakenCell<'a> {
    /// The ids and tags, and the currency.
    pub scope: &'a Scope,
    /// When the quarter of an hour starts.
    pub start: Stamp,
    /// The sum of what was settled.
    pub amount: Money,
    /// How many settled it.
    pub count: u64,
}

impl Taken {
    /// Whether nothing was settled.
    pub fn is_empty(&self) -> bool {
        self.scopes.is_empty()
    }

    /// The sums, in no order, each scope and quarter of an hour once.
    pub fn cells(&self) -> impl Iterator<Item = TakenCell<'_>> {
        self.scopes.iter().flat_map(|(spender, cells)| {
            cells.iter().filter_map(|cell| {
                // A quarter starts within 15 minutes before an instant that is in range.
                let start = Stamp::from_micros(cell.start).ok()?;
                let amount = Money::from_mantissa(cell.amount);
                Some(TakenCell { scope: spender.scope(), start, amount, count: cell.count })
            })
        })
    }
}

impl Gate {
    /// Takes what was settled since, to be written as charges.
    ///
    /// # Errors
    /// [`GateError::Taken`] while what was taken before is neither written nor given back.
    pub fn take(&self) -> Result<Taken, GateError> {
        let mut admin = self.admin.lock();
        if admin.taken {
            return Err(GateError::Taken);
        }
        let mut scopes = Vec::new();
        self.spenders.each(|spender| {
            let mut books = spender.lock();
            if !books.open.is_empty() {
                books.taken = std::mem::take(&mut books.open);
                scopes.push((Arc::clone(spender), books.taken.clone()));
            }
        });
        admin.taken = !scopes.is_empty();
        Ok(Taken { scopes })
    }

    /// Takes back what could not be written: it is settled and unwritten as before.
    pub fn give_back(&self, taken: Taken) {
        let mut admin = self.admin.lock();
        for (spender, _) in taken.scopes {
            let mut books = spender.lock();
            let cells = std::mem::take(&mut books.taken);
            books.open.absorb(&cells);
        }
        admin.taken = false;
    }

    /// Tells budgets what they allow and what their charges come to, each account at once.
    ///
    /// With what was `taken` and is written now, the charges told must include what was made of it. Accounts that are
    /// not told add it to what their charges came to. Without, they must include nothing that is taken.
    pub fn rebase(&self, bases: &[Rebase], taken: Option<Taken>) {
        let mut admin = self.admin.lock();
        let mut written: HashMap<Id<id::Budget>, (Arc<Account>, Cells)> = HashMap::new();
        if let Some(taken) = taken {
            admin.taken = false;
            for (spender, cells) in taken.scopes {
                let mut books = spender.lock();
                books.taken = Cells::default();
                for cover in books.route.iter().filter(|cover| !cover.foreign) {
                    let new = || (Arc::clone(&cover.account), Cells::default());
                    written.entry(cover.account.id()).or_insert_with(new).1.absorb(&cells);
                }
            }
        }
        let index = self.index.read();
        for base in bases {
            let Some(known) = index.get(base.id) else { continue };
            let written = written.remove(&base.id);
            let mut ledger = known.account.lock();
            if let Some((_, cells)) = written {
                ledger.written(&cells);
            }
            ledger.set(base.limits, base.spent);
        }
        for (account, cells) in written.into_values() {
            account.lock().written(&cells);
        }
    }
}
