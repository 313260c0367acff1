"""Plain series: the cases that all three languages run."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import iof
import pytest

VECTORS = Path(__file__).parents[2] / "tests" / "vectors" / "series"


def cases(name: str) -> list[Any]:
    read = json.loads((VECTORS / name).read_text(encoding="utf-8"))
    found: list[Any] = read if isinstance(read, list) else read["cases"]
    assert len(found) >= 15
    return found


def given(params: dict[str, Any]) -> dict[str, Any]:
    return {**params, "start": date.fromisoformat(params["start"])} if params.get("start") else params


@pytest.mark.parametrize("case", cases("forecast.json"), ids=lambda case: case["about"])
def test_a_forecast_is_the_same_to_the_last_digit(case: dict[str, Any]) -> None:
    wanted = json.loads(case["answer"])
    try:
        answer: Any = iof.forecast(**given(case["request"]))
    except iof.FinopsError as error:
        answer = {"code": error.code, "field": error.field, "message": error.message}
    # Numbers are equal only if all their bits are.
    assert answer == wanted


@pytest.mark.parametrize("case", cases("anomalies.json"), ids=lambda case: case["about"])
def test_an_anomaly_is_found(case: dict[str, Any]) -> None:
    if wrong := case.get("error"):
        with pytest.raises(iof.FinopsError, match=wrong["message"]) as raised:
            iof.detect_anomalies(**given(case["params"]))
        assert (raised.value.code, raised.value.field) == (wrong["code"], wrong["field"])
        return
    found = iof.detect_anomalies(**given(case["params"]))
    wanted = case["answer"]
    assert len(found["anomalies"]) == len(wanted["anomalies"])
    for told, asked in zip(found["anomalies"], wanted["anomalies"], strict=True):
        assert {name: told[name] for name in asked} == pytest.approx(asked, abs=1e-6)  # type: ignore[literal-required]
        assert set(told) == set(iof.anomaly_types.SeriesAnomaly.__annotations__)
    for place, expected in wanted.get("expected", {}).items():
        assert found["expected"][int(place)] == (None if expected is None else pytest.approx(expected, abs=1e-6))


def test_what_is_no_series_is_refused() -> None:
    for values in ([1.0, float("nan")] * 20, [1.0, float("inf")] * 20, ["1"] * 40, 7):
        with pytest.raises(iof.InvalidArgumentError) as raised:
            iof.detect_anomalies(values)  # type: ignore[arg-type]
        assert raised.value.field == "values"
