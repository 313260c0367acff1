"""Forecasts: of cost, of plain series, and by models of the host."""

from __future__ import annotations

import math
import signal
from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any, get_type_hints

import numpy
import pandas
import pytest

import iof

HEADER = (
    "BilledCost,EffectiveCost,BillingAccountId,BillingCurrency,BillingPeriodStart,BillingPeriodEnd,"
    "ChargePeriodStart,ChargePeriodEnd,ServiceName"
)


class Interrupted:
    """A model during which the user presses Ctrl-C."""

    name = "interrupted"

    def __init__(self) -> None:
        self.asked = 0

    def forecast(self, series: Any, horizon: int, levels: Sequence[float]) -> dict[str, Any]:
        self.asked += 1
        signal.raise_signal(signal.SIGINT)
        return {}

    def detect(self, series: Any, settings: Any) -> dict[str, Any]:
        return self.forecast(series, 1, [])


class Mine:
    """Says what it was asked, and 1, 2, 3 and so on."""

    name = "mine"

    def __init__(self) -> None:
        self.asked: list[Any] = []

    def forecast(self, series: Any, horizon: int, levels: Sequence[float]) -> dict[str, Any]:
        self.asked.append((series, horizon, levels))
        mean = numpy.arange(1, horizon + 1)
        return {"model": "Count", "mean": mean, "lower": {"0.8": mean - 1}, "upper": {"0.8": mean + 1}}


def billed(path: Path, forecaster: Any = None, detector: Any = None) -> iof.Iof:
    """An engine at noon of 11 March with charges of 10 a day since 1 January, 3 on that day so far."""
    rows = []
    day = date(2024, 1, 1)
    while day <= date(2024, 3, 11):
        start, cost = day.replace(day=1), 3 if day == date(2024, 3, 11) else 10
        until = (start + timedelta(32)).replace(day=1)
        times = ",".join(f"{one}T00:00:00Z" for one in (start, until, day, day + timedelta(1)))
        rows.append(f"{cost},{cost},acct-1,USD,{times},Disk")
        day += timedelta(1)
    bill = path / "bill.csv"
    bill.write_text("\n".join([HEADER, *rows]) + "\n")
    engine = iof.open(now="2024-03-11T12:00:00Z", forecaster=forecaster, anomaly_detector=detector)
    engine.finops.import_charges(bill)
    return engine


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[iof.Iof]:
    with billed(tmp_path) as engine:
        yield engine


def test_costs_are_forecast_by_month_and_by_day(engine: iof.Iof) -> None:
    costs = engine.finops.costs
    answer = costs.forecast(group_by="service", level=0.9)
    points = [(point["day"], point["predicted"]) for point in answer["predictions"]]
    assert points == [("2024-03-01", 310), ("2024-04-01", 300), ("2024-05-01", 310)]
    assert answer["predictions"][0]["date"] == datetime(2024, 3, 1, tzinfo=timezone.utc)
    assert answer["analysis"]["confidence"] == "high" and answer["level"] == Decimal("0.9")
    assert answer["groups"][0]["service"] == "Disk"
    assert [row["service"] for row in answer.records()] == ["Disk"] * 3
    assert "2024-03-01" in str(answer) and "known up to 2024-03-10" in str(answer)
    days = costs.forecast(granularity="daily", days=3)["predictions"]
    assert [point["day"] for point in days] == ["2024-03-11", "2024-03-12", "2024-03-13"]


def test_the_months_end_is_what_is_known_and_the_rest(engine: iof.Iof) -> None:
    answer = engine.finops.costs.projected_month_end()
    assert (answer["month_to_date"], answer["projected"], answer["remaining_days"]) == (100, 310, 21)
    assert "Projected end of 2024-03" in str(answer)
    assert answer.to_pandas()["projected"].tolist() == [Decimal(310)]


def test_a_backtest_says_how_well_it_would_have_done(engine: iof.Iof) -> None:
    answer = engine.finops.forecast.backtest(granularity="daily", days=7, origins=2, level="0.8")
    assert answer["smape"] == 0 and len(answer["origins"]) == 2
    assert answer["coverage"] == [{"level": Decimal("0.8"), "coverage": Decimal(1)}]
    assert "sMAPE 0.00 %" in str(answer)


def test_answers_have_the_fields_that_their_types_name(engine: iof.Iof) -> None:
    types = iof.forecast_types
    answer = engine.finops.costs.forecast(group_by="service")
    for got, shape in (
        (answer["historical"][0], types.PastPoint),
        (answer["predictions"][0], types.ForecastPoint),
        (answer["analysis"], types.Analysis),
        (engine.finops.forecast.backtest(granularity="daily", days=7)["origins"][0], types.BacktestOrigin),
        (iof.forecast([1, 2, 3], 1), types.SeriesForecast),
        (iof.backtest([1, 2, 3, 4, 5, 6], 1), types.SeriesBacktest),
    ):
        assert set(got) == set(get_type_hints(shape)), shape
    own = set(get_type_hints(types.GroupForecast)) - set(get_type_hints(iof.types.Dimensions))
    assert set(answer["groups"][0]) == own | {"service"}


def test_a_model_of_the_host_is_asked(tmp_path: Path) -> None:
    mine = Mine()
    with billed(tmp_path, mine) as engine:
        costs = engine.finops.costs
        for model in ("mine", "custom"):
            answer = costs.forecast(granularity="daily", days=2, model=model)
            assert [point["predicted"] for point in answer["predictions"]] == [1, 2]
            assert [point["upper_bound"] for point in answer["predictions"]] == [2, 3]
            assert answer["analysis"]["model"] == "Count"
        series, horizon, levels = mine.asked[0]
        assert (horizon, levels, series["start"], series["frequency"]) == (2, [0.8], date(2024, 1, 1), "daily")
        assert len(series["values"]) == 70 and series["non_negative"] is True
        assert costs.forecast()["predictions"][0]["predicted"] == 310, "ours unless it is asked for"
        with pytest.raises(iof.InvalidArgumentError, match="the host's 'mine'"):
            costs.forecast(model="oracle")


def test_a_model_of_the_host_may_fail(tmp_path: Path) -> None:
    class Wrong:
        def __init__(self, answer: Any) -> None:
            self.answer = answer

        def forecast(self, series: Any, horizon: int, levels: Any) -> Any:
            if isinstance(self.answer, Exception):
                raise self.answer
            return self.answer

    one = {"mean": [1.0], "lower": {"0.8": [1.0]}, "upper": {"0.8": [1.0]}}
    for answer, said in (
        (ValueError("no idea"), "no idea"),
        ({}, "mean"),
        (one, "finite numbers"),
        ({**one, "mean": [1.0, math.nan]}, "finite numbers"),
        ({**one, "lower": {}}, "no lower and upper of 0.8"),
    ):
        with billed(tmp_path, Wrong(answer)) as engine, pytest.raises(iof.InvalidArgumentError, match=said) as raised:
            engine.finops.costs.forecast(granularity="daily", days=2, model="custom")
        assert raised.value.field == "model"
    with pytest.raises(iof.InvalidArgumentError, match="must have a method forecast"):
        iof.open(forecaster=3)  # type: ignore[arg-type]


def test_a_model_of_the_host_says_what_is_too_little_for_it(tmp_path: Path) -> None:
    class Late:
        name = "late"
        raises = False

        def forecast(self, series: Any, horizon: int, levels: Sequence[float]) -> dict[str, Any] | None:
            if len(series["values"]) < 60:
                if self.raises:
                    raise ValueError("needs 60 days")
                return None
            bounds = {str(level): [10.0] * horizon for level in levels}
            return {"mean": [10.0] * horizon, "lower": bounds, "upper": bounds}

    model = Late()
    with billed(tmp_path, model) as engine:
        # Of the 70 days the six forecasts know 28, 35 and so on to 63.
        params: dict[str, Any] = {"granularity": "daily", "days": 7, "model": "late"}
        tried = engine.finops.forecast.backtest(**params)
        assert (len(tried["origins"]), tried["origins_skipped"]) == (1, 5)
        model.raises = True
        said = "needs 60 days, in the forecast made after 2024-01-28 of 28 known days: ask for fewer `origins`"
        with pytest.raises(iof.InvalidArgumentError, match=said) as raised:
            engine.finops.forecast.backtest(**params)
        assert raised.value.field == "model"
        assert len(engine.finops.forecast.backtest(**params, origins=1)["origins"]) == 1
    with iof.open(now="2024-02-11T12:00:00Z", forecaster=Late()) as engine:
        engine.finops.import_charges(tmp_path / "bill.csv")
        with pytest.raises(iof.InvalidArgumentError, match="'late' gave no forecast of 41 known values") as raised:
            engine.finops.costs.forecast(granularity="daily", days=2, model="late")
        assert raised.value.field == "model"


def test_a_plain_series_is_forecast() -> None:
    answer = iof.forecast([1, 5, 1, 5, 1, 5], 3, 2, model="SeasonalNaive", levels=[0.95])
    assert answer["mean"] == [1.0, 5.0, 1.0] and list(answer["lower"]) == ["0.95"]
    values = [float(day % 7) for day in range(35)]
    arrays = (numpy.array(values), numpy.float32(values), pandas.Series(values))
    for given in (values, tuple(values), *arrays, iter(values)):
        assert iof.forecast(given, 2, 7, model="naive")["mean"] == [6.0, 6.0]
    known = iof.forecast([1.0, None, 3.0, 4.0], 1, model="naive", start=date(2024, 1, 1), frequency="monthly")
    assert known["mean"] == [4.0]


def test_what_is_no_series_is_refused() -> None:
    for values, said in (
        ([1.0, math.nan], "null for what is unknown"),
        ([1.0, math.inf], "finite"),
        ([1.0, "x"], "value 1 is no number"),
        (3, "sequence of numbers"),
        ([1.0], "has 1"),
    ):
        with pytest.raises(iof.InvalidArgumentError, match=said) as raised:
            iof.forecast(values, 1)  # type: ignore[arg-type]
        assert raised.value.field == "values"
    for options, field in (
        ({"horizon": 0}, "horizon"),
        ({"horizon": 1, "levels": [95]}, "levels"),
        ({"horizon": 1, "model": "oracle"}, "model"),
        ({"horizon": 1, "season_length": -1}, "season_length"),
    ):
        with pytest.raises(iof.InvalidArgumentError) as raised:
            iof.forecast([1, 2, 3, 4], **options)  # type: ignore[arg-type]
        assert raised.value.field == field


def test_ctrl_c_in_a_model_of_the_host_stops_the_query(tmp_path: Path) -> None:
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        for operation in ("forecast", "anomalies"):
            model = Interrupted()
            with billed(tmp_path, model, model) as engine, pytest.raises(KeyboardInterrupt):
                if operation == "forecast":
                    engine.finops.costs.forecast(group_by="service", model="interrupted")
                else:
                    engine.finops.costs.anomalies()
            assert model.asked == 1, operation
    finally:
        signal.signal(signal.SIGINT, before)


def test_an_async_model_is_told_not_to_be_one(tmp_path: Path) -> None:
    class Later:
        async def forecast(self, series: Any, horizon: int, levels: Sequence[float]) -> dict[str, Any]:
            return {}

        async def detect(self, series: Any, settings: Any) -> dict[str, Any]:
            return {}

    with billed(tmp_path, Later(), Later()) as engine:
        with pytest.raises(iof.InvalidArgumentError, match="define it without async") as caught:
            engine.finops.costs.forecast(model="custom")
        assert caught.value.field == "model"
        with pytest.raises(iof.InvalidArgumentError, match="define it without async") as caught:
            engine.finops.costs.anomalies()
        assert caught.value.field == "anomaly_detector"


@pytest.mark.parametrize(
    "params",
    [{}, {"granularity": "daily", "days": 5}, {"group_by": "service"}, {"group_by": ["service", "region"]}],
)
def test_columns_are_the_rows_of_a_forecast(engine: iof.Iof, params: dict[str, Any]) -> None:
    pytest.importorskip("pyarrow", reason="pyarrow is not installed")
    answer = engine.finops.costs.forecast(**params)
    columns = engine.finops.columns("costs.forecast", **params)
    assert columns.to_arrow().equals(answer.to_arrow())
    assert len(columns) == len(answer.records()) > 0
    rows = {"predictions", "groups"}
    assert columns.about == {name: value for name, value in answer.items() if name not in rows}


def test_columns_of_groups_of_which_nothing_can_be_told_have_no_rows(tmp_path: Path) -> None:
    pytest.importorskip("pyarrow", reason="pyarrow is not installed")

    class Whole:
        """Knows what everything costs together, and nothing of groups."""

        def __init__(self) -> None:
            self.asked = 0

        def forecast(self, series: Any, horizon: int, levels: Sequence[float]) -> dict[str, Any]:
            self.asked += 1
            if self.asked % 2 == 0:
                raise ValueError("too small")
            mean = [1.0] * horizon
            return {"mean": mean, "lower": {"0.8": mean}, "upper": {"0.8": mean}}

    params: dict[str, Any] = {"granularity": "daily", "days": 2, "group_by": "service", "model": "custom"}
    with billed(tmp_path, Whole()) as engine:
        answer = engine.finops.costs.forecast(**params)
        assert "too small" in answer["groups"][0]["reason"]
        columns = engine.finops.columns("costs.forecast", **params)
        assert len(columns) == 0 == len(answer.records())
        assert columns.to_arrow().equals(answer.to_arrow())
