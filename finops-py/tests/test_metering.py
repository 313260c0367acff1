"""Usage: what is special to Python about recording it, in every form that it may come in."""

from __future__ import annotations

import json
import threading
from collections import UserDict
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

import iof
from iof import ConflictError, Finops, InvalidArgumentError
from iof.batches import Batches
from iof.metering_types import Events

AT = datetime(2024, 1, 30, 12, tzinfo=timezone.utc)


def event(id: object, **more: Any) -> dict[str, Any]:
    return {"id": str(id), "resource": "api_calls", "quantity": 1, "tenant_id": "ten_001", **more}


def calls(finops: Finops) -> Decimal | None:
    items = finops.get_usage(window="30d")["items"]
    return items[0]["api_calls"] if items else None


def test_events_come_as_a_dict_a_list_an_iterator_or_json(finops: Finops) -> None:
    ways: list[Events] = [
        event(1),
        [event(2), event(3)],
        (event(4), UserDict(event(5))),
        (event(id) for id in (6, 7)),
        json.dumps(event(8)),
        json.dumps([event(9)]).encode(),
        bytearray(json.dumps(event(10)).encode()),
        memoryview(json.dumps(event(11)).encode()),
        UserDict(event(12)),
        [],
    ]
    assert [finops.record_usage(way)["accepted"] for way in ways] == [1, 2, 2, 2, 1, 1, 1, 1, 1, 0]
    assert finops.record_usage(event(1))["duplicates"] == 1
    cloud = {"specversion": "1.0", "id": "c", "source": "s", "type": "api_calls", "subject": "ten_001", "time": AT,
             "data": {"quantity": 3}}
    assert finops.record_usage(cloud)["accepted"] == 1
    assert calls(finops) == 15


def test_numbers_are_exact(finops: Finops) -> None:
    quantities = [0.1, 0.2, 10**17, Decimal("0.000000000000000001"), "3", Decimal("1E+2"), 1e16]
    receipt = finops.record_usage([event(id, quantity=quantity) for id, quantity in enumerate(quantities)])
    assert receipt["rejected"] == []
    assert calls(finops) == Decimal("110000000000000103.300000000000000001")


def test_what_is_the_same_in_other_types_is_the_same_event(finops: Finops) -> None:
    properties = {"n": 1, "yes": True, "none": None, "share": 0.5}
    as_text = {"n": "1", "yes": "true", "share": "0.5"}
    first = event(1, quantity=Decimal("1.50"), time=AT, properties=properties)
    berlin = AT.astimezone(timezone(timedelta(hours=1)))
    second = event(1, quantity=1.5, time=berlin, properties=as_text, rail=None)
    assert finops.record_usage([first, second])["duplicates"] == 1


def test_what_cannot_be_counted_rejects_its_event_alone(finops: Finops) -> None:
    odd = [
        event(0), event(1, quantity=float("nan")), event(2, quantity=Decimal("Infinity")), event(3, time=datetime(2024, 1, 1)),
        event(4, time=date(2024, 1, 1)), event(5, properties={"a": [1]}), event(6, colour="red"), event(7, quantity=True),
        event(8, quantity=10**30), event(9, time=AT - timedelta(days=40)), event(10, time="2024-02-02T00:00:00Z"),
        event(0, quantity=2), "text", None, 7, event(11),
    ]
    receipt = finops.record_usage(odd)
    assert receipt["accepted"] == 2
    codes = [(entry["index"], entry["code"]) for entry in receipt["rejected"]]
    invalid = [(index, "invalid") for index in range(1, 9)]
    rest = [(index, "invalid") for index in range(12, 15)]
    assert codes == [*invalid, (9, "too_late"), (10, "future"), (11, "conflict"), *rest]
    assert "time: " in receipt["rejected"][2]["message"]
    assert str(receipt).startswith("Usage: 2 accepted, 14 rejected")


def test_what_is_no_event_at_all_is_refused(finops: Finops) -> None:
    circle: dict[str, Any] = event(1)
    circle["properties"] = circle
    wrong: list[Any] = [
        7, None, object(), "{", b"\xff", b"[1", [event(1), event(2, properties={"x": object()})],
        event(1, properties={1: "x"}), event("\ud800"), circle, [event(id) for id in range(100_001)],
    ]
    for events in wrong:
        with pytest.raises(InvalidArgumentError) as caught:
            finops.record_usage(events)
        assert caught.value.field == "events", events
    assert calls(finops) is None
    with pytest.raises(InvalidArgumentError, match="event 1: a value cannot be of type object"):
        finops.record_usage([event(1), event(2, properties={"x": object()})])

    def fails() -> Any:
        yield event(1)
        raise KeyError("the host's own")

    with pytest.raises(KeyError):
        finops.record_usage(fails())


def test_tables_are_events(finops: Finops) -> None:
    pyarrow = pytest.importorskip("pyarrow", reason="pyarrow is not installed")
    polars = pytest.importorskip("polars", reason="polars is not installed")
    finops.meters.create("requests", "sum", "request", group_by=["model", "code", "route", "ok"])
    columns = {
        "id": pyarrow.array(["1", "2", "3"]),
        "source": pyarrow.array(["s", None, "s"]).dictionary_encode(),
        "time": pyarrow.array([AT] * 3, pyarrow.timestamp("ns", "Europe/Berlin")),
        "resource": ["requests"] * 3,
        "quantity": pyarrow.array([Decimal("1.50"), Decimal("0.25"), Decimal(-1)], pyarrow.decimal256(50, 4)),
        "tenant_id": pyarrow.array(["ten_001"] * 3, pyarrow.large_string()),
        "properties": pyarrow.array([[("route", "/a")], None, []], pyarrow.map_(pyarrow.string(), pyarrow.string())),
        "model": pyarrow.array(["m", None, "n"], pyarrow.string_view()),
        "code": pyarrow.array([200, 404, None], pyarrow.uint16()),
        "ok": [True, False, None],
    }
    table = pyarrow.table(columns)
    assert finops.record_usage(table)["accepted"] == 3
    assert finops.record_usage(table.slice(1))["duplicates"] == 2
    group_by = ["model", "tag:code", "tag:route", "tag:ok"]
    usage = finops.get_usage(window="30d", group_by=group_by, resource="requests")["items"]
    assert usage == [
        {"model": "m", "tag:code": "200", "tag:route": "/a", "tag:ok": "true", "requests": Decimal("1.5")},
        {"model": "n", "tag:code": None, "tag:route": None, "tag:ok": None, "requests": Decimal(-1)},
        {"model": None, "tag:code": "404", "tag:route": None, "tag:ok": "false", "requests": Decimal("0.25")},
    ]
    rows = [event(id, time=AT, quantity=0.1 * id, share=0.5, day=date(2024, 1, 1)) for id in range(11, 14)]
    assert finops.record_usage(polars.DataFrame(rows))["accepted"] == 3
    same = [event(id, quantity=0.1 * id, properties={"share": 0.5, "day": "2024-01-01"}) for id in range(11, 14)]
    assert finops.record_usage(same)["duplicates"] == 3
    assert finops.record_usage(pyarrow.table({"id": pyarrow.array([], pyarrow.string())}))["accepted"] == 0


def test_rows_that_are_no_events_are_rejected_alone(finops: Finops) -> None:
    pyarrow = pytest.importorskip("pyarrow", reason="pyarrow is not installed")
    texts = ['{"a": 1}', '{}, "quantity": 9', "[1]", '{"a": {}}', ' {"b": "}"} ', None, "{}"]
    rows = [event(id, properties=text) for id, text in enumerate(texts)]
    receipt = finops.record_usage(pyarrow.Table.from_pylist(rows))
    assert [entry["index"] for entry in receipt["rejected"]] == [1, 2, 3]
    assert all("properties" in entry["message"] for entry in receipt["rejected"])
    again = [event(0, properties={"a": "1"}), event(4, properties={"b": "}"}), event(5), event(6)]
    assert finops.record_usage(again)["duplicates"] == 4
    naive = pyarrow.Table.from_pylist([event(9, time=datetime(2024, 1, 30))])
    assert "time zone" in finops.record_usage(naive)["rejected"][0]["message"]
    struct = pyarrow.Table.from_pylist([event(10, properties={"a": 1, "b": None}), event(11, properties=None)])
    assert finops.record_usage(struct)["accepted"] == 2
    assert finops.record_usage([event(10, properties={"a": 1}), event(11)])["duplicates"] == 2
    for wrong in ({"id": [[1]]}, {"properties": [1]}, {"id": [b"x"]}):
        with pytest.raises(InvalidArgumentError, match="is of type"):
            finops.record_usage(pyarrow.table(wrong))
    twice = pyarrow.table({"id": ["1"], "properties": ['{"a": 1}'], "a": [2]})
    assert "stands twice" in finops.record_usage(twice)["rejected"][0]["message"]


def test_usage_shows_and_becomes_a_table(finops: Finops) -> None:
    finops.record_usage([event(1, time=AT), event(2, time=AT, tenant_id="ten_002")])
    usage = finops.get_usage(period="2024-01", granularity="weekly", resource="api_calls")
    assert "ten_002" in str(usage)
    assert len(usage.records()) == 2 * 5
    polars = pytest.importorskip("polars", reason="polars is not installed")
    frame = usage.to_polars()
    assert frame.schema["api_calls"] == polars.Decimal(38, 18)
    assert frame.schema["date"] == polars.Datetime("us", "UTC")
    for answer in (finops.meters.list(), finops.prices.list(), finops.billing.settle(), finops.record_usage([])):
        assert str(answer)
        assert answer.to_polars() is not None


def test_bills_show_and_become_tables(finops: Finops) -> None:
    since = "2024-01-01T00:00:00Z"
    finops.prices.create("api_calls", "per_unit", unit_price=Decimal("0.01"), currency="USD", effective_from=since)
    finops.record_usage([event(1, time=AT), event(2, time=AT, resource="bandwidth")])
    grant = finops.grants.create("ten_002", {"money": "5", "currency": "USD"}, since)
    balance = finops.grants.balance("ten_002")
    assert balance["grants"][0]["left"] == 5
    assert grant["id"] in str(balance)
    for answer in (balance, finops.grants.list()):
        assert len(answer.to_pandas()) == 1
    statement = finops.billing.preview("ten_001", "2024-01")
    assert "total 0.01 USD" in str(statement)
    assert "without a price: 1 bandwidth" in str(statement)
    closed = finops.billing.close("2024-01")
    assert closed.records() == [{"tenant_id": "ten_001", "currency": "USD", "total": Decimal("0.01"), "lines": 1}]
    assert isinstance(closed["statements"][0], iof.Statement)
    assert "closed 2024-02-01" in str(finops.billing.preview("ten_001", "2024-01"))
    assert finops.get_cost_summary(period="2024-01")["total_cost"] == Decimal("0.01")


def test_a_recorder_takes_events_and_writes_them_later(finops: Finops) -> None:
    with finops.recorder(batch=100) as usage:
        for id in range(50):
            usage.record(event(id))
        usage.record(id="0", resource="api_calls", quantity=2, tenant_id="ten_001", time=AT)
        assert usage.in_flight == 51
        usage.flush()
        assert (usage.in_flight, calls(finops)) == (0, 50)
        wrong: list[Any] = [{"id": "x"}, [event(1)], 7, event(1, colour="red"), event(1, quantity=object())]
        for one in wrong:
            with pytest.raises(InvalidArgumentError):
                usage.record(one)
        with pytest.raises(InvalidArgumentError):
            usage.record({}, id="1")  # type: ignore[call-overload]
        for id in range(100, 250):
            usage.record(event(id))
        assert usage.in_flight == 50, "who fills a batch writes it"
    assert usage.stats() == {"accepted": 200, "duplicates": 0, "rejected": 1, "dropped": 0, "failures": 0}
    (rejected,) = usage.take_rejected()
    assert (rejected["id"], rejected["code"], usage.take_rejected()) == ("0", "conflict", [])
    usage.close()
    with pytest.raises(ConflictError):
        usage.record(event(1))


def test_a_full_recorder_does_what_it_was_told(finops: Finops) -> None:
    for wrong in ({"batch": 0}, {"policy": "maybe"}, {"flush_seconds": 0}, {"max_in_flight": 5}, {"batch": -1}):
        with pytest.raises(InvalidArgumentError) as caught:
            finops.recorder(**wrong)  # type: ignore[arg-type]
        assert caught.value.field == next(iter(wrong))
    with finops.recorder(batch=10, max_in_flight=10, policy="wait") as usage:
        for id in range(95):
            usage.record(event(id))
    assert usage.stats()["accepted"] == 95


def test_threads_share_a_recorder_that_flushes_by_itself(tmp_path: Path) -> None:
    with iof.open(tmp_path / "iof", now=AT) as engine:
        usage = engine.finops.recorder(batch=500, max_in_flight=1_000, flush_seconds=0.01)

        def work(thread: int) -> None:
            for number in range(2_000):
                usage.record(event(f"{thread}-{number}"))

        threads = [threading.Thread(target=work, args=(thread,)) for thread in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        usage.close()
        assert usage.stats()["accepted"] == 8_000
    with iof.open(tmp_path / "iof", now=AT, read_only=True) as engine:
        assert engine.finops.get_usage(window="30d")["items"][0]["api_calls"] == 8_000
        with pytest.raises(ConflictError):
            engine.finops.record_usage(event(1))


def test_batches_of_the_middleware_give_to_the_engine(finops: Finops) -> None:
    told: list[tuple[str, int]] = []
    batches = Batches(finops, on_error=lambda error, events: told.append((type(error).__name__, len(events))))
    batches.record_usage([event(id, time=AT) for id in range(25)])
    batches.record_usage([event(0, quantity=9), event("late", time=AT - timedelta(days=99))])
    assert batches.close()
    assert calls(finops) == 25
    assert sum(count for _, count in told) == 2
