"""How usage is kept: written to a file, looked at, brought together and dropped."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from ._iof import Engine

if TYPE_CHECKING:
    from datetime import datetime

    from .metering_types import UsageStatus, UsageTidied
    from .types import ExportReceipt, Location

__all__ = ["KeptUsage"]


class KeptUsage:
    """The events that are kept, as ``iof.finops.usage``."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def export(self, path: Location, *, period: str | None = None) -> ExportReceipt:
        """Writes events to a Parquet file, as they are counted now. The file appears complete or not at all.

        Args:
            path: The file, replaced when it is there.
            period: Events that happened in that period, such as ``"2024-01"``; UTC. By default all that are kept.

        Returns:
            ``path``, the number of ``rows`` and of ``bytes``.

        Raises:
            InvalidArgumentError: The folder does not exist.
            StorageError: The file cannot be written.

        Example:
            >>> from iof import Iof
            >>> Iof.open("usage").finops.usage.export("events.parquet", period="2024-01")["rows"]  # doctest: +SKIP
            10432
        """
        return cast("ExportReceipt", self._engine.call("usage.export", {"path": path, "period": period}))

    def status(self) -> UsageStatus:
        """How usage is kept.

        Returns:
            ``events`` that were ever accepted, ``batches`` that are kept, ``events_behind``: how many opening would
            count again after a crash; ``memory_bytes``; ``checkpoint_failed``, the reason where the last one did.

        Example:
            >>> from iof import Iof
            >>> Iof.open().finops.usage.status()["events"]
            0
        """
        return cast("UsageStatus", self._engine.call("usage.status", {}))

    def compact(self) -> UsageTidied:
        """Brings small batches of events together. No answer changes.

        Returns:
            ``batches`` that are gone, and the ``events`` that were in them.

        Raises:
            ConflictError: The engine was opened for reading.

        Example:
            >>> from iof import Iof
            >>> Iof.open().finops.usage.compact()
            {'batches': 0, 'events': 0}
        """
        return cast("UsageTidied", self._engine.call("usage.compact", {}))

    def drop(self, before: datetime | str) -> UsageTidied:
        """Drops events that happened before an instant, batch by batch. What was counted of them stays.

        They can be neither corrected nor counted by a new meter any more.

        Args:
            before: The instant: an aware datetime or RFC 3339 text.

        Returns:
            ``batches`` that are gone, and the ``events`` that were in them.

        Raises:
            ConflictError: The engine was opened for reading.

        Example:
            >>> from iof import Iof
            >>> Iof.open().finops.usage.drop("2024-01-01T00:00:00Z")["events"]
            0
        """
        return cast("UsageTidied", self._engine.call("usage.drop", {"before": before}))
