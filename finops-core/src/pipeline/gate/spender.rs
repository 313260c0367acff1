//! Scopes that were met: which accounts cover each, and what was settled for it and is no charge yet.

use super::account::Account;
use super::cells::Cells;
use super::scope::{Scope, Spend};
use crate::pipeline::sync::{AtomicI64, Mutex, MutexGuard, Ordering, RwLock, SHARDS};
use hashbrown::HashTable;
use std::sync::Arc;

/// How many scopes without anything unwritten and without a reservation are kept, about.
const KEPT: usize = 65_536;

/// An account that covers a scope.
#[derive(Debug, Clone)]
pub(super) struct Cover {
    pub(super) account: Arc<Account>,
    /// The version of the account that was found to cover the scope.
    pub(super) version: u32,
    /// It counts in another currency, so that nothing can be held or posted there.
    pub(super) foreign: bool,
}

/// The accounts that cover a scope, in the order of their ids.
pub(super) type Route = Arc<[Cover]>;

/// A scope and what is known of it.
#[derive(Debug)]
pub(super) struct Spender {
    scope: Scope,
    hash: u64,
    /// Whether it was asked for since somebody looked for scopes to forget; 1 and 0.
    used: AtomicI64,
    books: Mutex<Books>,
}

/// What changes about a scope.
#[derive(Debug)]
pub(super) struct Books {
    pub(super) route: Route,
    /// What was settled since it was last taken.
    pub(super) open: Cells,
    /// What was taken to be written.
    pub(super) taken: Cells,
}

impl Spender {
    fn new(scope: Scope, hash: u64, route: Route) -> Self {
        let books = Books { route, open: Cells::default(), taken: Cells::default() };
        Self { scope, hash, used: AtomicI64::new(1), books: Mutex::new(books) }
    }

    pub(super) const fn scope(&self) -> &Scope {
        &self.scope
    }

    /// Locked before any account.
    pub(super) fn lock(&self) -> MutexGuard<'_, Books> {
        self.books.lock()
    }
}

/// All scopes, in parts with a lock each.
#[derive(Debug)]
pub(super) struct Spenders {
    shards: Box<[RwLock<Shard>]>,
    kept: usize,
}

#[derive(Debug, Default)]
struct Shard {
    table: HashTable<Arc<Spender>>,
    /// How many there may be before some are forgotten.
    room: usize,
}

impl Default for Spenders {
    fn default() -> Self {
        Self::keeping(KEPT)
    }
}

impl Spenders {
    /// A table that keeps about so many scopes that nothing hangs on.
    pub(super) fn keeping(kept: usize) -> Self {
        let kept = kept.div_ceil(SHARDS);
        let shard = || RwLock::new(Shard { table: HashTable::new(), room: kept });
        Self { shards: (0..SHARDS).map(|_| shard()).collect(), kept }
    }

    /// The shard of a hash. The table within it goes by the lower bits, and keeps the highest seven.
    fn shard(&self, hash: u64) -> Option<&RwLock<Shard>> {
        let at = usize::try_from(hash >> 40).unwrap_or(0) & (SHARDS - 1);
        self.shards.get(at)
    }

    pub(super) fn find(&self, hash: u64, spend: &Spend<'_>) -> Option<Arc<Spender>> {
        let shard = self.shard(hash)?.read();
        let found = shard.table.find(hash, |spender| spender.hash == hash && spender.scope.is_of(spend))?;
        if found.used.load(Ordering::Relaxed) == 0 {
            found.used.store(1, Ordering::Relaxed);
        }
        Some(Arc::clone(found))
    }

    /// Keeps a scope, unless another thread was faster; some that nothing hangs on may be forgotten for it.
    pub(super) fn insert(&self, scope: Scope, hash: u64, route: Route) -> Arc<Spender> {
        let new = Spender::new(scope, hash, route);
        let Some(shard) = self.shard(hash) else { return Arc::new(new) };
        let mut shard = shard.write();
        if let Some(found) = shard.table.find(hash, |spender| spender.hash == hash && spender.scope == new.scope) {
            return Arc::clone(found);
        }
        if shard.table.len() >= shard.room {
            shard.table.retain(|spender| !forgettable(spender));
            // Twice what had to stay, so that looking for what may go costs little for each that comes.
            shard.room = self.kept.max(shard.table.len().saturating_mul(2));
        }
        let new = Arc::new(new);
        shard.table.insert_unique(hash, Arc::clone(&new), |spender| spender.hash);
        new
    }

    /// Every scope there is when its part is looked at.
    pub(super) fn each(&self, mut visit: impl FnMut(&Arc<Spender>)) {
        for shard in &self.shards {
            let all: Vec<Arc<Spender>> = shard.read().table.iter().map(Arc::clone).collect();
            all.iter().for_each(&mut visit);
        }
    }
}

/// Whether nothing hangs on a scope and nobody asked for it lately; what was asked for has another round.
fn forgettable(spender: &Arc<Spender>) -> bool {
    // Only the table has it: no reservation, no call, nothing taken. None can come while the table is locked.
    let idle = Arc::strong_count(spender) == 1;
    let used = spender.used.load(Ordering::Relaxed) != 0;
    spender.used.store(0, Ordering::Relaxed);
    idle && !used && {
        let books = spender.lock();
        books.open.is_empty() && books.taken.is_empty()
    }
}
