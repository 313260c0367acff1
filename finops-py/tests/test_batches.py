"""Usage recorded off the caller's thread: nothing lost while it runs, nothing raised at those who are metered."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from recording import Errors, Recording

from iof.batches import Batches, UsageDropped, UsageRejected

PACKAGE = Path(__file__).parent.parent / "python"


def test_events_come_in_batches_and_in_order() -> None:
    recording = Recording()
    batches = Batches(recording, flush_seconds=60, batch_max=10)
    for number in range(25):
        batches.record_usage({"id": number})
    assert batches.flush(60)
    assert [event["id"] for event in recording.events] == list(range(25))
    assert max(recording.batches) <= 10
    assert batches.in_flight == 0
    assert batches.close(60)


def test_the_timer_flushes() -> None:
    recording = Recording()
    batches = Batches(recording, flush_seconds=0.02)
    batches.record_usage([{"id": 1}, {"id": 2}])
    until = time.monotonic() + 60
    while not recording.events and time.monotonic() < until:
        time.sleep(0.005)
    assert len(recording.events) == 2
    batches.close(60)


def test_a_batch_that_fails_is_tried_again() -> None:
    recording, errors = Recording(failures=2), Errors()
    batches = Batches(recording, flush_seconds=0, on_error=errors)
    batches.record_usage({"id": 1})
    assert batches.flush(60)
    assert (len(recording.events), errors.told) == (1, [])
    recording.failures = 3
    batches.record_usage({"id": 2})
    assert batches.flush(60)
    assert [(str(error), events) for error, events in errors.told] == [("disk full", [{"id": 2}])]
    batches.close(60)


def test_what_is_too_much_or_rejected_is_told() -> None:
    gate = threading.Event()

    class Slow(Recording):
        def record_usage(self, events: object, /) -> object:
            gate.wait(60)
            return super().record_usage(events)

    errors = Errors()
    slow = Slow(rejected=[{"index": 1, "id": "b", "code": "conflict", "message": "another event has this id"}])
    batches = Batches(slow, flush_seconds=0, waiting_max=3, on_error=errors)
    batches.record_usage([{"id": "a"}, {"id": "b"}, {"id": "c"}, {"id": "d"}])
    assert isinstance(errors.told[0][0], UsageDropped) and errors.told[0][1] == [{"id": "d"}]
    gate.set()
    assert batches.flush(60)
    assert isinstance(errors.told[1][0], UsageRejected) and errors.told[1][1] == [{"id": "b"}]
    batches.close(60)
    batches.record_usage({"id": "e"})
    assert "it is closed" in str(errors.told[2][0])


def test_limits_are_checked() -> None:
    for name in ("batch_max", "waiting_max", "attempts_max"):
        with pytest.raises(ValueError, match=name):
            Batches(Recording(), **{name: 0})  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="flush_seconds"):
        Batches(Recording(), flush_seconds=-1)


def test_many_threads_lose_nothing() -> None:
    recording = Recording()
    batches = Batches(recording, flush_seconds=0.001, batch_max=64)

    def add(thread: int) -> None:
        for number in range(500):
            batches.record_usage({"id": (thread, number)})

    threads = [threading.Thread(target=add, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert batches.close(60)
    assert len({event["id"] for event in recording.events}) == len(recording.events) == 4_000


SCRIPT = """
import os, sys
from iof.batches import Batches
class Shown:
    def record_usage(self, events):
        os.write(1, b"".join(f"{os.getpid() == PARENT} {event['id']}\\n".encode() for event in events))
PARENT = os.getpid()
batches = Batches(Shown(), flush_seconds=60)
batches.record_usage({"id": "before"})
if sys.argv[1] == "fork":
    child = os.fork()
    batches.record_usage({"id": "child" if child == 0 else "parent"})
    if child:
        os.waitpid(child, 0)
"""


@pytest.mark.parametrize("kind", ["plain", pytest.param("fork", marks=pytest.mark.skipif(
    not hasattr(os, "fork"), reason="this system has no fork"))])
def test_the_end_of_the_process_flushes(kind: str) -> None:
    environment = {**os.environ, "PYTHONPATH": str(PACKAGE)}
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", SCRIPT, kind], env=environment, capture_output=True, text=True, check=True
    )
    wanted = ["True before"] if kind == "plain" else ["False child", "True before", "True parent"]
    assert sorted(done.stdout.split("\n")[:-1]) == sorted(wanted), done.stderr
