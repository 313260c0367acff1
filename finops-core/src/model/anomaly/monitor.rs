//! Monitors: which anomalies somebody wants to be told of.

use crate::model::access::Narrowing;
use crate::model::charge::CostView;
use crate::model::dimension::GroupBy;
use crate::model::filter::Filter;
use crate::model::id::{self, Id};
use crate::model::money::{Currency, Money, Quantity, Rates};
use crate::model::time::{Stamp, Zone};
use crate::{Error, Result};
use serde::{Deserialize, Serialize};

/// How many monitors there may be of a tenant, of an organization that is in none, or of the platform.
pub const MAX_MONITORS: usize = 1_000;
/// How long a name may be, in bytes.
const MAX_NAME_BYTES: usize = 512;
/// How many days a monitor looks back at most.
const MAX_DAYS: u16 = 365;
/// The largest threshold that makes sense.
const MAX_THRESHOLD: i64 = 100;

/// Who watches for anomalies, and for which.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct AnomalyMonitor {
    /// Its id.
    pub id: Id<id::AnomalyMonitor>,
    /// What people call it. 1 to 512 bytes.
    pub name: String,
    /// Which charges it watches.
    pub filter: Filter,
    /// What it watches one by one.
    pub group_by: GroupBy,
    /// How far from the expected a day must lie, in half-widths of the 95 % band: above 0 and up to 100.
    pub threshold: Quantity,
    /// What an anomaly must cost or save to be told.
    pub minimum_impact: Money,
    /// It tells of anomalies that touch the last so many days that bills cover: 1 to 365.
    pub days: u16,
    /// Which cost it looks at.
    pub view: CostView,
    /// The currency of the amounts; the one that all charges have where none is given.
    pub currency: Option<Currency>,
    /// What other currencies are worth in that.
    pub exchange_rates: Rates,
    /// Where days begin.
    pub time_zone: Zone,
    /// Whether it watches.
    pub enabled: bool,
    /// Whose costs it watches: what the handle was narrowed to that made it.
    #[serde(flatten)]
    pub narrowing: Narrowing,
    /// When it was made.
    pub created_at: Stamp,
    /// When it last changed.
    pub updated_at: Stamp,
}

impl AnomalyMonitor {
    /// Which charges it watches, with what it is narrowed to.
    pub fn scope(&self) -> Filter {
        Filter::All(self.narrowing.filter().into_iter().chain([self.filter.clone()]).collect())
    }
}

/// A monitor that is to be made: [`AnomalyMonitor`] without what the engine gives.
///
/// ```
/// use finops_core::model::anomaly::AnomalyMonitorCreate;
///
/// let monitor: AnomalyMonitorCreate =
///     serde_json::from_str(r#"{"name": "Services", "group_by": "service", "minimum_impact": 100}"#).unwrap();
/// assert_eq!((monitor.threshold.to_string(), monitor.days), ("2".to_owned(), 7));
/// ```
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct AnomalyMonitorCreate {
    /// What people call it. 1 to 512 bytes.
    pub name: String,
    /// Which charges it watches; by default all.
    #[serde(default)]
    pub filter: Filter,
    /// What it watches one by one; by default everything together.
    #[serde(default)]
    pub group_by: GroupBy,
    /// How far from the expected a day must lie, in half-widths of the 95 % band; by default 2.
    #[serde(default = "usual_threshold")]
    pub threshold: Quantity,
    /// What an anomaly must cost or save to be told; by default 0.
    #[serde(default)]
    pub minimum_impact: Money,
    /// It tells of anomalies that touch the last so many days that bills cover, 1 to 365; by default 7.
    #[serde(default = "usual_days")]
    pub days: u16,
    /// Which cost it looks at; by default the effective one.
    #[serde(default)]
    pub view: CostView,
    /// The currency of the amounts; by default the one that all charges have.
    #[serde(default)]
    pub currency: Option<Currency>,
    /// What other currencies are worth in that.
    #[serde(default)]
    pub exchange_rates: Rates,
    /// Where days begin, by default UTC.
    #[serde(default)]
    pub time_zone: Zone,
    /// Whether it watches; by default it does.
    #[serde(default = "yes")]
    pub enabled: bool,
}

const fn yes() -> bool {
    true
}

const fn usual_days() -> u16 {
    7
}

fn usual_threshold() -> Quantity {
    Quantity::from_units(2)
}

impl AnomalyMonitorCreate {
    /// The fields, as `anomaly_monitors.create` takes them.
    pub const FIELDS: &'static [&'static str] = &[
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

    /// A monitor of everything together, by the usual threshold.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            filter: Filter::default(),
            group_by: GroupBy::default(),
            threshold: usual_threshold(),
            minimum_impact: Money::default(),
            days: usual_days(),
            view: CostView::default(),
            currency: None,
            exchange_rates: Rates::default(),
            time_zone: Zone::default(),
            enabled: true,
        }
    }

    /// What a monitor says, as it would be given.
    pub fn of(monitor: &AnomalyMonitor) -> Self {
        Self {
            name: monitor.name.clone(),
            filter: monitor.filter.clone(),
            group_by: monitor.group_by.clone(),
            threshold: monitor.threshold,
            minimum_impact: monitor.minimum_impact,
            days: monitor.days,
            view: monitor.view,
            currency: monitor.currency,
            exchange_rates: monitor.exchange_rates.clone(),
            time_zone: monitor.time_zone,
            enabled: monitor.enabled,
        }
    }

    /// The monitor, with what the engine gives.
    ///
    /// # Errors
    /// `invalid_argument` with the field for what no monitor can be.
    pub fn into_monitor(
        self,
        id: Id<id::AnomalyMonitor>,
        narrowing: Narrowing,
        created_at: Stamp,
    ) -> Result<AnomalyMonitor> {
        if self.name.trim().is_empty() || self.name.len() > MAX_NAME_BYTES {
            return Err(Error::invalid("name", format!("must have 1 to {MAX_NAME_BYTES} bytes and not be blank")));
        }
        self.group_by.check()?;
        self.exchange_rates.check()?;
        let (threshold, days) = (self.threshold, self.days);
        if threshold.mantissa() <= 0 || threshold > Quantity::from_units(MAX_THRESHOLD) {
            let message = format!("must lie above 0 and be at most {MAX_THRESHOLD}, got {threshold}; 2 is usual");
            return Err(Error::invalid("threshold", message));
        }
        if self.minimum_impact.is_negative() {
            let message = format!("must be 0 or more, got {}", self.minimum_impact);
            return Err(Error::invalid("minimum_impact", message));
        }
        if !(1..=MAX_DAYS).contains(&days) {
            return Err(Error::invalid("days", format!("must be 1 to {MAX_DAYS}, got {days}")));
        }
        Ok(AnomalyMonitor {
            id,
            name: self.name,
            filter: self.filter,
            group_by: self.group_by,
            threshold,
            minimum_impact: self.minimum_impact,
            days,
            view: self.view,
            currency: self.currency,
            exchange_rates: self.exchange_rates,
            time_zone: self.time_zone,
            enabled: self.enabled,
            narrowing,
            created_at,
            updated_at: created_at,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn made(form: Value) -> Result<AnomalyMonitor> {
        let at = Stamp::parse("2024-01-15T00:00:00Z").unwrap();
        let form: AnomalyMonitorCreate = serde_json::from_value(form).unwrap();
        form.into_monitor(Id::new(at, [1; 10]), Narrowing::default(), at)
    }

    #[test]
    fn what_is_written_is_what_is_read() {
        let mut monitor = made(json!({"name": "m", "filter": {"service": "Queue"}, "group_by": "tenant",
            "threshold": "2.5", "minimum_impact": "0.1", "currency": "EUR", "exchange_rates": {"USD": "0.9"}}))
        .unwrap();
        monitor.narrowing.tenant_id = Some("ten_1".into());
        let written = serde_json::to_value(&monitor).unwrap();
        assert_eq!((&written["tenant_id"], &written["user_id"]), (&json!("ten_1"), &Value::Null));
        assert_eq!(serde_json::from_value::<AnomalyMonitor>(written).unwrap(), monitor);
        assert_eq!(monitor.scope().to_json(), json!({"tenant": "ten_1", "service": "Queue"}));
        let again = AnomalyMonitorCreate::of(&monitor);
        assert_eq!(again.into_monitor(monitor.id, monitor.narrowing.clone(), monitor.created_at).unwrap(), monitor);
    }

    #[test]
    fn what_no_monitor_can_be_is_refused() {
        for (form, field) in [
            (json!({"name": " "}), "name"),
            (json!({"name": "m", "threshold": 0}), "threshold"),
            (json!({"name": "m", "threshold": "100.1"}), "threshold"),
            (json!({"name": "m", "minimum_impact": -1}), "minimum_impact"),
            (json!({"name": "m", "days": 0}), "days"),
            (json!({"name": "m", "days": 366}), "days"),
            (json!({"name": "m", "group_by": ["tenant", "tenant"]}), "group_by"),
            (json!({"name": "m", "exchange_rates": {"EUR": 0}}), "exchange_rates"),
        ] {
            assert_eq!(made(form.clone()).unwrap_err().field(), Some(field), "{form}");
        }
    }
}
