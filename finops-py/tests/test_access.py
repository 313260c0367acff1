"""Narrowed engines: which operations they have, and that nothing of others comes out of them."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import pytest

import iof
from iof import _iof

# What an engine narrowed to a tenant may call; everything else is about the platform as a whole.
OF_A_TENANT = {
    "get_cost_summary", "costs.daily", "costs.trends", "costs.top_drivers", "costs.unit", "costs.explain", "costs.diff",
    "costs.forecast", "costs.projected_month_end", "forecast.backtest",
    "costs.breakdown", "costs.historical", "costs.services", "costs.monthly", "get_usage", "billing.preview",
    "grants.list", "grants.balance", "llm.rate", "catalog.get", "catalog.list", "record_usage", "correct_usage",
    "void_usage", "get_cost_center", "list_cost_centers", "update_cost_center", "allocation.report",
    "resource_groups.get", "resource_groups.list", "resource_groups.find_by_resource",
}
OF_GROUPS = {f"resource_groups.{name}" for name in ("create", "update", "delete", "add_resource", "remove_resource")}
OF_SPENDS = {f"budgets.{name}" for name in ("reserve", "settle", "release")}
OF_MONITORS = {f"anomaly_monitors.{name}" for name in ("create", "update", "delete")}
OF_BUDGETS = {f"budgets.{name}" for name in ("create", "update", "pause", "resume", "delete")} | {"set_budget_alert"}
OF_A_TENANT |= {"budgets.get", "budgets.list", "budgets.check", "get_budget_status"}
OF_A_TENANT |= {"costs.anomalies", "costs.anomaly_feedback", "anomaly_monitors.get", "anomaly_monitors.list"}
OF_A_TENANT |= OF_GROUPS | OF_SPENDS | OF_BUDGETS | OF_MONITORS
OF_EVENTS = {"record_usage", "correct_usage", "void_usage"}
CHANGES = OF_EVENTS | OF_GROUPS | OF_SPENDS | OF_BUDGETS | OF_MONITORS | {"update_cost_center", "costs.anomaly_feedback"}
# Usage has no organizations.
OF_USAGE = OF_EVENTS | {"get_usage", "billing.preview", "grants.list", "grants.balance"}

EVENT = {"resource": "api_calls", "quantity": 1, "time": "2024-01-15T00:00:00Z"}


def allowed(engine: iof.Iof) -> set[str]:
    """What an engine may call: who may not learns nothing of the parameters, and these are wrong."""
    found = set()
    for operation in _iof.operations():
        with pytest.raises(iof.FinopsError) as raised:
            engine._engine.call(operation, {"no such field": 1})
        if raised.value.code == "forbidden":
            assert isinstance(raised.value, iof.ForbiddenError)
        else:
            found.add(operation)
    return found


def test_every_operation_with_every_kind_of_engine(engine: iof.Iof) -> None:
    everything = set(_iof.operations())
    tenant: dict[str, Any] = {"user_id": "u", "tenant_id": "ten_001"}
    assert allowed(engine) == everything
    assert allowed(engine.as_principal(user_id="u", roles=["admin"])) == everything
    assert allowed(engine.as_tenant("ten_001")) == OF_A_TENANT
    assert allowed(engine.as_principal(roles=["admin"], **tenant)) == OF_A_TENANT
    operator = engine.as_principal(roles=("operator",), **tenant)
    assert allowed(operator) == OF_A_TENANT - OF_BUDGETS - OF_MONITORS - {"correct_usage", "void_usage"}
    assert allowed(engine.as_principal(roles=["viewer"], **tenant)) == OF_A_TENANT - CHANGES
    admin = engine.as_principal(user_id="u", roles=["admin"], organization_id="org_1")
    assert allowed(admin) == OF_A_TENANT - OF_USAGE
    reader = engine.as_principal(roles=["admin"], scopes=["finops:read"], **tenant)
    assert allowed(reader) == OF_A_TENANT - CHANGES
    assert allowed(engine.as_principal(roles=["admin"], scopes=["finops:write"], **tenant)) == CHANGES
    assert allowed(engine.as_principal(roles=["admin"], scopes=[], **tenant)) == set()
    assert allowed(engine.as_principal(roles=[], **tenant)) == set()


def test_answers_tell_only_of_the_tenant(engine: iof.Iof) -> None:
    engine.finops.record_usage(
        [
            {**EVENT, "id": "1", "quantity": quantity, "tenant_id": tenant}
            for tenant, quantity in (("ten_north", 3), ("ten_south", 765_4321))
        ]
    )
    tenant = engine.as_tenant("ten_north").finops
    for answer in (tenant.get_usage(period="2024-01"), tenant.get_cost_summary(period="2024-01", group_by="tenant")):
        assert "ten_north" in str(dict(answer))
        assert "south" not in str(dict(answer)) and "7654321" not in str(dict(answer))
    assert tenant.get_cost_summary(period="2024-01")["data_health"]["quarantined_rows"] is None
    with pytest.raises(iof.ForbiddenError):
        tenant.relation()
    with pytest.raises(iof.ForbiddenError):
        tenant.billing.preview("ten_south", "2024-01")


def test_events_of_others_are_rejected_one_by_one(engine: iof.Iof) -> None:
    tenant = engine.as_tenant("ten_north").finops
    events = [{**EVENT, "id": "1", "tenant_id": "ten_south"}, {**EVENT, "id": "2", "tenant_id": "ten_north"}]
    receipt = tenant.record_usage(events)
    assert (receipt["accepted"], [one["code"] for one in receipt["rejected"]]) == (1, ["forbidden"])
    with tenant.recorder() as recorder:
        recorder.record({**EVENT, "id": "3", "tenant_id": "ten_south"})
        recorder.flush()
        assert recorder.stats()["rejected"] == 1
        assert recorder.take_rejected()[0]["code"] == "forbidden"


def test_narrowing_again_only_narrows(engine: iof.Iof) -> None:
    tenant = engine.as_tenant("ten_north")
    with pytest.raises(iof.ForbiddenError) as raised:
        tenant.as_tenant("ten_south")
    assert raised.value.field == "tenant_id"
    assert isinstance(pickle.loads(pickle.dumps(raised.value)), PermissionError)
    assert allowed(tenant.as_principal(user_id="u", roles=["admin"])) == OF_A_TENANT


def test_what_is_no_principal_is_refused_by_name(engine: iof.Iof) -> None:
    cases = (({"user_id": " "}, "user_id"), ({"roles": ["root"]}, "roles[0]"), ({"tenant_id": ""}, "tenant_id"))
    for wrong, field in cases:
        with pytest.raises(iof.InvalidArgumentError) as raised:
            engine.as_principal(**{"user_id": "u", "roles": ["viewer"], **wrong})  # type: ignore[arg-type]
        assert raised.value.field == field


def test_closing_the_engine_closes_what_was_narrowed(tmp_path: Path) -> None:
    engine = iof.open(tmp_path)
    tenant, other = engine.as_tenant("ten_north"), engine.as_tenant("ten_south")
    tenant.close()
    assert tenant.closed and not other.closed and not engine.closed
    with pytest.raises(iof.ConflictError):
        tenant.finops.get_cost_summary()
    engine.close()
    assert other.closed
    with pytest.raises(iof.ConflictError):
        other.as_tenant("ten_south")
    iof.open(tmp_path).close()  # nobody holds the folder
