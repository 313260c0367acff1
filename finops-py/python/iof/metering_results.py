"""Answers about usage and what is billed of it. Their types are in ``metering_results.pyi``."""

from __future__ import annotations

from datetime import timezone
from decimal import Decimal

from . import _show
from .results import Page, Result, _count

__all__ = [
    "Closed",
    "GrantBalance",
    "GrantPage",
    "MeterPage",
    "PricePage",
    "Settlement",
    "Statement",
    "Usage",
    "UsageReceipt",
]

_WHERE = {"date": "time", "day": "text"}


class UsageReceipt(Result):
    """What became of events. The table is ``rejected``."""

    _rows = "rejected"
    _kinds = {"index": "integer", "id": "text", "code": "text", "message": "text"}

    def _blocks(self):
        counts = [f"{self['accepted']:,} accepted"]
        counts += [f"{_count(self['duplicates'], 'duplicate')}"] if self["duplicates"] else []
        counts += [f"{len(self['rejected']):,} rejected"] if self["rejected"] else []
        return [_show.Block(f"Usage: {', '.join(counts)}", self["rejected"], _show.columns(self["rejected"]))]


class Usage(Result):
    """How much was used. The table is ``items``; with a granularity, a row for each group and span."""

    def records(self):
        """The rows of the table: dimensions and meters, with a granularity ``date`` and ``day`` between them."""
        if "series" not in self:
            return list(self["items"])
        return [
            {**{name: value for name, value in group.items() if name != "points"}, **point}
            for group in self["series"]
            for point in group["points"]
        ]

    @property
    def _kinds(self):
        numbers = {name for row in self["items"] for name, value in row.items() if isinstance(value, Decimal)}
        names = dict.fromkeys(name for row in self.records()[:1] for name in row)
        return {name: _WHERE.get(name, "decimal") for name in names if name in numbers or name in _WHERE}

    def _blocks(self):
        start, end = (_show.day(self[name], timezone.utc) for name in ("window_start", "window_end"))
        rows = self["items"]
        notes = [f"{len(rows):,} of {self['count']:,} items"] if len(rows) < self["count"] else []
        return [_show.Block(f"Usage, {self['period'] or ''} ({start} to {end})", rows, _show.columns(rows), notes)]


class MeterPage(Page):
    """A page of meters."""

    _kinds = {
        "slug": "text",
        "aggregation": "text",
        "event": "text",
        "value_property": "text",
        "unit": "text",
        "filter": "json",
        "group_by": "json",
    }


class PricePage(Page):
    """A page of prices."""

    _kinds = {
        "id": "text",
        "revision": "integer",
        "meter": "text",
        "model": "text",
        "currency": "text",
        "effective_from": "time",
    }


class GrantPage(Page):
    """A page of grants."""

    _kinds = {
        "id": "text",
        "tenant_id": "text",
        "amount": "json",
        "priority": "integer",
        "effective_from": "time",
        "expires_at": "time",
        "created_at": "time",
        "preserve_overage": "bool",
    }


class GrantBalance(Result):
    """What a tenant has to its credit. The table is ``grants``."""

    _rows = "grants"
    _kinds = {"id": "text", "amount": "json", "left": "decimal", "expires_at": "time"}

    def _blocks(self):
        rows = [{**grant, "amount": grant["amount"].get("money", grant["amount"].get("units")),
                 "of": grant["amount"].get("currency", grant["amount"].get("meter"))} for grant in self["grants"]]
        notes = [f"not covered: {over['overage']:,f} {over['currency'] or over['meter']}" for over in self["overages"]]
        title = f"Grants of {self['tenant_id']}, {self['at']:%Y-%m-%d %H:%M}"
        return [_show.Block(title, rows, _show.columns(rows, ["id", "of", "amount", "left"]), notes)]


class Settlement(Result):
    """What settling did. The table is ``failures``: lines that could not be rated."""

    _rows = "failures"
    _kinds = {"tenant_id": "text", "meter": "text", "period_start": "time", "code": "text", "message": "text"}

    def _blocks(self):
        title = f"Settled {_count(self['lines'], 'line')}: {_count(self['charges'], 'charge')}"
        return [_show.Block(title, self["failures"], _show.columns(self["failures"]))]


class Statement(Result):
    """What is billed to a tenant for a billing period. The table is ``lines``."""

    _rows = "lines"
    _kinds = {
        "meter": "text",
        "unit": "text",
        "tier": "text",
        "quantity": "decimal",
        "unit_price": "decimal",
        "amount": "decimal",
        "currency": "text",
        "price_id": "text",
        "correction_of": "text",
    }

    def _blocks(self):
        notes = [f"total {total:,f} {currency}" for currency, total in self["totals"].items()]
        notes += [f"without a price: {used['quantity']:,f} {used['meter']}" for used in self["unpriced"]]
        state = f"closed {self['closed_at']:%Y-%m-%d}" if self["closed_at"] else "open"
        title = f"Statement of {self['tenant_id']}, {self['period']}, {state}"
        shown = _show.columns(self["lines"], ["meter", "tier", "quantity", "unit_price", "amount"])
        return [_show.Block(title, self["lines"], [name for name in shown if name != "price_id"], notes)]


class Closed(Result):
    """What was closed. The table is ``statements``, one row for each tenant."""

    _rows = "statements"
    _kinds = {"tenant_id": "text", "currency": "text", "total": "decimal", "lines": "integer"}

    def records(self):
        """The rows of the table: ``{"tenant_id", "currency", "total", "lines"}``, the last their number."""
        return [
            {**{name: statement[name] for name in ("tenant_id", "currency", "total")}, "lines": len(statement["lines"])}
            for statement in self["statements"]
        ]

    def _blocks(self):
        rows = self.records()
        return [_show.Block(f"Closed {self['period']}: {_count(len(rows), 'statement')}", rows, list(rows[0]) if rows else [])]
