"""The log of changes: who changed what and when, and whether the log is whole."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from ._iof import Engine
from .results import AuditPage

if TYPE_CHECKING:
    from .audit_types import AuditExportReceipt, AuditKind, AuditVerdict
    from .types import Location, Time

__all__ = ["Audit"]


class Audit:
    """The log of changes, as ``iof.finops.audit``. Who makes them is said by ``actor`` on open."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def list(
        self,
        *,
        kind: AuditKind | None = None,
        key: str | None = None,
        actor: str | None = None,
        since: Time | None = None,
        until: Time | None = None,
        limit: int = 20,
        offset: int = 0,
    ) -> AuditPage:
        """A page of the changes that were made, the latest first.

        Args:
            kind: Only changes of things of that kind, such as ``"price"``.
            key: Only of what has that key: the id of a price, grant or cost centre, the name of a virtual dimension or
                meter, ``"team/t1"`` of the catalogue, ``"2024-01/ten_001"`` of a closed period,
                ``"ten_001/gateway/req-1"`` of an event.
            actor: Only those that they made.
            since: Only those made then or later.
            until: Only those made before.
            limit: How many, 1 to 1000.
            offset: How many to leave out before.

        Returns:
            ``count`` (how many there are on all pages), ``limit``, ``offset``, ``items``: ``{"seq", "at", "actor",
            "action", "kind", "key", "before", "after", "previous", "hash"}``. ``before`` and ``after`` are what was
            there, with amounts and times as text; what is longer than 64 KiB as JSON is ``{"omitted": {"blake3",
            "bytes"}}``.

        Example:
            >>> from iof import Iof
            >>> finops = Iof.open(actor="u_1").finops
            >>> _ = finops.catalog.upsert("team", "t1", "Search")
            >>> entry = finops.audit.list(key="team/t1")["items"][0]
            >>> entry["actor"], entry["action"], entry["before"], entry["after"]["name"]
            ('u_1', 'create', None, 'Search')
        """
        params = {
            "kind": kind,
            "key": key,
            "actor": actor,
            "since": since,
            "until": until,
            "limit": limit,
            "offset": offset,
        }
        return AuditPage(self._engine.call("audit.list", params))

    def verify(self, *, expected_head: str | None = None, path: Location | None = None) -> AuditVerdict:
        """Whether the log is whole: whether an entry was edited, taken out, put in or moved, and which is the first.

        Args:
            expected_head: The ``head`` that was noted earlier: the log must still have it. A log that somebody wrote
                anew from its start is told by nothing else.
            path: A file that :meth:`export` wrote, to look at in place of the log of the store.

        Returns:
            ``entries`` (how many were found), ``ok``, ``head``, ``broken_at`` (the number of the first entry at which
            it is not whole) and ``problem``. A log that is not whole is no error.

        Raises:
            InvalidArgumentError: The file cannot be read.

        Example:
            >>> from iof import Iof
            >>> finops = Iof.open().finops
            >>> noted = finops.audit.verify()["head"]
            >>> _ = finops.catalog.upsert("team", "t1", "Search")
            >>> verdict = finops.audit.verify(expected_head=noted)
            >>> verdict["ok"], verdict["entries"]
            (True, 1)
        """
        params = {"expected_head": expected_head, "path": path}
        return cast("AuditVerdict", self._engine.call("audit.verify", params))

    def export(self, path: Location) -> AuditExportReceipt:
        """Writes the log to a file, an entry a line as JSON, the oldest first. It appears complete or not at all.

        Args:
            path: The file, replaced when it is there.

        Returns:
            ``path``, the number of ``rows`` and of ``bytes``, and ``head``, which kept apart from the file tells
            whether its last entries are there.

        Raises:
            InvalidArgumentError: The folder does not exist.
            StorageError: The file cannot be written.

        Example:
            >>> import tempfile
            >>> from iof import Iof
            >>> audit = Iof.open().finops.audit
            >>> with tempfile.TemporaryDirectory() as folder:
            ...     written = audit.export(f"{folder}/log.jsonl")
            ...     audit.verify(path=written["path"], expected_head=written["head"])["ok"]
            True
        """
        return cast("AuditExportReceipt", self._engine.call("audit.export", {"path": path}))
