"""Answers by column: the same rows, the same types, without a Python object for a cell."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

import iof

from conftest import Bill

pyarrow = pytest.importorskip("pyarrow", reason="pyarrow is not installed")

JANUARY: dict[str, Any] = {"start_date": "2024-01-01", "end_date": "2024-02-01"}
ASKED: list[tuple[str, dict[str, Any]]] = [
    ("get_cost_summary", {"period": "2024-01", "group_by": ["tenant", "service"]}),
    ("get_cost_summary", {"period": "2023-01", "group_by": "service"}),
    ("costs.breakdown", {**JANUARY, "group_by": "service", "granularity": "daily", "views": ["list"]}),
    ("costs.breakdown", {**JANUARY, "group_by": "tag:team", "distinct": "service"}),
    ("costs.daily", {**JANUARY}),
    ("costs.daily", {**JANUARY, "group_by": ["service", "tag:team"]}),
    ("costs.daily", {"period": "2023-01", "group_by": "service"}),
    ("costs.historical", {**JANUARY, "granularity": "weekly"}),
    ("costs.historical", {**JANUARY, "group_by": "service"}),
    ("costs.monthly", {"year": 2024}),
    ("costs.services", {**JANUARY}),
    ("costs.top_drivers", {"period": "2024-01"}),
    ("costs.trends", {"period": "2024-01", "group_by": "service"}),
    ("costs.unit", {**JANUARY, "per": "api_calls", "group_by": "service"}),
    ("costs.diff", {"period": "2024-01", "snapshot_a": 0, "snapshot_b": 1, "group_by": "service"}),
]


@pytest.fixture
def billed(finops: iof.Finops, bill: Bill) -> iof.Finops:
    finops.import_charges(
        bill(
            {"BilledCost": "0.1", "ServiceName": "Search", "Tags": '{"team": "search"}'},
            {"BilledCost": "-2.000000000000000001", "EffectiveCost": "3", "ServiceName": "Queue"},
        )
    )
    return finops


@pytest.mark.parametrize(("operation", "params"), ASKED)
def test_columns_are_the_rows_of_the_answer(billed: iof.Finops, operation: str, params: dict[str, Any]) -> None:
    method: Any = billed
    for name in operation.split("."):
        method = getattr(method, name)
    answer = method(**params)
    columns = billed.columns(operation, **params)
    table = columns.to_arrow()
    assert table.equals(answer.to_arrow())
    assert (table.num_rows, len(columns)) == (len(answer.records()), len(answer.records()))
    rows = {"items", "breakdown", "days", "groups", "series", "months"} & set(answer)
    assert columns.about == {name: value for name, value in answer.items() if name not in rows}


def test_amounts_stay_exact_to_the_last_digit(billed: iof.Finops) -> None:
    columns = billed.columns("costs.breakdown", **JANUARY, group_by="service", view="billed")
    assert columns.to_arrow().column("cost").to_pylist() == [Decimal("0.1"), Decimal("-2.000000000000000001")]
    assert repr(columns) == "<Columns of 2 rows>"


def test_what_has_no_rows_is_refused(billed: iof.Finops) -> None:
    with pytest.raises(iof.InvalidArgumentError) as refused:
        billed.columns("catalog.list")
    assert refused.value.field == "operation"
    with pytest.raises(iof.InvalidArgumentError):
        billed.columns("costs.daily", start_date="soon")
