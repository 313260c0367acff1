"""The surface: every operation has its method, its keywords and its types."""

from __future__ import annotations

import doctest
import importlib
import inspect
from pathlib import Path
from typing import Any, get_args, get_type_hints

import pytest

import iof
from iof import _iof

PACKAGE = Path(iof.__file__).parent
PARTS = (iof.Costs, iof.Catalog, iof.VirtualDimensions, iof.Meters, iof.Prices, iof.Billing, iof.ModelPrices,
         iof.KeptUsage, iof.Grants, iof.Allocation, iof.AllocationRules, iof.Audit,
         iof.ResourceGroups, iof.Budgets, iof.Webhooks, iof.Events, iof.Forecast, iof.AnomalyMonitors)


def methods(part: Any, prefix: str = "") -> dict[str, Any]:
    """The public methods of an object and of the parts that hang below it."""
    found: dict[str, Any] = {}
    for name, value in inspect.getmembers(part):
        if name.startswith("_"):
            continue
        if inspect.ismethod(value):
            found[prefix + name] = value
        elif isinstance(value, PARTS):
            found.update(methods(value, f"{prefix}{name}."))
    return found


def test_every_operation_has_its_method_and_keywords(finops: iof.Finops) -> None:
    # The callable that looks on is no part of the operation.
    beside = {"import_charges": {"progress"}, "compact": {"progress"}, "webhooks.deliver": {"progress"}}
    # Arrow and DuckDB are there in Python alone, recorders and spends are objects, not answers, and callables no JSON.
    only_here = {"columns", "relation", "costs.sql", "recorder", "budgets.spend", "events.subscribe",
                 "events.unsubscribe"}
    found = {
        name: set(inspect.signature(method).parameters) - beside.get(name, set())
        for name, method in methods(finops).items()
        if name not in only_here
    }
    assert found == {name: set(fields) for name, fields in _iof.operations().items()}


def test_every_method_says_what_it_does(finops: iof.Finops) -> None:
    for name, method in methods(finops).items():
        assert "Example:" in (inspect.getdoc(method) or ""), name


def test_the_version_is_that_of_the_native_half() -> None:
    assert iof.__version__ == _iof.__version__


def test_the_package_says_that_it_is_typed() -> None:
    parts = ("", "allocation_", "analysis_", "anomaly_", "budget_", "forecast_", "metering_")
    for name in ("py.typed", "_iof.pyi", *(f"{part}results.pyi" for part in parts)):
        assert (PACKAGE / name).exists()
    assert set(get_args(iof.types.CostView)) == {"effective", "billed", "contracted", "list"}


def test_answers_have_the_fields_that_their_types_name(billed: iof.Finops, bill: Any) -> None:
    def fields(shape: Any) -> set[str]:
        return set(get_type_hints(shape))

    own = fields(iof.types.CostSummaryItem) - fields(iof.types.Dimensions)
    summary = billed.get_cost_summary(period="2024-01")
    assert set(summary["data_health"]) == fields(iof.types.DataHealth)
    item = billed.get_cost_summary(period="2024-01", group_by=["tenant", "service"])["breakdown"][0]
    assert set(item) == own | {"tenant_id", "tenant_name", "service"}
    daily = billed.costs.daily(period="2024-01", group_by="service")
    assert set(daily["days"][0]) == fields(iof.types.Day)
    assert set(daily["summary"]) == fields(iof.types.DailySummary)
    assert set(daily["groups"][0]) == {"service", "total", "days"}
    breakdown = billed.costs.breakdown(
        period="2024-01", granularity="daily", views=get_args(iof.types.CostView), distinct="service"
    )
    assert set(breakdown["items"][0]) == fields(iof.types.BreakdownItem) - fields(iof.types.Dimensions)
    historical = billed.costs.historical(start_date="2024-01-01", group_by="service")
    assert set(historical["series"][0]) == fields(iof.types.CostPoint)
    assert set(historical["groups"][0]) == {"service", "total", "series"}
    assert set(billed.costs.services(period="2024-01")["items"][0]) == fields(iof.types.ServiceCost)
    monthly = billed.costs.monthly(year=2024)
    assert set(monthly["months"][0]) == fields(iof.types.MonthCost)
    assert set(monthly["summary"]) == fields(iof.types.MonthlySummary)
    receipt = billed.import_charges(bill({}, {"BilledCost": "oops"}))
    assert set(receipt["totals"][0]) == fields(iof.types.CurrencyTotals)
    assert set(receipt["quarantine"][0]) == fields(iof.types.QuarantinedRow)
    assert set(receipt["replaced"][0]) == fields(iof.types.Replaced)
    assert set(receipt["warnings"][0]) == fields(iof.types.Warning)
    assert set(billed.catalog.upsert("team", "t", "T")) == fields(iof.types.CatalogEntry)
    center = billed.create_cost_center("Sandbox", "workspace", workspace="ws_9")
    assert set(center) == fields(iof.allocation_types.CostCenter) - {"tenant", "rail"}
    billed.allocation.rules.create(
        "rest", {"not": {"workspace": "ws_9"}}, "weighted", "2024-01-01T00:00:00Z",
        targets=[{"cost_center": center["id"], "weight": 1}],
    )
    run = billed.allocation.run(period="2024-01", group_by="service")
    dimensions = fields(iof.types.Dimensions) - {"cost_center_id", "cost_center_name", "currency"}
    assert set(run["items"][0]) == fields(iof.allocation_types.AllocationItem) - dimensions | {"service"}
    assert set(run["cost_centers"][0]) == fields(iof.allocation_types.CenterCost)
    assert set(run["totals"][0]) == fields(iof.allocation_types.AllocationTotal)
    what_if = billed.allocation.what_if([], period="2024-01")
    assert set(what_if["items"][0]) == fields(iof.allocation_types.AllocationChange)
    report = billed.allocation.report("2024-01")
    assert set(report["totals"][0]) == fields(iof.allocation_types.StatementTotal)
    assert set(report["statements"][0]) == fields(iof.allocation_types.AllocationStatement)
    billed.allocation.rules.delete(billed.allocation.rules.list()["items"][0]["id"])
    coverage = billed.allocation.coverage(period="2024-01", group_by="service")
    assert set(coverage["currencies"][0]) == fields(iof.allocation_types.CurrencyCoverage)
    pieces = fields(iof.allocation_types.UnattributedPiece) - fields(iof.types.Dimensions)
    assert set(coverage["unattributed"][0]) == pieces | {"service", "currency"}
    group = billed.resource_groups.create("Apps", owner_id="u", resources=[{"resource_type": "app", "resource_id": "a"}])
    assert set(group) == fields(iof.group_types.ResourceGroup)
    assert set(group["resources"][0]) == fields(iof.group_types.GroupedResource)
    alert = billed.set_budget_alert(tenant="t", amount=1, pause_at_pct=100)
    assert set(alert) == fields(iof.budget_types.BudgetMade)
    budget = billed.budgets.get(alert["budget_id"])
    assert set(budget) == fields(iof.budget_types.Budget)
    assert set(budget["budget"]) == fields(iof.budget_types.Allowance) - {"reset_day", "start_date", "end_date"}
    assert set(budget["thresholds"][0]) == fields(iof.budget_types.Threshold)
    forecast = billed.get_budget_status(alert["budget_id"])["forecast"]
    assert forecast is None or set(forecast) == fields(iof.budget_types.BudgetForecast)
    rules: list[iof.types.Rule] = [{"value": "x", "when": {"service": "Queue"}}]
    assert set(billed.virtual_dimensions.set("v", rules)) == fields(iof.types.VirtualDimension)
    assert set(billed.audit.list()["items"][0]) == fields(iof.audit_types.AuditEntry)
    assert set(billed.audit.verify()) == fields(iof.audit_types.AuditVerdict)


def test_every_dimension_and_kind_is_typed(finops: iof.Finops) -> None:
    shown = set(get_type_hints(iof.types.Dimensions))
    for name in shown:
        dimension = name.removesuffix("_id") if f"{name.removesuffix('_id')}_name" in shown else name
        if not name.endswith("_name"):
            assert finops.get_cost_summary(period="2024-01", group_by=dimension)["count"] == 0
    for kind in get_args(iof.types.Kind):
        assert finops.catalog.upsert(kind, "x", "X")["kind"] == kind


EXAMPLES = [
    "iof",
    "iof.allocation",
    "iof.analysis",
    "iof.anomalies",
    "iof.audit",
    "iof.billing",
    "iof.breakdowns",
    "iof.budgets",
    "iof.catalog",
    "iof.centers",
    "iof.client",
    "iof.columns",
    "iof.costs",
    "iof.errors",
    "iof.forecasts",
    "iof.gate",
    "iof.grants",
    "iof.groups",
    "iof.history",
    "iof.metering",
    "iof.receiving",
    "iof.relations",
    "iof.series",
    "iof.spend",
    "iof.statements",
    "iof.usage",
    "iof.virtuals",
    "iof.webhooks",
]


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_examples_run(name: str) -> None:
    assert doctest.testmod(importlib.import_module(name)).failed == 0
