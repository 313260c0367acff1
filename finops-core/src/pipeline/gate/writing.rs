//! From settled to written: what was settled is taken, becomes charges elsewhere, and then counts as part of them.

use super::cells::Cells;
use super::lane::{own, place};
use super::scope::Scope;
use super::value::Rebase;
use super::{Gate, GateError};
use crate::model::money::Money;
use crate::model::time::Stamp;
use hashbrown::HashMap;

/// What was settled since it was last taken. It counts as unwritten until it is handed to
/// [`Gate::rebase`] as written, or to [`Gate::give_back`].
#[must_use = "what was taken must be told to be written, or be given back"]
#[derive(Debug)]
pub struct Taken {
    scopes: Vec<(Scope, Cells)>,
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

    /// The sums, by scope and then in no order, each quarter of an hour once; several times where they would come to
    /// 10^20 together, which no charge holds.
    pub fn cells(&self) -> impl Iterator<Item = TakenCell<'_>> {
        self.scopes.iter().flat_map(|(scope, cells)| {
            cells.iter().filter_map(move |cell| {
                // A quarter starts within 15 minutes before an instant that is in range.
                let start = Stamp::from_micros(cell.start).ok()?;
                Some(TakenCell { scope, start, amount: Money::from_mantissa(cell.amount), count: cell.count })
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
        let mut taken = self.taken.lock();
        if *taken {
            return Err(GateError::Taken);
        }
        let mut scopes: HashMap<Scope, Cells> = HashMap::new();
        for lane in &self.lanes {
            lane.lock().scopes.take(|scope, cells| match scopes.get_mut(scope) {
                Some(sum) => sum.absorb(cells),
                None => drop(scopes.insert(scope.clone(), cells.clone())),
            });
        }
        *taken = !scopes.is_empty();
        let mut scopes: Vec<_> = scopes.into_iter().collect();
        scopes.sort_unstable_by(|one, two| one.0.cmp(&two.0));
        Ok(Taken { scopes })
    }

    /// Takes back what could not be written: it is settled and unwritten as before.
    pub fn give_back(&self, taken: Taken) {
        let mut out = self.taken.lock();
        self.lanes.iter().for_each(|lane| lane.lock().scopes.give_back());
        drop(taken);
        *out = false;
    }

    /// Tells budgets what they allow and what their charges come to, at once for all who ask.
    ///
    /// With what was `taken` and is written now, the charges told must include what was made of it. Accounts that are
    /// not told add it to what their charges came to. Without, they must include nothing that is taken.
    pub fn rebase(&self, bases: &[Rebase], taken: Option<Taken>) {
        let mut out = self.taken.lock();
        let mut all = self.all();
        let mut told = Vec::with_capacity(bases.len());
        let mut written: HashMap<u32, Cells> = HashMap::new();
        if taken.map(drop).is_some() {
            *out = false;
            for lane in &mut all.lanes {
                lane.scopes.written(|covers, cells| {
                    own(covers).for_each(|cover| written.entry(cover.account).or_default().absorb(cells));
                });
            }
        }
        for (at, cells) in written {
            let Some(account) = all.book.accounts.get_mut(place(at)) else { continue };
            let inside = cells.iter().filter(|cell| account.counts(cell.start)).map(|cell| cell.amount);
            let base = account.base.and_then(|base| inside.into_iter().try_fold(base.mantissa(), i128::checked_add));
            account.base = base.map(Money::from_mantissa);
            told.push(at);
        }
        for base in bases {
            let Some(at) = all.book.index.get(base.id).map(|known| known.account) else { continue };
            if let Some(account) = all.book.accounts.get_mut(place(at)) {
                (account.limits, account.base) = (base.limits, base.spent);
            }
            told.push(at);
        }
        all.recount(&told);
    }
}
