"""Answers: dicts that print themselves and become tables. Their types are in ``results.pyi``."""

from __future__ import annotations

from datetime import timezone
from importlib import import_module

from . import _show
from ._iof import arrow_stream
from .errors import InvalidArgumentError

__all__ = [
    "AuditPage",
    "Breakdown",
    "CatalogPage",
    "Compacted",
    "CostSummary",
    "DailyCosts",
    "DeliveryPage",
    "EventPage",
    "HistoricalCosts",
    "ImportReceipt",
    "MonthlyCosts",
    "Page",
    "ResourceGroupPage",
    "Result",
    "ServiceCosts",
    "SnapshotPage",
    "Vacuumed",
    "VirtualDimensionPage",
    "WebhookPage",
]


class _Stream:
    """Rows, and nothing else: libraries would take a dict for columns before they look for Arrow."""

    def __init__(self, result):
        self._result = result

    def __arrow_c_stream__(self, requested_schema=None):
        return self._result.__arrow_c_stream__(requested_schema)


class Result(dict):
    """An answer: a plain dict, with one list in it that can be had as a table.

    ``print(answer)`` shows it for reading, a notebook shows it as HTML, and libraries that read Arrow streams, such
    as DuckDB, take it as it is. ``repr(answer)`` is that of the dict.
    """

    _rows = "items"
    _kinds = {}

    def records(self):
        """The rows of the table, as dicts."""
        return list(self[self._rows])

    def to_pandas(self, money="decimal"):
        """The rows as a pandas DataFrame.

        Args:
            money: ``"decimal"`` keeps amounts and quantities exact, as objects; ``"float"`` makes them floats, for
                plots and fast sums that need not be exact. What is unknown becomes ``None`` or ``NaN``.
        """
        if money not in ("decimal", "float"):
            raise InvalidArgumentError("invalid_argument", f"must be 'decimal' or 'float', not {money!r}", "money")
        pandas = import_module("pandas")
        rows = self.records()
        names = list(dict.fromkeys(name for row in rows for name in row)) or list(self._kinds)
        frame = pandas.DataFrame.from_records(rows, columns=names)
        for name in names:
            kind = self._kinds.get(name)
            if kind == "time":
                frame[name] = pandas.to_datetime(frame[name], utc=True)
            elif kind == "integer":
                frame[name] = frame[name].astype("int64")
            elif kind == "decimal" and money == "float":
                values = [float("nan") if value is None else float(value) for value in frame[name]]
                frame[name] = pandas.Series(values, index=frame.index, dtype="float64")
        return frame

    def to_polars(self):
        """The rows as a polars DataFrame; amounts are ``Decimal(38, 18)``."""
        return import_module("polars").DataFrame(_Stream(self))

    def to_arrow(self):
        """The rows as a pyarrow Table; amounts are ``decimal128(38, 18)``."""
        return import_module("pyarrow").table(_Stream(self))

    def __arrow_c_stream__(self, requested_schema=None):
        """The rows as an Arrow stream. A requested schema is a wish that the protocol lets us leave open."""
        return arrow_stream(self.records(), list(self._kinds.items()))

    def __str__(self):
        return _show.text(self._blocks())

    def _repr_html_(self):
        return _show.html(self._blocks())

    def _blocks(self):
        rows = self.records()
        return [_show.Block(type(self).__name__, rows, _show.columns(rows))]


class CostSummary(Result):
    """What a period cost. The table is ``breakdown``."""

    _rows = "breakdown"
    _kinds = {
        "cost": "decimal",
        "share": "decimal",
        "charges": "integer",
        "api_calls": "decimal",
        "ledger_transactions": "decimal",
        "search_queries": "decimal",
        "storage_gb": "decimal",
        "compute_vcpu_seconds": "decimal",
        "bandwidth_gb": "decimal",
    }

    def _blocks(self):
        rows = self.records()
        keep = {name for row in rows for name in row} - self._kinds.keys()
        shown = _show.columns(rows, {"cost", *keep})
        items = f"{len(rows):,} of {self['count']:,} items" if len(rows) < self["count"] else None
        notes = [items, _total(self["total_cost"], self["currency"]), *_health(self["data_health"])]
        title = f"Cost summary, {_span(self)}, {self['view']} cost"
        return [_show.Block(title, rows, shown, [note for note in notes if note], bar="cost")]


class DailyCosts(Result):
    """What each day cost. The table is ``days``; with groups, a row for each group and day."""

    _rows = "days"
    _kinds = {"date": "time", "day": "text", "total": "decimal"}

    def records(self):
        """The rows of the table: ``{"date", "day", "total"}``, and with groups their dimensions before them."""
        if not self["groups"]:
            return list(self["days"])
        return [{**_dimensions(group), **day} for group in self["groups"] for day in group["days"]]

    def _blocks(self):
        where = _show.zone(self["time_zone"])
        summary = self["summary"]
        notes = [_total(summary["total_period"], self["currency"])]
        if summary["daily_average"] is not None:
            average = _show.number(summary["daily_average"], _show.places([summary["total_period"]], 2))
            trend = f", {summary['trend']}" if summary["trend"] else ""
            notes.append(f"{average} a day on average{trend}")
        notes.extend(_health(self["data_health"]))
        title = f"Daily costs, {_span(self, where)}, {self['view']} cost"
        days = _show.Block(title, self["days"], ["date", "total"], notes, line="total", zone=where)
        groups = [{**_dimensions(group), "total": group["total"]} for group in self["groups"]]
        if not groups:
            return [days]
        return [days, _show.Block("By group", groups, list(groups[0]), bar="total")]


class Breakdown(Result):
    """What a window cost, broken down. The table is ``items``."""

    @property
    def _kinds(self):
        dates = {"date": "time"} if self["granularity"] else {}
        further = [name.removeprefix("total_") for name in self if name.startswith("total_") and name != "total_cost"]
        costs = dict.fromkeys(further, "decimal")
        return {**dates, "cost": "decimal", "share": "decimal", "charges": "integer", **costs, "distinct": "integer"}

    def _blocks(self):
        rows, where = self.records(), _show.zone(self["time_zone"])
        first = self["offset"] + 1
        items = f"items {first:,} to {first + len(rows) - 1:,} of {self['count']:,}" if len(rows) < self["count"] else None
        notes = [items, _total(self["total_cost"], self["currency"]), *_health(self["data_health"])]
        by = f", {self['granularity']}" if self["granularity"] else ""
        title = f"Breakdown{by}, {_span(self, where)}, {self['view']} cost"
        shown = list(rows[0]) if rows else []
        return [_show.Block(title, rows, shown, [note for note in notes if note], bar="cost", zone=where)]


class HistoricalCosts(Result):
    """What each span cost. The table is ``series``; with groups, a row for each group and span."""

    _rows = "series"
    _kinds = {"date": "time", "total": "decimal"}

    def records(self):
        """The rows of the table: ``{"date", "total"}``, and with groups their dimensions before them."""
        if not self["groups"]:
            return list(self["series"])
        return [{**_dimensions(group), **point} for group in self["groups"] for point in group["series"]]

    def _blocks(self):
        where = _show.zone(self["time_zone"])
        notes = [_total(self["total_cost"], self["currency"]), *_health(self["data_health"])]
        title = f"Historical costs, {self['granularity']}, {_span(self, where)}, {self['view']} cost"
        series = _show.Block(title, self["series"], ["date", "total"], notes, line="total", zone=where)
        groups = [{**_dimensions(group), "total": group["total"]} for group in self["groups"]]
        if not groups:
            return [series]
        return [series, _show.Block("By group", groups, list(groups[0]), bar="total")]


class ServiceCosts(Result):
    """What each service cost. The table is ``items``."""

    _kinds = {
        "group_key": "text",
        "name": "text",
        "total_cost": "decimal",
        "cpu_cost": "decimal",
        "ram_cost": "decimal",
        "storage_cost": "decimal",
        "network_cost": "decimal",
        "gpu_cost": "decimal",
    }

    def _blocks(self):
        rows = self.records()
        shown = [name for name in _show.columns(rows, ["name", "total_cost"]) if name != "group_key"]
        items = f"{len(rows):,} of {self['count']:,} services" if len(rows) < self["count"] else None
        notes = [items, _total(self["total_cost"], self["currency"]), *_health(self["data_health"])]
        start, end = (_show.day(self[name], timezone.utc) for name in ("period_start", "period_end"))
        title = f"Costs by service, {start} to {end}, {self['view']} cost"
        return [_show.Block(title, rows, shown, [note for note in notes if note], bar="total_cost")]


class MonthlyCosts(Result):
    """What each month cost. The table is ``months``."""

    _rows = "months"
    _kinds = {"date": "time", "month": "text", "total": "decimal", "complete": "bool"}

    def _blocks(self):
        summary = self["summary"]
        notes = []
        if summary["average_monthly"] is not None:
            totals = [month["total"] for month in self["months"]]
            average = _show.number(summary["average_monthly"], _show.places(totals, 2))
            ends = ", ".join(f"{name} {summary[f'{name}_month']['month']}" for name in ("highest", "lowest"))
            notes.append(f"{average} {self['currency']} a month on average, {ends}")
        running = [month["month"] for month in self["months"] if not month["complete"] and month["total"] is not None]
        notes += [f"{month} is not over" for month in running] + _health(self["data_health"])
        title = f"Monthly costs, {_span(self, _show.zone(self['time_zone']))}, {self['view']} cost"
        return [_show.Block(title, self["months"], ["month", "total"], notes, line="total")]


class ImportReceipt(Result):
    """What an import brought. The table is ``totals``, one row per currency."""

    _rows = "totals"
    _kinds = {
        "currency": "text",
        "charges": "integer",
        "billed": "decimal",
        "effective": "decimal",
        "contracted": "decimal",
        "list": "decimal",
        "effective_unknown": "integer",
        "contracted_unknown": "integer",
        "list_unknown": "integer",
    }

    def _blocks(self):
        counts = f"{_count(self['rows'], 'row')}, {_count(self['charges'], 'charge')}"
        title = f"Import {self['import_id']}: {counts}, {self['quarantined']:,} set aside"
        notes = ["the same files were here already: nothing changed"] if self["unchanged"] else []
        blocks = [_show.Block(title, self["totals"], _show.columns(self["totals"]), notes)]
        for name, what in (("replaced", "Replaced"), ("warnings", "Warnings"), ("quarantine", "Set aside")):
            if self[name]:
                blocks.append(_show.Block(what, self[name], _show.columns(self[name])))
        return blocks


class Page(Result):
    """A page of items. The table is ``items``."""

    def _blocks(self):
        rows = self.records()
        first = self["offset"] + 1
        title = f"Items {first:,} to {first + len(rows) - 1:,} of {self['count']:,}" if rows else "No items"
        return [_show.Block(title, rows, _show.columns(rows))]


class CatalogPage(Page):
    """A page of entries of the catalogue."""

    _kinds = {
        "kind": "text",
        "id": "text",
        "name": "text",
        "parent": "text",
        "owner": "text",
        "team": "text",
        "tags": "json",
        "budget_usd": "decimal",
    }


class AuditPage(Page):
    """A page of the log of changes."""

    _kinds = {
        "seq": "integer",
        "at": "time",
        "actor": "text",
        "action": "text",
        "kind": "text",
        "key": "text",
        "before": "json",
        "after": "json",
        "previous": "text",
        "hash": "text",
    }


class ResourceGroupPage(Page):
    """A page of resource groups."""

    _kinds = {
        "id": "text",
        "name": "text",
        "description": "text",
        "status": "text",
        "owner_id": "text",
        "organization_id": "text",
        "resources": "json",
        "created_at": "time",
        "updated_at": "time",
    }


class WebhookPage(Page):
    """A page of webhooks."""

    _kinds = {
        "id": "text",
        "url": "text",
        "events": "json",
        "description": "text",
        "enabled": "bool",
        "created_at": "time",
        "updated_at": "time",
    }


class DeliveryPage(Page):
    """A page of deliveries."""

    _kinds = {
        "webhook_id": "text",
        "event_id": "text",
        "type": "text",
        "state": "text",
        "attempts": "integer",
        "next_attempt_at": "time",
        "created_at": "time",
        "updated_at": "time",
        "log": "json",
    }


class EventPage(Result):
    """Events in the order in which they were written."""

    _kinds = {"id": "text", "type": "text", "timestamp": "time", "data": "json"}


class VirtualDimensionPage(Page):
    """A page of virtual dimensions."""

    _kinds = {"name": "text", "rules": "json", "default": "text"}


class SnapshotPage(Page):
    """A page of the states of the store."""

    _kinds = {"snapshot": "integer", "at": "time", "cause": "text", "import_id": "text", "charges": "integer"}


class _Counts(Result):
    """An answer that is nothing but counts. The table is one row of them."""

    def records(self):
        """The answer as the only row."""
        return [dict(self)]

    @property
    def _kinds(self):
        return dict.fromkeys(self, "integer")


class Vacuumed(_Counts):
    """What a vacuum removed. The table is one row."""

    def _blocks(self):
        removed = f"{_count(self['snapshots_removed'], 'state')}, {_count(self['segments_removed'], 'file')}"
        notes = [f"the oldest state that can be read is {self['oldest_snapshot']}"]
        return [_show.Block(f"Vacuum: {removed} and {_count(self['bytes_freed'], 'byte')} removed", notes=notes)]


class Compacted(_Counts):
    """What a compaction brought together. The table is one row."""

    def _blocks(self):
        if not self["scopes"]:
            return [_show.Block("Compaction: there was nothing to bring together")]
        parts = [f"{name} {self[f'{name}_before']:,} to {self[f'{name}_after']:,}" for name in ("segments", "bytes")]
        title = f"Compaction: {_count(self['scopes'], 'billing period')} rewritten, {', '.join(parts)}"
        return [_show.Block(title, notes=[f"the present state is {self['snapshot']}"])]


def _dimensions(group):
    return {name: value for name, value in group.items() if name not in ("total", "days", "series")}


def _span(answer, where=None):
    where = where or timezone.utc
    period = answer.get("period")
    start, end = (_show.day(answer[name], where) for name in ("window_start", "window_end"))
    return f"{period} ({start} to {end})" if period else f"{start} to {end}"


def _total(total, currency):
    if total is None:
        return "total unknown: no imported bill covers this"
    # A total is shown with every digit that it has; only columns are rounded for the eye.
    return f"total {total:,f} {currency}"


def _health(health):
    parts = [
        (health["missing_days"], "day", "without a bill"),
        (health["partial_days"], "day", "that some bill does not reach"),
        (health["quarantined_rows"], "row", "set aside"),
        (health["unknown_costs"], "charge", "without a cost"),
    ]
    found = [f"{_count(count, what)} {how}" for count, what, how in parts if count]
    return [f"incomplete: {', '.join(found)}"] if found else []


def _count(count, what):
    return f"{count:,} {what}" if count == 1 else f"{count:,} {what}s"
