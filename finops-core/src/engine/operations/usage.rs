//! Operations on usage and what counts it.

use super::{admin, operator, viewer};
use crate::Error;
use crate::engine::calling::Operation;
use crate::engine::meters::{METER_FIELDS, MeterKey, MeterList};
use crate::engine::params::{Nothing, parse};
use crate::engine::usage::UsageDrop;
use crate::engine::{Answer, UsageCorrection, UsageExport, UsageKey};
use crate::insight::UsageRequest;
use crate::model::access::Reach;
use serde_json::Value;

pub(super) const OPERATIONS: &[Operation] = &[
    Operation {
        name: "record_usage",
        access: operator(Reach::Tenant),
        fields: &["events"],
        call: |finops, params, _| {
            let Value::Object(mut params) = params else { return Err(Error::invalid("events", "is missing")) };
            let events = params.remove("events").ok_or_else(|| Error::invalid("events", "is missing"))?;
            if let Some(unknown) = params.keys().next() {
                return Err(Error::invalid(unknown.as_str(), "is no field: put it into the events"));
            }
            finops.record_usage(&events.to_string()).map(Answer::from)
        },
    },
    Operation {
        name: "get_usage",
        access: viewer(Reach::Usage),
        fields: UsageRequest::FIELDS,
        call: |finops, params, _| finops.get_usage(&parse(params)?).map(Answer::from),
    },
    Operation {
        name: "void_usage",
        access: admin(Reach::Tenant),
        fields: UsageKey::FIELDS,
        call: |finops, params, _| finops.void_usage(&parse(params)?).map(Answer::from),
    },
    Operation {
        name: "correct_usage",
        access: admin(Reach::Tenant),
        fields: UsageCorrection::FIELDS,
        call: |finops, params, _| finops.correct_usage(parse(params)?).map(Answer::from),
    },
    Operation {
        name: "usage.export",
        access: admin(Reach::Platform),
        fields: UsageExport::FIELDS,
        call: |finops, params, _| finops.usage_export(&parse(params)?).map(Answer::from),
    },
    Operation {
        name: "usage.status",
        access: viewer(Reach::Platform),
        fields: &[],
        call: |finops, params, _| {
            let Nothing {} = parse(params)?;
            finops.usage_status().map(Answer::from)
        },
    },
    Operation {
        name: "usage.compact",
        access: admin(Reach::Platform),
        fields: &[],
        call: |finops, params, _| {
            let Nothing {} = parse(params)?;
            finops.compact_events().map(Answer::from)
        },
    },
    Operation {
        name: "usage.drop",
        access: admin(Reach::Platform),
        fields: UsageDrop::FIELDS,
        call: |finops, params, _| finops.drop_events(parse::<UsageDrop>(params)?.before).map(Answer::from),
    },
    Operation {
        name: "meters.create",
        access: admin(Reach::Platform),
        fields: METER_FIELDS,
        call: |finops, params, _| finops.meters_create(parse(params)?).map(Answer::from),
    },
    Operation {
        name: "meters.get",
        access: viewer(Reach::Platform),
        fields: MeterKey::FIELDS,
        call: |finops, params, _| finops.meters_get(&parse::<MeterKey>(params)?.slug).map(Answer::from),
    },
    Operation {
        name: "meters.list",
        access: viewer(Reach::Platform),
        fields: MeterList::FIELDS,
        call: |finops, params, _| finops.meters_list(&parse(params)?).map(Answer::from),
    },
    Operation {
        name: "meters.update",
        access: admin(Reach::Platform),
        fields: METER_FIELDS,
        call: |finops, params, _| finops.meters_update(parse(params)?).map(Answer::from),
    },
    Operation {
        name: "meters.delete",
        access: admin(Reach::Platform),
        fields: MeterKey::FIELDS,
        call: |finops, params, _| finops.meters_delete(&parse::<MeterKey>(params)?.slug).map(Answer::from),
    },
];
