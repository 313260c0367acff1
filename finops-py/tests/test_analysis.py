"""Where costs go and come from: what the answers look like in Python."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any, get_type_hints

import pytest

import iof
from iof import analysis_types as types

from conftest import Bill

JANUARY = "2024-01-01/2024-01-05"


def own(shape: Any) -> set[str]:
    return set(get_type_hints(shape)) - set(get_type_hints(iof.types.Dimensions))


def test_answers_have_the_fields_that_the_types_promise(billed: iof.Finops) -> None:
    costs = billed.costs
    series = costs.trends(period=JANUARY, group_by="service")["series"][0]
    assert set(series) == own(types.TrendSeries) | {"service"}
    assert set(series["points"][0]) == own(types.TrendPoint)
    assert set(costs.top_drivers(period="2024-01")["items"][0]) == own(types.Driver) | {"service"}
    unit = costs.unit("api_calls", period=JANUARY, granularity="daily")
    assert set(unit["items"][0]) == own(types.UnitItem)
    assert set(unit["total"]) == own(types.UnitCost)
    assert set(costs.explain(period="2024-01")["sources"][0]) == own(types.Source)
    assert set(costs.explain_plan(period="2024-01")) == own(types.Plan)
    diff = costs.diff(0, 1, group_by="service")
    assert set(diff["items"][0]) == own(types.DiffItem) | {"service"}
    assert set(diff["total"]) == own(types.DiffFigures)


def test_a_trend_prints_each_series(billed: iof.Finops) -> None:
    lines = str(billed.costs.trends(period=JANUARY)).splitlines()
    assert lines[0] == "Daily trend, 2024-01-01 to 2024-01-05, effective cost"
    assert re.split(r" {2,}", lines[1].strip()) == ["date", "total", "change_pct"]
    assert re.split(r" {2,}", lines[4].strip()) == ["2024-01-02", "4.000", "-60.98"]
    assert lines[7] == "total 13.125 USD"
    grouped = billed.costs.trends(period=JANUARY, group_by="service", limit=1)
    assert ": Queue" in str(grouped)
    assert "2 smaller groups are left out" in str(grouped)
    assert {"service", "date", "total", "change_pct", "complete"} == set(grouped.records()[0])


def test_drivers_units_and_differences_print(billed: iof.Finops) -> None:
    drivers = str(billed.costs.top_drivers(period="2024-01-02", compare_period="2024-01-01"))
    assert "against 2024-01-01 to 2024-01-02" in drivers
    assert re.search(r"Queue +0.00 +0.0% +10.25 +-10.25 +-100.00 +gone", drivers)
    assert "before 10.25, change -60.98 %" in drivers
    assert "cost per 1,000 api_calls unknown" in str(billed.costs.unit("api_calls", period="2024-01", scale=1000))
    assert "Cost per 1,000 api_calls," in str(billed.costs.unit("api_calls", period="2024-01", scale=1000))
    diff = str(billed.costs.diff(0, 1, group_by="service"))
    assert "State 1 against 0" in diff
    assert "change +13.125 USD, 0 charges before and 3 after" in diff


def test_an_explanation_prints_its_bills_and_charges(billed: iof.Finops) -> None:
    explanation = billed.costs.explain(period="2024-01", limit=1)
    assert explanation["largest"][0]["effective_cost"] == Decimal("10.25")
    assert re.search(r"acct-1 +2024-01 +3 +13.125 +1 +2024-02-01", str(explanation))
    imported = billed.snapshots()["items"][0]
    came_with = explanation["sources"][0]["imports"]
    assert came_with == [{"import_id": imported["import_id"], "imported_at": imported["at"]}]
    assert set(came_with[0]) == own(types.Origin)
    assert "3 charges, 0 without a cost" in str(explanation)


def test_what_is_empty_prints(finops: iof.Finops) -> None:
    costs = finops.costs
    answers = [
        costs.trends(period=JANUARY),
        costs.trends(period=JANUARY, group_by="service"),
        costs.top_drivers(period="2024-01"),
        costs.unit("storage", period="2024-01"),
        costs.explain(period="2024-01"),
        costs.diff(0, 0),
    ]
    for answer in answers:
        assert str(answer)
        assert answer._repr_html_().startswith("<div>")


def test_tables_have_the_types_of_the_values(billed: iof.Finops) -> None:
    pyarrow = pytest.importorskip("pyarrow", reason="pyarrow is not installed")
    table = billed.costs.trends(period=JANUARY).to_arrow()
    assert table.schema.field("change_pct").type == pyarrow.decimal128(38, 18)
    assert table.schema.field("complete").type == pyarrow.bool_()


def test_the_files_of_a_folder_are_named(tmp_path: Any, bill: Bill) -> None:
    with iof.open(tmp_path / "costs") as engine:
        engine.finops.import_charges(bill({}, {"BillingAccountId": "acct-2"}))
        segments = engine.finops.segments()
        assert set(segments["items"][0]) == own(types.Segment)
        assert [file["billing_account_id"] for file in segments["items"]] == ["acct-1", "acct-2"]
        duckdb = pytest.importorskip("duckdb", reason="duckdb is not installed")
        paths = [file["path"] for file in segments["items"]]
        rows = duckdb.connect().execute("select sum(BilledCost) from read_parquet(?)", [paths]).fetchall()
        assert rows == [(Decimal(2),)]
