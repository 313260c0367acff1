"""The states of the store: listing them, forgetting old ones, bringing many small files together."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from ._iof import Engine
from .results import Compacted, SnapshotPage, Vacuumed

if TYPE_CHECKING:
    from .types import Progress

__all__ = ["History"]


class History:
    """The part of ``iof.finops`` that is about the states of the store."""

    _engine: Engine

    def snapshots(self, *, limit: int | None = None, offset: int | None = None) -> SnapshotPage:
        """A page of the states that can still be read, newest first. Their numbers are what ``as_of`` takes.

        Args:
            limit: How many, 1 to 1000. By default 20.
            offset: How many to leave out before.

        Returns:
            ``count`` (how many there are on all pages), ``limit``, ``offset``, ``items``: ``{"snapshot", "at",
            "cause", "import_id", "charges"}``, where ``cause`` is ``"import"`` or ``"compact"``.

        Example:
            >>> from iof import Iof
            >>> Iof.open().finops.snapshots()["count"]
            0
        """
        return SnapshotPage(self._engine.call("snapshots", {"limit": limit, "offset": offset}))

    def vacuum(self, keep: str | None = None) -> Vacuumed:
        """Forgets old states, with the files that only they need. The present one stays, however old it is.

        Args:
            keep: How long a state stays readable after another took its place: ``"30d"``, ``"12h"``, ``"0d"``. By
                default 30 days.

        Returns:
            ``snapshots_removed``, ``segments_removed``, ``bytes_freed`` and ``oldest_snapshot``, the number of the
            oldest state that can still be read.

        Raises:
            InvalidArgumentError: ``keep`` is no length of time.
            ConflictError: The engine was opened for reading, or somebody is reading and stays so for some seconds.

        Example:
            >>> from iof import Iof
            >>> Iof.open().finops.vacuum("7d")["snapshots_removed"]
            0
        """
        return Vacuumed(self._engine.call("vacuum", {"keep": keep}))

    def compact(self, *, progress: Callable[[Progress], object] | None = None) -> Compacted:
        """Brings the charges of each billing account's period into one file, where they came in several.

        No answer changes. The files that there were stay for earlier states until a vacuum. Other threads run
        meanwhile. Ctrl-C stops it, and then nothing has changed.

        Args:
            progress: Called with ``{"rows", "bytes_read", "bytes_total"}`` as charges are rewritten. What it raises
                stops the compaction and comes out of this call.

        Returns:
            ``scopes`` (how many accounts' periods were rewritten), ``segments_before``, ``segments_after``,
            ``bytes_before``, ``bytes_after`` and ``snapshot``, a new one if anything was rewritten.

        Raises:
            ConflictError: The engine was opened for reading, or an import or another compaction is under way.
            KeyboardInterrupt: Ctrl-C; nothing has changed.

        Example:
            >>> from iof import Iof
            >>> Iof.open().finops.compact()["scopes"]
            0
        """
        return Compacted(self._engine.call("compact", {}, progress))
