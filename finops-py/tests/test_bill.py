"""Sums that other tools come to as well: of a published bill, and of an export that DuckDB reads."""

from __future__ import annotations

import os
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

import iof
from iof import types

from conftest import Bill

VIEWS = {"BilledCost": "billed", "EffectiveCost": "effective", "ListCost": "list", "ContractedCost": "contracted"}


def sample() -> Path:
    """A published, anonymised bill of 1,000 rows, where it lies on this machine."""
    path = Path(os.environ.get("FINOPS_DATA", ""), "focus_sample.csv")
    if "FINOPS_DATA" not in os.environ or not path.exists():
        pytest.skip("FINOPS_DATA names no folder with focus_sample.csv of the FOCUS sample data")
    return path


def test_the_published_bill_adds_up(finops: iof.Finops) -> None:
    receipt = finops.import_charges(sample())
    assert (receipt["rows"], receipt["charges"], receipt["focus_version"]) == (1000, 1000, "1.0")
    assert receipt["total_billed"] == Decimal("20.52022672899")
    assert receipt["total_effective"] == Decimal("14.97651418586")
    assert receipt["total_list"] == Decimal("20.39090575119")
    assert receipt["total_contracted"] == Decimal("14.97626039326")
    assert receipt["totals"][0]["contracted_unknown"] == 7
    views = {view: finops.get_cost_summary(period="2024-09", view=view)["total_cost"] for view in VIEWS.values()}
    assert views == {view: receipt[f"total_{view}"] for view in VIEWS.values()}


def sums(path: Path) -> dict[str, Any]:
    duckdb = pytest.importorskip("duckdb", reason="duckdb is not installed")
    columns = ", ".join(f"sum({column})" for column in VIEWS)
    # A connection of its own: on the shared one a row that was not fetched stands in the way of later queries.
    row = duckdb.connect().execute(f"SELECT count(*), {columns} FROM read_parquet(?)", [str(path)]).fetchone()
    return dict(zip(["charges", *VIEWS.values()], row))


def test_duckdb_finds_the_same_sums_in_an_export(finops: iof.Finops, bill: Bill, tmp_path: Path) -> None:
    digits = ["0.000000000000000001", "-33.33", "99999999999.123456789", "1E-7"]
    rows = [{"BilledCost": digit, "EffectiveCost": digit, "ContractedCost": ""} for digit in digits]
    finops.import_charges(bill(*rows, {"ContractedCost": "2.5"}))
    # What was replaced is not exported.
    receipt = finops.import_charges(bill(*rows, {"ContractedCost": "7.25"}, name="restated.csv"))
    exported = finops.export_report(path=tmp_path / "charges.parquet")
    found = sums(tmp_path / "charges.parquet")
    assert found.pop("charges") == exported["rows"] == receipt["charges"] == 5
    assert found == {view: receipt[f"total_{view}"] for view in VIEWS.values()}


def test_duckdb_finds_the_same_sums_in_an_export_of_the_published_bill(finops: iof.Finops, tmp_path: Path) -> None:
    receipt = finops.import_charges(sample())
    finops.export_report(path=tmp_path / "charges.parquet")
    found = sums(tmp_path / "charges.parquet")
    assert found.pop("charges") == 1000
    assert found == {view: receipt[f"total_{view}"] for view in VIEWS.values()}


def test_answers_have_the_fields_that_the_types_promise(finops: iof.Finops, bill: Bill) -> None:
    receipt = finops.import_charges(bill({"BilledCost": "NULL"}, {"EffectiveCost": "NULL"}))
    dimensions = set(types.Dimensions.__annotations__)
    every = ["tenant", "service", "account", "currency"]
    summary = finops.get_cost_summary(period="2024-01", group_by=every)
    daily = finops.costs.daily(period="2024-01", group_by=every)
    promised = {
        types.CurrencyTotals: receipt["totals"][0],
        types.Warning: receipt["warnings"][0],
        types.QuarantinedRow: receipt["quarantine"][0],
        types.DataHealth: summary["data_health"],
        types.Day: daily["days"][0],
    }
    for kind, answer in promised.items():
        assert set(kind.__annotations__) == set(answer), kind
    for kind, answer in {types.CostSummaryItem: summary["breakdown"][0], types.DaySeries: daily["groups"][0]}.items():
        named = {"tenant_id", "tenant_name", "service", "account", "currency"}
        assert set(answer) - named == set(kind.__annotations__) - dimensions, kind
