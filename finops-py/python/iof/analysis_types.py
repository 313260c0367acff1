"""The shapes of what ``iof.finops.costs`` tells about where costs go and come from. See also ``iof.types``."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any, Literal, TypedDict

from .types import Dimensions

__all__ = [
    "DiffFigures",
    "DiffItem",
    "Driver",
    "MeteredResource",
    "Origin",
    "Plan",
    "PriceSource",
    "Segment",
    "Source",
    "TrendPoint",
    "TrendSeries",
    "UnitCost",
    "UnitItem",
    "UsageSource",
]

MeteredResource = Literal[
    "api_calls", "ledger_transactions", "search_queries", "storage", "compute", "bandwidth"
]
"""What the platform meters."""


class TrendPoint(TypedDict):
    """What an hour, a day, a week or a month cost."""

    date: datetime
    """When it starts."""
    total: Decimal | None
    """``None`` when no imported bill reaches it, or none of its charges has a known cost."""
    change_pct: Decimal | None
    """The change against the point before, in percent."""
    complete: bool
    """Whether the window holds all of it, and it is over."""


class TrendSeries(Dimensions):
    """How the costs of a group went."""

    total: Decimal | None
    points: list[TrendPoint]


class Driver(Dimensions):
    """What costs something, and how that changed."""

    cost: Decimal | None
    share: Decimal | None
    previous_cost: Decimal | None
    """``None`` when no bill covers the earlier span."""
    change: Decimal | None
    change_pct: Decimal | None
    """In percent."""
    status: Literal["new", "gone", "changed", "unchanged"] | None
    """``None`` when that cannot be told."""


class UnitCost(TypedDict):
    """A cost, a quantity, and the one by the other."""

    cost: Decimal | None
    quantity: Decimal | None
    """What the platform metered; ``None`` when it metered nothing."""
    cost_per_unit: Decimal | None
    """Of ``scale`` units; ``None`` when the quantity is zero or unknown."""


class UnitItem(Dimensions, total=False):
    """The cost of a unit in a group or a span."""

    date: datetime
    """When the span starts, with ``granularity``."""
    cost: Decimal | None
    quantity: Decimal | None
    cost_per_unit: Decimal | None


class Origin(TypedDict):
    """An import that charges came with."""

    import_id: str
    imported_at: datetime


class Source(TypedDict):
    """What a bill contributes to a figure."""

    billing_account_id: str
    billing_period: str
    """Such as ``"2024-09"``."""
    charges: int
    cost: Decimal | None
    imports: list[Origin]
    """The imports that the bill came with, in the order of their coming; several when files were added."""


class PriceSource(TypedDict):
    """A version of a price behind a line."""

    id: str | None
    revision: int
    model: str
    rounding: Any
    metered: Decimal
    units: Decimal
    """After conversion and what is free."""


class UsageSource(TypedDict):
    """What charges of usage came from: a meter of a tenant in a month, as it is rated now."""

    tenant_id: str
    meter: str
    period: str
    events: int
    first_event: datetime | None
    last_event: datetime | None
    quantity: Decimal
    unit: str
    amount: Decimal
    currency: str | None
    unpriced: Decimal
    prices: list[PriceSource]
    """The versions that held, in the order of time."""
    path: str
    """How the quantity became the amount, step by step, for people."""


class Plan(TypedDict):
    """How a question was answered."""

    groups: int
    rows: int
    """How many charges the groups are made of."""
    segments: int
    scanned_segments: int
    days_from_totals: int
    rows_from_cube: int
    rows_from_days: int
    rows_from_columns: int
    rows_from_parquet: int
    bytes_read: int
    grouping: Literal["none", "dense", "hash", "plain"]
    threads: int
    rebuilt_segments: int
    snapshot: int


class DiffFigures(TypedDict):
    """A cost in two states."""

    cost_a: Decimal | None
    cost_b: Decimal | None
    change: Decimal | None
    charges_a: int
    charges_b: int


class DiffItem(Dimensions):
    """What differs of a group."""

    cost_a: Decimal | None
    cost_b: Decimal | None
    change: Decimal | None
    charges_a: int
    charges_b: int


class Segment(TypedDict):
    """A Parquet file of charges."""

    path: str
    rows: int
    bytes: int
    billing_account_id: str
    billing_period: str
    """Such as ``"2024-09"``."""
