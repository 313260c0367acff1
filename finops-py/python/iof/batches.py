"""Usage that is recorded off the caller's thread: events wait in memory and go to the engine in batches."""

from __future__ import annotations

import atexit
import os
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Protocol

__all__ = ["Batches", "ErrorHandler", "Event", "UsageRecorder", "UsageRejected", "UsageDropped"]

#: An event as ``record_usage`` takes it.
Event = Mapping[str, Any]

#: Is told what went wrong, and the events that are not counted because of it.
ErrorHandler = Callable[[Exception, Sequence[Event]], None]


class UsageRecorder(Protocol):
    """What events are given to: ``iof.finops``, or anything else with this method."""

    def record_usage(self, events: Any, /) -> Any:
        """Records a list of events; what it gives may name those that it ``rejected``."""


class UsageRejected(Exception):
    """The engine did not count some events: a conflict, too late, or invalid."""


class UsageDropped(Exception):
    """Events were dropped because too many wait already."""


class Batches:
    """Gives events to a recorder in batches, from a thread of its own.

    What waits is lost when the process is killed; :meth:`close`, and a usual end of the process, flush it. A batch
    that fails is tried again: events carry their ids, so that none counts twice. Nothing is ever raised to those who
    add events.

    Args:
        recorder: What the batches are given to.
        flush_seconds: The longest that an event waits.
        batch_max: The largest batch.
        waiting_max: How many events may wait; further ones are dropped and reported.
        attempts_max: How often a batch is tried before it is dropped and reported.
        on_error: Is told what is not counted. It is called from any thread; what it raises is ignored.
    """

    def __init__(
        self,
        recorder: UsageRecorder,
        *,
        flush_seconds: float = 1.0,
        batch_max: int = 1_000,
        waiting_max: int = 100_000,
        attempts_max: int = 3,
        on_error: ErrorHandler | None = None,
    ) -> None:
        for name, value in (("batch_max", batch_max), ("waiting_max", waiting_max), ("attempts_max", attempts_max)):
            if value < 1:
                raise ValueError(f"{name}: must be 1 or more, got {value}")
        if not 0 <= flush_seconds <= 3_600:
            raise ValueError(f"flush_seconds: must be 0 to 3600, got {flush_seconds}")
        self._recorder = recorder
        self._flush_seconds = flush_seconds
        self._batch_max = batch_max
        self._waiting_max = waiting_max
        self._attempts_max = attempts_max
        self._on_error = on_error
        self._start()

    def _start(self) -> None:
        self._waiting: deque[Event] = deque()
        self._changed = threading.Condition()
        self._in_flight = 0
        self._hurry = False
        self._closed = False
        self._thread: threading.Thread | None = None
        self._pid = os.getpid()

    @property
    def in_flight(self) -> int:
        """How many events are not yet recorded."""
        with self._changed:
            return len(self._waiting) + self._in_flight

    def record_usage(self, events: Event | Iterable[Event], /) -> None:
        """Adds an event or several, which are recorded soon."""
        if os.getpid() != self._pid:
            # A fork has the events of its parent, who records them, and none of its threads.
            self._start()
        added = [events] if isinstance(events, Mapping) else list(events)
        dropped: list[Event] = []
        with self._changed:
            if self._closed:
                dropped, added = added, []
            room = self._waiting_max - len(self._waiting) - self._in_flight
            if len(added) > room:
                room = max(room, 0)
                dropped, added = added[room:], added[:room]
            self._waiting.extend(added)
            if added and self._thread is None:
                self._thread = threading.Thread(target=self._run, name="iof-usage", daemon=True)
                self._thread.start()
                atexit.register(self.close)
            if len(self._waiting) >= self._batch_max:
                self._changed.notify_all()
        if dropped:
            what = "it is closed" if self._closed else f"{self._waiting_max} wait already"
            self._report(UsageDropped(f"{len(dropped)} events are dropped: {what}"), dropped)

    def flush(self, timeout: float | None = 30.0) -> bool:
        """Waits until everything that was added is recorded or reported; whether that came about in time."""
        with self._changed:
            self._hurry = True
            self._changed.notify_all()
            return self._changed.wait_for(lambda: not self._waiting and not self._in_flight, timeout)

    def close(self, timeout: float | None = 30.0) -> bool:
        """Flushes, and takes no further events."""
        if os.getpid() != self._pid:
            return True
        done = self.flush(timeout)
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        atexit.unregister(self.close)
        return done

    def _run(self) -> None:
        while batch := self._next():
            try:
                self._give(batch)
            finally:
                with self._changed:
                    self._in_flight = 0
                    self._changed.notify_all()

    def _next(self) -> list[Event]:
        """The next batch; an empty one when there will be none any more."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._closed)
            full = self._changed.wait_for(
                lambda: len(self._waiting) >= self._batch_max or self._hurry or self._closed, self._flush_seconds
            )
            count = min(len(self._waiting), self._batch_max)
            batch = [self._waiting.popleft() for _ in range(count)]
            self._in_flight = len(batch)
            if not (full and self._waiting):
                self._hurry = False
            return batch

    def _give(self, batch: list[Event]) -> None:
        for attempt in range(1, self._attempts_max + 1):
            try:
                answer = self._recorder.record_usage(batch)
            except Exception as error:
                if attempt == self._attempts_max:
                    self._report(error, batch)
                else:
                    time.sleep(min(0.05 * 4**attempt, 2.0))
                continue
            self._reject(answer, batch)
            return

    def _reject(self, answer: Any, batch: list[Event]) -> None:
        rejected = answer.get("rejected") if isinstance(answer, Mapping) else None
        if rejected:
            at = [entry.get("index") for entry in rejected]
            events = [batch[index] for index in at if isinstance(index, int) and 0 <= index < len(batch)]
            first = rejected[0]
            message = f"{len(rejected)} events are not counted, the first: {first.get('code')}: {first.get('message')}"
            self._report(UsageRejected(message), events)

    def _report(self, error: Exception, events: Sequence[Event]) -> None:
        if self._on_error is not None:
            try:
                self._on_error(error, events)
            except Exception:  # noqa: S110 - metering must not break those who are metered
                pass
