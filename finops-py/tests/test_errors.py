"""Failures: their classes, their fields, and what is left afterwards."""

from __future__ import annotations

import copy
import pickle
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

import iof
from iof import (
    ConflictError,
    Finops,
    FinopsError,
    InvalidArgumentError,
    MixedCurrenciesError,
    MoneyOverflowError,
    NotFoundError,
)


def test_a_failure_is_caught_as_what_python_calls_it(finops: Finops) -> None:
    with pytest.raises(LookupError) as caught:
        finops.catalog.get("team", "nobody")
    error = caught.value
    assert isinstance(error, NotFoundError)
    assert (error.code, error.field) == ("not_found", "id")
    assert str(error) == f"id: {error.message}"
    assert "nobody" in error.message


@pytest.mark.parametrize("limit", [0, -5, 1001, 1.5, "many", True])
def test_a_wrong_argument_names_its_field(finops: Finops, limit: Any) -> None:
    with pytest.raises(ValueError) as caught:
        finops.catalog.list(limit=limit)
    assert isinstance(caught.value, InvalidArgumentError)
    assert caught.value.field == "limit"


def test_an_unknown_keyword_is_python_s_own_error(finops: Finops) -> None:
    with pytest.raises(TypeError, match="colour"):
        finops.get_cost_summary(colour="red")  # type: ignore[call-arg]


def test_an_unknown_operation_or_parameter_is_refused_below_too(engine: iof.Iof) -> None:
    with pytest.raises(NotFoundError):
        engine._engine.call("paint", {})
    with pytest.raises(InvalidArgumentError) as caught:
        engine._engine.call("get_cost_summary", {"colour": "red"})
    assert caught.value.field == "colour"


def test_several_currencies_are_not_added(finops: Finops, bill: Any) -> None:
    finops.import_charges(bill({}, {"BillingCurrency": "EUR"}))
    with pytest.raises(MixedCurrenciesError) as caught:
        finops.get_cost_summary(period="2024-01")
    assert caught.value.code == "mixed_currencies"
    converted = finops.get_cost_summary(period="2024-01", currency="USD", exchange_rates={"EUR": 1.08})
    assert str(converted["total_cost"]) == "2.08"


def test_what_does_not_fit_is_refused(finops: Finops) -> None:
    with pytest.raises(FinopsError) as caught:
        finops.catalog.upsert("team", "t", "T", budget_usd=10**30)
    assert caught.value.field == "budget_usd"


def test_an_amount_beyond_arrow_s_decimal_is_refused() -> None:
    page: iof.Page[Any] = iof.Page(items=[{"cost": Decimal(10) ** 20}])
    with pytest.raises(MoneyOverflowError) as caught:
        page.__arrow_c_stream__()
    assert caught.value.field == "cost"


def test_calls_after_close_raise(bill: Any) -> None:
    engine = iof.open()
    engine.close()
    engine.close()
    assert engine.closed
    for call in (engine.finops.tick, engine.finops.costs.daily, engine.finops.catalog.list):
        with pytest.raises(ConflictError, match="closed"):
            call()


def test_the_block_closes_the_engine(tmp_path: Path) -> None:
    with iof.open(tmp_path / "costs") as engine:
        engine.finops.catalog.upsert("team", "t", "T")
        with pytest.raises(ConflictError):
            iof.open(tmp_path / "costs")
    with iof.open(str(tmp_path / "costs")) as again:
        assert again.finops.catalog.get("team", "t")["name"] == "T"
    with iof.open(tmp_path / "costs", read_only=True) as reader, pytest.raises(ConflictError):
        reader.finops.catalog.upsert("team", "t", "U")


@pytest.mark.parametrize("location", ["", 5, b"bytes", None])
def test_a_location_must_be_one(location: Any) -> None:
    with pytest.raises(InvalidArgumentError) as caught:
        iof.open(location)
    assert caught.value.field == "location"


def test_errors_survive_copying() -> None:
    error = InvalidArgumentError("invalid_argument", "must be 1 to 1000", "limit")
    for twin in (copy.copy(error), pickle.loads(pickle.dumps(error))):
        assert type(twin) is InvalidArgumentError
        assert (twin.code, twin.field, twin.message, str(twin)) == (error.code, error.field, error.message, str(error))


def test_every_code_has_a_class_of_its_own() -> None:
    classes = list(iof.errors._CLASSES.values())
    assert len(set(classes)) == len(classes) == 10
    assert all(issubclass(kind, FinopsError) and kind.__name__ in iof.__all__ for kind in classes)


def test_more_groups_than_an_engine_was_opened_for_are_refused(bill: Any) -> None:
    with iof.open(max_groups=1, threads=1, cache_bytes=0, usage_memory_bytes=0, currency="EUR") as engine:
        engine.finops.import_charges(bill({}, {"ServiceName": "Disk"}))
        assert engine.finops.get_cost_summary(period="2024-01")["total_cost"] == 2
        with pytest.raises(InvalidArgumentError, match="more than 1 groups: filter, .* higher max_groups") as caught:
            engine.finops.get_cost_summary(period="2024-01", group_by="service")
        assert caught.value.field == "group_by"


@pytest.mark.parametrize(
    ("option", "value"),
    [("max_groups", 0), ("threads", 1025), ("cache_bytes", -1), ("usage_memory_bytes", -1), ("currency", "usd"),
     ("actor", " ")],
)
def test_limits_out_of_range_are_refused(option: str, value: int | str) -> None:
    for opener in (iof.open, iof.Iof.open):
        with pytest.raises(InvalidArgumentError) as caught:
            opener(**{option: value})  # type: ignore[operator]
        assert caught.value.field == option
