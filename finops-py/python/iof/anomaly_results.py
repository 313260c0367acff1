"""Answers about anomalies. Their types are in ``anomaly_results.pyi``."""

from __future__ import annotations

from . import _show
from .results import Page, Result, _health

__all__ = ["AnomalyMonitorPage", "CostAnomalies"]


class CostAnomalies(Result):
    """Anomalies of costs. The table is ``anomalies``, with the values of its group in place of ``group``."""

    _rows = "anomalies"
    _kinds = {
        "id": "text",
        "start": "text",
        "end": "text",
        "duration_days": "integer",
        "expected": "decimal",
        "actual": "decimal",
        "impact": "decimal",
        "impact_pct": "decimal",
        "score": "decimal",
        "direction": "text",
        "kind": "text",
        "ongoing": "bool",
        "drivers": "json",
        "usage": "json",
        "feedback": "json",
        "recurs": "text",
    }

    def records(self):
        """The rows of the table."""
        return [
            {**row["group"], **{name: value for name, value in row.items() if name != "group"}}
            for row in self["anomalies"]
        ]

    def _blocks(self):
        period = self["period"]
        title = f"Anomalies, {period['start']} to {period['end']}, {self['view']} cost"
        rows = [_shown(row) for row in self.records()]
        notes = [f"{len(rows):,} of {self['count']:,} anomalies"] if len(rows) < self["count"] else []
        notes.append(f"{self['groups_judged']:,} groups judged by {self['detector']}")
        if self["groups_too_short"]:
            notes.append(f"{self['groups_too_short']:,} groups have fewer than four weeks of days and were not")
        notes.extend(_health(self["data_health"]))
        return [_show.Block(title, rows, _show.columns(rows, ["start", "impact"]), notes, bar="impact")]


def _shown(row):
    """What is worth a column for people."""
    hidden = ("id", "drivers", "usage", "feedback", "recurs", "direction", "ongoing")
    shown = {name: value for name, value in row.items() if name not in hidden}
    first = next(iter(row["drivers"]), None)
    shown["driver"] = None if first is None else f"{first['dimension']} {first['name'] or first['value']}"
    shown["feedback"] = row["feedback"] and row["feedback"]["feedback"]
    return shown


class AnomalyMonitorPage(Page):
    """A page of monitors of anomalies."""

    _kinds = {
        "id": "text",
        "name": "text",
        "filter": "json",
        "group_by": "json",
        "threshold": "decimal",
        "minimum_impact": "decimal",
        "days": "integer",
        "view": "text",
        "currency": "text",
        "exchange_rates": "json",
        "time_zone": "text",
        "enabled": "bool",
        "tenant_id": "text",
        "organization_id": "text",
        "user_id": "text",
        "created_at": "time",
        "updated_at": "time",
        "looked_at": "time",
        "error": "text",
    }
