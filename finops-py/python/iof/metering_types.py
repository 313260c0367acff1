"""The shapes of usage, meters, prices and statements, for type checkers and editors.

At run time answers are dicts. ``None`` always means "not known" or "not there", never zero.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal, Protocol, TypedDict, Union

from .types import Number

__all__ = [
    "Adjusted",
    "Aggregation",
    "Arrow",
    "Conversion",
    "Event",
    "Events",
    "Failure",
    "FullPolicy",
    "Grant",
    "GrantAmount",
    "GrantLeft",
    "GrantMoney",
    "GrantRecurrence",
    "GrantUnits",
    "LlmUsage",
    "LoadedModelPrices",
    "Matrix",
    "MatrixCell",
    "Meter",
    "Overage",
    "Package",
    "Percentage",
    "Price",
    "PriceModel",
    "PriceRounding",
    "RatedLine",
    "RatedRequest",
    "RecorderStats",
    "Rejected",
    "Rollover",
    "RoundingRule",
    "Scope",
    "StatementLine",
    "Tier",
    "Unpriced",
    "UsageChanged",
    "UsageItem",
    "UsageStatus",
    "UsageTidied",
]

Aggregation = Literal["sum", "count", "unique_count", "max", "min", "avg", "latest", "time_weighted"]
"""How the events of a window become one number."""

PriceModel = Literal["per_unit", "flat", "tiered", "volume", "package", "percentage", "matrix"]
"""How units become an amount."""

FullPolicy = Literal["wait", "drop", "fail"]
"""What happens to an event for which a recorder has no room."""


class Arrow(Protocol):
    """Whatever gives an Arrow stream: tables of pyarrow, frames of polars, relations of DuckDB."""

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object: ...


Event = Mapping[str, Any]
"""A usage event: ``{"id", "source"?, "time"?, "resource", "quantity", "tenant_id", "workspace_id"?, "rail"?,
"user_id"?, "properties"?}``, or a CloudEvents 1.0 event."""

Events = Union[Event, Iterable[Event], str, bytes, bytearray, memoryview, Arrow]
"""Events going in: a dict, an iterable of dicts, JSON, or a table whose rows are events."""

UsageItem = dict[str, Any]
"""What a group used: its dimensions, and a ``Decimal`` or ``None`` for each meter, by its name; the built-in ones are
``api_calls``, ``ledger_transactions``, ``search_queries``, ``storage_gb``, ``compute_vcpu_seconds`` and
``bandwidth_gb``. With ``granularity`` a series has ``points`` instead, each with ``date`` and ``day``."""


class Rejected(TypedDict):
    """An event that does not count."""

    index: int
    """Its place in the call, from 0."""
    id: str | None
    code: Literal["conflict", "too_late", "future", "forbidden", "invalid"]
    message: str
    """The field, and what to do."""


class UsageChanged(TypedDict):
    """Whether a change changed anything."""

    changed: bool


class UsageStatus(TypedDict):
    """How usage is kept."""

    events: int
    """How many were ever accepted."""
    batches: int
    events_behind: int
    """How many opening would count again after a crash."""
    memory_bytes: int
    checkpoint_failed: str | None


class UsageTidied(TypedDict):
    """What was dropped or brought together."""

    batches: int
    events: int


class RecorderStats(TypedDict):
    """What a recorder did."""

    accepted: int
    duplicates: int
    rejected: int
    dropped: int
    """For want of room."""
    failures: int
    """How often writing failed; what was to be written waits."""


class Meter(TypedDict):
    """What counts events of a resource."""

    slug: str
    aggregation: Aggregation
    event: str | None
    """The ``resource`` of the events that it reads; ``None`` when that is its own name."""
    value_property: str | None
    """The property that holds the value; ``None`` when it is the quantity."""
    unit: str
    filter: dict[str, list[str]]
    group_by: list[str]


class Tier(TypedDict, total=False):
    """The units above the tier before it, up to and including ``up_to``, which the last tier has as ``None``."""

    up_to: Number | None
    unit_price: Number
    flat: Number
    """What is charged once when the tier is reached."""


class Package(TypedDict, total=False):
    """What a package holds and costs."""

    size: Number
    price: Number
    rounding: Literal["up", "down"]


class Percentage(TypedDict, total=False):
    """A part of the metered amount, in per cent, and a fee."""

    percent: Number
    flat: Number


class MatrixCell(TypedDict):
    """The price for one combination of values."""

    values: list[str]
    unit_price: Number


class Matrix(TypedDict, total=False):
    """Prices by the values of dimensions."""

    dimensions: list[str]
    cells: list[MatrixCell]
    missing: Number
    """``"unknown"``, ``"error"``, or the price of what has no cell."""


class Conversion(TypedDict, total=False):
    """How a metered quantity becomes units."""

    divide_by: Number
    rounding: Literal["up", "down", "none"]
    decimals: int


class Scope(TypedDict):
    """For whom a price holds."""

    tenant_id: str


class RoundingRule(TypedDict):
    """To how many decimals a line is rounded, and which way."""

    decimals: int
    mode: Literal["half_even", "half_up", "down", "up", "floor", "ceiling"]


PriceRounding = Union[Literal["exact", "currency"], RoundingRule]
"""The one rounding of a line."""


class _PriceTerms(TypedDict, total=False):
    unit_price: Decimal
    tiers: list[Tier]
    package: Package
    percentage: Percentage
    matrix: Matrix
    effective_to: datetime
    scope: Scope
    minimum: Decimal
    maximum: Decimal
    included: Decimal
    conversion: Conversion
    usage_discount: Decimal


class Price(_PriceTerms):
    """A version of a price. What it does not say is left out."""

    id: str
    revision: int
    meter: str
    model: PriceModel
    currency: str
    effective_from: datetime
    rounding: PriceRounding
    first_tier_flat_at_zero: bool
    on_change: Literal["carry", "restart"]


class StatementLine(TypedDict):
    """A line of a statement."""

    meter: str
    unit: str
    tier: str
    """Which part of the price it is: ``"tier 1"``, ``"packages"``, ``"up to the minimum"``, ``"correction"``."""
    quantity: Decimal
    unit_price: Decimal | None
    amount: Decimal
    currency: str
    price_id: str | None
    correction_of: str | None
    """The closed period that it corrects."""


class Unpriced(TypedDict):
    """What was used without a price: its cost is unknown."""

    meter: str
    quantity: Decimal


class Failure(TypedDict):
    """A line that could not be rated."""

    tenant_id: str
    meter: str
    period_start: datetime
    code: str
    message: str


class GrantMoney(TypedDict):
    """Money, which pays for whatever is charged."""

    money: Number
    currency: str


class GrantUnits(TypedDict):
    """Units of a meter, which are used without being paid for."""

    units: Number
    meter: str


GrantAmount = Union[GrantMoney, GrantUnits]
"""How much a grant holds."""


class Rollover(TypedDict, total=False):
    """What is left of a grant at the start of a month: the balance, at least ``min`` and at most ``max``."""

    min: Number
    max: Number


class GrantRecurrence(TypedDict, total=False):
    """How often a grant is refilled."""

    every: int
    unit: Literal["day", "week", "month", "year"]
    time_zone: str


class _GrantTerms(TypedDict, total=False):
    expires_at: datetime
    rollover: Rollover
    recurrence: GrantRecurrence


class Grant(_GrantTerms):
    """What a tenant has to its credit. What it does not say is left out."""

    id: str
    tenant_id: str
    amount: GrantAmount
    priority: int
    effective_from: datetime
    created_at: datetime
    preserve_overage: bool


class GrantLeft(TypedDict):
    """What is left of a grant."""

    id: str
    amount: GrantAmount
    left: Decimal
    expires_at: datetime | None


class Overage(TypedDict):
    """What no grant covered: money in a currency, or units of a meter."""

    currency: str | None
    meter: str | None
    overage: Decimal


class LlmUsage(TypedDict, total=False):
    """The tokens of a request, as totals that hold their parts."""

    input: int
    """All that was sent, cached or not. It decides the tier."""
    cached_input: int
    """Of the input, what was read from a cache."""
    cache_write: int
    """Of the input, what was written to a cache for the usual time."""
    cache_write_long: int
    """Of the input, what was written to a cache for an hour or longer."""
    audio_input: int
    """Of the input, audio that is not cached."""
    output: int
    """All that was answered, with what was thought."""
    reasoning: int
    """Of the output, what was thought before."""
    audio_output: int
    """Of the output, audio."""


class LoadedModelPrices(TypedDict):
    """What a price list held."""

    models: int
    not_by_token: int
    """Models without a price for tokens."""
    rounded: int
    """Prices of more than 18 decimals, rounded half to even."""
    left_out: int
    effective_from: datetime


class RatedLine(TypedDict):
    """What the tokens of one kind cost."""

    kind: str
    tokens: int
    unit_price: Decimal | None
    priced_as: str | None
    """The kind whose price it is."""
    amount: Decimal | None


class Adjusted(TypedDict):
    """A part that was reported as more than its total had left."""

    kind: str
    reported: int
    counted: int


class RatedRequest(TypedDict):
    """What a request to a model costs."""

    currency: str
    tier: str
    """Which tier holds for the whole request: ``"base"``, ``"above_200k"``."""
    lines: list[RatedLine]
    total: Decimal | None
    adjusted: list[Adjusted]


