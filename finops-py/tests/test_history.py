"""The states of the store: what their answers look like in Python, and stopping a compaction."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any, get_type_hints

import pytest

import iof
from iof import Finops, types

from conftest import Bill

FIRST = datetime(2024, 2, 1, tzinfo=timezone.utc)


@pytest.fixture
def scattered(finops: Finops, bill: Bill) -> Finops:
    """Three states of one billing period, a day apart, each with a charge more."""
    for number in range(3):
        finops.tick(FIRST + timedelta(days=number))
        finops.import_charges(bill({"EffectiveCost": str(10**number)}), replace="nothing")
    return finops


def test_states_are_a_page_that_prints_and_becomes_a_table(scattered: Finops) -> None:
    states = scattered.snapshots(limit=2)
    assert set(states["items"][0]) == set(get_type_hints(types.StateMark))
    assert [state["snapshot"] for state in states["items"]] == [3, 2]
    assert states["items"][1]["at"] == FIRST + timedelta(days=1)
    lines = str(states).splitlines()
    assert lines[0] == "Items 1 to 2 of 3"
    assert re.split(r" {2,}", lines[1].strip()) == ["snapshot", "at", "cause", "import_id", "charges"]
    assert re.match(r" +3  2024-02-03  import  imp_\w+ +3$", lines[3]), lines[3]
    pyarrow = pytest.importorskip("pyarrow", reason="pyarrow is not installed")
    assert states.to_arrow().schema.field("at").type == pyarrow.timestamp("us", "UTC")


def test_what_a_compaction_and_a_vacuum_did_prints(scattered: Finops) -> None:
    scattered.tick(FIRST + timedelta(days=3))
    compacted = scattered.compact()
    assert (compacted["scopes"], compacted["segments_before"], compacted["snapshot"]) == (1, 3, 4)
    assert str(compacted).startswith("Compaction: 1 billing period rewritten, segments 3 to 1, bytes ")
    assert str(compacted).endswith("\nthe present state is 4")
    assert "nothing to bring together" in str(scattered.compact())
    state = scattered.snapshots(limit=1)["items"][0]
    assert (state["cause"], state["import_id"]) == ("compact", None)
    vacuumed = scattered.vacuum("0d")
    assert (vacuumed["snapshots_removed"], vacuumed["segments_removed"], vacuumed["oldest_snapshot"]) == (3, 3, 4)
    assert re.fullmatch(
        r"Vacuum: 3 states, 3 files and [\d,]+ bytes removed\nthe oldest state that can be read is 4", str(vacuumed)
    )
    assert vacuumed.records() == [dict(vacuumed)]
    assert vacuumed._repr_html_().startswith("<div>")
    pytest.importorskip("pandas", reason="pandas is not installed")
    assert vacuumed.to_pandas()["oldest_snapshot"].tolist() == [4]


def test_a_compaction_is_looked_on_at_and_stopped(scattered: Finops) -> None:
    error = RuntimeError("enough")

    def stop(progress: Any) -> None:
        raise error

    with pytest.raises(RuntimeError) as caught:
        scattered.compact(progress=stop)
    assert caught.value is error
    assert scattered.snapshots()["count"] == 3, "nothing has changed"
    seen: list[Any] = []
    scattered.compact(progress=seen.append)
    assert set(seen[0]) == {"rows", "bytes_read", "bytes_total"}
    assert seen[-1]["rows"] == 3


def test_who_reads_only_keeps_every_state(bill: Bill, tmp_path: Path) -> None:
    with iof.open(tmp_path / "costs") as engine:
        engine.finops.import_charges(bill({}))
    with iof.open(tmp_path / "costs", read_only=True) as reader:
        assert reader.finops.snapshots()["count"] == 1
        for change in (reader.finops.vacuum, reader.finops.compact):
            with pytest.raises(iof.ConflictError):
                change()


def test_a_query_takes_a_state_by_number_or_time(scattered: Finops) -> None:
    january = {"period": "2024-01"}

    def total(as_of: Any) -> Any:
        return scattered.get_cost_summary(**january, as_of=as_of)["total_cost"]  # type: ignore[arg-type]

    assert [total(number) for number in (0, 1, 2, 3, None)] == [None, 1, 11, 111, 111]
    tokyo = timezone(timedelta(hours=9))
    assert total((FIRST + timedelta(days=1)).astimezone(tokyo)) == 11
    assert total("2024-02-01T23:59:59Z") == 1
    for wrong in (True, 4, -1, 1.0, date(2024, 2, 1), "2", datetime(2024, 2, 1)):
        with pytest.raises(iof.InvalidArgumentError) as caught:
            total(wrong)
        assert caught.value.field == "as_of", wrong
