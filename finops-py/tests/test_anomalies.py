"""Anomalies from Python: the shapes of answers, how they print, and detectors of the host."""

from __future__ import annotations

import signal
from datetime import date, timedelta
from pathlib import Path
from typing import Any, get_args, get_type_hints

import pytest

import iof

HEADER = ("BilledCost,EffectiveCost,BillingAccountId,BillingCurrency,BillingPeriodStart,BillingPeriodEnd,"
          "ChargePeriodStart,ChargePeriodEnd,ChargeCategory,ServiceName,ServiceProviderName\n")


def billed(path: Path, detector: Any = None) -> iof.Iof:
    """An engine with 10 a day of two services, and 110 of one of them on March 20."""
    lines = [HEADER]
    day = date(2024, 1, 1)
    while day < date(2024, 3, 25):
        month, following = day.replace(day=1), (day.replace(day=1) + timedelta(days=32)).replace(day=1)
        for service in ("Compute", "Queue"):
            cost = 110 if (day, service) == (date(2024, 3, 20), "Compute") else 10
            lines.append(f"{cost},{cost},a,USD,{month}T00:00:00Z,{following}T00:00:00Z,{day}T00:00:00Z,"
                         f"{day + timedelta(days=1)}T00:00:00Z,Usage,{service},AWS\n")
        day += timedelta(days=1)
    file = path / "bill.csv"
    file.write_text("".join(lines))
    engine = iof.open(now="2024-03-25T09:00:00Z", anomaly_detector=detector)
    engine.finops.import_charges(file)
    return engine


def test_answers_have_the_fields_that_their_types_name(tmp_path: Path) -> None:
    def fields(shape: Any) -> set[str]:
        return set(get_type_hints(shape))

    types = iof.anomaly_types
    finops = billed(tmp_path).finops
    found = finops.costs.anomalies()
    spike = found["anomalies"][0]
    assert set(spike) == fields(types.CostAnomaly)
    assert set(spike["drivers"][0]) == fields(types.AnomalyDriver)
    assert set(found["period"]) == fields(types.AnomalyPeriod)
    assert spike["kind"] in get_args(types.AnomalyKind)
    kept = finops.costs.anomaly_feedback(spike["id"], "useful", note="a load test")
    assert set(kept) == fields(types.FeedbackKept)
    given = finops.costs.anomalies(feedback="useful")["anomalies"][0]["feedback"]
    assert given == kept["feedback"] and given is not None and set(given) == fields(types.AnomalyFeedback)
    assert finops.costs.anomaly_feedback(spike["id"], None)["feedback"] is None
    made = finops.anomaly_monitors.create("Services", group_by="service")
    assert set(made) == fields(types.AnomalyMonitor)


def test_anomalies_print_and_become_tables(tmp_path: Path) -> None:
    found = billed(tmp_path).finops.costs.anomalies(group_by="service", threshold=3)
    text = str(found)
    assert "Anomalies, 2024-02-24 to 2024-03-24, effective cost" in text
    assert "Compute" in text and "spike" in text and "2 groups judged by robust_baseline" in text
    (row,) = found.records()
    assert (row["service"], row["impact"], "group" in row) == ("Compute", 100, False)
    assert found.to_arrow().num_rows == 1
    short = iof.open(now="2024-03-25T09:00:00Z").finops.costs.anomalies()
    assert "1 groups have fewer than four weeks" in str(short)


class Mine:
    """Finds that the last value but two is too much."""

    name = "mine"

    def __init__(self, answer: Any = None) -> None:
        self.asked: list[Any] = []
        self.answer = answer

    def detect(self, series: Any, settings: Any) -> Any:
        self.asked.append((series, settings))
        if self.answer is not None:
            return self.answer
        at = len(series["values"]) - 3
        return {"anomalies": [{"start_index": at, "end_index": at + 1, "expected": 30.5, "score": 2.25,
                               "kind": "contextual", "ongoing": True}]}


def test_a_host_brings_its_own_detector(tmp_path: Path) -> None:
    mine = Mine()
    found = billed(tmp_path, mine).finops.costs.anomalies(threshold="2.5", minimum_impact=1)
    (anomaly,) = found["anomalies"]
    assert (found["detector"], anomaly["start"], anomaly["end"]) == ("mine", "2024-03-22", "2024-03-23")
    assert (str(anomaly["expected"]), str(anomaly["impact"]), str(anomaly["score"])) == ("30.5", "9.5", "2.25")
    assert (anomaly["kind"], anomaly["direction"], anomaly["ongoing"]) == ("contextual", "up", True)
    ((series, settings),) = mine.asked
    assert settings == {"threshold": 2.5, "minimum_impact": 1.0}
    assert (series["start"], series["frequency"], series["season_length"]) == (date(2024, 1, 1), "daily", 7)
    assert series["values"][-5:] == [120.0, 20.0, 20.0, 20.0, 20.0]


@pytest.mark.parametrize(
    "answer",
    [
        {"anomalies": [{"start_index": 84, "expected": 1, "score": 1}]},
        {"anomalies": [{"start_index": 1, "expected": float("nan"), "score": 1}]},
        {"anomalies": [{"start_index": 1}]},
        {},
        3,
        object(),
    ],
)
def test_what_a_detector_cannot_mean_is_an_error(tmp_path: Path, answer: Any) -> None:
    with pytest.raises(iof.InvalidArgumentError) as failed:
        billed(tmp_path, Mine(answer)).finops.costs.anomalies()
    assert failed.value.field == "anomaly_detector"
    assert "'mine'" in str(failed.value)


def test_ctrl_c_in_a_detector_stops_the_tick_and_leaves_no_look(tmp_path: Path) -> None:
    class Interrupted:
        asked = 0

        def detect(self, series: Any, settings: Any) -> dict[str, Any]:
            self.asked += 1
            if self.asked == 1:
                signal.raise_signal(signal.SIGINT)
            return {"anomalies": []}

    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    detector = Interrupted()
    try:
        with billed(tmp_path, detector) as engine:
            for name in ("first", "second"):
                engine.finops.anomaly_monitors.create(name)
            with pytest.raises(KeyboardInterrupt):
                engine.finops.tick()
            assert detector.asked == 1
            assert [one["looked_at"] for one in engine.finops.anomaly_monitors.list()["items"]] == [None, None]
            engine.finops.tick()
            assert detector.asked == 3
            assert [one["error"] for one in engine.finops.anomaly_monitors.list()["items"]] == [None, None]
    finally:
        signal.signal(signal.SIGINT, before)


def test_what_a_detector_raises_is_told_and_no_detector_is_refused(tmp_path: Path) -> None:
    class Broken:
        def detect(self, series: Any, settings: Any) -> Any:
            raise RuntimeError("out of order")

    with pytest.raises(iof.InvalidArgumentError, match="'custom' failed: .*out of order"):
        billed(tmp_path, Broken()).finops.costs.anomalies()
    with pytest.raises(iof.InvalidArgumentError, match="must have a method detect"):
        iof.open(anomaly_detector=3)  # type: ignore[arg-type]


def test_monitors_tell_sinks(tmp_path: Path) -> None:
    finops = billed(tmp_path).finops
    told: list[Any] = []
    finops.events.subscribe(told.append)
    finops.anomaly_monitors.create("All", minimum_impact=50)
    finops.tick()
    finops.tick()
    assert [(event["type"], event["data"]["impact"]) for event in told] == [("finops.anomaly.detected", "100")]
