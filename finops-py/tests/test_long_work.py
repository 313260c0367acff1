"""Imports that take a while: other threads run on, and the user can stop them."""

from __future__ import annotations

import ctypes
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import chain, repeat
from pathlib import Path
from typing import Any

import pytest

import iof
from iof import Finops

# Four batches, so that there is work left after the first report.
ROWS = 120_000


@pytest.fixture
def large(bill: Any) -> Path:
    path: Path = bill({}, times=ROWS)
    return path


@pytest.fixture
def interruptible() -> Iterator[None]:
    """Ctrl-C as in a terminal: a test run in the background inherits SIGINT as ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def pressing(at: int) -> tuple[Iterator[Any], Callable[[Any], Any]]:
    """What looks on and presses Ctrl-C with the report of that number, counted from 0; and what it goes through, a step
    with each report.

    It is not Python code, which would notice the signal itself: nothing but the engine can, before the call ends.
    """
    press = map(getattr(ctypes.CDLL(None), "raise"), [signal.SIGINT])
    steps = chain(repeat(0, at), press, repeat(0, 1000))
    return steps, partial(next, steps)


def nothing_changed(finops: Finops) -> bool:
    summary = finops.get_cost_summary(period="2024-01")
    return summary["total_cost"] is None and summary["snapshot"] == 0


def test_progress_grows_to_the_whole(finops: Finops, large: Path) -> None:
    seen: list[Any] = []
    receipt = finops.import_charges(large, progress=seen.append)
    assert receipt["rows"] == ROWS == seen[-1]["rows"]
    assert [report["rows"] for report in seen] == sorted(report["rows"] for report in seen)
    assert seen[-1]["bytes_total"] == large.stat().st_size
    assert len(seen) > 1


def test_what_the_callable_raises_comes_out_and_nothing_changed(finops: Finops, large: Path) -> None:
    class Enough(Exception):
        pass

    error = Enough("stop")

    def stop(progress: Any) -> None:
        raise error

    with pytest.raises(Enough) as caught:
        finops.import_charges(large, progress=stop)
    assert caught.value is error
    assert caught.traceback[-1].name == "stop"
    assert nothing_changed(finops)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows delivers Ctrl-C to a process group, not as a signal")
@pytest.mark.usefixtures("interruptible")
def test_ctrl_c_stops_an_import(finops: Finops, large: Path) -> None:
    _, press = pressing(at=0)
    with pytest.raises(KeyboardInterrupt):
        finops.import_charges(large, progress=press)
    assert nothing_changed(finops)


@pytest.mark.parametrize(
    "name",
    ["get_cost_summary", "costs.daily", "costs.breakdown", "costs.historical", "costs.services", "costs.monthly"],
)
def test_what_looks_on_stops_a_query_before_it_reads(finops: Finops, name: str) -> None:
    # Where this is asked, Ctrl-C is looked for as well.
    error = RuntimeError("stop")

    def stop(progress: Any) -> None:
        raise error

    with pytest.raises(RuntimeError) as caught:
        finops._engine.call(name, {}, stop)
    assert caught.value is error


def test_what_looks_on_stops_a_query_half_way(finops: Finops, large: Path) -> None:
    finops.import_charges(large)
    error = RuntimeError("stop")
    seen: list[int] = []

    def stop(progress: Any) -> None:
        seen.append(progress["rows"])
        if progress["rows"]:
            raise error

    with pytest.raises(RuntimeError) as caught:
        finops._engine.call("costs.explain", {"period": "2024-01"}, stop)
    assert caught.value is error
    assert 0 < seen[-1] < ROWS


@pytest.mark.skipif(sys.platform == "win32", reason="Windows delivers Ctrl-C to a process group, not as a signal")
@pytest.mark.usefixtures("interruptible")
def test_ctrl_c_stops_a_query_that_runs(finops: Finops, large: Path) -> None:
    finops.import_charges(large)
    # It reads every charge; what only adds up is through before anybody could press a key.
    explain = partial(finops._engine.call, "costs.explain", {"period": "2024-01"})
    seen: list[Any] = []
    assert explain(seen.append)["charges"] == ROWS
    assert 0 < seen[1]["rows"] < seen[2]["rows"], "the second report comes half way"
    steps, press = pressing(at=1)
    with pytest.raises(KeyboardInterrupt):
        explain(press)
    assert len(list(steps)) == 1000, "and now it is the last one"
    assert finops.costs.explain(period="2024-01")["charges"] == ROWS


def test_other_threads_run_during_an_import(large: Path) -> None:
    seen: list[Any] = []
    done, ran = threading.Event(), threading.Event()

    def look() -> None:
        while not done.wait(0.001):
            # Appending runs no Python code. Between two reports another thread runs only where the engine lets it.
            if any(report["rows"] < ROWS for report in seen[-1:]):
                ran.set()

    other = threading.Thread(target=look)
    other.start()
    try:
        # On a busy machine the other thread may have no turn while an import runs, though it could.
        for _ in range(20):
            seen.clear()
            with iof.open() as engine:
                engine.finops.import_charges(large, progress=seen.append)
            if ran.is_set():
                break
    finally:
        done.set()
        other.join()
    assert ran.is_set()


def test_threads_share_an_engine(billed: Finops) -> None:
    def ask(number: int) -> Any:
        billed.catalog.upsert("team", f"t{number % 7}", f"Team {number}")
        return billed.get_cost_summary(period="2024-01", group_by="service")["total_cost"]

    with ThreadPoolExecutor(8) as pool:
        totals = set(pool.map(ask, range(64)))
    assert {str(total) for total in totals} == {"13.125"}
    assert billed.catalog.list(kind="team")["count"] == 7


def test_closing_during_a_call_lets_it_finish(large: Path) -> None:
    engine = iof.open()
    receipt = engine.finops.import_charges(large, progress=lambda progress: engine.close())
    assert receipt["charges"] == ROWS
    assert engine.closed
    with pytest.raises(iof.ConflictError):
        engine.finops.tick()


def test_closing_races_with_calls() -> None:
    engine = iof.open()

    def ask(number: int) -> str:
        if number == 20:
            engine.close()
        try:
            engine.finops.tick()
        except iof.ConflictError:
            return "closed"
        return "open"

    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(ask, range(200))) <= {"open", "closed"}
    assert engine.closed
