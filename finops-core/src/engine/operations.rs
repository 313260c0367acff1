//! The operations by name, for callers that speak JSON: the bindings, the vectors that every language runs.
//!
//! The table is the one list of what there is. A binding passes names and parameters through it and holds no
//! decision of its own; the parity tests compare each language's methods with it.

use super::allocation::{AllocationClose, AllocationRuleList, RULE_CHANGES, RULE_FIELDS, RuleKey};
use super::calling::{Operation, answer};
use super::catalog::ENTRY_FIELDS;
use super::centers::{CENTER_CHANGES, CENTER_FIELDS, CostCenterKey, CostCenterList};
use super::grants::GrantKey;
use super::history::{CompactRequest, SnapshotsRequest, VacuumRequest};
use super::meters::{METER_FIELDS, MeterKey, MeterList};
use super::params::{Nothing, parse};
use super::prices::{PRICE_CHANGES, PRICE_FIELDS, PriceKey, PriceList};
use super::relation::SegmentsRequest;
use super::usage::UsageDrop;
use super::virtuals::{VIRTUAL_FIELDS, VirtualKey, VirtualList};
use super::{Answer, CatalogKey, CatalogList, ExportReport, ImportCharges, Tick};
use super::{BillingClose, BillingPreview, UsageCorrection, UsageKey};
use super::{GrantBalance, GrantCreate, GrantList, LoadModelPrices, RateModel, UsageExport};
use crate::Error;
use crate::insight::allocation::AllocationReportRequest;
use crate::insight::{AllocationCoverageRequest, AllocationRunRequest, AllocationWhatIfRequest};
use crate::insight::{
    BreakdownRequest, CostSummaryRequest, DailyRequest, DiffRequest, ExplainRequest, HistoricalRequest, MonthlyRequest,
    PlanRequest, ServicesRequest, TopDriversRequest, TrendsRequest, UnitRequest, UsageRequest,
};
use crate::model::access::{Needs, Reach};
use crate::model::catalog::Entry;
use crate::model::principal::Role;
use serde_json::Value;

/// Every operation.
pub fn operations() -> &'static [Operation] {
    OPERATIONS
}

/// It changes nothing.
const fn viewer(reach: Reach) -> Needs {
    Needs::new(Role::Viewer, reach)
}

/// It changes what belongs to the daily work.
const fn operator(reach: Reach) -> Needs {
    Needs::new(Role::Operator, reach)
}

/// It changes what others rely on.
const fn admin(reach: Reach) -> Needs {
    Needs::new(Role::Admin, reach)
}

const OPERATIONS: &[Operation] = &[
    Operation {
        name: "import_charges",
        access: admin(Reach::Platform),
        fields: ImportCharges::FIELDS,
        call: |finops, params, observer| finops.import_charges_observed(&parse(params)?, observer).map(Answer::from),
    },
    Operation {
        name: "export_report",
        access: admin(Reach::Platform),
        fields: ExportReport::FIELDS,
        call: |finops, params, _| finops.export_report(&parse(params)?).map(Answer::from),
    },
    Operation {
        name: "get_cost_summary",
        access: viewer(Reach::Charges),
        fields: CostSummaryRequest::FIELDS,
        call: answer::<CostSummaryRequest>,
    },
    Operation {
        name: "costs.daily",
        access: viewer(Reach::Charges),
        fields: DailyRequest::FIELDS,
        call: answer::<DailyRequest>,
    },
    Operation {
        name: "costs.trends",
        access: viewer(Reach::Charges),
        fields: TrendsRequest::FIELDS,
        call: answer::<TrendsRequest>,
    },
    Operation {
        name: "costs.top_drivers",
        access: viewer(Reach::Charges),
        fields: TopDriversRequest::FIELDS,
        call: answer::<TopDriversRequest>,
    },
    Operation {
        name: "costs.unit",
        access: viewer(Reach::Charges),
        fields: UnitRequest::FIELDS,
        call: answer::<UnitRequest>,
    },
    Operation {
        name: "costs.explain",
        access: viewer(Reach::Charges),
        fields: ExplainRequest::FIELDS,
        call: |finops, params, observer| finops.costs_explain_observed(&parse(params)?, observer).map(Answer::from),
    },
    Operation {
        name: "costs.diff",
        access: viewer(Reach::Charges),
        fields: DiffRequest::FIELDS,
        call: |finops, params, observer| finops.costs_diff_observed(&parse(params)?, observer).map(Answer::from),
    },
    Operation {
        name: "costs.explain_plan",
        access: viewer(Reach::Platform),
        fields: PlanRequest::FIELDS,
        call: answer::<PlanRequest>,
    },
    Operation {
        name: "costs.breakdown",
        access: viewer(Reach::Charges),
        fields: BreakdownRequest::FIELDS,
        call: answer::<BreakdownRequest>,
    },
    Operation {
        name: "costs.historical",
        access: viewer(Reach::Charges),
        fields: HistoricalRequest::FIELDS,
        call: answer::<HistoricalRequest>,
    },
    Operation {
        name: "costs.services",
        access: viewer(Reach::Charges),
        fields: ServicesRequest::FIELDS,
        call: answer::<ServicesRequest>,
    },
    Operation {
        name: "costs.monthly",
        access: viewer(Reach::Charges),
        fields: MonthlyRequest::FIELDS,
        call: answer::<MonthlyRequest>,
    },
    Operation {
        name: "virtual_dimensions.set",
        access: admin(Reach::Platform),
        fields: VIRTUAL_FIELDS,
        call: |finops, params, _| finops.virtual_dimensions_set(parse(params)?).map(Answer::from),
    },
    Operation {
        name: "virtual_dimensions.get",
        access: viewer(Reach::Platform),
        fields: VirtualKey::FIELDS,
        call: |finops, params, _| finops.virtual_dimensions_get(&parse::<VirtualKey>(params)?.name).map(Answer::from),
    },
    Operation {
        name: "virtual_dimensions.list",
        access: viewer(Reach::Platform),
        fields: VirtualList::FIELDS,
        call: |finops, params, _| finops.virtual_dimensions_list(&parse(params)?).map(Answer::from),
    },
    Operation {
        name: "virtual_dimensions.delete",
        access: admin(Reach::Platform),
        fields: VirtualKey::FIELDS,
        call: |finops, params, _| {
            finops.virtual_dimensions_delete(&parse::<VirtualKey>(params)?.name).map(Answer::from)
        },
    },
    Operation {
        name: "catalog.upsert",
        access: admin(Reach::Platform),
        fields: ENTRY_FIELDS,
        call: |finops, params, _| finops.catalog_upsert(parse::<Entry>(params)?).map(Answer::from),
    },
    Operation {
        name: "catalog.get",
        access: viewer(Reach::Owned),
        fields: CatalogKey::FIELDS,
        call: |finops, params, _| {
            let key: CatalogKey = parse(params)?;
            finops.catalog_get(key.kind, &key.id).map(Answer::from)
        },
    },
    Operation {
        name: "catalog.list",
        access: viewer(Reach::Owned),
        fields: CatalogList::FIELDS,
        call: |finops, params, _| finops.catalog_list(&parse(params)?).map(Answer::from),
    },
    Operation {
        name: "catalog.delete",
        access: admin(Reach::Platform),
        fields: CatalogKey::FIELDS,
        call: |finops, params, _| {
            let key: CatalogKey = parse(params)?;
            finops.catalog_delete(key.kind, &key.id).map(Answer::from)
        },
    },
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
        access: viewer(Reach::Platform),
        fields: AllocationReportRequest::FIELDS,
        call: |finops, params, _| finops.allocation_report(&parse(params)?).map(Answer::from),
    },
    Operation {
        name: "allocation.close",
        access: admin(Reach::Platform),
        fields: AllocationClose::FIELDS,
        call: |finops, params, _| finops.allocation_close(&parse(params)?).map(Answer::from),
    },
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
    Operation {
        name: "billing.settle",
        access: admin(Reach::Platform),
        fields: &[],
        call: |finops, params, _| {
            let Nothing {} = parse(params)?;
            finops.billing_settle().map(Answer::from)
        },
    },
    Operation {
        name: "billing.preview",
        access: viewer(Reach::Tenant),
        fields: BillingPreview::FIELDS,
        call: |finops, params, _| finops.billing_preview(&parse(params)?).map(Answer::from),
    },
    Operation {
        name: "billing.close",
        access: admin(Reach::Platform),
        fields: BillingClose::FIELDS,
        call: |finops, params, _| finops.billing_close(&parse(params)?).map(Answer::from),
    },
    Operation {
        name: "llm.load_prices",
        access: admin(Reach::Platform),
        fields: LoadModelPrices::FIELDS,
        call: |finops, params, _| finops.llm_load_prices(&parse(params)?).map(Answer::from),
    },
    Operation {
        name: "llm.rate",
        access: viewer(Reach::Anybody),
        fields: RateModel::FIELDS,
        call: |finops, params, _| finops.llm_rate(&parse(params)?).map(Answer::from),
    },
    Operation {
        name: "prices.create",
        access: admin(Reach::Platform),
        fields: PRICE_FIELDS,
        call: |finops, params, _| finops.prices_create(params).map(Answer::from),
    },
    Operation {
        name: "prices.update",
        access: admin(Reach::Platform),
        fields: PRICE_CHANGES,
        call: |finops, mut params, _| {
            let id = params.as_object_mut().and_then(|fields| fields.remove("id")).unwrap_or_default();
            let PriceKey { id } = parse(serde_json::json!({ "id": id }))?;
            finops.prices_update(id, params).map(Answer::from)
        },
    },
    Operation {
        name: "prices.list",
        access: viewer(Reach::Platform),
        fields: PriceList::FIELDS,
        call: |finops, params, _| finops.prices_list(&parse(params)?).map(Answer::from),
    },
    Operation {
        name: "prices.delete",
        access: admin(Reach::Platform),
        fields: PriceKey::FIELDS,
        call: |finops, params, _| finops.prices_delete(parse::<PriceKey>(params)?.id).map(Answer::from),
    },
    Operation {
        name: "grants.create",
        access: admin(Reach::Platform),
        fields: GrantCreate::FIELDS,
        call: |finops, params, _| finops.grants_create(parse(params)?).map(Answer::from),
    },
    Operation {
        name: "grants.list",
        access: viewer(Reach::Tenant),
        fields: GrantList::FIELDS,
        call: |finops, params, _| finops.grants_list(&parse(params)?).map(Answer::from),
    },
    Operation {
        name: "grants.balance",
        access: viewer(Reach::Tenant),
        fields: GrantBalance::FIELDS,
        call: |finops, params, _| finops.grants_balance(&parse(params)?).map(Answer::from),
    },
    Operation {
        name: "grants.delete",
        access: admin(Reach::Platform),
        fields: GrantKey::FIELDS,
        call: |finops, params, _| finops.grants_delete(parse::<GrantKey>(params)?.id).map(Answer::from),
    },
    Operation {
        name: "snapshots",
        access: viewer(Reach::Platform),
        fields: SnapshotsRequest::FIELDS,
        call: |finops, params, _| finops.snapshots(&parse(params)?).map(Answer::from),
    },
    Operation {
        name: "vacuum",
        access: admin(Reach::Platform),
        fields: VacuumRequest::FIELDS,
        call: |finops, params, _| finops.vacuum(&parse(params)?).map(Answer::from),
    },
    Operation {
        name: "compact",
        access: admin(Reach::Platform),
        fields: CompactRequest::FIELDS,
        call: |finops, params, observer| {
            let CompactRequest {} = parse(params)?;
            finops.compact_observed(observer).map(Answer::from)
        },
    },
    Operation {
        name: "segments",
        access: viewer(Reach::Platform),
        fields: SegmentsRequest::FIELDS,
        call: |finops, params, _| {
            let SegmentsRequest {} = parse(params)?;
            finops.segments().map(Answer::from)
        },
    },
    Operation {
        name: "tick",
        access: admin(Reach::Platform),
        fields: Tick::FIELDS,
        call: |finops, params, _| finops.tick(parse::<Tick>(params)?.now).map(Answer::from),
    },
];
