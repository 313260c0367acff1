//! Operations on anomalies: finding them, what is said of them, who is told.

use super::{admin, operator, viewer};
use crate::engine::anomalies::{AnomalyMonitorKey, MONITOR_CHANGES};
use crate::engine::calling::Operation;
use crate::engine::params::parse;
use crate::engine::{AnomalyFeedbackGive, AnomalyMonitorList, Answer};
use crate::insight::AnomaliesRequest;
use crate::model::access::Reach;
use crate::model::anomaly::AnomalyMonitorCreate;

pub(super) const OPERATIONS: &[Operation] = &[
    Operation {
        name: "costs.anomalies",
        access: viewer(Reach::Charges),
        fields: AnomaliesRequest::FIELDS,
        call: |finops, params, observer| finops.costs_anomalies_observed(&parse(params)?, observer).map(Answer::from),
    },
    Operation {
        name: "costs.anomaly_feedback",
        access: operator(Reach::Owned),
        fields: AnomalyFeedbackGive::FIELDS,
        call: |finops, params, _| finops.costs_anomaly_feedback(parse(params)?).map(Answer::from),
    },
    Operation {
        name: "anomaly_monitors.create",
        access: admin(Reach::Owned),
        fields: AnomalyMonitorCreate::FIELDS,
        call: |finops, params, _| finops.anomaly_monitors_create(parse(params)?).map(Answer::from),
    },
    Operation {
        name: "anomaly_monitors.get",
        access: viewer(Reach::Owned),
        fields: AnomalyMonitorKey::FIELDS,
        call: |finops, params, _| finops.anomaly_monitors_get(parse::<AnomalyMonitorKey>(params)?.id).map(Answer::from),
    },
    Operation {
        name: "anomaly_monitors.list",
        access: viewer(Reach::Owned),
        fields: AnomalyMonitorList::FIELDS,
        call: |finops, params, _| finops.anomaly_monitors_list(&parse(params)?).map(Answer::from),
    },
    Operation {
        name: "anomaly_monitors.update",
        access: admin(Reach::Owned),
        fields: MONITOR_CHANGES,
        call: |finops, mut params, _| {
            let id = params.as_object_mut().and_then(|fields| fields.remove("id")).unwrap_or_default();
            let AnomalyMonitorKey { id } = parse(serde_json::json!({ "id": id }))?;
            finops.anomaly_monitors_update(id, params).map(Answer::from)
        },
    },
    Operation {
        name: "anomaly_monitors.delete",
        access: admin(Reach::Owned),
        fields: AnomalyMonitorKey::FIELDS,
        call: |finops, params, _| {
            finops.anomaly_monitors_delete(parse::<AnomalyMonitorKey>(params)?.id).map(Answer::from)
        },
    },
];
