"""The shapes of budgets and of what their gate answers, for type checkers and editors."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Literal, TypedDict, Union

from .types import CostView, Number

__all__ = [
    "Allowance",
    "AllowanceParams",
    "Budget",
    "BudgetForecast",
    "BudgetHealth",
    "BudgetLifecycle",
    "BudgetMade",
    "BudgetPeriod",
    "BudgetScope",
    "ScopeLevel",
    "SpendAnswer",
    "SpendCheck",
    "SpendEstimate",
    "SpendRefusal",
    "SpendReleased",
    "SpendSettled",
    "Threshold",
    "ThresholdParams",
    "UnknownPrice",
]

ScopeLevel = Literal[
    "platform",
    "organization",
    "tenant",
    "workspace",
    "user",
    "team",
    "component",
    "cost_center",
    "rail",
    "provider",
    "resource_group",
    "resource",
    "resource_type",
    "tag",
]
"""What kind of thing a budget is for."""

BudgetPeriod = Literal["daily", "weekly", "monthly", "quarterly", "yearly"]
"""How often an amount is there anew."""

BudgetLifecycle = Literal["active", "paused", "exhausted"]
"""Whether a budget lets spending through; a paused one is out of force, and lets everything through."""

BudgetHealth = Literal["ON_TRACK", "WARNING", "EXCEEDED", "CRITICAL"]
"""How a period stands: below its first alert, from there on, from 100 % on, from 120 % on."""

RefusedFor = Literal["limit", "forecast", "spent_unknown", "unknown_price"]
"""Why a spend is refused."""


class _Level(TypedDict):
    level: ScopeLevel


class BudgetScope(_Level, total=False):
    """What a budget is for: ``{"level": "team", "id": "search"}``; of a tag the id is ``"env=prod"``."""

    id: str
    """Which one; none of the platform."""


class _Amount(TypedDict):
    amount: Number
    """How much: 0 or more."""
    currency: str


class AllowanceParams(_Amount, total=False):
    """How much may be spent, and in which period."""

    type: Literal["recurring", "one_time"]
    """Whether it comes back; by default it does."""
    period: BudgetPeriod | None
    """How often; of a recurring one."""
    reset_day: int | None
    """The day on which it starts anew: 1 to 31 of the month, cut to its last; of a weekly one 1 (Monday) to 7."""
    time_zone: str
    """Whose days and months are meant; by default UTC."""
    start_date: str | None
    """The first day on which it holds."""
    end_date: str | None
    """The first day on which it holds no more."""


class AllowanceChanges(AllowanceParams, total=False):
    """What changes of how much may be spent; what is not given stays."""

    amount: Number  # type: ignore[misc] # may be left out here
    currency: str  # type: ignore[misc]


class _Allowance(TypedDict):
    amount: Decimal
    currency: str
    type: Literal["recurring", "one_time"]
    time_zone: str


class Allowance(_Allowance, total=False):
    """How much may be spent, and in which period."""

    period: BudgetPeriod
    reset_day: int
    start_date: str
    end_date: str


class _Percent(TypedDict):
    percent: Number
    """Above 0 up to 1000; 80 is 80 %."""
    action: Literal["alert", "pause"]
    """Whether somebody is told, or also nothing more let through."""


class ThresholdParams(_Percent, total=False):
    """At which share of a budget what happens."""

    basis: Literal["actual", "forecasted"]
    """Whether by what was spent, the default, or by what will have been at the end of the period."""


class Threshold(TypedDict):
    """At which share of a budget what happens."""

    percent: Decimal
    action: Literal["alert", "pause"]
    basis: Literal["actual", "forecasted"]


class BudgetMade(TypedDict):
    """A budget that was made."""

    budget_id: str


class Budget(TypedDict):
    """How much may be spent on what in which period, and what happens at which share of it."""

    id: str
    name: str
    description: str | None
    organization_id: str | None
    scope: BudgetScope
    filter: dict[str, object] | None
    budget: Allowance
    thresholds: list[Threshold]
    """In ascending order."""
    view: CostView
    zero_cost: Literal["allow", "deny"]
    rearm: bool
    exchange_rates: dict[str, Decimal]
    status: BudgetLifecycle
    enabled: bool
    """Whether it is not paused."""
    created_at: datetime
    updated_at: datetime


class BudgetForecast(TypedDict):
    """What will have been spent at the end of the period."""

    expected: Decimal
    lower: Decimal | None
    upper: Decimal | None
    probability_of_exceeding: Decimal | None
    exhausts_at: datetime | None
    """When the amount will be used up; none when that is not before the period ends, or when it is already."""


class SpendEstimate(TypedDict):
    """What is held of a spend whose price is not known."""

    estimate: Number


UnknownPrice = Union[Literal["deny", "allow"], SpendEstimate]
"""What becomes of a spend whose price is not known."""


class SpendRefusal(TypedDict):
    """The budget that refused a spend, and its figures at that moment."""

    budget_id: str
    name: str
    limit: Decimal | None
    """What spent and reserved together may reach; none where something else than the amount is the reason."""
    threshold_percent: Decimal | None
    spent: Decimal | None
    reserved: Decimal
    requested: Decimal
    until: datetime
    """When its period ends."""


class SpendCheck(TypedDict):
    """Whether a spend may happen, as of now."""

    decision: Literal["allow", "deny"]
    budgets: int | None
    """How many budgets cover it; none when one refused, and on a narrowed handle."""
    reason: RefusedFor | None
    refused_by: SpendRefusal | None
    """None too on a narrowed handle when the budget is not its own."""


class SpendAnswer(TypedDict):
    """A reservation, or why there is none."""

    reservation_id: str | None
    decision: Literal["allow", "deny"]
    budgets: int | None
    """How many budgets cover it, which all hold the amount; none when one refused, and on a narrowed handle."""
    reason: RefusedFor | None
    refused_by: SpendRefusal | None
    """None too on a narrowed handle when the budget is not its own."""
    expires_at: datetime | None
    repeated: bool
    """Whether the same was asked before, and this is the answer of that time."""


class SpendSettled(TypedDict):
    """What settling did."""

    posted: Decimal
    """What counts as spent: always the whole amount."""
    released: Decimal
    """What was reserved and not needed."""
    overrun: bool
    """More was spent than reserved."""
    late: bool
    """The reservation had expired; what was spent counts all the same."""


class SpendReleased(TypedDict):
    """What releasing did."""

    released: Decimal
