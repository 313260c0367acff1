//! The operations by name, for callers that speak JSON: the bindings, the vectors that every language runs.
//!
//! The table is the one list of what there is. A binding passes names and parameters through it and holds no
//! decision of its own; the parity tests compare each language's methods with it.

use super::allocation::{AllocationClose, AllocationRuleList, RULE_CHANGES, RULE_FIELDS, RuleKey};
use super::catalog::ENTRY_FIELDS;
use super::centers::{CENTER_CHANGES, CENTER_FIELDS, CostCenterKey, CostCenterList};
use super::grants::GrantKey;
use super::history::{CompactRequest, SnapshotsRequest, VacuumRequest};
use super::meters::{METER_FIELDS, MeterKey, MeterList};
use super::prices::{PRICE_CHANGES, PRICE_FIELDS, PriceKey, PriceList};
use super::relation::SegmentsRequest;
use super::usage::UsageDrop;
use super::virtuals::{VIRTUAL_FIELDS, VirtualKey, VirtualList};
use super::{Answer, CatalogKey, CatalogList, ExportReport, Finops, ImportCharges, Observer, Tick};
use super::{BillingClose, BillingPreview, UsageCorrection, UsageKey};
use super::{GrantBalance, GrantCreate, GrantList, LoadModelPrices, RateModel, UsageExport};
use crate::insight::allocation::AllocationReportRequest;
use crate::insight::query::{AnswerTo, CostRequest};
use crate::insight::{AllocationCoverageRequest, AllocationRunRequest, AllocationWhatIfRequest};
use crate::insight::{
    BreakdownRequest, CostSummaryRequest, DailyRequest, DiffRequest, ExplainRequest, HistoricalRequest, MonthlyRequest,
    PlanRequest, ServicesRequest, TopDriversRequest, TrendsRequest, UnitRequest, UsageRequest,
};
use crate::model::catalog::Entry;
use crate::{Error, ErrorCode, Result};
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::fmt;

type Call = fn(&Finops, Value, &dyn Observer) -> Result<Answer>;

/// An operation that can be called by name.
#[non_exhaustive]
pub struct Operation {
    /// Its name, such as `costs.daily`.
    pub name: &'static str,
    /// The fields of its parameters.
    pub fields: &'static [&'static str],
    call: Call,
}

impl fmt::Debug for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Operation").field("name", &self.name).field("fields", &self.fields).finish_non_exhaustive()
    }
}

/// Every operation.
pub fn operations() -> &'static [Operation] {
    OPERATIONS
}

const OPERATIONS: &[Operation] = &[
    Operation {
        name: "import_charges",
        fields: ImportCharges::FIELDS,
        call: |finops, params, observer| finops.import_charges_observed(&parse(params)?, observer).map(Answer::from),
    },
    Operation {
        name: "export_report",
        fields: ExportReport::FIELDS,
        call: |finops, params, _| finops.export_report(&parse(params)?).map(Answer::from),
    },
    Operation { name: "get_cost_summary", fields: CostSummaryRequest::FIELDS, call: answer::<CostSummaryRequest> },
    Operation { name: "costs.daily", fields: DailyRequest::FIELDS, call: answer::<DailyRequest> },
    Operation { name: "costs.trends", fields: TrendsRequest::FIELDS, call: answer::<TrendsRequest> },
    Operation { name: "costs.top_drivers", fields: TopDriversRequest::FIELDS, call: answer::<TopDriversRequest> },
    Operation { name: "costs.unit", fields: UnitRequest::FIELDS, call: answer::<UnitRequest> },
    Operation {
        name: "costs.explain",
        fields: ExplainRequest::FIELDS,
        call: |finops, params, observer| finops.costs_explain_observed(&parse(params)?, observer).map(Answer::from),
    },
    Operation {
        name: "costs.diff",
        fields: DiffRequest::FIELDS,
        call: |finops, params, observer| finops.costs_diff_observed(&parse(params)?, observer).map(Answer::from),
    },
    Operation { name: "costs.explain_plan", fields: PlanRequest::FIELDS, call: answer::<PlanRequest> },
    Operation { name: "costs.breakdown", fields: BreakdownRequest::FIELDS, call: answer::<BreakdownRequest> },
    Operation { name: "costs.historical", fields: HistoricalRequest::FIELDS, call: answer::<HistoricalRequest> },
    Operation { name: "costs.services", fields: ServicesRequest::FIELDS, call: answer::<ServicesRequest> },
    Operation { name: "costs.monthly", fields: MonthlyRequest::FIELDS, call: answer::<MonthlyRequest> },
    Operation {
        name: "virtual_dimensions.set",
        fields: VIRTUAL_FIELDS,
        call: |finops, params, _| finops.virtual_dimensions_set(parse(params)?).map(Answer::from),
    },
    Operation {
        name: "virtual_dimensions.get",
        fields: VirtualKey::FIELDS,
        call: |finops, params, _| finops.virtual_dimensions_get(&parse::<VirtualKey>(params)?.name).map(Answer::from),
    },
    Operation {
        name: "virtual_dimensions.list",
        fields: VirtualList::FIELDS,
        call: |finops, params, _| finops.virtual_dimensions_list(&parse(params)?).map(Answer::from),
    },
    Operation {
        name: "virtual_dimensions.delete",
        fields: VirtualKey::FIELDS,
        call: |finops, params, _| {
            finops.virtual_dimensions_delete(&parse::<VirtualKey>(params)?.name).map(Answer::from)
        },
    },
    Operation {
        name: "catalog.upsert",
        fields: ENTRY_FIELDS,
        call: |finops, params, _| finops.catalog_upsert(parse::<Entry>(params)?).map(Answer::from),
    },
    Operation {
        name: "catalog.get",
        fields: CatalogKey::FIELDS,
        call: |finops, params, _| {
            let key: CatalogKey = parse(params)?;
            finops.catalog_get(key.kind, &key.id).map(Answer::from)
        },
    },
    Operation {
        name: "catalog.list",
        fields: CatalogList::FIELDS,
        call: |finops, params, _| finops.catalog_list(&parse(params)?).map(Answer::from),
    },
    Operation {
        name: "catalog.delete",
        fields: CatalogKey::FIELDS,
        call: |finops, params, _| {
            let key: CatalogKey = parse(params)?;
            finops.catalog_delete(key.kind, &key.id).map(Answer::from)
        },
    },
    Operation {
        name: "create_cost_center",
        fields: CENTER_FIELDS,
        call: |finops, params, _| finops.create_cost_center(parse(params)?).map(Answer::from),
    },
    Operation {
        name: "get_cost_center",
        fields: CostCenterKey::FIELDS,
        call: |finops, params, _| finops.get_cost_center(parse::<CostCenterKey>(params)?.id).map(Answer::from),
    },
    Operation {
        name: "list_cost_centers",
        fields: CostCenterList::FIELDS,
        call: |finops, params, _| finops.list_cost_centers(&parse(params)?).map(Answer::from),
    },
    Operation {
        name: "update_cost_center",
        fields: CENTER_CHANGES,
        call: |finops, mut params, _| {
            let id = params.as_object_mut().and_then(|fields| fields.remove("id")).unwrap_or_default();
            let CostCenterKey { id } = parse(serde_json::json!({ "id": id }))?;
            finops.update_cost_center(id, params).map(Answer::from)
        },
    },
    Operation {
        name: "delete_cost_center",
        fields: CostCenterKey::FIELDS,
        call: |finops, params, _| finops.delete_cost_center(parse::<CostCenterKey>(params)?.id).map(Answer::from),
    },
    Operation {
        name: "allocation.rules.create",
        fields: RULE_FIELDS,
        call: |finops, params, _| finops.allocation_rules_create(params).map(Answer::from),
    },
    Operation {
        name: "allocation.rules.get",
        fields: RuleKey::FIELDS,
        call: |finops, params, _| finops.allocation_rules_get(parse::<RuleKey>(params)?.id).map(Answer::from),
    },
    Operation {
        name: "allocation.rules.list",
        fields: AllocationRuleList::FIELDS,
        call: |finops, params, _| finops.allocation_rules_list(&parse(params)?).map(Answer::from),
    },
    Operation {
        name: "allocation.rules.update",
        fields: RULE_CHANGES,
        call: |finops, mut params, _| {
            let id = params.as_object_mut().and_then(|fields| fields.remove("id")).unwrap_or_default();
            let RuleKey { id } = parse(serde_json::json!({ "id": id }))?;
            finops.allocation_rules_update(id, params).map(Answer::from)
        },
    },
    Operation {
        name: "allocation.rules.delete",
        fields: RuleKey::FIELDS,
        call: |finops, params, _| finops.allocation_rules_delete(parse::<RuleKey>(params)?.id).map(Answer::from),
    },
    Operation {
        name: "allocation.run",
        fields: AllocationRunRequest::FIELDS,
        call: |finops, params, observer| finops.allocation_run_observed(&parse(params)?, observer).map(Answer::from),
    },
    Operation {
        name: "allocation.what_if",
        fields: AllocationWhatIfRequest::FIELDS,
        call: |finops, params, observer| {
            finops.allocation_what_if_observed(&parse(params)?, observer).map(Answer::from)
        },
    },
    Operation {
        name: "allocation.coverage",
        fields: AllocationCoverageRequest::FIELDS,
        call: |finops, params, observer| {
            finops.allocation_coverage_observed(&parse(params)?, observer).map(Answer::from)
        },
    },
    Operation {
        name: "allocation.report",
        fields: AllocationReportRequest::FIELDS,
        call: |finops, params, _| finops.allocation_report(&parse(params)?).map(Answer::from),
    },
    Operation {
        name: "allocation.close",
        fields: AllocationClose::FIELDS,
        call: |finops, params, _| finops.allocation_close(&parse(params)?).map(Answer::from),
    },
    Operation {
        name: "record_usage",
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
        fields: UsageRequest::FIELDS,
        call: |finops, params, _| finops.get_usage(&parse(params)?).map(Answer::from),
    },
    Operation {
        name: "void_usage",
        fields: UsageKey::FIELDS,
        call: |finops, params, _| finops.void_usage(&parse(params)?).map(Answer::from),
    },
    Operation {
        name: "correct_usage",
        fields: UsageCorrection::FIELDS,
        call: |finops, params, _| finops.correct_usage(parse(params)?).map(Answer::from),
    },
    Operation {
        name: "usage.export",
        fields: UsageExport::FIELDS,
        call: |finops, params, _| finops.usage_export(&parse(params)?).map(Answer::from),
    },
    Operation {
        name: "usage.status",
        fields: &[],
        call: |finops, params, _| {
            let Nothing {} = parse(params)?;
            finops.usage_status().map(Answer::from)
        },
    },
    Operation {
        name: "usage.compact",
        fields: &[],
        call: |finops, params, _| {
            let Nothing {} = parse(params)?;
            finops.compact_events().map(Answer::from)
        },
    },
    Operation {
        name: "usage.drop",
        fields: UsageDrop::FIELDS,
        call: |finops, params, _| finops.drop_events(parse::<UsageDrop>(params)?.before).map(Answer::from),
    },
    Operation {
        name: "meters.create",
        fields: METER_FIELDS,
        call: |finops, params, _| finops.meters_create(parse(params)?).map(Answer::from),
    },
    Operation {
        name: "meters.get",
        fields: MeterKey::FIELDS,
        call: |finops, params, _| finops.meters_get(&parse::<MeterKey>(params)?.slug).map(Answer::from),
    },
    Operation {
        name: "meters.list",
        fields: MeterList::FIELDS,
        call: |finops, params, _| finops.meters_list(&parse(params)?).map(Answer::from),
    },
    Operation {
        name: "meters.update",
        fields: METER_FIELDS,
        call: |finops, params, _| finops.meters_update(parse(params)?).map(Answer::from),
    },
    Operation {
        name: "meters.delete",
        fields: MeterKey::FIELDS,
        call: |finops, params, _| finops.meters_delete(&parse::<MeterKey>(params)?.slug).map(Answer::from),
    },
    Operation {
        name: "billing.settle",
        fields: &[],
        call: |finops, params, _| {
            let Nothing {} = parse(params)?;
            finops.billing_settle().map(Answer::from)
        },
    },
    Operation {
        name: "billing.preview",
        fields: BillingPreview::FIELDS,
        call: |finops, params, _| finops.billing_preview(&parse(params)?).map(Answer::from),
    },
    Operation {
        name: "billing.close",
        fields: BillingClose::FIELDS,
        call: |finops, params, _| finops.billing_close(&parse(params)?).map(Answer::from),
    },
    Operation {
        name: "llm.load_prices",
        fields: LoadModelPrices::FIELDS,
        call: |finops, params, _| finops.llm_load_prices(&parse(params)?).map(Answer::from),
    },
    Operation {
        name: "llm.rate",
        fields: RateModel::FIELDS,
        call: |finops, params, _| finops.llm_rate(&parse(params)?).map(Answer::from),
    },
    Operation {
        name: "prices.create",
        fields: PRICE_FIELDS,
        call: |finops, params, _| finops.prices_create(params).map(Answer::from),
    },
    Operation {
        name: "prices.update",
        fields: PRICE_CHANGES,
        call: |finops, mut params, _| {
            let id = params.as_object_mut().and_then(|fields| fields.remove("id")).unwrap_or_default();
            let PriceKey { id } = parse(serde_json::json!({ "id": id }))?;
            finops.prices_update(id, params).map(Answer::from)
        },
    },
    Operation {
        name: "prices.list",
        fields: PriceList::FIELDS,
        call: |finops, params, _| finops.prices_list(&parse(params)?).map(Answer::from),
    },
    Operation {
        name: "prices.delete",
        fields: PriceKey::FIELDS,
        call: |finops, params, _| finops.prices_delete(parse::<PriceKey>(params)?.id).map(Answer::from),
    },
    Operation {
        name: "grants.create",
        fields: GrantCreate::FIELDS,
        call: |finops, params, _| finops.grants_create(parse(params)?).map(Answer::from),
    },
    Operation {
        name: "grants.list",
        fields: GrantList::FIELDS,
        call: |finops, params, _| finops.grants_list(&parse(params)?).map(Answer::from),
    },
    Operation {
        name: "grants.balance",
        fields: GrantBalance::FIELDS,
        call: |finops, params, _| finops.grants_balance(&parse(params)?).map(Answer::from),
    },
    Operation {
        name: "grants.delete",
        fields: GrantKey::FIELDS,
        call: |finops, params, _| finops.grants_delete(parse::<GrantKey>(params)?.id).map(Answer::from),
    },
    Operation {
        name: "snapshots",
        fields: SnapshotsRequest::FIELDS,
        call: |finops, params, _| finops.snapshots(&parse(params)?).map(Answer::from),
    },
    Operation {
        name: "vacuum",
        fields: VacuumRequest::FIELDS,
        call: |finops, params, _| finops.vacuum(&parse(params)?).map(Answer::from),
    },
    Operation {
        name: "compact",
        fields: CompactRequest::FIELDS,
        call: |finops, params, observer| {
            let CompactRequest {} = parse(params)?;
            finops.compact_observed(observer).map(Answer::from)
        },
    },
    Operation {
        name: "segments",
        fields: SegmentsRequest::FIELDS,
        call: |finops, params, _| {
            let SegmentsRequest {} = parse(params)?;
            finops.segments().map(Answer::from)
        },
    },
    Operation {
        name: "tick",
        fields: Tick::FIELDS,
        call: |finops, params, _| finops.tick(parse::<Tick>(params)?.now).map(Answer::from),
    },
];

/// Parameters of what takes none.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Nothing {}

impl Finops {
    /// Calls an operation by its name, with its parameters as a JSON object.
    ///
    /// ```
    /// use finops_core::Finops;
    /// use serde_json::json;
    ///
    /// let finops = Finops::open(":memory:")?;
    /// let entry = finops.call("catalog.upsert", json!({"kind": "team", "id": "t1", "name": "Search"}), &())?;
    /// assert_eq!(serde_json::to_value(entry).unwrap()["name"], "Search");
    /// # Ok::<(), finops_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// `not_found` for an unknown name; `invalid_argument`, with the field, for parameters that cannot be read;
    /// else what the operation gives.
    pub fn call(&self, operation: &str, params: Value, observer: &dyn Observer) -> Result<Answer> {
        let known = OPERATIONS.iter().find(|known| known.name == operation);
        let known = known.ok_or_else(|| {
            Error::new(ErrorCode::NotFound, format!("there is no operation '{operation}'")).with_field("operation")
        })?;
        (known.call)(self, params, observer)
    }
}

/// Answers a cost request.
fn answer<R>(finops: &Finops, params: Value, observer: &dyn Observer) -> Result<Answer>
where
    R: CostRequest + DeserializeOwned,
    for<'q> AnswerTo<'q, R>: Into<Answer>,
{
    let request: R = parse(params)?;
    finops.ask(&request, observer).map(Into::into)
}

/// Reads parameters, naming the field that cannot be read.
pub(super) fn parse<T: DeserializeOwned>(params: Value) -> Result<T> {
    serde_path_to_error::deserialize(params).map_err(|error| {
        let path = error.path().to_string();
        let message = plain(&error.inner().to_string());
        let error = Error::new(ErrorCode::InvalidArgument, message.clone());
        match path.as_str() {
            "." | "" | "?" => match named(&message) {
                Some(field) => error.with_field(field),
                None => error,
            },
            // Some values name their field themselves; it stands in the error only once.
            path => match message.strip_prefix(&format!("{path}: ")) {
                Some(message) => Error::invalid(path, message),
                None => error.with_field(path),
            },
        }
    })
}

/// A message in the words of JSON instead of those of Rust.
fn plain(message: &str) -> String {
    let words = [("expected i64", "expected a whole number"), ("expected u64", "expected a whole number of 0 or more")];
    words.into_iter().fold(message.to_owned(), |message, (rust, json)| message.replace(rust, json))
}

/// The field that a message about a missing or unknown one names.
pub(super) fn named(message: &str) -> Option<String> {
    let rest = message.strip_prefix("missing field `").or_else(|| message.strip_prefix("unknown field `"))?;
    rest.split('`').next().map(str::to_owned)
}
