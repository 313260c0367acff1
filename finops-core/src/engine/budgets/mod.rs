//! Budgets, through the engine: what they are, what they have spent, and the gate that goes by it.
//!
//! ```text
//! charges --question--> spent --rebase--> gate --state--> assess --one transaction--> alerts and their events
//!    ▲                                     │
//!    └────────── write what was settled ───┘
//! ```
//!
//! Whoever evaluates budgets or writes what was settled holds one lock, so that what the gate is told of charges and
//! what it holds itself always belong together. Evaluating looks at the whole state and not at what changed: whatever
//! was missed, by a crash or while the store was busy, is made good by the next evaluation, and nothing is told twice.

mod answers;
mod at_once;
mod changing;
mod evaluating;
mod guard;
mod known;
mod listing;
mod observing;
mod outlooks;
mod pool;
mod request;
mod spending;
mod writing;

pub use answers::{BudgetMade, Decision, Refused, RefusedBy, Released, SpendAnswer, SpendCheck, SpendSettled};
pub(super) use changing::{BUDGET_CHANGES, BUDGET_FIELDS};
pub use guard::{SpendGuard, SpendRefused};
pub(super) use listing::BudgetKey;
pub use listing::BudgetList;
pub(super) use request::{ReservationKey, SettleRequest};
pub use request::{SpendRequest, UnknownPrice};
pub use spending::SpendTerms;

use crate::edge::store::Store;
use crate::insight::spend_forecast::SpendModel;
use crate::model::dimension::BuiltIn;
use crate::model::id::{self, Entropy, Id};
use crate::model::time::{Clock, Stamp};
use crate::pipeline::budget::SpendForecaster;
use crate::pipeline::charging::{GATE_ACCOUNT, SPEND_VALUES};
use crate::pipeline::gate::Gate;
use evaluating::Looked;
use known::Known;
use pool::Pool;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

type ReservationId = Id<id::Reservation>;

/// How long metered usage may wait before budgets see it, in microseconds.
pub(super) const LAG: i64 = 1_000_000;

/// What it takes to write charges.
#[derive(Debug)]
pub(super) struct Means {
    pub(super) store: Arc<dyn Store>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) entropy: Arc<dyn Entropy>,
}

/// After how long a call of the gate writes what was settled, in microseconds: so much a crash can lose.
const WRITTEN_AFTER: i64 = 10_000_000;

/// Budgets as they were last read and evaluated, and the gate.
#[derive(Debug)]
pub(super) struct Budgets {
    means: Means,
    known: Mutex<Known>,
    /// Held by whoever evaluates, or writes what was settled.
    looked: Mutex<Looked>,
    gate: Gate,
    pool: Pool,
    forecaster: Arc<dyn SpendForecaster>,
    /// How often charges or definitions changed in this process.
    changed: AtomicU64,
    /// How much of that the last evaluation of all budgets has seen.
    seen: AtomicU64,
    /// When that was, in microseconds since 1970.
    looked_at: AtomicI64,
    /// How long usage may wait before it is looked at again, in microseconds.
    lag: i64,
    /// When something that was settled was last written, in microseconds since 1970.
    written_at: AtomicI64,
    /// Whether something was settled that is no charge yet.
    unwritten: AtomicBool,
    /// Whether somebody looks at all of them because something has come.
    looking: AtomicBool,
    /// Whether somebody is to be told of what was settled.
    alerted: AtomicBool,
    /// Whether there is any budget.
    any: AtomicBool,
    /// Whether the engine was opened for reading: then there is no gate.
    reads_only: bool,
}

impl Budgets {
    pub(super) fn new(means: Means, lag: i64, reads_only: bool, forecaster: Option<Arc<dyn SpendForecaster>>) -> Self {
        let values = SPEND_VALUES.map(|(dimension, value)| (dimension, value.to_owned()));
        let account = [(BuiltIn::Account, GATE_ACCOUNT.to_owned())];
        Self {
            means,
            known: Mutex::default(),
            looked: Mutex::default(),
            gate: Gate::new(values.into_iter().chain(account).collect()),
            pool: Pool::default(),
            forecaster: forecaster.unwrap_or_else(|| Arc::new(SpendModel::default())),
            // The first call that needs them looks at what the store holds.
            changed: AtomicU64::new(1),
            seen: AtomicU64::new(0),
            looked_at: AtomicI64::new(i64::MIN),
            lag,
            written_at: AtomicI64::new(0),
            unwritten: AtomicBool::new(false),
            looking: AtomicBool::new(false),
            alerted: AtomicBool::new(false),
            reads_only,
            any: AtomicBool::new(true),
        }
    }

    /// The budgets as they were last read. Nobody waits for the store while this is held.
    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Nobody else evaluates or writes while this is held.
    fn looked(&self) -> MutexGuard<'_, Looked> {
        self.looked.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the engine was opened for reading.
    pub(super) const fn only_reads(&self) -> bool {
        self.reads_only
    }

    /// Says that charges or definitions are others than before.
    pub(super) fn have_changed(&self) {
        self.changed.fetch_add(1, Ordering::AcqRel);
    }

    /// Whether something changed since all budgets were last looked at.
    fn is_behind(&self) -> bool {
        self.seen.load(Ordering::Acquire) < self.changed.load(Ordering::Acquire)
    }

    /// Whether this process has looked at all of them not even once.
    fn were_never_looked_at(&self) -> bool {
        self.looked_at.load(Ordering::Acquire) == i64::MIN
    }

    /// Whether usage that waits has waited long enough. A clock that went back says nothing of that.
    fn is_time(&self, now: Stamp) -> bool {
        let looked_at = self.looked_at.load(Ordering::Acquire);
        now.micros().saturating_sub(self.lag) >= looked_at || now.micros() < looked_at
    }

    /// Whether something was settled so long ago that it is to be written.
    fn has_to_write(&self, now: Stamp) -> bool {
        let written_at = self.written_at.load(Ordering::Acquire);
        let is_long_ago = now.micros().saturating_sub(WRITTEN_AFTER) >= written_at || now.micros() < written_at;
        is_long_ago && self.unwritten.load(Ordering::Acquire)
    }
}
