"""Usage events into a folder, durably, through Python: a list of dicts, JSON and Arrow, against sqlite3.

    python benches/peers/usage_ingest.py --events 500000 --batch 10000 --rounds 3

The same events with random ids, of which one in a hundred comes twice, in batches. sqlite3 keeps a row for each: WAL,
synchronous=FULL, INSERT OR IGNORE on the id, executemany, one transaction for each batch; its tuples are made
beforehand, as are the bytes of JSON and the tables of Arrow. What counts is the time until all is durable, in which
sqlite3 has counted nothing yet. Rounds alternate between the ways; medians are shown, and the ratios of each round.
Needs `iof` built for release, and pyarrow.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import sqlite3
import statistics
import tempfile
import time
import uuid
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pyarrow

import iof

NOW = datetime(2024, 2, 1, tzinfo=timezone.utc)
COLUMNS = ("id", "source", "time", "resource", "quantity", "tenant_id", "rail", "model")
CREATE = f"CREATE TABLE events ({', '.join(COLUMNS)}, PRIMARY KEY (id)) WITHOUT ROWID"
INSERT = f"INSERT OR IGNORE INTO events VALUES ({', '.join('?' * len(COLUMNS))})"

Event = dict[str, Any]
Batches = Sequence[Any]


def events(count: int, seed: int) -> list[Event]:
    """Events of thirty days in the order of their times; one in a hundred comes again some events later."""
    chance = random.Random(seed)
    made: list[Event] = []
    while len(made) < count:
        if made and chance.random() < 0.01:
            made.append(made[-1 - chance.randrange(min(len(made), 5_000))])
            continue
        at = NOW - timedelta(days=30) + timedelta(days=30) * (len(made) / count)
        made.append({
            "id": str(uuid.UUID(int=chance.getrandbits(128), version=4)),
            "source": f"pod-{chance.randrange(8)}",
            "time": at.isoformat(),
            "resource": "api_calls",
            "quantity": chance.randrange(1, 10),
            "tenant_id": f"ten_{chance.randrange(200):03}",
            "rail": f"rail_{chance.randrange(5)}",
            "properties": {"model": f"model_{chance.randrange(10)}"},
        })
    return made


def row(event: Event) -> tuple[Any, ...]:
    return tuple(event["properties"]["model"] if name == "model" else event[name] for name in COLUMNS)


def table(batch: list[Event]) -> pyarrow.Table:
    rows = [dict(zip(COLUMNS, row(event))) for event in batch]
    of_time = pyarrow.timestamp("us", "UTC")
    whole = pyarrow.Table.from_pylist([{**row, "time": datetime.fromisoformat(row["time"])} for row in rows])
    return whole.set_column(COLUMNS.index("time"), "time", whole["time"].cast(of_time))


def into_iof(folder: Path, batches: Batches) -> int:
    with iof.open(folder / "iof", now=NOW) as engine:
        return sum(engine.finops.record_usage(batch)["accepted"] for batch in batches)


def into_sqlite(folder: Path, batches: Batches) -> int:
    database = sqlite3.connect(folder / "events.sqlite", isolation_level=None)
    database.execute("PRAGMA journal_mode=WAL")
    database.execute("PRAGMA synchronous=FULL")
    database.execute(CREATE)
    for batch in batches:
        database.execute("BEGIN IMMEDIATE")
        database.executemany(INSERT, batch)
        database.execute("COMMIT")
    (count,) = database.execute("SELECT count(*) FROM events").fetchone()
    database.close()
    return int(count)


def recorder(count: int, given: list[Event]) -> None:
    """How long it takes to hand an event over, where nothing is written meanwhile."""
    for name in ("keywords", "dict"):
        with iof.open(now=NOW) as engine, engine.finops.recorder(batch=100_000) as usage:
            some = given[: min(count, 90_000)]
            start = time.perf_counter()
            if name == "dict":
                for event in some:
                    usage.record(event)
            else:
                for event in some:
                    usage.record(id=event["id"], resource="api_calls", quantity=1, tenant_id=event["tenant_id"])
            print(f"recorder, {name}: {(time.perf_counter() - start) / len(some) * 1e6:.2f} us an event")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=500_000)
    parser.add_argument("--batch", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--folder", help="where to write; by default the system's folder for what passes")
    given = parser.parse_args()
    made = events(given.events, given.seed)
    batches = [made[start : start + given.batch] for start in range(0, len(made), given.batch)]
    ways: dict[str, tuple[Callable[[Path, Batches], int], Batches]] = {
        "sqlite3": (into_sqlite, [[row(event) for event in batch] for batch in batches]),
        "list of dicts": (into_iof, batches),
        "JSON bytes": (into_iof, [json.dumps(batch).encode() for batch in batches]),
        "Arrow": (into_iof, [table(batch) for batch in batches]),
    }
    wanted = len({event["id"] for event in made})
    wall: dict[str, list[float]] = {name: [] for name in ways}
    cpu: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(given.rounds):
        for name, (into, what) in ways.items():
            folder = Path(tempfile.mkdtemp(prefix="usage-", dir=given.folder))
            try:
                began, used = time.perf_counter(), time.process_time()
                counted = into(folder, what)
                wall[name].append(time.perf_counter() - began)
                cpu[name].append(time.process_time() - used)
            finally:
                shutil.rmtree(folder, ignore_errors=True)
            assert counted == wanted, (name, counted, wanted)
    print(f"{len(made):,} events, {len(made) - wanted:,} of them repeated, in batches of {given.batch:,}")
    print(f"{'':14} {'events/s':>10} {'wall s':>8} {'cpu s':>8} {'wall ratio':>11} {'cpu ratio':>10}")
    for name in ways:
        seconds, used = statistics.median(wall[name]), statistics.median(cpu[name])
        by_wall = statistics.median(a / b for a, b in zip(wall["sqlite3"], wall[name]))
        by_cpu = statistics.median(a / b for a, b in zip(cpu["sqlite3"], cpu[name]))
        print(f"{name:14} {len(made) / seconds:10,.0f} {seconds:8.2f} {used:8.2f} {by_wall:10.1f}x {by_cpu:9.1f}x")
    recorder(given.events, made)


if __name__ == "__main__":
    main()
