"""Answers about where costs go and come from. Their types are in ``analysis_results.pyi``."""

from __future__ import annotations

from . import _show
from .results import Result, _health, _span, _total

__all__ = ["Explanation", "Segments", "StateDiff", "TopDrivers", "Trends", "UnitCosts"]


def _percent(value):
    return "unknown" if value is None else f"{value:+.2f} %"


def _without(row, *names):
    return {name: value for name, value in row.items() if name not in names}


def _came(imports):
    """With how many imports a bill came, and when the last of them did."""
    return {"imports": len(imports), "last_import_at": imports[-1]["imported_at"] if imports else None}


class Trends(Result):
    """How costs went. The table has a row for each series and point."""

    _rows = "series"
    _kinds = {"date": "time", "total": "decimal", "change_pct": "decimal", "complete": "bool"}

    def records(self):
        """The rows of the table: the dimensions of a series and ``{"date", "total", "change_pct", "complete"}``."""
        return [
            {**_without(series, "total", "points"), **point} for series in self["series"] for point in series["points"]
        ]

    def _blocks(self):
        where = _show.zone(self["time_zone"])
        title = f"{self['granularity'].capitalize()} trend, {_span(self, where)}, {self['view']} cost"
        left_out = self["count"] - len(self["series"])
        last = [f"{left_out:,} smaller groups are left out"] if left_out else []
        last.extend(_health(self["data_health"]))
        blocks = []
        for number, series in enumerate(self["series"], 1):
            values = _without(series, "total", "points").values()
            name = ", ".join(str(value) for value in values if value is not None)
            # Only what is not complete is worth a column.
            rows = [{**point, "complete": None if point["complete"] else False} for point in series["points"]]
            notes = [_total(series["total"], self["currency"]), *(last if number == len(self["series"]) else [])]
            heading = f"{title}: {name}" if name else title
            shown = _show.columns(rows, ["date", "total"])
            blocks.append(_show.Block(heading, rows, shown, notes, line="total", zone=where))
        return blocks or [_show.Block(title, notes=last)]


class TopDrivers(Result):
    """What costs most, and how that changed. The table is ``items``."""

    _kinds = {
        "cost": "decimal",
        "share": "decimal",
        "previous_cost": "decimal",
        "change": "decimal",
        "change_pct": "decimal",
        "status": "text",
    }

    def _blocks(self):
        rows = self.records()
        where = _show.zone(self["time_zone"])
        start, end = (_show.day(self[name], where) for name in ("compare_start", "compare_end"))
        title = f"Top drivers, {_span(self, where)} against {start} to {end}, {self['view']} cost"
        notes = [f"{len(rows):,} of {self['count']:,} drivers"] if len(rows) < self["count"] else []
        notes.append(_total(self["total_cost"], self["currency"]))
        if self["previous_cost"] is not None:
            notes.append(f"before {self['previous_cost']:,f}, change {_percent(self['change_pct'])}")
        notes.extend(_health(self["data_health"]))
        notes.extend(f"before: {note}" for note in _health(self["compare_health"]))
        return [_show.Block(title, rows, _show.columns(rows, ["cost", "previous_cost"]), notes, bar="cost")]


class UnitCosts(Result):
    """What something that is metered costs. The table is ``items``."""

    _kinds = {"date": "time", "cost": "decimal", "quantity": "decimal", "cost_per_unit": "decimal"}

    def _blocks(self):
        where = _show.zone(self["time_zone"])
        rows = self.records() or [self["total"]]
        scale = f"{self['scale']:,} " if self["scale"] != 1 else ""
        title = f"Cost per {scale}{self['per']}, {_span(self, where)}, {self['view']} cost"
        each = self["total"]["cost_per_unit"]
        notes = [_total(self["total"]["cost"], self["currency"])]
        per = f"per {scale}{self['per']}"
        notes.append(f"cost {per} unknown" if each is None else f"{each:f} {self['currency']} {per}")
        notes.extend(_health(self["data_health"]))
        kept = ["cost", "quantity", "cost_per_unit"]
        return [_show.Block(title, rows, _show.columns(rows, kept), notes, zone=where)]


class Explanation(Result):
    """What a figure came from. The table is ``largest``: the charges that weigh most."""

    _rows = "largest"

    def _blocks(self):
        counted = f"{self['charges']:,} charges, {self['unknown_costs']:,} without a cost"
        title = f"What {self['view']} cost came from, {_span(self)}"
        notes = [counted, _total(self["total_cost"], self["currency"]), *_health(self["data_health"])]
        bills = [{**source, **_came(source["imports"])} for source in self["sources"]]
        sources = _show.Block(title, bills, _show.columns(bills, ["cost"]), notes, bar="cost")
        shown = ["charge_period_start", "service_name", "resource_id", "charge_description", f"{self['view']}_cost"]
        rows = self.records()
        return [sources, _show.Block("Largest charges", rows, [*shown, "billing_currency"] if rows else [])]


class StateDiff(Result):
    """What differs between two states. The table is ``items``."""

    _kinds = {
        "cost_a": "decimal",
        "cost_b": "decimal",
        "change": "decimal",
        "charges_a": "integer",
        "charges_b": "integer",
    }

    def _blocks(self):
        rows = self.records()
        total = self["total"]
        title = f"State {self['snapshot_b']} against {self['snapshot_a']}, {self['view']} cost"
        change = "unknown" if total["change"] is None else f"{total['change']:+,f} {self['currency'] or ''}".strip()
        notes = [f"change {change}, {total['charges_a']:,} charges before and {total['charges_b']:,} after"]
        if len(rows) < self["count"]:
            notes.insert(0, f"{len(rows):,} of {self['count']:,} that differ")
        return [_show.Block(title, rows, _show.columns(rows, ["cost_a", "cost_b", "change"]), notes)]


class Segments(Result):
    """The files of a state. The table is ``items``."""

    _kinds = {
        "path": "text",
        "rows": "integer",
        "bytes": "integer",
        "billing_account_id": "text",
        "billing_period": "text",
    }
