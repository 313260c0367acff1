//! Announcing anomalies: what monitors find that is news becomes events, each once.
//!
//! What is found follows from the charges alone, and so do the ids. That an anomaly was announced is written together
//! with its event, so that neither a crash nor somebody else who looks at the same time tells it twice, and what was
//! not told yet is found again by whoever looks next.

use super::feedback::Said;
use super::monitors::{MonitorId, asked_by};
use crate::Result;
use crate::edge::store::{KeptAnnouncement, Snapshot};
use crate::engine::Finops;
use crate::insight::cost_anomalies::{AnomalySearch, CostAnomaly, Found};
use crate::model::anomaly::{AnomalyMonitor, Feedback};
use crate::model::dimension::Dimension;
use crate::model::event::{AnomalyCause, AnomalyNotice, AnomalyValue, EventKind, OutboxEvent};
use crate::model::id::{self, Id};
use crate::model::money::Currency;
use crate::model::time::Stamp;
use crate::{ErrorCode, insight};
use chrono::NaiveDate;
use std::sync::Arc;

/// How many anomalies of a monitor are announced at a time, those of the largest impact. Others wait for the next look.
const AT_ONCE: usize = 100;
/// How long a monitor waits, in microseconds, before it looks again where neither a day has ended nor one was filled.
const HOUR: i64 = 3_600_000_000;
/// By how many days the first day of an anomaly may move when bills are restated, so that it is still the same.
const MOVED: i64 = 3;

/// What the last look of a monitor went by, and what came of it.
#[derive(Debug, Clone)]
pub(super) struct Looked {
    monitor: Arc<AnomalyMonitor>,
    snapshot: u64,
    today: NaiveDate,
    /// How many days bills cover as a whole.
    covered: usize,
    pub(super) at: Stamp,
    pub(super) error: Option<String>,
}

impl Looked {
    /// Whether to look again: the monitor was changed, a day has ended or was filled up, or charges changed and an hour
    /// has passed.
    fn is_stale(&self, now: &Self) -> bool {
        (&self.monitor, self.today, self.covered) != (&now.monitor, now.today, now.covered)
            || (self.snapshot != now.snapshot && now.at.micros() - self.at.micros() >= HOUR)
    }
}

impl Finops {
    /// Lets each monitor look that has something new to look at. Whoever comes meanwhile goes on without waiting.
    pub(in crate::engine) fn anomalies_tick(&self) -> Result<()> {
        let monitors = self.known_monitors()?.all();
        if !monitors.iter().any(|monitor| monitor.enabled) {
            return Ok(());
        }
        let Some(_running) = self.anomalies.run() else { return Ok(()) };
        let snapshot = self.state(None)?;
        for monitor in monitors.iter().filter(|monitor| monitor.enabled) {
            let request = asked_by(monitor);
            let search = AnomalySearch::new(&request, self.clock.now())?.up_to_bills();
            let mut look = Looked {
                monitor: Arc::clone(monitor),
                snapshot: snapshot.id,
                today: search.today(),
                covered: search.covered(snapshot.reach()),
                at: self.clock.now(),
                error: None,
            };
            if self.anomalies.looked().get(&monitor.id).is_some_and(|before| !before.is_stale(&look)) {
                continue;
            }
            match self.look_for(monitor, &search, &snapshot) {
                Ok(()) => {}
                Err(error) if error.code() == ErrorCode::Storage => return Err(error),
                // What one monitor cannot be told is for itself to answer for: the others go on.
                Err(error) => look.error = Some(error.to_string()),
            }
            self.anomalies.looked().insert(monitor.id, look);
        }
        Ok(())
    }

    /// Announces what a monitor finds that is news.
    fn look_for(&self, monitor: &AnomalyMonitor, search: &AnomalySearch<'_>, snapshot: &Snapshot) -> Result<()> {
        let (found, filter) = self.find_anomalies(search, snapshot, &())?;
        let Some(earliest) = found.anomalies.iter().map(|found| found.id).min() else { return Ok(()) };
        let before = earliest.time()?.micros() - MOVED * 24 * HOUR;
        let announced = self.store.announced(Stamp::from_micros(before)?)?;
        let said = self.feedback_of(&monitor.narrowing.text())?;
        let mut news = Vec::new();
        for anomaly in found.anomalies.iter().filter(|anomaly| is_news(anomaly, &announced, &said)).take(AT_ONCE) {
            let told = self.tell_anomaly((search, &found, anomaly), (snapshot, &filter), &said, &())?;
            let mut random = [0; 10];
            self.entropy.fill(&mut random)?;
            let now = self.clock.now();
            let notice = notice(monitor, &told, found.currency);
            let event = OutboxEvent::new(Id::new(now, random), EventKind::AnomalyDetected, now, &notice)?;
            news.push((KeptAnnouncement { anomaly: told.id, monitor: monitor.id, at: now }, event));
        }
        if news.is_empty() { Ok(()) } else { self.store.announce(&news).map(drop) }
    }
}

/// Whether anybody is to be told of an anomaly.
fn is_news(found: &Found, announced: &[KeptAnnouncement], said: &Said) -> bool {
    let is_expected = |id: Id<id::Anomaly>| said.get(&id).is_some_and(|given| given.feedback == Feedback::Expected);
    let is_same = |kept: &KeptAnnouncement| {
        let Ok(start) = kept.anomaly.time() else { return false };
        let days = (start.micros() - found.id.time().unwrap_or(start).micros()) / (24 * HOUR);
        kept.anomaly.has_same_random(found.id)
            && (-MOVED..=MOVED.max(found.end.signed_duration_since(found.start).num_days())).contains(&days)
    };
    !is_expected(found.id) && found.recurs(&is_expected).is_none() && !announced.iter().any(is_same)
}

/// An anomaly as events tell of it.
fn notice(monitor: &AnomalyMonitor, told: &CostAnomaly, currency: Option<Currency>) -> AnomalyNotice {
    let value = |dimension: &Dimension, value: Option<&str>| AnomalyValue {
        dimension: dimension.to_string(),
        value: value.map(str::to_owned),
    };
    let cause = |driver: &insight::cost_anomalies::AnomalyDriver| AnomalyCause {
        value: value(&driver.dimension, driver.value.as_deref()),
        impact: driver.impact,
        share: driver.share,
    };
    AnomalyNotice {
        anomaly_id: told.id,
        monitor_id: monitor.id,
        monitor_name: monitor.name.clone(),
        tenant_id: monitor.narrowing.tenant_id.clone(),
        organization_id: monitor.narrowing.organization_id.clone(),
        user_id: monitor.narrowing.user_id.clone(),
        start: told.start,
        end: told.end,
        duration_days: told.duration_days,
        group: told.group.iter().map(|group| value(&group.dimension, group.value.as_deref())).collect(),
        kind: told.kind.as_str().to_owned(),
        direction: told.direction.as_str().to_owned(),
        currency,
        view: monitor.view.as_str().to_owned(),
        expected: told.expected,
        actual: told.actual,
        impact: told.impact,
        score: told.score,
        ongoing: told.ongoing,
        drivers: told.drivers.iter().map(cause).collect(),
        changed_with_usage: told.usage.as_ref().and_then(|usage| usage.changed_with_usage),
    }
}

/// What each monitor last went by.
pub(super) type LookedAll = std::collections::HashMap<MonitorId, Looked>;
