//! [`Finops`], the facade: the one place that holds state and calls the rest in order.

mod access;
mod allocation;
mod analysis;
mod anomalies;
mod answer;
mod audit;
mod billing;
mod booking;
mod budgets;
mod calling;
mod catalog;
mod centers;
mod costs;
mod events;
mod explaining;
mod export;
mod forecasting;
mod grants;
mod groups;
mod history;
mod import;
mod meters;
mod models;
mod open;
mod operations;
mod params;
mod prices;
mod recorder;
mod recorder_json;
mod relation;
mod settling;
mod telling;
mod token_prices;
mod usage;
mod usage_intake;
mod virtuals;
mod webhooks;

pub use crate::model::progress::{Observer, Progress};
pub use allocation::{AllocationClose, AllocationClosed, AllocationRuleList};
pub use anomalies::{AnomalyFeedbackGive, AnomalyMonitorList, FeedbackKept, MonitorStanding};
pub use answer::Answer;
pub use audit::{AuditExport, AuditExported, AuditList, AuditVerify};
pub use billing::{BillingClose, BillingPreview, Closed};
pub use budgets::{
    BudgetList, BudgetMade, Decision, Refused, RefusedBy, Released, SpendAnswer, SpendCheck, SpendGuard, SpendRefused,
    SpendRequest, SpendSettled, SpendTerms, UnknownPrice,
};
pub use calling::Operation;
pub use catalog::{CatalogKey, CatalogList, Deleted, Page};
pub use centers::CostCenterList;
pub use events::{EventList, EventPage, Subscription};
pub use export::{ExportReport, Exported, ReportFormat, ReportType, UsageExport};
pub use forecasting::{backtest_series, detect_in_series, forecast_series};
pub use grants::{GrantBalance, GrantBalances, GrantCreate, GrantLeft, GrantList, Overage};
pub use groups::{ResourceGroupList, ResourceGroupSearch};
pub use history::{SnapshotsRequest, VacuumRequest};
pub use import::{ImportCharges, ImportFormat};
pub use meters::MeterList;
pub use models::{LoadModelPrices, LoadedModelPrices, RateModel, UnknownModels};
pub use open::Builder;
pub use operations::operations;
pub use prices::PriceList;
pub use recorder::{Flushing, FullPolicy, Recorder, RecorderOptions, RecorderStats};
pub use relation::{Relation, RelationColumn, SegmentFiles};
pub use settling::{LineFailure, Settlement};
pub use telling::Listener;
pub use usage::{UsageChanged, UsageCorrection, UsageKey, UsageReceipt};
pub use virtuals::VirtualList;
pub use webhooks::{
    DeliveryList, Redelivering, WebhookList, WebhookRedeliver, WebhookRotate, WebhookRun, WebhookWithSecret,
    WebhooksDeliver,
};

use crate::edge::store::Store;
use crate::insight::forecast::Forecaster;
use crate::model::access::Access;
use crate::model::audit::{Action, Change};
use crate::model::id::Entropy;
use crate::model::money::Currency;
use crate::model::time::{Clock, FixedClock, Stamp};
use crate::{Error, ErrorCode, Result};
use serde::{Deserialize, Serialize};
use std::sync::atomic::{AtomicI64, AtomicU64};
use std::sync::{Arc, Mutex};

/// The location of a store that lives and dies with its handle.
pub const IN_MEMORY: &str = ":memory:";

/// A FinOps engine over a store. Cheap to clone; clones share everything.
///
/// ```
/// use finops_core::{CostSummaryRequest, Finops};
///
/// let finops = Finops::open(":memory:")?;
/// let summary = finops.get_cost_summary(&CostSummaryRequest::default())?;
/// assert_eq!(summary.total_cost, None, "nothing was imported: unknown is not zero");
/// # Ok::<(), finops_core::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Finops {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    /// The clock again, when it stands where it was put.
    fixed: Option<Arc<FixedClock>>,
    entropy: Arc<dyn Entropy>,
    /// Whom the log of changes names.
    actor: Arc<str>,
    /// How many groups an answer may be made of.
    max_groups: usize,
    /// The currency of usage that has no price.
    currency: Currency,
    settling: Arc<Due>,
    models: Arc<models::ModelPrices>,
    prices: Arc<prices::Prices>,
    grants: Arc<grants::KnownGrants>,
    /// What this handle may; everything without.
    access: Option<Arc<Access>>,
    centers: Arc<centers::KnownCenters>,
    allocating: Arc<allocation::Allocating>,
    budgets: Arc<budgets::Budgets>,
    /// Who is told of events.
    telling: Arc<webhooks::Telling>,
    groups: Arc<groups::KnownGroups>,
    anomalies: Arc<anomalies::Anomalies>,
    /// A model of the host.
    own_forecaster: Option<Arc<dyn Forecaster>>,
}

/// Whether usage has to become charges before the next query.
#[derive(Debug)]
struct Due {
    /// One at a time.
    alone: Mutex<()>,
    /// How often something came, or prices changed.
    asked: AtomicU64,
    /// How much of that is in the charges.
    done: AtomicU64,
    /// The day of UTC up to which levels are charged.
    day: AtomicI64,
}

impl Due {
    /// Something may have come before the engine was opened.
    fn new(due: bool) -> Self {
        Self {
            alone: Mutex::new(()),
            asked: AtomicU64::new(u64::from(due)),
            done: AtomicU64::new(0),
            day: AtomicI64::new(i64::MAX),
        }
    }
}

/// How many deliveries a tick makes at most.
const TOLD_BY_A_TICK: usize = 100;

/// The time that an engine goes by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Now {
    /// The instant.
    pub now: Stamp,
}

/// What a tick is asked for.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Tick {
    now: Option<Stamp>,
}

impl Tick {
    const FIELDS: &'static [&'static str] = &["now"];
}

impl Finops {
    /// Opens an engine on a folder or on `:memory:`, with the system's clock.
    ///
    /// # Errors
    /// As [`Builder::open`].
    pub fn open(location: &str) -> Result<Self> {
        Self::builder().open(location)
    }

    /// An engine to be put together.
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// Opens an engine with options in JSON, as the bindings do: `{"now": "2024-02-01T00:00:00Z", "read_only": true}`.
    /// The others are `actor`, `max_groups`, `threads`, `cache_bytes`, `usage_memory_bytes`, `currency`,
    /// `budget_lag_seconds`, `webhook_allow_http`, `webhook_allow_private`, `webhook_timeout_seconds` and
    /// `model_timeout_seconds`, which [`Builder`] describes.
    ///
    /// # Errors
    /// `invalid_argument` for an option that does not exist or cannot be read; else as [`Builder::open`].
    pub fn open_with(location: &str, options: serde_json::Value) -> Result<Self> {
        Builder::from_json(options)?.open(location)
    }

    /// Who changes something now, for the log of changes.
    fn change(&self) -> Change {
        let now = self.clock.now();
        match self.access().map(|access| (access.user_id(), access.tenant_id())) {
            Some((Some(user), _)) => Change::new(user, now),
            Some((None, Some(tenant))) => Change::new(format!("tenant:{tenant}"), now),
            _ => Change::new(&*self.actor, now),
        }
    }

    /// Who keeps a version of something now, which may say that it is deleted.
    fn keeping(&self, deleted: bool) -> Change {
        if deleted { self.change().doing(Action::Delete) } else { self.change() }
    }

    /// Moves a fixed clock to `now`, which must not lie before its time; gives the time that it now is. What time
    /// brings about happens here: budgets start anew, what was held too long is let go of, forecasts are made again,
    /// monitors look for anomalies, what of all that somebody wants to be told becomes events, and sinks and webhooks
    /// are told of them, at most 100 deliveries at a time. Nothing happens behind the host's back: call it every few
    /// seconds, from a thread that may wait.
    ///
    /// # Errors
    /// `invalid_argument` when the clock is the system's, or would go back; `storage`.
    pub fn tick(&self, now: Option<Stamp>) -> Result<Now> {
        self.permit("tick")?;
        match (&self.fixed, now) {
            (_, None) => {}
            (Some(clock), Some(now)) => clock.advance_to(now)?,
            (None, Some(_)) => {
                return Err(Error::invalid("now", "the system's clock cannot be moved: open with `now` to fix it"));
            }
        }
        if !self.budgets.only_reads() {
            self.budgets_tick()?;
            self.anomalies_tick()?;
            // Without a transport what is due to webhooks waits; what a receiver does is no failure of the tick.
            self.tell_events(TOLD_BY_A_TICK, &()).map(drop).or_else(unless_conflict)?;
        }
        Ok(Now { now: self.clock.now() })
    }
}

fn unless_conflict(error: Error) -> Result<()> {
    if error.code() == ErrorCode::Conflict { Ok(()) } else { Err(error) }
}
