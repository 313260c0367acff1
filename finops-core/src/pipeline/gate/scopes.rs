//! The scopes that were met in a lane: which accounts cover each, and what was settled for it and is no charge yet.

use super::cells::Cells;
use super::lane::{number, place};
use super::scope::{Owners, Scope, Spend};
use hashbrown::{DefaultHashBuilder, HashTable};
use smallvec::SmallVec;

/// How many scopes that nothing hangs on a lane keeps, about.
const KEPT: usize = 32_768;

/// An account that covers a scope.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Cover {
    pub(super) account: u32,
    /// It counts in another currency, so that nothing can be reserved or posted there.
    pub(super) foreign: bool,
}

/// The accounts that cover a scope, in the order of the ids of their budgets.
pub(super) type Covers = SmallVec<[Cover; 4]>;

/// A scope and what is known of it.
#[derive(Debug)]
pub(super) struct Spender {
    hash: u64,
    covers: Covers,
    scope: Scope,
    owners: Owners,
    /// What was settled since it was last taken.
    open: Cells,
    /// What was taken to be written.
    taken: Option<Box<Cells>>,
    /// How many reservations go by it, with those that expired and may be settled yet.
    uses: u32,
    /// Whether it was asked for since somebody looked for scopes to forget.
    recent: bool,
}

/// The scopes of a lane.
#[derive(Debug, Default)]
pub(super) struct Scopes {
    table: HashTable<u32>,
    spenders: Vec<Spender>,
    free: Vec<u32>,
    /// Those with something open, and those with something taken.
    open: Vec<u32>,
    taken: Vec<u32>,
    /// How many there may be before some are forgotten.
    room: usize,
    hasher: DefaultHashBuilder,
}

impl Scopes {
    /// The hasher is that by which owners are told apart.
    pub(super) fn new(hasher: DefaultHashBuilder) -> Self {
        Self { hasher, ..Self::default() }
    }

    pub(super) fn find(&mut self, hash: u64, spend: &Spend<'_>) -> Option<u32> {
        let Self { table, spenders, .. } = self;
        let same = |at: &u32| {
            let spender = spenders.get(place(*at));
            spender.is_some_and(|spender| spender.hash == hash && spender.scope.is_of(spend))
        };
        let at = *table.find(hash, same)?;
        if let Some(spender) = spenders.get_mut(place(at))
            && !spender.recent
        {
            spender.recent = true;
        }
        Some(at)
    }

    /// Keeps a scope that is not known; some that nothing hangs on may be forgotten for it.
    pub(super) fn insert(&mut self, scope: Scope, hash: u64, covers: Covers) -> u32 {
        if self.table.len() >= self.room.max(KEPT) {
            self.forget();
        }
        let owners = Owners::of(scope.ids(), &self.hasher);
        let new = Spender { hash, covers, scope, owners, open: Cells::default(), taken: None, uses: 0, recent: true };
        let at = if let Some(at) = self.free.pop() {
            if let Some(old) = self.spenders.get_mut(place(at)) {
                *old = new;
            }
            at
        } else {
            self.spenders.push(new);
            number(self.spenders.len() - 1)
        };
        let spenders = &self.spenders;
        self.table.insert_unique(hash, at, |at| spenders.get(place(*at)).map_or(0, |spender| spender.hash));
        at
    }

    /// Forgets what nothing hangs on and nobody asked for lately; what was asked for has another round.
    fn forget(&mut self) {
        let Self { table, spenders, free, .. } = self;
        table.retain(|at| {
            let Some(spender) = spenders.get_mut(place(*at)) else { return false };
            let stays = std::mem::take(&mut spender.recent) || spender.hangs();
            if !stays {
                free.push(*at);
            }
            stays
        });
        // Twice what had to stay, so that looking for what may go costs little for each that comes.
        self.room = self.table.len().saturating_mul(2);
    }

    pub(super) fn covers(&self, at: u32) -> &[Cover] {
        self.spenders.get(place(at)).map_or(&[], |spender| &spender.covers)
    }

    /// A scope, by which something goes.
    pub(super) fn get(&self, at: u32) -> Option<&Spender> {
        self.spenders.get(place(at))
    }

    /// Counts a reservation that goes by the scope.
    pub(super) fn uses(&mut self, at: u32) {
        if let Some(spender) = self.spenders.get_mut(place(at)) {
            spender.uses = spender.uses.saturating_add(1);
        }
    }

    /// Counts one that goes by it no more.
    pub(super) fn unused(&mut self, at: u32) {
        if let Some(spender) = self.spenders.get_mut(place(at)) {
            spender.uses = spender.uses.saturating_sub(1);
        }
    }

    /// Adds what was settled; false, and nothing is changed, where the sum does not fit.
    pub(super) fn post(&mut self, at: u32, start: i64, amount: i128) -> bool {
        let Some(spender) = self.spenders.get_mut(place(at)) else { return false };
        let first = spender.open.is_empty();
        let fits = spender.open.add(start, amount, 1);
        if first && fits {
            self.open.push(at);
        }
        fits
    }

    /// Takes what is open, and says what that is.
    pub(super) fn take(&mut self, mut each: impl FnMut(&Scope, &Cells)) {
        for at in std::mem::take(&mut self.open) {
            let Some(spender) = self.spenders.get_mut(place(at)) else { continue };
            let cells = std::mem::take(&mut spender.open);
            each(&spender.scope, &cells);
            spender.taken = Some(Box::new(cells));
            self.taken.push(at);
        }
    }

    /// What was taken is open again.
    pub(super) fn give_back(&mut self) {
        for at in std::mem::take(&mut self.taken) {
            let Some(spender) = self.spenders.get_mut(place(at)) else { continue };
            if spender.open.is_empty() {
                self.open.push(at);
            }
            if let Some(cells) = spender.taken.take() {
                spender.open.absorb(&cells);
            }
        }
    }

    /// What was taken is written.
    pub(super) fn written(&mut self, mut each: impl FnMut(&[Cover], &Cells)) {
        for at in std::mem::take(&mut self.taken) {
            let Some(spender) = self.spenders.get_mut(place(at)) else { continue };
            if let Some(cells) = spender.taken.take() {
                each(&spender.covers, &cells);
            }
        }
    }

    /// All that is unwritten.
    pub(super) fn unwritten(&self) -> impl Iterator<Item = (&Spender, &Cells)> {
        let spender = |at: &u32| self.spenders.get(place(*at));
        let open = self.open.iter().filter_map(spender).map(|spender| (spender, &spender.open));
        let taken = self.taken.iter().filter_map(spender);
        open.chain(taken.filter_map(|spender| Some((spender, spender.taken.as_deref()?))))
    }

    /// Gives scopes other accounts, and says which they had before.
    pub(super) fn recover(
        &mut self,
        mut covers: impl FnMut(&Spender) -> Option<Covers>,
        mut before: impl FnMut(u32, Covers),
    ) {
        for at in &self.table {
            let Some(spender) = self.spenders.get_mut(place(*at)) else { continue };
            if let Some(new) = covers(spender) {
                before(*at, std::mem::replace(&mut spender.covers, new));
            }
        }
    }

    pub(super) fn len(&self) -> usize {
        self.table.len()
    }
}

impl Spender {
    pub(super) const fn scope(&self) -> &Scope {
        &self.scope
    }

    pub(super) const fn owners(&self) -> Owners {
        self.owners
    }

    pub(super) fn covers(&self) -> &[Cover] {
        &self.covers
    }

    fn hangs(&self) -> bool {
        self.uses > 0 || !self.open.is_empty() || self.taken.is_some()
    }
}
