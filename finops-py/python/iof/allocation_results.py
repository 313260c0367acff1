"""Answers about cost centres. Their types are in ``allocation_results.pyi``."""

from __future__ import annotations

from .results import Page

__all__ = ["CostCenterPage"]


class CostCenterPage(Page):
    """A page of cost centres."""

    _kinds = {
        "id": "text",
        "name": "text",
        "type": "text",
        "tenant": "text",
        "workspace": "text",
        "rail": "text",
        "filter": "json",
        "dimensions": "json",
        "budget_monthly": "decimal",
        "currency": "text",
        "alert_threshold_pct": "decimal",
        "owner_id": "text",
        "parent": "text",
        "created_at": "time",
        "updated_at": "time",
    }
