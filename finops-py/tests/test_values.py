"""What goes in and what comes out, value by value."""

from __future__ import annotations

from collections import OrderedDict
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from enum import Enum
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest

import iof
from iof import Finops, InvalidArgumentError

JANUARY = "2024-01"


def budget(finops: Finops, value: Any) -> Decimal | None:
    return finops.catalog.upsert("team", "t", "T", budget_usd=value)["budget_usd"]


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        (0.1, "0.1"),
        (12.1, "12.1"),
        (1e-7, "0.0000001"),
        (1e16, "10000000000000000"),
        (3, "3"),
        (10**19, "10000000000000000000"),
        ("20.520", "20.52"),
        (Decimal("1E+1"), "10"),
        (Decimal("0.123456789012345678"), "0.123456789012345678"),
    ],
)
def test_numbers_keep_every_digit(finops: Finops, given: Any, kept: str) -> None:
    stored = budget(finops, given)
    assert isinstance(stored, Decimal)
    assert stored == Decimal(kept)
    assert budget(finops, stored) == stored


@pytest.mark.parametrize("given", [float("nan"), float("inf"), Decimal("NaN"), Decimal("-Infinity"), 1e-30])
def test_numbers_that_cannot_be_exact_are_refused(finops: Finops, given: Any) -> None:
    with pytest.raises(InvalidArgumentError) as caught:
        budget(finops, given)
    assert caught.value.field == "budget_usd"


def test_a_rate_that_cannot_be_exact_is_refused_by_its_name(finops: Finops) -> None:
    with pytest.raises(InvalidArgumentError) as caught:
        finops.get_cost_summary(period=JANUARY, currency="USD", exchange_rates={"EUR": 1e-30})
    assert caught.value.field is not None
    assert caught.value.field.startswith("exchange_rates")


def test_numbers_of_other_libraries_count_by_their_value(finops: Finops) -> None:
    numpy = pytest.importorskip("numpy", reason="numpy is not installed")
    assert budget(finops, numpy.float64(0.1)) == Decimal("0.1")


def test_instants_come_and_go_with_their_zone() -> None:
    tokyo = timezone(timedelta(hours=9))
    with iof.open(now=datetime(2024, 1, 1, 9, 0, 0, 250, tzinfo=tokyo)) as engine:
        now = engine.finops.tick()["now"]
        assert now == datetime(2024, 1, 1, 0, 0, 0, 250, tzinfo=timezone.utc)
        assert now.tzinfo is timezone.utc
        assert engine.finops.tick(now + timedelta(days=1))["now"] == now + timedelta(days=1)


def test_a_naive_datetime_is_refused(finops: Finops) -> None:
    with pytest.raises(InvalidArgumentError, match="has no time zone") as caught:
        finops.costs.daily(start_date=datetime(2024, 1, 1), end_date="2024-02-01")
    assert (caught.value.code, caught.value.field) == ("invalid_argument", "start_date")
    with pytest.raises(InvalidArgumentError, match="has no time zone"):
        iof.open(now=datetime(2024, 1, 1))


def test_an_instant_beyond_the_calendar_is_refused(finops: Finops) -> None:
    with pytest.raises(InvalidArgumentError, match="outside the years"):
        finops.tick(datetime.max.replace(tzinfo=timezone(-timedelta(hours=1))))


def test_a_date_is_a_day_of_the_zone_asked_for(finops: Finops) -> None:
    daily = finops.costs.daily(start_date=date(2024, 1, 1), end_date=date(2024, 1, 3), time_zone="Europe/Berlin")
    assert [day["date"].isoformat() for day in daily["days"]] == [
        "2023-12-31T23:00:00+00:00",
        "2024-01-01T23:00:00+00:00",
    ]


def test_lists_tuples_dicts_and_mappings_go_in(finops: Finops) -> None:
    class Dimension(str, Enum):
        SERVICE = "service"

    for groups in (["service", "provider"], ("service", "provider"), [Dimension.SERVICE, "provider"]):
        assert finops.get_cost_summary(period=JANUARY, group_by=groups)["count"] == 0
    for tags in ({"a": "b"}, OrderedDict(a="b"), MappingProxyType({"a": "b"})):
        assert finops.catalog.upsert("team", "t", "T", tags=tags)["tags"] == {"a": "b"}


def test_none_within_a_filter_stays(billed: Finops) -> None:
    kept = billed.get_cost_summary(period=JANUARY, filter={"tag:team": None})
    assert kept["total_cost"] == Decimal("2.875")


def test_paths_go_in_as_text(finops: Finops, bill: Any, tmp_path: Path) -> None:
    assert finops.import_charges(bill({}))["charges"] == 1
    written = finops.export_report(tmp_path / "out.parquet")
    assert written["rows"] == 1
    assert (tmp_path / "out.parquet").stat().st_size == written["bytes"]


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ({1: "a"}, "keys must be text"),
        ({"a": {1, 2}}, "cannot be of type set"),
        ({"a": b"bytes"}, "cannot be of type bytes"),
        ({"a": object()}, "cannot be of type object"),
        ({"a": "\ud800"}, "not Unicode"),
        ({"a": 10**5000}, "too many digits"),
    ],
)
def test_what_has_no_meaning_is_refused_by_its_name(finops: Finops, value: Any, says: str) -> None:
    with pytest.raises(InvalidArgumentError, match=says) as caught:
        finops.get_cost_summary(filter=value)
    assert caught.value.field == "filter"


def test_nesting_has_a_bound(finops: Finops) -> None:
    endless: dict[str, Any] = {}
    endless["not"] = endless
    with pytest.raises(InvalidArgumentError, match="nests deeper than 64"):
        finops.get_cost_summary(filter=endless)


def test_an_answer_is_made_of_plain_objects(billed: Finops) -> None:
    summary = billed.get_cost_summary(period=JANUARY, group_by="service")
    assert isinstance(summary, dict)
    assert summary["total_cost"] == Decimal("13.125")
    assert list(summary["breakdown"][0])[:3] == ["service", "cost", "share"]
    assert type(summary["breakdown"]) is list
    assert summary["data_health"]["last_import_at"] == datetime(2024, 2, 1, tzinfo=timezone.utc)
    assert repr(summary) == dict.__repr__(summary)
