//! Monitors of anomalies: who wants to be told of which. What they find is announced in `announcing`.

use super::announcing::Looked;
use crate::edge::store::{Defined, Definition};
use crate::engine::params::parse;
use crate::engine::{Deleted, Finops, Page};
use crate::insight::cost_anomalies::{AnomaliesRequest, AnomalySearch};
use crate::insight::request::{DEFAULT_LIMIT, page};
use crate::model::access::{Access, Narrowing};
use crate::model::anomaly::{AnomalyMonitor, AnomalyMonitorCreate, MAX_MONITORS};
use crate::model::dimension::Dimension;
use crate::model::id::{self, Id};
use crate::model::time::Stamp;
use crate::{Error, ErrorCode, Result};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, MutexGuard};

pub(super) type MonitorId = Id<id::AnomalyMonitor>;

/// The fields of a change, as `anomaly_monitors.update` takes them.
pub(in crate::engine) const MONITOR_CHANGES: &[&str] = &[
    "id",
    "name",
    "filter",
    "group_by",
    "threshold",
    "minimum_impact",
    "days",
    "view",
    "currency",
    "exchange_rates",
    "time_zone",
    "enabled",
];

/// The monitor that is meant.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::engine) struct AnomalyMonitorKey {
    pub(in crate::engine) id: MonitorId,
}

impl AnomalyMonitorKey {
    pub(in crate::engine) const FIELDS: &'static [&'static str] = &["id"];
}

/// Which monitors to list.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AnomalyMonitorList {
    /// How many, 1 to 1000; by default 20.
    pub limit: Option<i64>,
    /// How many to leave out before.
    pub offset: Option<i64>,
}

impl AnomalyMonitorList {
    pub(in crate::engine) const FIELDS: &'static [&'static str] = &["limit", "offset"];
}

/// A monitor, and how it went with it last.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct MonitorStanding {
    /// The monitor.
    #[serde(flatten)]
    pub monitor: AnomalyMonitor,
    /// When this engine last looked for it; none when it has not yet.
    pub looked_at: Option<Stamp>,
    /// Why it could not be told anything then; none when it could.
    pub error: Option<String>,
}

/// A monitor as the store keeps it.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct KeptMonitor {
    /// Those that were made later have higher ones, also when the clock stands.
    number: u64,
    monitor: AnomalyMonitor,
    deleted: bool,
}

/// The monitors that were read.
#[derive(Debug, Default)]
pub(super) struct Known {
    /// Up to which change.
    change: u64,
    /// The highest number that any ever had.
    number: u64,
    held: BTreeMap<u64, Arc<AnomalyMonitor>>,
}

impl Known {
    /// All of them, in the order of their making.
    pub(super) fn all(&self) -> Vec<Arc<AnomalyMonitor>> {
        self.held.values().cloned().collect()
    }
}

impl Finops {
    /// Makes a monitor and gives it back. From the next tick on, anomalies that it finds become events of kind
    /// `finops.anomaly.detected`, each once. On a narrowed handle it watches what is the handle's.
    ///
    /// ```
    /// use finops_core::Finops;
    /// use finops_core::model::anomaly::AnomalyMonitorCreate;
    ///
    /// let finops = Finops::open(":memory:")?;
    /// let mut form = AnomalyMonitorCreate::new("Services");
    /// form.group_by.0 = vec!["service".parse()?];
    /// form.minimum_impact = "100".parse()?;
    /// let made = finops.anomaly_monitors_create(form)?;
    /// assert_eq!(finops.anomaly_monitors_get(made.monitor.id)?, made);
    /// # Ok::<(), finops_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// `invalid_argument` with the field for what no monitor can be, a virtual dimension that is not there among it;
    /// `conflict` beyond 1,000 monitors of the tenant, those of organizations within it among them, or else of the
    /// organization, or of the platform; and on a handle for reading.
    pub fn anomaly_monitors_create(&self, form: AnomalyMonitorCreate) -> Result<MonitorStanding> {
        self.permit("anomaly_monitors.create")?;
        let _alone = self.anomalies.alone();
        let narrowing = self.access().map(Access::narrowing).unwrap_or_default();
        let number = {
            let known = self.known_monitors()?;
            let owner = Owner::of(&narrowing);
            let own = known.held.values().filter(|monitor| Owner::of(&monitor.narrowing) == owner);
            if own.count() >= MAX_MONITORS {
                let message = format!(
                    "{owner} has {MAX_MONITORS} monitors already, counting those of parts of it: delete one first, or \
                     have one watch more by `group_by`"
                );
                return Err(Error::new(ErrorCode::Conflict, message));
            }
            known.number + 1
        };
        let mut random = [0; 10];
        self.entropy.fill(&mut random)?;
        let now = self.clock.now();
        let monitor = form.into_monitor(Id::new(now, random), narrowing, now)?;
        self.keep_monitor(number, monitor)
    }

    /// A monitor.
    ///
    /// # Errors
    /// `not_found`.
    pub fn anomaly_monitors_get(&self, id: MonitorId) -> Result<MonitorStanding> {
        self.permit("anomaly_monitors.get")?;
        self.own_monitor(id).map(|(_, monitor)| self.standing_of(&monitor))
    }

    /// A page of monitors in the order of their making. On a narrowed handle, those that were made on such a one.
    ///
    /// ```
    /// use finops_core::engine::AnomalyMonitorList;
    ///
    /// let finops = finops_core::Finops::open(":memory:")?;
    /// assert_eq!(finops.anomaly_monitors_list(&AnomalyMonitorList::default())?.count, 0);
    /// # Ok::<(), finops_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// `invalid_argument` for a limit outside 1 to 1000 or a negative offset.
    pub fn anomaly_monitors_list(&self, request: &AnomalyMonitorList) -> Result<Page<MonitorStanding>> {
        self.permit("anomaly_monitors.list")?;
        let (limit, offset) = page(request.limit, request.offset)?;
        let limit = limit.unwrap_or(DEFAULT_LIMIT);
        let all = self.known_monitors()?.all();
        let own: Vec<_> = all.iter().filter(|monitor| self.sees_monitor(monitor)).collect();
        let size = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
        let (count, limit_size, offset_size) = (size(own.len()), size(limit), size(offset));
        let items = own.into_iter().skip(offset).take(limit).map(|monitor| self.standing_of(monitor)).collect();
        Ok(Page { count, limit: limit_size, offset: offset_size, items })
    }

    /// Changes a monitor and gives it back: the given fields take the place of what it says, null takes them back.
    ///
    /// ```
    /// use finops_core::Finops;
    /// use finops_core::model::anomaly::AnomalyMonitorCreate;
    /// use serde_json::json;
    ///
    /// let finops = Finops::open(":memory:")?;
    /// let made = finops.anomaly_monitors_create(AnomalyMonitorCreate::new("All"))?;
    /// let changed = finops.anomaly_monitors_update(made.monitor.id, json!({"threshold": "3", "enabled": false}))?;
    /// assert_eq!((changed.monitor.threshold.to_string(), changed.monitor.enabled), ("3".to_owned(), false));
    /// # Ok::<(), finops_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// `not_found`; else as [`Finops::anomaly_monitors_create`].
    pub fn anomaly_monitors_update(&self, id: MonitorId, changes: Value) -> Result<MonitorStanding> {
        self.permit("anomaly_monitors.update")?;
        let Value::Object(changes) = changes else {
            let message = "a change is an object such as {\"enabled\": false}";
            return Err(Error::new(ErrorCode::InvalidArgument, message));
        };
        let _alone = self.anomalies.alone();
        let (number, before) = self.own_monitor(id)?;
        let form: AnomalyMonitorCreate = parse(Value::Object(merged(&before, changes)?))?;
        let monitor = form.into_monitor(id, before.narrowing.clone(), before.created_at)?;
        self.keep_monitor(number, AnomalyMonitor { updated_at: self.clock.now(), ..monitor })
    }

    /// Removes a monitor. What it announced stays announced.
    ///
    /// # Errors
    /// `not_found`; `conflict` on a handle for reading.
    pub fn anomaly_monitors_delete(&self, id: MonitorId) -> Result<Deleted> {
        self.permit("anomaly_monitors.delete")?;
        let _alone = self.anomalies.alone();
        let (number, monitor) = self.own_monitor(id)?;
        self.write_monitor(&KeptMonitor { number, monitor: AnomalyMonitor::clone(&monitor), deleted: true })?;
        self.anomalies.looked().remove(&id);
        Ok(Deleted { deleted: true })
    }

    /// The monitors that look at a virtual dimension, as a sentence names them.
    pub(in crate::engine) fn monitors_looking_at(&self, name: &str) -> Result<Vec<String>> {
        let is_named = |monitor: &Arc<AnomalyMonitor>| {
            let mut dimensions: Vec<&Dimension> = monitor.group_by.0.iter().collect();
            monitor.filter.dimensions(&mut dimensions);
            dimensions.iter().any(|dimension| matches!(dimension, Dimension::Virtual(known) if known == name))
        };
        let all = self.known_monitors()?.all().into_iter();
        Ok(all.filter(is_named).map(|monitor| format!("the monitor '{}'", monitor.name)).collect())
    }

    /// Writes a monitor that can be asked for.
    fn keep_monitor(&self, number: u64, monitor: AnomalyMonitor) -> Result<MonitorStanding> {
        let request = asked_by(&monitor);
        let mut question = AnomalySearch::new(&request, self.clock.now())?.question();
        // Virtual dimensions that it names must be there.
        self.complete(std::slice::from_mut(&mut question))?;
        let kept = KeptMonitor { number, monitor, deleted: false };
        self.write_monitor(&kept)?;
        Ok(self.standing_of(&kept.monitor))
    }

    fn write_monitor(&self, kept: &KeptMonitor) -> Result<()> {
        let body = serde_json::to_string(kept).map_err(|error| Error::new(ErrorCode::Storage, error.to_string()))?;
        let definition = (kept.monitor.id.to_string(), body);
        self.store.put_definitions(Defined::AnomalyMonitor, &[definition], &self.keeping(kept.deleted)).map(drop)
    }

    fn standing_of(&self, monitor: &AnomalyMonitor) -> MonitorStanding {
        let (looked_at, error) = match self.anomalies.looked().get(&monitor.id) {
            Some(Looked { at, error, .. }) => (Some(*at), error.clone()),
            None => (None, None),
        };
        MonitorStanding { monitor: monitor.clone(), looked_at, error }
    }

    /// Whether this handle has a monitor: it was made on one that is narrowed in the same way.
    fn sees_monitor(&self, monitor: &AnomalyMonitor) -> bool {
        self.access().filter(|access| access.is_narrowed()).is_none_or(|access| access.narrowing() == monitor.narrowing)
    }

    fn own_monitor(&self, id: MonitorId) -> Result<(u64, Arc<AnomalyMonitor>)> {
        let known = self.known_monitors()?;
        let mut found = known.held.iter().filter(|(_, monitor)| monitor.id == id && self.sees_monitor(monitor));
        let unknown = || Error::new(ErrorCode::NotFound, format!("there is no monitor '{id}'")).with_field("id");
        found.next().map(|(number, monitor)| (*number, Arc::clone(monitor))).ok_or_else(unknown)
    }

    /// The monitors as they were last read, with what changed since.
    pub(super) fn known_monitors(&self) -> Result<MutexGuard<'_, Known>> {
        let mut known = self.anomalies.known();
        for definition in self.store.definitions_since(Defined::AnomalyMonitor, known.change)? {
            let KeptMonitor { number, monitor, deleted } = read(&definition)?;
            known.number = known.number.max(number);
            known.change = known.change.max(definition.change);
            if deleted {
                known.held.remove(&number);
            } else {
                known.held.insert(number, Arc::new(monitor));
            }
        }
        Ok(known)
    }
}

/// To whom a monitor counts. Those of a tenant count together, also where they are narrowed further.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Owner<'n> {
    Tenant(&'n str),
    Organization(&'n str),
    Platform,
}

impl<'n> Owner<'n> {
    fn of(narrowing: &'n Narrowing) -> Self {
        match (&narrowing.tenant_id, &narrowing.organization_id) {
            (Some(tenant), _) => Self::Tenant(tenant),
            (None, Some(organization)) => Self::Organization(organization),
            (None, None) => Self::Platform,
        }
    }
}

impl fmt::Display for Owner<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tenant(id) => write!(f, "the tenant '{id}'"),
            Self::Organization(id) => write!(f, "the organization '{id}'"),
            Self::Platform => f.write_str("the platform"),
        }
    }
}

/// What a monitor looks for, as somebody would ask for it.
pub(super) fn asked_by(monitor: &AnomalyMonitor) -> AnomaliesRequest {
    AnomaliesRequest {
        days: Some(monitor.days.into()),
        threshold: Some(monitor.threshold),
        minimum_impact: Some(monitor.minimum_impact),
        group_by: monitor.group_by.clone(),
        filter: monitor.scope(),
        currency: monitor.currency,
        view: monitor.view,
        exchange_rates: monitor.exchange_rates.clone(),
        time_zone: monitor.time_zone,
        ..AnomaliesRequest::default()
    }
}

/// What a monitor says, as a caller would give it, with the changes in their places.
fn merged(before: &AnomalyMonitor, changes: Map<String, Value>) -> Result<Map<String, Value>> {
    let Ok(Value::Object(mut form)) = serde_json::to_value(AnomalyMonitorCreate::of(before)) else {
        return Err(Error::new(ErrorCode::Storage, format!("{} cannot be written down", before.id)));
    };
    form.extend(changes);
    form.retain(|_, value| !value.is_null());
    Ok(form)
}

fn read(definition: &Definition) -> Result<KeptMonitor> {
    serde_json::from_str(&definition.body)
        .map_err(|error| Error::new(ErrorCode::Storage, format!("a monitor in the store cannot be read: {error}")))
}
