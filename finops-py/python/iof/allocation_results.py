"""Answers about cost centres and allocations. Their types are in ``allocation_results.pyi``."""

from __future__ import annotations

from . import _show
from .results import Page, Result, _health, _span

__all__ = [
    "AllocationClosed",
    "AllocationCoverage",
    "AllocationReport",
    "AllocationRulePage",
    "AllocationRun",
    "AllocationWhatIf",
    "CostCenterPage",
]


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


_AMOUNTS = ("direct", "shared", "idle", "unallocated")


class AllocationRulePage(Page):
    """A page of rules of allocation."""

    _kinds = {
        "id": "text",
        "name": "text",
        "source": "json",
        "method": "text",
        "order": "integer",
        "effective_from": "time",
        "decimals": "integer",
    }


class AllocationRun(Result):
    """Who bears what a period cost. The table is ``items``; it prints what each centre bears."""

    _kinds = {
        "cost_center_id": "text",
        "cost_center_name": "text",
        "caused_by_id": "text",
        "caused_by_name": "text",
        "kind": "text",
        "currency": "text",
        "cost": "decimal",
        **dict.fromkeys(_AMOUNTS, "decimal"),
        "billed_cost": "decimal",
        "effective_cost": "decimal",
        "contracted_cost": "decimal",
        "list_cost": "decimal",
        "rule_id": "text",
        "rule_name": "text",
        "method": "text",
        "pool_rule_id": "text",
        "ratio": "decimal",
        "base": "decimal",
        "source": "json",
        "unknown_costs": "integer",
    }

    def _blocks(self):
        rows = [{**row, "cost_center": _name(row)} for row in self["cost_centers"]]
        known = [total for total in self["totals"] if total["total_out"] is not None]
        notes = [f"total {total['total_out']:,f} {total['currency']}" for total in known]
        notes.extend(finding["message"] for finding in self["findings"])
        notes.extend(_health(self["data_health"]))
        title = f"Allocation, {_span(self)}, {self['view']} cost"
        shown = ["cost_center", *(["currency"] if len(self["totals"]) > 1 else []), "cost", *_AMOUNTS]
        return [_show.Block(title, rows, shown if rows else [], notes, bar="cost")]


class AllocationWhatIf(Result):
    """What other rules would change. The table is ``items``."""

    _kinds = {
        "cost_center_id": "text",
        "cost_center_name": "text",
        "currency": "text",
        "before": "decimal",
        "after": "decimal",
        "change": "decimal",
        "change_pct": "decimal",
    }

    def _blocks(self):
        rows = [{**row, "cost_center": _name(row)} for row in self["items"]]
        shown = ["cost_center", "currency", "before", "after", "change", "change_pct"] if rows else []
        notes = [*(finding["message"] for finding in self["findings"]), *_health(self["data_health"])]
        return [_show.Block(f"Allocation by other rules, {_span(self)}, {self['view']} cost", rows, shown, notes)]


class AllocationCoverage(Result):
    """How much of the cost somebody bears. The table is ``unattributed``."""

    _rows = "unattributed"
    _kinds = {"currency": "text", "cost": "decimal", "share": "decimal"}

    def _blocks(self):
        rows = self.records()
        notes = [_covered(currency) for currency in self["currencies"]]
        notes.extend(_health(self["data_health"]))
        title = f"Cost that nobody bears, {_span(self)}, {self['view']} cost"
        return [_show.Block(title, rows, _show.columns(rows) if rows else [], notes, bar="cost")]


_BALANCE = ("opening", "charges", "shared", "idle", "corrections", "closing")


class AllocationReport(Result):
    """Who bears a month, statement by statement. The table is ``statements``."""

    _rows = "statements"
    _kinds = {
        "number": "text",
        "cost_center_id": "text",
        "cost_center_name": "text",
        "parent": "text",
        "owner_id": "text",
        "currency": "text",
        **dict.fromkeys(_BALANCE, "decimal"),
        "unknown_costs": "integer",
        "budget_monthly": "decimal",
        "alert_threshold_pct": "decimal",
        "budget_used_pct": "decimal",
        "over_threshold": "bool",
        "with_children": "json",
    }

    def _blocks(self):
        rows = [{**row, "cost_center": _name(row)} for row in self["statements"]]
        # What nobody bears stands where others have charges of their own.
        rows.extend({**row, "cost_center": "(nobody)", "charges": row["unallocated"]} for row in self["unallocated"])
        notes = [f"total {total['closing']:,f} {total['currency']}" for total in self["totals"]]
        notes.extend(_corrected(correction) for correction in self["corrections"])
        state = "estimated" if self["estimated"] else "closed"
        title = f"{self['style'].capitalize()} of {self['period']}, {self['view']} cost, {state}"
        shown = ["cost_center", *(["currency"] if len(self["totals"]) > 1 else []), *_BALANCE, "budget_used_pct"]
        return [_show.Block(title, rows, shown if rows else [], notes)]


class AllocationClosed(Result):
    """What was closed. The table is ``corrections``."""

    _rows = "corrections"
    _kinds = {
        "period": "text",
        "cost_center_id": "text",
        "cost_center_name": "text",
        "currency": "text",
        "amount": "decimal",
        "kind": "text",
        "rule_id": "text",
    }

    def _blocks(self):
        notes = [f"total {total['closing']:,f} {total['currency']}" for total in self["totals"]]
        notes.extend(_corrected(correction) for correction in self["corrections"])
        notes.extend(finding["message"] for finding in self["findings"])
        return [_show.Block(f"Allocation of {self['period']}, closed with {self['lines']} lines", [], [], notes)]


def _corrected(correction):
    amount = f"{correction['amount']:+,f} {correction['currency']}"
    return f"{_name(correction)}: {amount} corrects {correction['period']}, {correction['kind']}"


def _name(row):
    return "(nobody)" if row["cost_center_id"] is None else row["cost_center_name"]


def _covered(currency):
    share = currency["attributed_share"]
    part = "" if share is None else f" ({share * 100:.2f} %)"
    return f"{currency['attributed']:,f} of {currency['cost']:,f} {currency['currency']} is borne{part}"
