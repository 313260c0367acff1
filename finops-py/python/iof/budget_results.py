"""Answers about budgets. Their types are in ``budget_results.pyi``."""

from __future__ import annotations

from datetime import timezone

from . import _show
from .results import Page, Result

__all__ = ["BudgetPage", "BudgetStatus"]


class BudgetPage(Page):
    """A page of budgets."""

    _kinds = {
        "id": "text",
        "name": "text",
        "description": "text",
        "organization_id": "text",
        "scope": "json",
        "filter": "json",
        "budget": "json",
        "thresholds": "json",
        "view": "text",
        "zero_cost": "text",
        "rearm": "bool",
        "exchange_rates": "json",
        "status": "text",
        "enabled": "bool",
        "created_at": "time",
        "updated_at": "time",
    }

    def _blocks(self):
        (whole,) = super()._blocks()
        rows = [{"id": row["id"], "name": row["name"], **_scope(row), **_amount(row), "status": row["status"]}
                for row in self.records()]
        return [_show.Block(whole.title, rows, _show.columns(rows))]


class BudgetStatus(Result):
    """How a budget stands. The table is one row of its figures."""

    _kinds = {
        "budget_id": "text",
        "period_start": "time",
        "period_end": "time",
        "currency": "text",
        "amount": "decimal",
        "spent": "decimal",
        "reserved": "decimal",
        "remaining": "decimal",
        "percent": "decimal",
        "status": "text",
        "lifecycle": "text",
        "unknown_costs": "integer",
    }

    def records(self):
        """Its figures as the only row."""
        return [{name: self[name] for name in self._kinds}]

    def _blocks(self):
        start, end = (self[name] and _show.day(self[name], timezone.utc) for name in ("period_start", "period_end"))
        span = f", {start or '...'} to {end or '...'}" if start or end else ""
        title = f"Budget {self['budget_id']}{span}, {self['status'] or 'nothing known'}, {self['lifecycle']}"
        notes = [f"amounts are in {self['currency']}"]
        if self["forecast"]:
            notes.append(f"{self['forecast']['expected']:,.2f} are expected at the end")
        if self["thresholds_crossed"]:
            notes.append(f"crossed: {', '.join(map(_threshold, self['thresholds_crossed']))}")
        if self["unknown_costs"]:
            notes.append(f"incomplete: {self['unknown_costs']:,} charges without a cost")
        return [_show.Block(title, self.records(), ["amount", "spent", "reserved", "remaining", "percent"], notes)]


def _scope(budget):
    scope = budget["scope"]
    return {"scope": " ".join([scope["level"], scope.get("id", "")]).strip()}


def _amount(budget):
    allowance = budget["budget"]
    often = allowance.get("period", "once")
    return {"amount": allowance["amount"], "currency": allowance["currency"], "period": often}


def _threshold(threshold):
    basis = " of the forecast" if threshold["basis"] == "forecasted" else ""
    return f"{threshold['percent']:f} %{basis} ({threshold['action']})"
