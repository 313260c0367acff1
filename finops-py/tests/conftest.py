"""An engine in memory with a fixed clock, and bills to import."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import iof

NOW = "2024-02-01T00:00:00Z"

COLUMNS = {
    "BilledCost": "1",
    "EffectiveCost": "1",
    "ListCost": "1",
    "ContractedCost": "1",
    "BillingAccountId": "acct-1",
    "BillingCurrency": "USD",
    "BillingPeriodStart": "2024-01-01T00:00:00Z",
    "BillingPeriodEnd": "2024-02-01T00:00:00Z",
    "ChargePeriodStart": "2024-01-01T00:00:00Z",
    "ChargePeriodEnd": "2024-01-02T00:00:00Z",
    "ChargeCategory": "Usage",
    "ProviderName": "AWS",
    "ServiceName": "Queue",
    "Tags": "",
}

Bill = Callable[..., Path]


@pytest.fixture
def engine() -> Iterator[iof.Iof]:
    with iof.open(now=NOW) as engine:
        yield engine


@pytest.fixture
def finops(engine: iof.Iof) -> iof.Finops:
    return engine.finops


@pytest.fixture
def bill(tmp_path: Path) -> Bill:
    """Writes a bill whose rows differ from the usual one in what is given."""

    def write(*rows: dict[str, str], name: str = "bill.csv", times: int = 1) -> Path:
        path = tmp_path / name
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, COLUMNS)
            writer.writeheader()
            for _ in range(times):
                writer.writerows({**COLUMNS, **row} for row in rows)
        return path

    return write


@pytest.fixture
def billed(finops: iof.Finops, bill: Bill) -> iof.Finops:
    """An engine with three charges on three days; one service has a hostile name."""
    finops.import_charges(
        bill(
            {"EffectiveCost": "10.25", "Tags": json.dumps({"team": "search"})},
            {"EffectiveCost": "4", "ServiceName": HOSTILE, "ChargePeriodStart": "2024-01-02T00:00:00Z",
             "ChargePeriodEnd": "2024-01-03T00:00:00Z"},
            {"EffectiveCost": "-1.125", "ServiceName": "Credit", "ChargePeriodStart": "2024-01-03T00:00:00Z",
             "ChargePeriodEnd": "2024-01-04T00:00:00Z"},
        )
    )
    return finops


HOSTILE = "<script>alert('x')</script>\x1b[31m"
