//! Announcing anomalies: what monitors find that is news becomes events, each once.
//!
//! What is found follows from the charges alone, and so do the ids. That an anomaly was announced is written together
//! with its event, so that neither a crash nor somebody else who looks at the same time tells it twice, and what was
//! not told yet is found again by whoever looks next. Each narrowing is told for itself, though the ids are the same.

use super::feedback::Said;
use super::monitors::{MonitorId, asked_by};
use crate::edge::store::{KeptAnnouncement, Snapshot};
use crate::engine::Finops;
use crate::insight::cost_anomalies::{AnomalySearch, CostAnomaly, Found};
use crate::model::anomaly::{AnomalyMonitor, Feedback};
use crate::model::dimension::Dimension;
use crate::model::event::{AnomalyCause, AnomalyNotice, AnomalyValue, EventKind, OutboxEvent};
use crate::model::id::{self, Id};
use crate::model::money::Currency;
use crate::model::time::Stamp;
use crate::{Error, ErrorCode, Result, insight};
use chrono::NaiveDate;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// How many anomalies of a monitor are announced at a time, those of the largest impact. The next tick goes on.
const AT_ONCE: usize = 100;
/// For how many monitors a tick looks at most: the others have their turn in the next.
const LOOKS: usize = 64;
/// How long a monitor waits, in microseconds, before it looks again where neither a day has ended nor one was filled:
/// at charges that changed, or at the same ones when it could not be told last time.
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
    /// Whether it found more than is announced at a time, so that the rest is still to be told.
    is_cut: bool,
    pub(super) at: Stamp,
    pub(super) error: Option<String>,
}

impl Looked {
    /// Whether to look again: there was more to tell, the monitor was changed, a day has ended or was filled up, or an
    /// hour has passed and charges changed or the look failed, which need not be for what was looked at.
    fn is_stale(&self, now: &Self) -> bool {
        let is_hour_later = now.at.micros() - self.at.micros() >= HOUR;
        self.is_cut
            || (&self.monitor, self.today, self.covered) != (&now.monitor, now.today, now.covered)
            || (is_hour_later && (self.snapshot != now.snapshot || self.error.is_some()))
    }
}

impl Finops {
    /// Lets monitors look that have something new to look at, so many at most. Whoever comes meanwhile goes on without
    /// waiting.
    pub(in crate::engine) fn anomalies_tick(&self) -> Result<()> {
        let monitors = self.known_monitors()?.all();
        if !monitors.iter().any(|monitor| monitor.enabled) {
            return Ok(());
        }
        let Some(_running) = self.anomalies.run() else { return Ok(()) };
        let snapshot = self.state(None)?;
        for mut look in self.due(&monitors, &snapshot)? {
            let request = asked_by(&look.monitor);
            let search = AnomalySearch::new(&request, self.clock.now())?.up_to_bills();
            let mut is_late = false;
            match self.look_for(&look.monitor, &search, &snapshot) {
                Ok(is_cut) => look.is_cut = is_cut,
                Err(error) if error.code() == ErrorCode::Storage || stops(&error) => return Err(error),
                // What one monitor cannot be told is for itself to answer for: the others go on.
                Err(error) => {
                    is_late = error.code() == ErrorCode::Cancelled;
                    look.error = Some(error.to_string());
                }
            }
            self.anomalies.looked().insert(look.monitor.id, look);
            // A detector that gave no answer in time would keep each of the others waiting as long, and all that the
            // tick has to do beside. The next tick goes on with another monitor.
            if is_late {
                break;
            }
        }
        Ok(())
    }

    /// The looks that are to be taken now: first of monitors that never had one, then of those that wait longest.
    fn due(&self, monitors: &[Arc<AnomalyMonitor>], snapshot: &Snapshot) -> Result<Vec<Looked>> {
        let mut due = Vec::new();
        let looked = self.anomalies.looked();
        for monitor in monitors.iter().filter(|monitor| monitor.enabled) {
            let request = asked_by(monitor);
            let search = AnomalySearch::new(&request, self.clock.now())?.up_to_bills();
            let look = Looked {
                monitor: Arc::clone(monitor),
                snapshot: snapshot.id,
                today: search.today(),
                covered: search.covered(snapshot.reach()),
                is_cut: false,
                at: self.clock.now(),
                error: None,
            };
            let before = looked.get(&monitor.id);
            if before.is_none_or(|before| before.is_stale(&look)) {
                due.push((before.map(|before| before.at), look));
            }
        }
        due.sort_by_key(|(before, _)| *before);
        Ok(due.into_iter().take(LOOKS).map(|(_, look)| look).collect())
    }

    /// Announces what a monitor finds that is news; says whether there is more of it.
    fn look_for(&self, monitor: &AnomalyMonitor, search: &AnomalySearch<'_>, snapshot: &Snapshot) -> Result<bool> {
        let (found, filter) = self.find_anomalies(search, snapshot, &())?;
        let Some(earliest) = found.anomalies.iter().map(|found| found.id).min() else { return Ok(false) };
        // What moved, and what is so close to where it was that it could be what moved.
        let before = earliest.time()?.micros() - 2 * MOVED * 24 * HOUR;
        let narrowing = monitor.narrowing.text();
        let known = Told::new(self.store.announced(&narrowing, Stamp::from_micros(before)?)?, &found.anomalies);
        let said = self.said_of(&narrowing, &found.anomalies)?;
        let mut waiting = found.anomalies.iter().filter(|anomaly| is_news(anomaly, &known, &said));
        let mut news = Vec::new();
        for anomaly in waiting.by_ref().take(AT_ONCE) {
            let told = self.tell_anomaly((search, &found, anomaly), (snapshot, &filter), &said, &())?;
            let mut random = [0; 10];
            self.entropy.fill(&mut random)?;
            let now = self.clock.now();
            let notice = notice(monitor, &told, found.currency);
            let event = OutboxEvent::new(Id::new(now, random), EventKind::AnomalyDetected, now, &notice)?;
            let kept = KeptAnnouncement {
                anomaly: told.id,
                narrowing: narrowing.clone(),
                direction: told.direction,
                monitor: monitor.id,
                at: now,
            };
            news.push((kept, event));
        }
        if !news.is_empty() {
            self.store.announce(&news)?;
        }
        Ok(waiting.next().is_some())
    }
}

/// Whether whoever called asks for the tick to stop. What names a field is a detector that gave no answer in time.
fn stops(error: &Error) -> bool {
    error.code() == ErrorCode::Cancelled && error.field().is_none()
}

/// Whether anybody is to be told of an anomaly.
fn is_news(found: &Found, told: &Told, said: &Said) -> bool {
    let is_expected = |id: Id<id::Anomaly>| said.get(&id).is_some_and(|given| given.feedback == Feedback::Expected);
    !is_expected(found.id) && found.recurs(&is_expected).is_none() && !told.knows(found)
}

/// What a narrowing was told of, beside what exists now.
#[derive(Debug)]
struct Told {
    announced: Vec<KeptAnnouncement>,
    /// The anomalies that were told of under these very ids.
    ids: HashSet<Id<id::Anomaly>>,
    /// The first and the last day of what exists now, as days since 1970: what was found, and the like of it in all the
    /// history, however small. Of the like only the first day is known.
    existing: HashMap<Id<id::Anomaly>, (i64, i64)>,
}

impl Told {
    fn new(announced: Vec<KeptAnnouncement>, found: &[Found]) -> Self {
        let ids = announced.iter().map(|kept| kept.anomaly).collect();
        let kin = found.iter().flat_map(|found| found.kin.iter().map(|(id, _, _)| (*id, 0)));
        // What was found comes after its kin, so that its last day counts where both name it.
        let own = found.iter().map(|found| (found.id, found.end.signed_duration_since(found.start).num_days()));
        let days = |(id, more)| first_day(id).map(|first| (id, (first, first + more)));
        Self { announced, ids, existing: kin.chain(own).filter_map(days).collect() }
    }

    /// Whether somebody was told of an anomaly, under its id or before its first day moved.
    fn knows(&self, found: &Found) -> bool {
        self.ids.contains(&found.id) || self.announced.iter().any(|kept| self.has_moved(kept, found))
    }

    /// Whether what was announced is this anomaly, with another first day since bills were restated: nothing has its
    /// own id any more, and this one is the nearest of its scope and direction that was not announced itself. What
    /// comes beside it is another one, however close.
    fn has_moved(&self, kept: &KeptAnnouncement, found: &Found) -> bool {
        let is_of_scope = kept.anomaly.has_same_random(found.id) && kept.direction == found.direction;
        if !is_of_scope || self.existing.contains_key(&kept.anomaly) {
            return false;
        }
        let (Some(day), Some(&(first, last))) = (first_day(kept.anomaly), self.existing.get(&found.id)) else {
            return false;
        };
        let is_near = (-MOVED..=MOVED.max(last - first)).contains(&(day - first));
        // Of two as far away, the earlier one.
        let away = |(first, last): (i64, i64)| {
            let days = if (first..=last).contains(&day) { 0 } else { (day - first).abs() };
            (days, first)
        };
        let is_nearer = |id: &Id<id::Anomaly>| {
            !self.ids.contains(id) && self.existing.get(id).is_some_and(|days| away(*days) < away((first, last)))
        };
        is_near && !found.kin.iter().any(|(id, _, _)| is_nearer(id))
    }
}

/// The first day of an anomaly, as days since 1970: its id has the start of that day.
fn first_day(id: Id<id::Anomaly>) -> Option<i64> {
    id.time().ok().map(|start| start.micros().div_euclid(24 * HOUR))
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
pub(super) type LookedAll = HashMap<MonitorId, Looked>;
