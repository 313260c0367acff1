//! Operations on who bears what.

use super::{admin, operator, viewer};
use crate::engine::Answer;
use crate::engine::allocation::{AllocationClose, AllocationRuleList, RULE_CHANGES, RULE_FIELDS, RuleKey};
use crate::engine::calling::Operation;
use crate::engine::centers::{CENTER_CHANGES, CENTER_FIELDS, CostCenterKey, CostCenterList};
use crate::engine::params::parse;
use crate::insight::allocation::AllocationReportRequest;
use crate::insight::{AllocationCoverageRequest, AllocationRunRequest, AllocationWhatIfRequest};
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
    Operation {
        name: "allocation.rules.create",
        access: admin(Reach::Platform),
        fields: RULE_FIELDS,
        call: |finops, params, _| finops.allocation_rules_create(params).map(Answer::from),
    },
    Operation {
        name: "allocation.rules.get",
        access: viewer(Reach::Platform),
        fields: RuleKey::FIELDS,
        call: |finops, params, _| finops.allocation_rules_get(parse::<RuleKey>(params)?.id).map(Answer::from),
    },
    Operation {
        name: "allocation.rules.list",
        access: viewer(Reach::Platform),
        fields: AllocationRuleList::FIELDS,
        call: |finops, params, _| finops.allocation_rules_list(&parse(params)?).map(Answer::from),
    },
    Operation {
        name: "allocation.rules.update",
        access: admin(Reach::Platform),
        fields: RULE_CHANGES,
        call: |finops, mut params, _| {
            let id = params.as_object_mut().and_then(|fields| fields.remove("id")).unwrap_or_default();
            let RuleKey { id } = parse(serde_json::json!({ "id": id }))?;
            finops.allocation_rules_update(id, params).map(Answer::from)
        },
    },
    Operation {
        name: "allocation.rules.delete",
        access: admin(Reach::Platform),
        fields: RuleKey::FIELDS,
        call: |finops, params, _| finops.allocation_rules_delete(parse::<RuleKey>(params)?.id).map(Answer::from),
    },
    Operation {
        name: "allocation.run",
        access: viewer(Reach::Platform),
        fields: AllocationRunRequest::FIELDS,
        call: |finops, params, observer| finops.allocation_run_observed(&parse(params)?, observer).map(Answer::from),
    },
    Operation {
        name: "allocation.what_if",
        access: viewer(Reach::Platform),
        fields: AllocationWhatIfRequest::FIELDS,
        call: |finops, params, observer| {
            finops.allocation_what_if_observed(&parse(params)?, observer).map(Answer::from)
        },
    },
    Operation {
        name: "allocation.coverage",
        access: viewer(Reach::Platform),
        fields: AllocationCoverageRequest::FIELDS,
        call: |finops, params, observer| {
            finops.allocation_coverage_observed(&parse(params)?, observer).map(Answer::from)
        },
    },
    Operation {
        name: "allocation.report",
        access: viewer(Reach::Owned),
        fields: AllocationReportRequest::FIELDS,
        call: |finops, params, _| finops.allocation_report(&parse(params)?).map(Answer::from),
    },
    Operation {
        name: "allocation.close",
        access: admin(Reach::Platform),
        fields: AllocationClose::FIELDS,
        call: |finops, params, _| finops.allocation_close(&parse(params)?).map(Answer::from),
    },
];
