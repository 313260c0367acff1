"""Random charges and random questions about them, the same on every run."""

from __future__ import annotations

import csv
import json
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

CHARGES, QUESTIONS = 4_000, 200
ZONES = ["UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe"]
CURRENCIES = ["USD", "EUR", "JPY"]
VIEWS = {"billed": "BilledCost", "effective": "EffectiveCost", "contracted": "ContractedCost", "list": "ListCost"}
# What a question calls it, and the column that has it in a bill.
COLUMNS = {
    "tenant": "x_TenantId",
    "service": "ServiceName",
    "region": "RegionId",
    "account": "BillingAccountId",
    "sub_account": "SubAccountId",
    "provider": "ProviderName",
    "rail": "x_Rail",
    "resource_id": "ResourceId",
    "currency": "BillingCurrency",
}
TAGS = ["team", "env", "cost.center", "nobody has it"]
DIMENSIONS = [*COLUMNS, *(f"tag:{key}" for key in TAGS)]
# The first is billed in euros alone, so that the totals of its days are known beforehand.
ACCOUNTS = ["acct-1", "acct-2", "acct-ü"]
MONTHS = [(2024, 3), (2024, 4), (2024, 10), (2024, 11)]
# The amounts of that month are too large for two of them to be added in 128 bits, and cancel each other.
LARGE, LARGE_MONTH = 9 * 10**19, (2024, 12)
# When the clocks of Berlin, New York and Lord Howe change.
CHANGES = ["03-31T01:00", "03-10T07:00", "04-06T15:00", "10-27T01:00", "11-03T06:00", "10-05T15:30"]

Values = dict[str, "str | None"]


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=timezone.utc)  # type: ignore[arg-type, misc]


def micros(at: datetime) -> int:
    return (at - utc(1970, 1, 1)) // timedelta(microseconds=1)


def text(mantissa: int) -> str:
    """An amount of 10^-18 as a bill writes it: exact, without zeros at the end."""
    written = format(Decimal((int(mantissa < 0), tuple(map(int, str(abs(mantissa)))), -18)), "f")
    return written.rstrip("0").rstrip(".")


@dataclass(frozen=True)
class Charge:
    """A charge: costs in 10^-18 by view, values by dimension, its start in microseconds since 1970."""

    at: int
    values: Values
    costs: dict[str, int | None]
    row: dict[str, str]

    @property
    def currency(self) -> str:
        return self.values["currency"] or ""


# --- Charges ----------------------------------------------------------------------------------------------------------


def amount(random: Random, currency: str) -> int:
    """Of every size from 10^-18 to 10^15 and with 0 to 18 decimals. Yen leave room for a rate with two of them."""
    kind = random.random()
    if kind < 0.4:
        mantissa = random.randrange(10**7) * 10**16
    elif kind < 0.9:
        mantissa = random.randrange(10 ** random.randint(1, 33))
        mantissa -= mantissa % 10 ** random.choice([0, 0, 3, 6, 9, 12, 16, 18])
    else:
        mantissa = random.choice([0, 1, 2, 3, 10**15 * 10**18, 10**33 - 1])
    if currency == "JPY":
        mantissa -= mantissa % 100
    return -mantissa if random.random() < 0.15 else mantissa


def start_of(random: Random, month: tuple[int, int]) -> tuple[datetime, timedelta]:
    """When a charge of a month starts, and how long it lasts: a day, an hour, or anything near a change of clocks."""
    days = [1, 2, 3, 9, 10, 11, 27, 30] if month[1] in (4, 11) else [1, 5, 6, 10, 26, 27, 30, 31]
    day = utc(*month, random.choice(days))
    kind = random.random()
    if kind < 0.4:
        return day, timedelta(days=1)
    if kind < 0.8:
        return day + timedelta(hours=random.randrange(24)), timedelta(hours=1)
    near = [change for change in CHANGES if int(change[:2]) == month[1]]
    change = datetime.fromisoformat(f"2024-{random.choice(near)}+00:00")
    steps = [timedelta(0), timedelta(microseconds=-1), timedelta(minutes=-30), timedelta(seconds=1799, microseconds=7)]
    return change + random.choice(steps) + timedelta(hours=random.randint(-3, 3)), timedelta(seconds=1)


def tags(random: Random) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if random.random() < 0.7:
        found["team"] = random.choice(["search", "pay ä", 'a"b', "Search", 7, True, None])
    if random.random() < 0.5:
        found["env"] = random.choice(["prod", "dev"])
    if random.random() < 0.3:
        found["cost.center"] = random.choice(["cc 1", "cc 2"])
    return found


def combination(random: Random, account: str) -> tuple[Values, dict[str, Any]]:
    """Values of every dimension, some of them missing."""

    def some(options: list[str], missing: float = 0.15) -> str | None:
        return None if random.random() < missing else random.choice(options)

    values: Values = {
        "tenant": some(["ten_1", "ten_2", "ten_3", "Ten_1"]),
        "service": some(["Disk", "Queue", "disk", "Ünïcode", "Mail, \"quoted\""], 0.05),
        "region": some(["eu", "us", "ap"]),
        "account": account,
        "sub_account": some([f"sub-{number}" for number in range(6)]),
        "provider": random.choice(["AWS", "Hetzner"]),
        "rail": some(["r1", "r2"], 0.5),
        "resource_id": some([f"i-{number:04}" for number in range(400)]),
        "currency": "EUR" if account == ACCOUNTS[0] else random.choice(CURRENCIES[:1] * 3 + CURRENCIES),
    }
    return values, tags(random)


def charge(random: Random, month: tuple[int, int], values: Values, tagged: dict[str, Any]) -> Charge:
    start, length = start_of(random, month)
    currency = values["currency"] or ""
    costs: dict[str, int | None] = {view: amount(random, currency) for view in VIEWS}
    for view in ("effective", "contracted", "list"):
        if random.random() < 0.1:
            costs[view] = None
    return made(start, length, month, values, tagged, costs)


def made(
    start: datetime,
    length: timedelta,
    month: tuple[int, int],
    values: Values,
    tagged: dict[str, Any],
    costs: dict[str, int | None],
) -> Charge:
    year, number = month
    row = {
        **{column: values[dimension] or "" for dimension, column in COLUMNS.items()},
        **{column: "" if (cost := costs[view]) is None else text(cost) for view, column in VIEWS.items()},
        "BillingPeriodStart": utc(year, number, 1).isoformat(),
        "BillingPeriodEnd": utc(year + number // 12, number % 12 + 1, 1).isoformat(),
        "ChargePeriodStart": start.isoformat(),
        "ChargePeriodEnd": (start + length).isoformat(),
        "ChargeCategory": "Credit" if (costs["billed"] or 0) < 0 else "Usage",
        "Tags": json.dumps(tagged, ensure_ascii=False) if tagged else "",
    }
    of_tags = {f"tag:{key}": None if (value := tagged.get(key)) is None else plain(value) for key in TAGS}
    return Charge(micros(start), {**values, **of_tags}, costs, row)


def plain(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def charges(random: Random) -> list[Charge]:
    """Most of them repeat a few combinations of values, so that they are worth summing beforehand."""
    scopes = [(account, month) for account in ACCOUNTS for month in MONTHS]
    usual = {scope: [combination(random, scope[0]) for _ in range(5)] for scope in scopes}
    found = []
    for _ in range(CHARGES):
        scope = random.choice(scopes)
        # Nothing repeats in the bills of the last account.
        again = scope[0] != ACCOUNTS[-1] and random.random() < 0.85
        values, tagged = random.choice(usual[scope]) if again else combination(random, scope[0])
        found.append(charge(random, scope[1], values, tagged))
    values, _ = combination(random, ACCOUNTS[0])
    values["currency"] = "USD"
    for number in range(12):
        sign, team = (1, "search") if number < 6 else (-1, "Search")
        costs: dict[str, int | None] = dict.fromkeys(VIEWS, sign * LARGE * 10**18 + number)
        start = utc(*LARGE_MONTH, 3, number // 2)
        found.append(made(start, timedelta(hours=1), LARGE_MONTH, values, {"team": team}, costs))
    return found


def write(path: Path, some: list[Charge]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, some[0].row)
        writer.writeheader()
        writer.writerows(charge.row for charge in some)


# --- Questions --------------------------------------------------------------------------------------------------------


def condition(random: Random, charges: list[Charge]) -> dict[str, Any]:
    dimension = random.choice(DIMENSIONS)
    some = [random.choice(charges).values[dimension] for _ in range(random.randint(1, 3))]
    if random.random() < 0.15:
        some.append("there is no such value")
    return {dimension: some[0] if len(some) == 1 else some}


def filter_of(random: Random, charges: list[Charge], depth: int = 0) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for _ in range(random.choice([1, 1, 2])):
        kind = random.random()
        if kind < 0.6 or depth == 2:
            found.update(condition(random, charges))
        elif kind < 0.8:
            found["not"] = filter_of(random, charges, depth + 1)
        else:
            found["any"] = [filter_of(random, charges, depth + 1) for _ in range(random.randint(1, 3))]
    return found


def window(random: Random) -> dict[str, str]:
    kind = random.random()
    if kind < 0.25:
        start, end = "2024-01-01", random.choice(["2024-12-01", "2024-12-01", "2025-01-01"])
        return {"start_date": start, "end_date": end}
    month = random.choice(MONTHS if random.random() < 0.9 else [LARGE_MONTH])
    start = utc(*month, random.randint(1, 20))
    end = start + timedelta(days=random.choice([1, 7, 20, 45]))
    if month == LARGE_MONTH:
        start = utc(*month, 1)
    if kind < 0.7:
        return {"start_date": f"{start:%Y-%m-%d}", "end_date": f"{end:%Y-%m-%d}"}
    shift = timedelta(minutes=random.randrange(1440), microseconds=random.choice([0, 0, 1, 999_999]))
    return {"start_date": (start + shift).isoformat(), "end_date": (end + shift * 2).isoformat()}


def rates(random: Random) -> dict[str, Any]:
    """Under which every sum still has 18 decimals."""
    return random.choice(
        [
            {"currency": "USD", "exchange_rates": {"EUR": random.choice(["2", "1", "7"]), "JPY": "0.25"}},
            {"currency": "EUR", "exchange_rates": {"USD": "3", "JPY": "0.01"}},
            {"currency": "JPY", "exchange_rates": {"USD": "151", "EUR": "163"}},
        ]
    )


def question(random: Random, charges: list[Charge]) -> dict[str, Any]:
    """The arguments of a breakdown."""
    view = random.choice(list(VIEWS))
    asked: dict[str, Any] = {
        **window(random),
        "group_by": random.sample(DIMENSIONS, random.choice([0, 1, 1, 2, 2, 3])),
        "granularity": random.choice([None, None, "hourly", "hourly", "daily", "weekly", "monthly"]),
        "filter": filter_of(random, charges) if random.random() < 0.5 else {},
        "time_zone": random.choice(ZONES),
        "view": view,
        "views": random.sample(list(VIEWS), random.choice([0, 0, 1, 4])),
    }
    if random.random() < 0.2:
        asked["distinct"] = random.choice(["resource_id", "tag:team", "service"])
    if random.random() < 0.5:
        asked.update(rates(random))
    else:
        asked["filter"]["currency"] = random.choice(CURRENCIES)
    return asked


def questions(random: Random, charges: list[Charge]) -> list[dict[str, Any]]:
    return [question(random, charges) for _ in range(QUESTIONS)]
