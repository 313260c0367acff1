"""What stands for the engine where a test looks at what would be recorded."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from iof.batches import Event


class Recording:
    """Keeps what is recorded; fails as often as it is told to first."""

    def __init__(self, failures: int = 0, rejected: Sequence[dict[str, Any]] = ()) -> None:
        self.events: list[Event] = []
        self.batches: list[int] = []
        self.failures = failures
        self.rejected = list(rejected)

    def record_usage(self, events: Any, /) -> Any:
        if self.failures:
            self.failures -= 1
            raise OSError("disk full")
        self.batches.append(len(events))
        self.events.extend(events)
        return {"accepted": len(events), "duplicates": 0, "rejected": self.rejected}


class Errors:
    """Keeps what an ``on_error`` is told."""

    def __init__(self) -> None:
        self.told: list[tuple[Exception, list[Event]]] = []

    def __call__(self, error: Exception, events: Sequence[Event]) -> None:
        self.told.append((error, list(events)))
        raise RuntimeError("whatever a host's handler does")
