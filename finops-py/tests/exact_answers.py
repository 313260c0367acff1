"""What breakdowns should come to: by plain whole numbers here, and by DuckDB over the Parquet files of a store."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, timezone
from decimal import Context, Decimal, Inexact, InvalidOperation
from typing import Any
from zoneinfo import ZoneInfo

from exact_given import CURRENCIES, VIEWS, Charge, micros

# The range of an amount, and of what DuckDB holds: 38 digits.
MOST, DIGITS = 2**127 - 1, 10**38
EXACT = Context(prec=200, traps=[Inexact, InvalidOperation])
HOUR = 3_600_000_000


class TooLarge(Exception):
    """A sum is beyond what can be held."""


@dataclass
class Item:
    """A group: its costs in 10^-18 by view, none where nothing is known."""

    values: tuple[str | None, ...]
    date: int | None
    costs: dict[str, int | None]
    charges: int
    distinct: int | None


@dataclass
class Answer:
    """All items in their order, and the totals by view."""

    totals: dict[str, int | None]
    items: list[Item]

    @property
    def charges(self) -> int:
        return sum(item.charges for item in self.items)


def mantissa(amount: Decimal) -> int:
    """In units of 10^-18, or an error where it is no whole number of them."""
    return int(EXACT.to_integral_exact(EXACT.scaleb(amount, 18)))


def views_of(question: dict[str, Any]) -> list[str]:
    return list(dict.fromkeys([question["view"], *question["views"]]))


def rate_of(question: dict[str, Any], currency: str) -> Decimal:
    rates = question.get("exchange_rates", {})
    return Decimal(1) if currency == question.get("currency", currency) else Decimal(rates[currency])


def converted(question: dict[str, Any], sums: dict[str, int]) -> int:
    """The sum of amounts in several currencies, which must come out exactly."""
    whole = Decimal(0)
    for currency, amount in sums.items():
        whole = EXACT.add(whole, EXACT.multiply(Decimal(amount), rate_of(question, currency)))
    return int(EXACT.to_integral_exact(whole))


# --- Time -------------------------------------------------------------------------------------------------------------


def midnight(day: date, zone: ZoneInfo) -> int:
    return micros(datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(timezone.utc))


def bound(written: str, zone: ZoneInfo) -> int:
    if len(written) == len("2024-01-01"):
        return midnight(date.fromisoformat(written), zone)
    return micros(datetime.fromisoformat(written))


def window_of(question: dict[str, Any]) -> tuple[int, int]:
    zone = ZoneInfo(question["time_zone"])
    return bound(question["start_date"], zone), bound(question["end_date"], zone)


def local_day(at: int, zone: ZoneInfo) -> date:
    return (datetime(1970, 1, 1, tzinfo=timezone.utc) + timedelta(microseconds=at)).astimezone(zone).date()


def first_of(day: date, granularity: str) -> date:
    if granularity == "weekly":
        return day - timedelta(days=day.weekday())
    return day.replace(day=1) if granularity == "monthly" else day


def bucket_of(question: dict[str, Any], at: int) -> int | None:
    """When the span starts that holds an instant."""
    if not question["granularity"]:
        return None
    zone, (start, _) = ZoneInfo(question["time_zone"]), window_of(question)
    day = local_day(at, zone)
    if question["granularity"] == "hourly":
        grid = midnight(day, zone)
        return max(start, grid + (at - grid) // HOUR * HOUR)
    return max(start, midnight(first_of(day, question["granularity"]), zone))


def buckets(question: dict[str, Any]) -> Iterator[tuple[int, int]]:
    """The spans of a window, found by going through the calendar instead."""
    zone, (start, end), granularity = ZoneInfo(question["time_zone"]), window_of(question), question["granularity"]
    if not granularity:
        yield start, end
        return
    day = first_of(local_day(start, zone), granularity)
    while midnight(day, zone) < end:
        steps = {"weekly": day + timedelta(days=7), "monthly": (day + timedelta(days=31)).replace(day=1)}
        after = steps.get(granularity, day + timedelta(days=1))
        first, last = midnight(day, zone), midnight(after, zone)
        edges = [*range(first, last, HOUR), last] if granularity == "hourly" else [first, last]
        for one, other in zip(edges, edges[1:]):
            if max(one, start) < min(other, end):
                yield max(one, start), min(other, end)
        day = after


# --- The plain way ----------------------------------------------------------------------------------------------------


def passes(charge: Charge, condition: dict[str, Any]) -> bool:
    def holds(key: str, value: Any) -> bool:
        if key == "not":
            return not passes(charge, value)
        if key == "any":
            return any(passes(charge, one) for one in value)
        return charge.values[key] in (value if isinstance(value, list) else [value])

    return all(holds(key, value) for key, value in condition.items())


@dataclass
class Cell:
    charges: int = 0
    known: dict[str, int] = field(default_factory=dict)
    sums: dict[tuple[str, str], int] = field(default_factory=dict)
    distinct: set[str] = field(default_factory=set)

    def add(self, charge: Charge, views: list[str], distinct: str | None) -> None:
        self.charges += 1
        for view in views:
            cost, key = charge.costs[view], (view, charge.currency)
            self.sums[key] = self.sums.get(key, 0) + (cost or 0)
            self.known[view] = self.known.get(view, 0) + (cost is not None)
        value = charge.values[distinct] if distinct else None
        if value is not None:
            self.distinct.add(value)

    def cost(self, view: str, question: dict[str, Any]) -> int | None:
        sums = {currency: amount for (of, currency), amount in self.sums.items() if of == view}
        whole = converted(question, sums)
        if any(abs(amount) > MOST for amount in [whole, *sums.values()]):
            raise TooLarge
        return whole if self.known.get(view) else None


def reference(charges: list[Charge], question: dict[str, Any]) -> Answer | None:
    """The answer; none where a sum is beyond the range of an amount."""
    views, (start, end), distinct = views_of(question), window_of(question), question.get("distinct")
    cells: dict[tuple[tuple[str | None, ...], int | None], Cell] = {}
    whole = Cell()
    for charge in charges:
        if start <= charge.at < end and passes(charge, question["filter"]):
            values = tuple(charge.values[dimension] for dimension in question["group_by"])
            cells.setdefault((values, bucket_of(question, charge.at)), Cell()).add(charge, views, distinct)
            whole.add(charge, views, None)
    try:
        found = [
            Item(values, at, {view: cell.cost(view, question) for view in views}, cell.charges,
                 len(cell.distinct) if distinct else None)
            for (values, at), cell in cells.items()
        ]
        # Groups that are each in range may add up to what is not, in one currency or in several together.
        totals = {view: whole.cost(view, question) for view in views}
    except TooLarge:
        return None
    return Answer(totals, ordered(question, found))


def ordered(question: dict[str, Any], items: list[Item]) -> list[Item]:
    """The largest first, then by values, what has none first, then by date."""

    def key(item: Item) -> tuple[Any, ...]:
        values = [(value is not None, (value or "").encode()) for value in item.values]
        return -(item.costs[question["view"]] or 0), values, item.date or 0

    return sorted(items, key=key)


# --- By DuckDB --------------------------------------------------------------------------------------------------------


def quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def column(dimension: str) -> str:
    return f'"{dimension}"'


def where(condition: dict[str, Any]) -> str:
    def holds(key: str, value: Any) -> str:
        if key == "not":
            return f"NOT ({where(value)})"
        if key == "any":
            return "(" + " OR ".join(f"({where(one)})" for one in value) + ")"
        wanted = value if isinstance(value, list) else [value]
        texts = ", ".join(quoted(one) for one in wanted if one is not None)
        found = [f"coalesce({column(key)} IN ({texts}), false)"] if texts else []
        found += [f"{column(key)} IS NULL"] if None in wanted else []
        return "(" + " OR ".join(found) + ")"

    return " AND ".join(holds(key, value) for key, value in condition.items()) or "true"


class Duck:
    """A connection of its own with the charges of some Parquet files."""

    def __init__(self, files: list[str], columns: dict[str, str], tags: list[str]) -> None:
        import duckdb

        self.failure = duckdb.Error
        self.connection = duckdb.connect(config={"threads": 1})
        path = {key: "$." + json.dumps(key) for key in tags}
        named = [f'"{name}" AS {column(dimension)}' for dimension, name in columns.items()]
        named += [f"json_extract_string(Tags, {quoted(path[key])}) AS {column(f'tag:{key}')}" for key in tags]
        named += [*VIEWS.values(), "epoch_us(ChargePeriodStart) AS moment"]
        source = f"SELECT {', '.join(named)} FROM read_parquet(?, union_by_name = true)"
        self.connection.execute(f"CREATE TABLE charges AS {source}", [files])

    def answer(self, question: dict[str, Any]) -> Answer | None:
        """The answer; none where DuckDB cannot hold a sum."""
        import pyarrow

        spans = list(buckets(question))
        table = {"first": [first for first, _ in spans], "last": [last for _, last in spans]}
        self.connection.register("buckets", pyarrow.table(table))
        dated = question["granularity"] is not None
        try:
            found = [self.item(question, row) for row in self.rows(question, question["group_by"], dated)]
            whole = [self.item(question, row) for row in self.rows(question, [], dated=False)]
        except (TooLarge, self.failure) as error:
            if isinstance(error, self.failure) and "verflow" not in str(error) and "out of range" not in str(error):
                raise
            return None
        return Answer(whole[0].costs if whole else dict.fromkeys(views_of(question)), ordered(question, found))

    def rows(self, question: dict[str, Any], group_by: list[str], dated: bool) -> list[tuple[Any, ...]]:
        keys = [column(dimension) for dimension in group_by] + ["first"] * dated
        costs = [
            f"sum({VIEWS[view]}) FILTER (currency = '{currency}')"
            for view in views_of(question)
            for currency in CURRENCIES
        ]
        distinct = question.get("distinct")
        counts = ["count(*)", f"count(DISTINCT {column(distinct)})" if distinct else "NULL"]
        text = (
            f"SELECT {', '.join([*keys, *counts, *costs])} FROM charges JOIN buckets ON moment >= first AND moment < last "
            f"WHERE {where(question['filter'])} GROUP BY {', '.join(keys) or '()'} HAVING count(*) > 0"
        )
        width = len(keys)
        pad = (None,) * (len(question["group_by"]) - len(group_by))
        rows = self.connection.execute(text).fetchall()
        date_of = [row[len(group_by)] if dated else None for row in rows]
        return [(pad + row[:len(group_by)], at, *row[width:]) for at, row in zip(date_of, rows)]

    def item(self, question: dict[str, Any], row: tuple[Any, ...]) -> Item:
        values, at, charges, distinct, *costs = row
        whole: dict[str, int | None] = {}
        for place, view in enumerate(views_of(question)):
            sums = zip(CURRENCIES, costs[place * len(CURRENCIES):])
            known = {currency: mantissa(amount) for currency, amount in sums if amount is not None}
            if any(abs(amount) >= DIGITS for amount in known.values()):
                raise TooLarge
            whole[view] = converted(question, known) if known else None
        return Item(values, at, whole, charges, distinct)
