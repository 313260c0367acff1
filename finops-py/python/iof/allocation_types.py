"""The shapes of cost centres, for type checkers and editors."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any, Literal, TypedDict

__all__ = ["CenterType", "CostCenter"]

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
