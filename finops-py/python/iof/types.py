"""The shapes of what goes in and comes out, for type checkers and editors.

At run time answers are dicts. ``None`` always means "not known" or "not there", never zero.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from os import PathLike
from typing import Any, Literal, TypedDict, Union

__all__ = [
    "AnyCostView",
    "AsOf",
    "BreakdownItem",
    "CatalogEntry",
    "CostPoint",
    "CostSummaryItem",
    "CostView",
    "CurrencyTotals",
    "DataHealth",
    "Day",
    "DaySeries",
    "DailySummary",
    "Deleted",
    "Dimensions",
    "ExportReceipt",
    "Filter",
    "Granularity",
    "GroupBy",
    "HistoricalSeries",
    "Kind",
    "Location",
    "MonthCost",
    "MonthlySummary",
    "Now",
    "Number",
    "Progress",
    "QuarantinedRow",
    "Replaced",
    "Rule",
    "ServiceCost",
    "StateMark",
    "Time",
    "VirtualDimension",
    "Warning",
]

Number = Union[Decimal, int, float, str]
"""An exact decimal going in. A float counts as the shortest decimal that prints it."""

Time = Union[datetime, date, str]
"""A time going in: an aware datetime, a date (its midnight), or RFC 3339 text."""

AsOf = Union[int, datetime, str]
"""A state of the store: its number, or an instant, which stands for the last state until then."""

Location = Union[str, "PathLike[str]"]
"""Text or a path."""

Filter = Mapping[str, Any]
"""Which charges count: ``{"provider": "AWS", "tag:env": ["prod", None]}`` wants all to hold; ``None`` stands for
"has no value". ``{"not": {...}}`` and ``{"any": [{...}, {...}]}`` combine filters."""

GroupBy = Union[str, list[str], tuple[str, ...]]
"""A dimension such as ``"tenant"``, ``"service"``, ``"tag:team"`` or ``"virtual:product"``, or several."""

Granularity = Literal["hourly", "daily", "weekly", "monthly"]
"""How long the spans are that an answer tells apart."""

Role = Literal["viewer", "operator", "admin"]
"""What somebody may do; each may what those before it may."""

Scope = Literal["finops:read", "finops:write"]
"""What a token is for: calls that change nothing, and those that change something."""

CostView = Literal["effective", "billed", "contracted", "list"]
"""Which of the four costs of a charge is added up."""

AnyCostView = Literal["effective", "billed", "contracted", "list", "allocated"]
"""One of the four, or what cost centres bear of the effective one."""

Kind = Literal[
    "tenant",
    "workspace",
    "organization",
    "user",
    "team",
    "component",
    "cost_center",
    "resource_group",
    "rail",
    "model",
    "workflow",
    "app",
    "addon",
    "project",
    "fine_tuning",
    "self_hosted_model",
    "ml_model",
    "automl",
]
"""What an entry of the catalogue is."""


class Progress(TypedDict):
    """How far an import or a compaction is."""

    rows: int
    """Rows read so far."""
    bytes_read: int
    """Bytes of the files that are behind."""
    bytes_total: int
    """Bytes of all files."""


class DataHealth(TypedDict):
    """How complete the data behind an answer is."""

    complete: bool
    """Whether nothing below speaks against the figures."""
    missing_days: int
    """Days up to now that no imported bill covers."""
    partial_days: int | None
    """Further days that the bill of some billing account does not reach yet: among them all that are over and that
    forecasts do not take for whole. This and what else is about all bills is ``None`` on a narrowed engine; ``complete``
    goes by it."""
    quarantined_rows: int | None
    """Rows that imports set aside. ``None`` on a narrowed engine."""
    unknown_costs: int
    """Charges without a cost in the chosen view; they are in no sum."""
    estimated_share: Decimal | None
    """The part of the cost that the provider may still restate; ``None`` when the cost is zero or unknown."""
    rebuilt_segments: int | None
    """Files beside the charges that were missing or damaged and had to be built again for this answer. ``None`` on a
    narrowed engine."""
    last_import_at: datetime | None
    """When the latest of the data came. ``None`` on a narrowed engine."""


class Dimensions(TypedDict, total=False):
    """What an item is about: the keys that ``group_by`` asked for, ``None`` where charges have no value.

    A tag stands under its own key, such as ``"tag:team"``: read it with ``item.get("tag:team")``.
    """

    tenant_id: str | None
    tenant_name: str | None
    workspace_id: str | None
    workspace_name: str | None
    organization_id: str | None
    organization_name: str | None
    user_id: str | None
    user_name: str | None
    component_id: str | None
    component_name: str | None
    team_id: str | None
    team_name: str | None
    cost_center_id: str | None
    cost_center_name: str | None
    resource_group_id: str | None
    resource_group_name: str | None
    rail: str | None
    resource: str | None
    provider: str | None
    service: str | None
    service_category: str | None
    resource_type: str | None
    resource_id: str | None
    region: str | None
    account: str | None
    sub_account: str | None
    cluster: str | None
    namespace: str | None
    model: str | None
    workflow: str | None
    currency: str | None


class CostSummaryItem(Dimensions):
    """What one group cost."""

    cost: Decimal | None
    """In the currency of the answer."""
    share: Decimal | None
    """Its part of the total, below 0 or above 1 where there are credits; ``None`` when the total is zero."""
    charges: int
    """How many charges it is made of."""
    api_calls: Decimal | None
    ledger_transactions: Decimal | None
    search_queries: Decimal | None
    storage_gb: Decimal | None
    compute_vcpu_seconds: Decimal | None
    bandwidth_gb: Decimal | None


class BreakdownItem(Dimensions, total=False):
    """What one group cost, on one date where dates are told apart. ``views`` adds ``<view>_cost``."""

    date: datetime
    """When its span starts, with ``granularity``."""
    cost: Decimal | None
    """In the currency of the answer."""
    share: Decimal | None
    """Its part of the total, below 0 or above 1 where there are credits; ``None`` when the total is zero."""
    charges: int
    """How many charges it is made of."""
    billed_cost: Decimal | None
    effective_cost: Decimal | None
    contracted_cost: Decimal | None
    list_cost: Decimal | None
    distinct: int
    """How many distinct values it has of the dimension ``distinct``."""


class CostPoint(TypedDict):
    """What a span cost."""

    date: datetime
    """When the span starts."""
    total: Decimal | None
    """``None`` when no imported bill reaches it, or none of its charges has a known cost."""


class HistoricalSeries(Dimensions):
    """The spans of one group."""

    total: Decimal | None
    series: list[CostPoint]


class ServiceCost(TypedDict):
    """What a service cost. ``None`` is what the bill does not tell."""

    group_key: str | None
    """The service, as charges name it; ``None`` for charges without one."""
    name: str | None
    total_cost: Decimal | None
    cpu_cost: Decimal | None
    ram_cost: Decimal | None
    storage_cost: Decimal | None
    """What of it stands under the category ``Storage``."""
    network_cost: Decimal | None
    """What of it stands under the category ``Networking``."""
    gpu_cost: Decimal | None


class MonthCost(TypedDict):
    """What a month cost."""

    date: datetime
    """When the month starts."""
    month: str
    """The month by the calendar of the zone, such as ``"2024-09"``."""
    total: Decimal | None
    """``None`` when no imported bill reaches it, or none of its charges has a known cost."""
    complete: bool
    """Whether the month is over; one that still runs will cost more."""


class MonthlySummary(TypedDict):
    """Figures over the months that are over, or over the running one where there is nothing else."""

    average_monthly: Decimal | None
    highest_month: MonthCost | None
    lowest_month: MonthCost | None


class Rule(TypedDict):
    """A value of a virtual dimension, and which charges have it."""

    value: str
    when: Filter


class VirtualDimension(TypedDict):
    """A dimension made of rules; the first that matches wins."""

    name: str
    rules: list[Rule]
    default: str | None
    """The value of charges that no rule matches; ``None`` leaves them without one."""


class Day(TypedDict):
    """What a day cost."""

    date: datetime
    """When the day starts."""
    day: str
    """The day by the calendar of the zone, such as ``"2024-09-30"``."""
    total: Decimal | None
    """``None`` when no imported bill reaches the day, or none of its charges has a known cost."""


class DaySeries(Dimensions):
    """The days of one group."""

    total: Decimal | None
    days: list[Day]


class DailySummary(TypedDict):
    """Figures over all days."""

    total_period: Decimal | None
    daily_average: Decimal | None
    trend: Literal["increasing", "stable", "decreasing"] | None


class CurrencyTotals(TypedDict):
    """What the charges in one currency add up to. Charges without a value are in no sum, and counted."""

    currency: str
    charges: int
    billed: Decimal
    effective: Decimal | None
    """``None``, as the next two, when it is unknown in every row."""
    contracted: Decimal | None
    list: Decimal | None
    effective_unknown: int
    contracted_unknown: int
    list_unknown: int


class Replaced(TypedDict):
    """A billing account and period whose charges were exchanged."""

    billing_account_id: str
    billing_period: str
    """Such as ``"2024-09"``."""
    charges_before: int
    charges_after: int


class Warning(TypedDict):
    """What was mended or looked odd in a column."""

    code: str
    """Such as ``"naive_time"`` or ``"rounded"``."""
    repaired: bool
    """Whether values were changed."""
    column: str
    count: int
    first_row: int | None
    """Counted from 1 without the header, over all files."""
    example: str | None


class QuarantinedRow(TypedDict):
    """A row that was set aside. It is in no total."""

    row: int
    """Counted from 1 without the header, over all files."""
    column: str | None
    reason: str
    value: str | None


class ExportReceipt(TypedDict):
    """A report that was written."""

    path: str
    rows: int
    bytes: int


class StateMark(TypedDict):
    """A state of the store that can still be read."""

    snapshot: int
    """Its number, which ``as_of`` takes."""
    at: datetime
    """Since when it was the present one."""
    cause: Literal["import", "compact"]
    """What made it."""
    import_id: str | None
    """The import that made it; ``None`` for a compaction."""
    charges: int
    """How many charges it holds."""


class CatalogEntry(TypedDict):
    """Who or what costs are attributed to."""

    kind: str
    id: str
    name: str
    parent: str | None
    owner: str | None
    team: str | None
    tags: dict[str, str]
    budget_usd: Decimal | None
    """What it may cost a month, in US dollars."""


class Deleted(TypedDict):
    """That an entry was removed."""

    deleted: bool


class Now(TypedDict):
    """The time that the engine goes by."""

    now: datetime
