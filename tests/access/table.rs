//! What each operation is on each kind of handle. Every operation stands here once.

use super::world::{Handle, World};
use serde_json::{Value, json};

/// What a call comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Expected {
    /// It is done, as on a handle without narrowing.
    Allowed,
    /// It is done, and tells only of what is the handle's.
    Narrowed,
    /// It is refused as `forbidden`.
    Forbidden,
    /// There is no such object on this handle.
    Absent,
}

/// An operation, its parameters, and what it comes to on the kinds of handles.
pub(crate) struct Row {
    pub(crate) name: &'static str,
    pub(crate) params: fn(&World) -> Value,
    /// A letter for each kind of [`Handle::ALL`]: `A`llowed, `N`arrowed, `x` forbidden, `0` absent.
    pub(crate) letters: &'static str,
}

impl Row {
    pub(crate) fn expected(&self, handle: Handle) -> Expected {
        let place = Handle::ALL.iter().position(|known| *known == handle).unwrap();
        let letters: Vec<char> = self.letters.chars().filter(|letter| *letter != ' ').collect();
        assert_eq!(letters.len(), Handle::ALL.len(), "{}", self.name);
        match letters[place] {
            'A' => Expected::Allowed,
            'N' => Expected::Narrowed,
            'x' => Expected::Forbidden,
            '0' => Expected::Absent,
            other => panic!("{}: '{other}'", self.name),
        }
    }
}

macro_rules! rows {
    ($( $name:literal $letters:literal $params:expr; )+) => {
        &[$( Row { name: $name, letters: $letters, params: $params } ),+]
    };
}

fn january(_: &World) -> Value {
    json!({"period": "2024-01"})
}

fn grouped(_: &World) -> Value {
    json!({"period": "2024-01", "group_by": ["tenant", "virtual:line"]})
}

fn nothing(_: &World) -> Value {
    json!({})
}

fn counter(event: &str) -> Value {
    json!({"slug": "more", "aggregation": "count", "event": event, "unit": "one"})
}

/// In the order in which they are called: what changes things for others comes last.
pub(crate) const ROWS: &[Row] = rows! {
    // Full, PlatformAdmin | Tenant | OrgAdmin | Operator, Viewer, Own | ReadScope, WriteScope, NoScope, NoRole
    "get_cost_summary"           "AA N N NNN Nxxx" |_| json!({"period": "2024-01",
        "group_by": ["tenant", "organization", "user", "workspace", "service", "account", "cost_center", "tag:team"]});
    "costs.daily"                "AA N N NNN Nxxx" grouped;
    "costs.trends"               "AA N N NNN Nxxx" grouped;
    "costs.top_drivers"          "AA N N NNN Nxxx" grouped;
    "costs.unit"                 "AA N N NNN Nxxx" |_| json!({"period": "2024-01", "per": "api_calls",
        "group_by": "tenant"});
    "costs.explain"              "AA N N NNN Nxxx" january;
    "costs.diff"                 "AA N N NNN Nxxx" |_| json!({"snapshot_a": 0, "snapshot_b": 4, "group_by": "tenant"});
    "costs.breakdown"            "AA N N NNN Nxxx" |_| json!({"period": "2024-01", "group_by": ["tenant", "tag:team"],
        "granularity": "daily", "distinct": "service", "views": ["list"]});
    "costs.historical"           "AA N N NNN Nxxx" |_| json!({"start_date": "2024-01-01", "group_by": "tenant"});
    "costs.services"             "AA N N NNN Nxxx" january;
    "costs.monthly"              "AA N N NNN Nxxx" |_| json!({"months": 2});
    "costs.anomalies"            "AA N N NNN Nxxx" |_| json!({"days": 30, "group_by": ["tenant", "virtual:line"]});
    "anomaly_monitors.get"       "AA N 0 NN0 Nxxx" |world| json!({"id": world.monitor});
    "anomaly_monitors.list"      "AA N N NNN Nxxx" nothing;
    "costs.forecast"             "AA N N NNN Nxxx" |_| json!({"granularity": "daily", "days": 2, "model": "naive",
        "group_by": "tenant"});
    "costs.projected_month_end"  "AA N N NNN Nxxx" |_| json!({"model": "naive"});
    "forecast.backtest"          "AA N N NNN Nxxx" |_| json!({"granularity": "daily", "days": 1, "origins": 1,
        "model": "naive"});
    "costs.explain_plan"         "AA x x xxx xxxx" grouped;
    "allocation.run"             "AA x x xxx xxxx" january;
    "allocation.what_if"         "AA x x xxx xxxx" |_| json!({"period": "2024-01", "rules": []});
    "allocation.coverage"        "AA x x xxx xxxx" january;
    "allocation.report"          "AA N N NNN Nxxx" january;
    "allocation.rules.list"      "AA x x xxx xxxx" nothing;
    "allocation.rules.get"       "AA x x xxx xxxx" |world| json!({"id": world.rule});
    "get_usage"                  "AA N x NNN Nxxx" |_| json!({"period": "2024-01",
        "group_by": ["tenant", "user", "workspace"]});
    "billing.preview"            "AA N x NNx Nxxx" |_| json!({"tenant_id": "ten_north", "period": "2024-01"});
    "grants.list"                "AA N x NNx Nxxx" nothing;
    "grants.balance"             "AA N x NNx Nxxx" |_| json!({"tenant_id": "ten_north", "at": "2024-01-31T00:00:00Z"});
    "llm.rate"                   "AA N N NNN Nxxx" |_| json!({"model": "model-a",
        "usage": {"input": 1, "cached_input": 0, "output": 0}, "at": "2024-01-05T00:00:00Z"});
    "catalog.get"                "AA N 0 N N0 Nxxx" |_| json!({"kind": "tenant", "id": "ten_north"});
    "catalog.list"               "AA N N NNN Nxxx" nothing;
    "get_cost_center"            "AA 0 N NNN Nxxx" |world| json!({"id": world.center});
    "list_cost_centers"          "AA N N NNN Nxxx" nothing;
    "resource_groups.get"        "AA 0 N NNN Nxxx" |world| json!({"id": world.group});
    "resource_groups.list"       "AA N N NNN Nxxx" nothing;
    "resource_groups.find_by_resource" "AA N N NNN Nxxx" |_| json!({"resource_type": "app",
        "resource_id": "app_shared"});
    "budgets.get"                "AA N N NN0 Nxxx" |world| json!({"id": world.budget});
    "budgets.list"               "AA N N NNN Nxxx" nothing;
    "get_budget_status"          "AA N N NN0 Nxxx" |world| json!({"id": world.budget});
    "budgets.check"              "AA N N NNN Nxxx" |_| json!({"amount": 1});
    "virtual_dimensions.get"     "AA x x xxx xxxx" |_| json!({"name": "line"});
    "virtual_dimensions.list"    "AA x x xxx xxxx" nothing;
    "meters.get"                 "AA x x xxx xxxx" |_| json!({"slug": "api_calls"});
    "meters.list"                "AA x x xxx xxxx" nothing;
    "prices.list"                "AA x x xxx xxxx" nothing;
    "usage.status"               "AA x x xxx xxxx" nothing;
    "audit.list"                 "AA x x xxx xxxx" nothing;
    "audit.verify"               "AA x x xxx xxxx" nothing;
    "audit.export"               "AA x x xxx xxxx" |world| json!({"path": world.path("changes.jsonl")});
    "events.list"                "AA x x xxx xxxx" nothing;
    "webhooks.list"              "AA x x xxx xxxx" nothing;
    "webhooks.get"               "AA x x xxx xxxx" |world| json!({"id": world.webhook});
    "webhooks.deliveries"        "AA x x xxx xxxx" nothing;
    "webhooks.rotate"            "AA x x xxx xxxx" |world| json!({"id": world.webhook});
    "webhooks.redeliver"         "AA x x xxx xxxx" |world| json!({"id": world.webhook,
        "since": "2024-01-01T00:00:00Z"});
    "webhooks.test"              "AA x x xxx xxxx" |world| json!({"id": world.webhook});
    "webhooks.update"            "AA x x xxx xxxx" |world| json!({"id": world.webhook, "enabled": false});
    "webhooks.deliver"           "AA x x xxx xxxx" nothing;
    "webhooks.create"            "AA x x xxx xxxx" |_| json!({"url": "https://hooks.example.com"});
    "snapshots"                  "AA x x xxx xxxx" nothing;
    "segments"                   "AA x x xxx xxxx" nothing;
    "export_report"              "AA x x xxx xxxx" |world| json!({"path": world.path("charges.parquet")});
    "usage.export"               "AA x x xxx xxxx" |world| json!({"path": world.path("events.parquet")});
    "tick"                       "AA x x xxx xxxx" nothing;
    "record_usage"               "AA N x Nxx xNxx" |_| json!({"events": [
        {"id": "new-north", "resource": "api_calls", "quantity": 1, "tenant_id": "ten_north",
            "time": "2024-01-05T00:00:00Z"}]});
    "correct_usage"              "AA N x xxx xNxx" |_| json!({"id": "one-north", "tenant_id": "ten_north",
        "quantity": 22});
    "void_usage"                 "AA N x xxx xNxx" |_| json!({"id": "two-north", "tenant_id": "ten_north"});
    "update_cost_center"         "AA 0 N Nxx xNxx" |world| json!({"id": world.center, "budget_monthly": 7});
    "resource_groups.add_resource" "AA 0 N Nxx xNxx" |world| json!({"id": world.group, "resource_type": "automl",
        "resource_id": "job_1"});
    "resource_groups.remove_resource" "AA 0 N Nxx xNxx" |world| json!({"id": world.group, "resource_type": "app",
        "resource_id": "app_shared"});
    "resource_groups.update"     "AA 0 N Nxx xNxx" |world| json!({"id": world.group, "status": "archived"});
    "resource_groups.create"     "AA x N Nxx xNxx" |_| json!({"name": "Another", "owner_id": "usr_north"});
    "resource_groups.delete"     "AA 0 N Nxx xNxx" |world| json!({"id": world.group});
    "budgets.reserve"            "AA N N Nxx xNxx" |_| json!({"amount": 1});
    "budgets.settle"             "AA N N Nxx xNxx" |world| json!({"reservation_id": world.reservations[0],
        "amount": "0.5"});
    "budgets.release"            "AA N N Nxx xNxx" |world| json!({"reservation_id": world.reservations[1]});
    "budgets.update"             "AA N N xxx xNxx" |world| json!({"id": world.budget, "name": "Aurora again"});
    "budgets.pause"              "AA N N xxx xNxx" |world| json!({"id": world.budget});
    "budgets.resume"             "AA N N xxx xNxx" |world| json!({"id": world.budget});
    "budgets.create"             "AA N N xxx xNxx" |_| json!({"name": "Another", "organization_id": "org_north",
        "scope": {"level": "tenant", "id": "ten_north"}, "thresholds": [{"percent": 100, "action": "alert"}],
        "budget": {"amount": 7, "currency": "USD", "period": "daily"}});
    "costs.anomaly_feedback"     "AA N N Nxx xNxx" |_| json!({"id": "ano_01hr5zqg000000000000000000",
        "feedback": "useful"});
    "anomaly_monitors.update"    "AA N 0 xxx xNxx" |world| json!({"id": world.monitor, "days": 3});
    "anomaly_monitors.create"    "AA N N xxx xNxx" |_| json!({"name": "Another"});
    "anomaly_monitors.delete"    "AA N 0 xxx xNxx" |world| json!({"id": world.monitor});
    "set_budget_alert"           "AA N x xxx xNxx" |_| json!({"tenant": "ten_north", "amount": 7});
    "budgets.delete"             "AA N N xxx xNxx" |world| json!({"id": world.budget});
    "billing.settle"             "AA x x xxx xxxx" nothing;
    "billing.close"              "AA x x xxx xxxx" january;
    "allocation.close"           "AA x x xxx xxxx" january;
    "import_charges"             "AA x x xxx xxxx" |world| json!({"path": world.path("acct-nobody.csv")});
    "allocation.rules.create"    "AA x x xxx xxxx" |world| json!({"name": "Another", "method": "even",
        "source": {"service": "Another"}, "targets": [{"cost_center": world.other_center}], "order": 7,
        "effective_from": "2024-01-01T00:00:00Z"});
    "allocation.rules.update"    "AA x x xxx xxxx" |world| json!({"id": world.rule, "order": 3});
    "allocation.rules.delete"    "AA x x xxx xxxx" |world| json!({"id": world.rule});
    "create_cost_center"         "AA x x xxx xxxx" |_| json!({"name": "Another", "type": "rail", "rail": "cards"});
    "delete_cost_center"         "AA x x xxx xxxx" |world| json!({"id": world.center});
    "catalog.upsert"             "AA x x xxx xxxx" |_| json!({"kind": "team", "id": "t", "name": "T"});
    "catalog.delete"             "AA x x xxx xxxx" |_| json!({"kind": "cost_center", "id": "cc_north"});
    "webhooks.delete"            "AA x x xxx xxxx" |world| json!({"id": world.webhook});
    "virtual_dimensions.set"     "AA x x xxx xxxx" |_| json!({"name": "other",
        "rules": [{"value": "x", "when": {"rail": "y"}}]});
    "virtual_dimensions.delete"  "AA x x xxx xxxx" |_| json!({"name": "line"});
    "grants.create"              "AA x x xxx xxxx" |_| json!({"tenant_id": "ten_north",
        "amount": {"money": "1", "currency": "USD"}, "effective_from": "2024-02-01T00:00:00Z"});
    "grants.delete"              "AA x x xxx xxxx" |world| json!({"id": world.grant});
    "prices.create"              "AA x x xxx xxxx" |_| json!({"meter": "storage", "model": "per_unit",
        "unit_price": "1", "currency": "USD", "effective_from": "2024-02-01T00:00:00Z"});
    "prices.update"              "AA x x xxx xxxx" |world| json!({"id": world.price, "unit_price": "0.6"});
    "prices.delete"              "AA x x xxx xxxx" |world| json!({"id": world.price});
    "meters.create"              "AA x x xxx xxxx" |_| counter("more");
    "meters.update"              "AA x x xxx xxxx" |_| counter("most");
    "meters.delete"              "AA x x xxx xxxx" |_| json!({"slug": "more"});
    "llm.load_prices"            "AA x x xxx xxxx" |world| json!({"path": world.path("models.json"),
        "effective_from": "2024-02-01T00:00:00Z"});
    "usage.compact"              "AA x x xxx xxxx" nothing;
    "usage.drop"                 "AA x x xxx xxxx" |_| json!({"before": "2024-01-02T00:00:00Z"});
    "compact"                    "AA x x xxx xxxx" nothing;
    "vacuum"                     "AA x x xxx xxxx" nothing;
};
