//! Operations on who bears what.

use super::{admin, operator, viewer};
use crate::engine::Answer;
use crate::engine::calling::Operation;
use crate::engine::centers::{CENTER_CHANGES, CENTER_FIELDS, CostCenterKey, CostCenterList};
use crate::engine::params::parse;
use crate::model::access::Reach;

pub(super) const OPERATIONS: &[Operation] = &[
    Operation {
        name: "create_cost_center",
        access: admin(Reach::Platform),
        fields: CENTER_FIELDS,
        call: |finops, params, _| finops.create_cost_center(parse(params)?).map(Answer::from),
    },
    Operation {
        name: "get_cost_center",
        access: viewer(Reach::Owned),
        fields: CostCenterKey::FIELDS,
        call: |finops, params, _| finops.get_cost_center(parse::<CostCenterKey>(params)?.id).map(Answer::from),
    },
    Operation {
        name: "list_cost_centers",
        access: viewer(Reach::Owned),
        fields: CostCenterList::FIELDS,
        call: |finops, params, _| finops.list_cost_centers(&parse(params)?).map(Answer::from),
    },
    Operation {
        name: "update_cost_center",
        access: operator(Reach::Owned),
        fields: CENTER_CHANGES,
        call: |finops, mut params, _| {
            let id = params.as_object_mut().and_then(|fields| fields.remove("id")).unwrap_or_default();
            let CostCenterKey { id } = parse(serde_json::json!({ "id": id }))?;
            finops.update_cost_center(id, params).map(Answer::from)
        },
    },
    Operation {
        name: "delete_cost_center",
        access: admin(Reach::Platform),
        fields: CostCenterKey::FIELDS,
        call: |finops, params, _| finops.delete_cost_center(parse::<CostCenterKey>(params)?.id).map(Answer::from),
    },
];
