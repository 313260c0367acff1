"""The shapes of the log of changes, for type checkers and editors."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal, TypedDict

__all__ = ["AuditEntry", "AuditExportReceipt", "AuditKind", "AuditVerdict"]

AuditKind = Literal[
    "allocation_close",
    "allocation_rule",
    "anomaly_feedback",
    "anomaly_monitor",
    "budget",
    "catalog",
    "cost_center",
    "grant",
    "meter",
    "model_prices",
    "price",
    "resource_group",
    "statement",
    "usage",
    "virtual_dimension",
    "webhook",
]
"""What a change is about. ``"usage"`` are events that were voided or corrected, ``"statement"`` closed
periods, ``"allocation_close"`` closed allocations. Of a ``"webhook"`` nothing is told but that it changed."""


class AuditEntry(TypedDict):
    """A change, as the log has it."""

    seq: int
    """Its number: the first has 1."""
    at: datetime
    actor: str
    """Who made it."""
    action: Literal["create", "update", "delete", "close", "void", "correct"]
    kind: AuditKind
    key: str
    before: Any
    """What it was; ``None`` where it was not there."""
    after: Any
    """What it became; ``None`` when it is gone."""
    previous: str
    """The hash of the entry before; zeros before the first."""
    hash: str


class AuditVerdict(TypedDict):
    """Whether the log is whole, and where it is not."""

    entries: int
    """How many were found."""
    ok: bool
    head: str
    """The hash of its end, to note elsewhere."""
    broken_at: int | None
    """The number of the first entry at which it is not whole; ``None`` where that cannot be told."""
    problem: str | None


class AuditExportReceipt(TypedDict):
    """The log as it was written to a file."""

    path: str
    rows: int
    bytes: int
    head: str
    """The hash of its end: keep it apart from the file."""
