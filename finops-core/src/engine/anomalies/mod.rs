//! Anomalies of costs, through the engine: finding them and what drove them. What was said of them is in `feedback`,
//! who is told of them in `monitors` and `announcing`.

mod announcing;
mod feedback;
mod looking;
mod monitors;

pub use feedback::{AnomalyFeedbackGive, FeedbackKept};
pub(super) use monitors::{AnomalyMonitorKey, MONITOR_CHANGES};
pub use monitors::{AnomalyMonitorList, MonitorStanding};

use super::{Finops, Observer, Progress};
use crate::Result;
use crate::insight::anomaly::{AnomalyDetector, RobustBaseline};
use crate::insight::cost_anomalies::{AnomaliesRequest, AnomalySearch, AnomalyStatus, CostAnomalies, Found};
use crate::model::progress::watch;
use announcing::LookedAll;
use monitors::Known;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};

/// What the engine keeps in memory about anomalies.
#[derive(Debug)]
pub(super) struct Anomalies {
    detector: Arc<dyn AnomalyDetector>,
    /// Held while a monitor is checked and written.
    changing: Mutex<()>,
    known: Mutex<Known>,
    /// Held by the one who looks for monitors.
    running: Mutex<()>,
    looked: Mutex<LookedAll>,
}

impl Anomalies {
    /// With the detector that the host brought.
    pub(super) fn new(detector: Option<Arc<dyn AnomalyDetector>>) -> Self {
        let detector = detector.unwrap_or_else(|| Arc::new(RobustBaseline));
        let (changing, known, running, looked) = Default::default();
        Self { detector, changing, known, running, looked }
    }

    fn alone(&self) -> MutexGuard<'_, ()> {
        self.changing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn looked(&self) -> MutexGuard<'_, LookedAll> {
        self.looked.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// None while somebody else looks.
    fn run(&self) -> Option<MutexGuard<'_, ()>> {
        match self.running.try_lock() {
            Ok(running) => Some(running),
            Err(TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
            Err(TryLockError::WouldBlock) => None,
        }
    }
}

impl Finops {
    /// Days on which costs were other than expected: what was expected and what was paid, what drove it, whether usage
    /// went along, and what was said of it.
    ///
    /// Days are looked at up to last night; those that bills do not cover as a whole are no evidence. What is known of
    /// 400 days says what is expected, or of as many more as are asked about.
    ///
    /// ```
    /// use finops_core::{Finops, insight::AnomaliesRequest};
    ///
    /// let finops = Finops::builder().now("2024-03-01T12:00:00Z".parse()?).open(":memory:")?;
    /// let mut request = AnomaliesRequest::default();
    /// request.group_by.0 = vec!["service".parse()?];
    /// request.minimum_impact = Some("50".parse()?);
    /// let found = finops.costs_anomalies(&request)?;
    /// assert_eq!((found.count, found.groups_judged), (0, 0), "nothing was imported");
    /// assert_eq!(found.period.end.to_string(), "2024-02-29", "today is not over");
    /// # Ok::<(), finops_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// `invalid_argument` for a request that cannot be answered, among it more than 10,000 groups; else as
    /// [`Finops::get_cost_summary`].
    pub fn costs_anomalies(&self, request: &AnomaliesRequest) -> Result<CostAnomalies> {
        self.costs_anomalies_observed(request, &())
    }

    /// The same with somebody looking on who may stop it.
    ///
    /// # Errors
    /// `cancelled` when the observer asked for it; else as [`Finops::costs_anomalies`].
    pub fn costs_anomalies_observed(
        &self,
        request: &AnomaliesRequest,
        observer: &dyn Observer,
    ) -> Result<CostAnomalies> {
        self.permit("costs.anomalies")?;
        watch(observer, &Progress::default())?;
        let search = AnomalySearch::new(request, self.clock.now())?;
        let snapshot = self.state(request.as_of)?;
        let (mut found, filter) = self.find_anomalies(&search, &snapshot, observer)?;
        let said = self.said_of(&self.narrowing_text(), &found.anomalies)?;
        let is_wanted = |found: &Found| {
            let status = if found.ongoing { AnomalyStatus::Ongoing } else { AnomalyStatus::Ended };
            let given = said.get(&found.id).map(|given| given.feedback);
            request.status.is_none_or(|wanted| wanted == status)
                && request.feedback.is_none_or(|wanted| wanted.takes(given))
        };
        found.anomalies.retain(is_wanted);
        let mut told = Vec::new();
        for anomaly in found.anomalies.iter().take(request.limit()?) {
            told.push(self.tell_anomaly((&search, &found, anomaly), (&snapshot, &filter), &said, observer)?);
        }
        let count = found.anomalies.len();
        Ok(CostAnomalies::new(&search, found, (told, count), self.anomalies.detector.name()))
    }
}
