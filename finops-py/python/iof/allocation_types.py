"""The shapes of cost centres and allocations, for type checkers and editors."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any, Literal, TypedDict

from .types import Dimensions, Number

__all__ = [
    "AllocationChange",
    "AllocationFallback",
    "AllocationFinding",
    "AllocationIdle",
    "AllocationItem",
    "AllocationMethod",
    "AllocationRule",
    "AllocationStatement",
    "AllocationTarget",
    "AllocationTargetParams",
    "AllocationTier",
    "AllocationTierParams",
    "AllocationTotal",
    "CenterCost",
    "CenterType",
    "CostCenter",
    "CurrencyCoverage",
    "LineKind",
    "MeterBase",
    "ReportStyle",
    "StatementBalance",
    "StatementCorrection",
    "StatementTotal",
    "UnallocatedStatement",
    "UnattributedPiece",
]

CenterType = Literal["tenant", "workspace", "rail", "custom"]
"""What a cost centre is for."""


class _Scope(TypedDict, total=False):
    """Which one it is for: of these, the one that ``type`` names."""

    tenant: str
    workspace: str
    rail: str


class CostCenter(_Scope):
    """Who answers for a part of the cost."""

    id: str
    name: str
    type: CenterType
    filter: dict[str, Any] | None
    """What its charges must also be."""
    dimensions: dict[str, str]
    """Values that its charges must also have."""
    budget_monthly: Decimal | None
    """What it may cost a month, in ``currency``."""
    currency: str | None
    alert_threshold_pct: Decimal | None
    """At which percentage of the budget its owner is warned: 80 for 80 %."""
    owner_id: str | None
    parent: str | None
    """The id of the centre that it is a part of."""
    created_at: datetime
    updated_at: datetime


AllocationMethod = Literal["direct", "even", "weighted", "fixed", "fixed_amount", "tiered", "proportional", "idle"]
"""How what a rule holds is shared out."""

AllocationFallback = Literal["keep", "even", "error"]
"""What becomes of what cannot be shared out."""

AllocationIdle = Literal["share", "separate"]
"""Whether who caused idle cost bears it."""

LineKind = Literal["direct", "shared", "idle", "unallocated"]
"""Why somebody bears a cost, or that nobody does."""


class MeterBase(TypedDict):
    """What a pool is in proportion to: what a meter counted."""

    meter: str


class _TargetOf(TypedDict):
    cost_center: str


class AllocationTargetParams(_TargetOf, total=False):
    """Who bears a part, going in: beside the centre what the method wants, and nothing else."""

    value: str | list[str]
    """Of ``"direct"`` by a dimension: which values are the centre's."""
    weight: Number
    percent: Number
    amount: Number
    """In a calendar month of UTC."""


class AllocationTierParams(TypedDict):
    """A part of a pool by its size, going in."""

    up_to: Number | None
    targets: list[AllocationTargetParams]


class AllocationTarget(_TargetOf, total=False):
    """Who bears a part."""

    value: str | list[str]
    weight: Decimal
    percent: Decimal
    amount: Decimal


class AllocationTier(TypedDict):
    """A part of a pool by its size."""

    up_to: Decimal | None
    """``None`` for the last one, which takes the rest."""
    targets: list[AllocationTarget]


class _MethodFields(TypedDict, total=False):
    """The fields of methods: a rule has those of its own."""

    by: str
    targets: list[AllocationTarget]
    base: Literal["direct_cost"] | MeterBase
    within: list[str]
    capacity: Decimal
    tiers: list[AllocationTier]
    fallback: AllocationFallback
    idle: AllocationIdle
    currency: str
    effective_to: datetime


class AllocationRule(_MethodFields):
    """A rule of allocation."""

    id: str
    name: str
    source: dict[str, Any]
    """Which charges it holds, unless a rule before it does."""
    method: AllocationMethod
    order: int
    """Its stage; lower ones hold charges first."""
    effective_from: datetime
    decimals: int
    """To how many decimals shares are cut."""


class AllocationTotal(TypedDict):
    """What came in and what went out in a currency."""

    currency: str
    total_in: Decimal | None
    """``None`` when the cost of all charges is unknown, as with the two that follow."""
    total_out: Decimal | None
    """The same, or there is no answer."""
    cost: Decimal | None
    """What those lines come to that the filter lets through."""
    unknown_costs: int
    """How many charges lack the cost; they are in no sum."""


class CenterCost(TypedDict):
    """What a centre bears in a currency, or what nobody does."""

    cost_center_id: str | None
    cost_center_name: str | None
    currency: str
    cost: Decimal | None
    """The sum of what is known of the four that follow; of each ``None`` when that of all its charges is unknown."""
    direct: Decimal | None
    shared: Decimal | None
    idle: Decimal | None
    unallocated: Decimal | None


class AllocationItem(Dimensions):
    """What a centre bears by one rule, or as its own; or what nobody bears."""

    caused_by_id: str | None
    """Who caused idle cost that nobody bears."""
    caused_by_name: str | None
    kind: LineKind
    cost: Decimal | None
    direct: Decimal | None
    shared: Decimal | None
    idle: Decimal | None
    unallocated: Decimal | None
    billed_cost: Decimal | None
    effective_cost: Decimal | None
    contracted_cost: Decimal | None
    list_cost: Decimal | None
    rule_id: str | None
    rule_name: str | None
    method: AllocationMethod | None
    pool_rule_id: str | None
    """The rule of the pool that idle cost came by."""
    ratio: Decimal | None
    """Which part of the pool it is; ``None`` where several stretches of time came together."""
    base: Decimal | None
    """What the share was weighed by: direct cost, quantity, weight, percentage or amount."""
    source: dict[str, str | None]
    """The values by which the pool was cut."""
    unknown_costs: int


class AllocationFinding(TypedDict):
    """What a run came upon that somebody should know."""

    code: Literal["negative_base", "unknown_base", "zero_base", "over_capacity", "other_currency", "unknown_value"]
    rule_id: str
    cost_center_id: str | None
    message: str


class AllocationChange(TypedDict):
    """What a centre would pay more or less."""

    cost_center_id: str | None
    cost_center_name: str | None
    currency: str
    before: Decimal
    after: Decimal
    change: Decimal
    """Above zero it would pay more."""
    change_pct: Decimal | None


class CurrencyCoverage(TypedDict):
    """What of the cost in a currency is borne."""

    currency: str
    cost: Decimal
    direct: Decimal
    shared: Decimal
    idle: Decimal
    unallocated: Decimal
    attributed: Decimal
    """What centres bear."""
    attributed_share: Decimal | None
    """The part of the cost that is; ``None`` when the cost is zero."""


class UnattributedPiece(Dimensions):
    """A piece of the cost that nobody bears."""

    cost: Decimal
    share: Decimal | None
    """The part of the cost in that currency."""


ReportStyle = Literal["showback", "chargeback"]
"""What a report is for: to see, or to be paid."""


class StatementBalance(TypedDict):
    """The amounts of a statement: ``closing`` is the sum of all others."""

    opening: Decimal
    """What closed months before it come to."""
    charges: Decimal
    """Charges of its own."""
    shared: Decimal
    idle: Decimal
    corrections: Decimal
    """What corrects closed months."""
    closing: Decimal


class AllocationStatement(StatementBalance):
    """What a centre bears in a month in one currency."""

    number: str | None
    """Only where it is charged back; the same whenever it is asked for."""
    cost_center_id: str
    cost_center_name: str | None
    parent: str | None
    owner_id: str | None
    currency: str
    unknown_costs: int
    """How many charges of the month lack the cost; they are in no amount."""
    budget_monthly: Decimal | None
    """Where it is in this currency."""
    alert_threshold_pct: Decimal | None
    budget_used_pct: Decimal | None
    """What the month adds, in percent of the budget."""
    over_threshold: bool | None
    """Whether that reaches the threshold."""
    with_children: StatementBalance | None
    """The centre and all below it together; ``None`` where nothing is a part of it."""


class UnallocatedStatement(TypedDict):
    """What nobody bears in a month in one currency."""

    currency: str
    opening: Decimal
    unallocated: Decimal
    idle: Decimal
    """Idle cost that is kept apart."""
    corrections: Decimal
    closing: Decimal
    unknown_costs: int


class StatementTotal(StatementBalance):
    """What all statements of a currency come to, and what nobody bears."""

    currency: str
    unallocated: Decimal
    unknown_costs: int


class StatementCorrection(TypedDict):
    """A correction of a closed month."""

    period: str
    """The month that it corrects."""
    cost_center_id: str | None
    """``None`` for what nobody bears."""
    cost_center_name: str | None
    currency: str
    amount: Decimal
    kind: LineKind
    rule_id: str | None
