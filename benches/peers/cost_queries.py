"""Asks finops and general engines the same eight cost questions, and compares time, CPU, memory and every answer.

    pip install ./finops-py duckdb polars datafusion chdb pyarrow numpy
    python cost_queries.py                       # makes 2,000,000 rows in a temporary folder
    python cost_queries.py --data FOLDER         # or takes the Parquet files of a folder, x_day among their columns

Each engine runs in a process of its own, twice: from disk (finops on a store that was opened just before, the others
from the Parquet files, the page cache warm) and from memory (finops on a store that stays open, the others on tables
they have loaded, DuckDB also with ENUM and Polars with categorical columns). Everybody gets two threads, on Linux on
the same two processors. There is a table for answers whose rows come out as Python objects, and one for answers that
come out by column, as Arrow or as a Polars frame. Times are medians; CPU is that of the whole process. Exits with 1 when
an answer differs. README.md beside this folder says how to read the tables.
"""

import argparse
import hashlib
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import date
from decimal import Decimal
from pathlib import Path

THREADS = 2
FORMS = ["rows", "columns"]
TEXTS = ["SubAccountId", "ServiceName", "RegionId", "ProviderName", "ResourceId", "Tags"]
COLUMNS = ["x_day", *TEXTS, "BilledCost", "EffectiveCost"]
SPAN = (date(2024, 11, 1), date(2025, 12, 6))
QUARTER = (date(2025, 9, 7), date(2025, 12, 6))
MONTH = (date(2025, 3, 1), date(2025, 4, 1))
TENANT = "ten_0007"
QUERIES = {
    "q1 a month by tenant": ("SubAccountId AS a, sum(BilledCost) AS b, sum(EffectiveCost) AS c", MONTH, "a", ""),
    "q2 90 days by day and service": ("x_day AS a, ServiceName AS b, sum(EffectiveCost) AS c", QUARTER, "a, b", ""),
    "q3 400 days by 4 dimensions": None,
    "q4 the 20 largest resources": ("ResourceId AS a, sum(EffectiveCost) AS c", SPAN, "a", "ORDER BY c DESC LIMIT 20"),
    "q5 by team, a tag": ("{team} AS a, sum(EffectiveCost) AS c", SPAN, "a", ""),
    "q6 resources of a provider": ("ProviderName AS a, count(DISTINCT ResourceId) AS c", SPAN, "a", ""),
    "q7 a tenant's 90 days": (
        "ServiceName AS a, RegionId AS b, sum(BilledCost) AS c, sum(EffectiveCost) AS d, count(*) AS e",
        QUARTER,
        "a, b",
        "",
    ),
    "q8 400 days": ("x_day AS a, sum(BilledCost) AS b, sum(EffectiveCost) AS c", SPAN, "a", ""),
}


def sql(name, team, day, quote=lambda text: text):
    """A query in the SQL that three of the engines share."""
    if name.startswith("q3"):
        inner = "SELECT SubAccountId, ServiceName, RegionId, x_day, sum(EffectiveCost) AS c FROM t GROUP BY 1, 2, 3, 4"
        return quote(f"SELECT count(*) AS n, sum(c) AS s, max(c) AS m FROM ({inner}) AS groups")
    columns, (start, end), keys, tail = QUERIES[name]
    where = f"x_day >= {day(start)} AND x_day < {day(end)}"
    if name.startswith("q7"):
        where += f" AND SubAccountId = '{TENANT}'"
    return quote(f"SELECT {columns.format(team=team)} FROM t WHERE {where} GROUP BY {keys} {tail}")


def sql_day(day):
    return f"DATE '{day}'"


# --- The engines: each gives a function from the name of a query and the form of the answer to the answer -------------


def arrow_rows(table):
    return list(zip(*[column.to_pylist() for column in table.columns]))


def duckdb_engine(data, memory, enum=False):
    import duckdb

    connection = duckdb.connect()
    connection.execute(f"SET threads = {THREADS}")
    source = f"read_parquet('{data}/*.parquet')"
    columns = COLUMNS
    if enum:
        for text in TEXTS:
            connection.execute(f"CREATE TYPE of_{text} AS ENUM (SELECT DISTINCT {text} FROM {source} ORDER BY 1)")
        columns = [f"{column}::of_{column} AS {column}" if column in TEXTS else column for column in COLUMNS]
    made = "TABLE" if memory else "VIEW"
    connection.execute(f"CREATE {made} t AS SELECT {', '.join(columns)} FROM {source}")
    team = "json_extract_string(Tags::VARCHAR, '$.team')"

    def run(name, form):
        found = connection.sql(sql(name, team, sql_day))
        return found.fetchall() if form == "rows" else found.to_arrow_table()

    return run


def polars_engine(data, memory):
    import polars as pl

    frame = pl.scan_parquet(f"{data}/*.parquet")
    if memory:
        texts = [pl.col(text).cast(pl.Categorical) for text in TEXTS]
        frame = frame.select(COLUMNS).with_columns(texts).collect().lazy()
    day, billed, effective = pl.col("x_day"), pl.col("BilledCost").sum(), pl.col("EffectiveCost").sum()
    team = pl.col("Tags").cast(pl.String).str.extract(r'"team":"([^"]*)"', 1).alias("team")
    four = ["SubAccountId", "ServiceName", "RegionId", "x_day"]

    def within(span):
        return frame.filter((day >= span[0]) & (day < span[1]))

    def by_team():
        if not memory:
            return frame.group_by(team).agg(effective)
        return frame.group_by("Tags").agg(effective).with_columns(team).group_by("team").agg(effective)

    plans = {
        "q1": lambda: within(MONTH).group_by("SubAccountId").agg(billed, effective),
        "q2": lambda: within(QUARTER).group_by("x_day", "ServiceName").agg(effective),
        "q3": lambda: frame.group_by(four)
        .agg(effective.alias("c"))
        .select(pl.len(), pl.col("c").sum(), pl.col("c").max().alias("m")),
        "q4": lambda: frame.group_by("ResourceId").agg(effective).top_k(20, by="EffectiveCost"),
        "q5": by_team,
        "q6": lambda: frame.group_by("ProviderName").agg(pl.col("ResourceId").n_unique()),
        "q7": lambda: within(QUARTER)
        .filter(pl.col("SubAccountId") == TENANT)
        .group_by("ServiceName", "RegionId")
        .agg(billed, effective, pl.len()),
        "q8": lambda: frame.group_by("x_day").agg(billed, effective),
    }
    engine = "in-memory" if memory else "streaming"

    def run(name, form):
        frame = plans[name[:2]]().collect(engine=engine)
        return frame.rows() if form == "rows" else frame

    return run


def datafusion_engine(data, memory):
    import re

    import datafusion
    import pyarrow as pa

    context = datafusion.SessionContext(datafusion.SessionConfig().with_target_partitions(THREADS))
    context.register_parquet("t" if not memory else "files", str(data))
    names = [*COLUMNS, "TagsMap"]
    if memory:
        wanted = ", ".join(f'"{name}"' for name in names if name != "Tags")
        batches = context.sql(f"SELECT {wanted} FROM files").collect()
        parts = [batches[place::THREADS] for place in range(THREADS)]
        context.register_record_batches("t", parts)

    def quote(text):
        return re.sub(r"\b(" + "|".join(names) + r")\b", r'"\1"', text)

    def run(name, form):
        table = context.sql(sql(name, "TagsMap['team']", sql_day, quote)).to_arrow_table()
        return arrow_rows(table) if form == "rows" else table

    return run


def chdb_engine(data, memory):
    import io

    import chdb.session
    import pyarrow as pa

    session = chdb.session.Session()
    session.query("CREATE DATABASE IF NOT EXISTS bench ENGINE = Atomic")
    session.query("USE bench")
    columns = ", ".join(COLUMNS)
    if memory:
        kinds = {"x_day": "Date", "ResourceId": "String", "BilledCost": "Decimal(38, 12)"}
        kinds["EffectiveCost"] = kinds["BilledCost"]
        typed = ", ".join(f"{name} {kinds.get(name, 'LowCardinality(String)')}" for name in COLUMNS)
        session.query(f"CREATE TABLE t ({typed}) ENGINE = MergeTree ORDER BY (x_day, SubAccountId)")
        session.query(f"INSERT INTO t SELECT {columns} FROM file('{data}/*.parquet', Parquet)")
    else:
        session.query(f"CREATE VIEW t AS SELECT {columns} FROM file('{data}/*.parquet', Parquet)")
    team = "JSONExtractString(assumeNotNull(Tags), 'team')"

    def run(name, form):
        text = sql(name, team, lambda day: f"toDate('{day}')") + f" SETTINGS max_threads = {THREADS}"
        table = pa.ipc.open_stream(io.BytesIO(session.query(text, "ArrowStream").bytes())).read_all()
        return arrow_rows(table) if form == "rows" else table

    return run


def finops_engine(iof):
    span, quarter, month = (
        {"start_date": start.isoformat(), "end_date": end.isoformat()} for start, end in (SPAN, QUARTER, MONTH)
    )
    both = ["billed", "effective"]
    four = ["sub_account", "service", "region"]
    of_tenant = {"filter": {"sub_account": TENANT}, "group_by": ["service", "region"]}
    asked = {
        "q1": {**month, "group_by": "sub_account", "views": both, "limit": 1000},
        "q2": {**quarter, "group_by": "service"},
        "q3": {**span, "group_by": four, "granularity": "daily", "limit": 1},
        "q4": {**span, "group_by": "resource_id", "limit": 20},
        "q5": {**span, "group_by": "tag:team", "limit": 1000},
        "q6": {**span, "group_by": "provider", "distinct": "resource_id", "limit": 1000},
        "q7": {**quarter, **of_tenant, "views": both, "limit": 1000},
        "q8": {**span, "granularity": "daily", "views": both, "limit": 1000},
    }

    def run(name, form):
        method = "daily" if name.startswith("q2") else "breakdown"
        if form == "rows":
            return getattr(iof.finops.costs, method)(**asked[name[:2]])
        columns = iof.finops.columns(f"costs.{method}", **asked[name[:2]])
        return columns.about, columns.to_arrow()

    return run


def finops_rows(name, answer):
    """The rows of an answer in the order of the other engines' columns."""
    about, rows = (answer[0], answer[1].to_pylist()) if isinstance(answer, tuple) else (answer, answer.records())
    if name.startswith("q3"):
        return [(about["count"], about["total_cost"], rows[0]["cost"])]
    fields = {
        "q2": ["date", "service", "total"],
        "q1": ["sub_account", "billed_cost", "effective_cost"],
        "q4": ["resource_id", "cost"],
        "q5": ["tag:team", "cost"],
        "q6": ["provider", "distinct"],
        "q7": ["service", "region", "billed_cost", "effective_cost", "charges"],
        "q8": ["date", "billed_cost", "effective_cost"],
    }[name[:2]]
    return [tuple(row[field] for field in fields) for row in rows]


def rows_of(engine, name, answer):
    """The rows of an answer in whatever form."""
    if engine == "finops":
        return finops_rows(name, answer)
    if isinstance(answer, list):
        return answer
    return answer.rows() if hasattr(answer, "rows") else arrow_rows(answer)


ENGINES = {
    "duckdb": duckdb_engine,
    "duckdb enum": lambda data, memory: duckdb_engine(data, memory, enum=True),
    "polars": polars_engine,
    "datafusion": datafusion_engine,
    "chdb": chdb_engine,
}


# --- Measuring --------------------------------------------------------------------------------------------------------


def digest(name, rows):
    if name.startswith("q2"):
        # A series has a zero on a day without charges, where SQL has no row.
        rows = [row for row in rows if row[-1]]

    def cell(value):
        value = value.decode() if isinstance(value, bytes) else value
        if isinstance(value, Decimal):
            return format(value.quantize(Decimal("0.000000000001")), "f")
        return value.isoformat()[:10] if hasattr(value, "isoformat") else str(value)

    lines = sorted("|".join(cell(value) for value in row) for row in rows)
    return [hashlib.sha256("\n".join(lines).encode()).hexdigest()[:12], len(lines)]


def timed(work):
    wall, cpu = time.perf_counter(), time.process_time()
    answer = work()
    return answer, time.perf_counter() - wall, time.process_time() - cpu


def chosen(only):
    return [name for name in QUERIES if name.startswith(only)]


def measure(engine, mode, data, store, rounds, only):
    # Not every engine can be told how many threads it may use, but all count the processors that they may.
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:THREADS])
    import pyarrow  # noqa: F401  Nobody's query is to wait for it.

    out = {form: {} for form in FORMS}
    run = measured_finops(mode, store) if engine == "finops" else measured_peer(ENGINES[engine](data, mode == "memory"))
    for form in FORMS:
        for name in chosen(only):
            # What was never asked before is not in memory yet.
            # Of the answers only the last is kept, as by who asks, reads and asks again.
            answer, times, opened = None, [], 0
            for _ in range(rounds + (engine == "finops" and mode == "memory")):
                answer, wall, cpu, opening = run(name, form)
                times.append((wall, cpu))
                opened = max(opened, opening)
            found = digest(name, rows_of(engine, name, answer))
            out[form][name] = {"runs": times[-rounds:], "digest": found, "open": opened}
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"queries": out, "peak": peak}), flush=True)
    # Some engines wait for threads of theirs that never end.
    os._exit(0)


def measured_peer(ask):
    return lambda name, form: (*timed(lambda: ask(name, form)), 0)


def measured_finops(mode, store):
    """From disk every query is the first of a store that was just opened."""
    from iof import Iof

    kept = Iof.open(store, read_only=True) if mode == "memory" else None

    def run(name, form):
        iof, opened, _ = (kept, 0, 0) if kept else timed(lambda: Iof.open(store, read_only=True))
        ask = finops_engine(iof)
        answer, wall, cpu = timed(lambda: ask(name, form))
        if not kept:
            iof.close()
        return answer, wall, cpu, opened

    return run


def child(engine, mode, data, store, rounds, only):
    threads = dict.fromkeys(["POLARS_MAX_THREADS", "RAYON_NUM_THREADS", "TOKIO_WORKER_THREADS"], str(THREADS))
    command = [sys.executable, __file__, "--child", engine, mode, "--data", data, "--store", store]
    command += ["--rounds", str(rounds), "--only", only]
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, **threads})
    if done.returncode != 0 or not done.stdout.strip():
        sys.exit(f"{engine} from {mode} failed:\n{done.stderr[-2000:]}")
    return json.loads(done.stdout.strip().splitlines()[-1])


def bandwidth():
    """Bytes a second that one thread reads while it adds up whole numbers, the best of five."""
    import numpy as np

    numbers = np.ones(100_000_000, dtype=np.int64)
    return max(numbers.nbytes / timed(numbers.sum)[1] for _ in range(5))


def table(results, form, only):
    """Prints the table of a form; gives what differs."""
    differing = []
    header = ["", "disk ms", "best peer", "wall", "cpu", "memory ms", "best peer", "wall", "cpu", "rows"]
    lines = [header]
    for name in chosen(only):
        line = [name]
        for mode in ("disk", "memory"):
            cells = {engine: results[engine, mode]["queries"][form][name] for engine, of in results if of == mode}
            wall = {engine: statistics.median(run[0] for run in cell["runs"]) for engine, cell in cells.items()}
            cpu = {engine: statistics.median(run[1] for run in cell["runs"]) for engine, cell in cells.items()}
            peers = [engine for engine in cells if engine != "finops"]
            best = min(peers, key=wall.get)
            fastest, thriftiest = wall[best] / wall["finops"], min(cpu[peer] for peer in peers) / cpu["finops"]
            line += [f"{wall['finops'] * 1e3:.2f}", f"{wall[best] * 1e3:.1f} {best}"]
            line += [f"{fastest:.1f}x", f"{thriftiest:.1f}x"]
            wanted = cells["finops"]["digest"]
            differing += [(form, name, engine, mode) for engine, cell in cells.items() if cell["digest"] != wanted]
        lines.append([*line, f"{results['finops', 'disk']['queries'][form][name]['digest'][1]:,}"])
    widths = [max(len(line[place]) for line in lines) for place in range(len(header))]
    for line in lines:
        first, *others = zip(line, widths)
        print("  ".join([first[0].ljust(first[1]), *(cell.rjust(width) for cell, width in others)]))
    return differing


def compare(data, store, rounds, only):
    results = {}
    for mode in ("disk", "memory"):
        for engine in ["finops", *ENGINES]:
            if engine == "duckdb enum" and mode == "disk":
                continue
            results[engine, mode] = child(engine, mode, data, store, rounds, only)
            print(f"{engine} from {mode}: peak {results[engine, mode]['peak']:,.0f} MiB", file=sys.stderr)
    differing = []
    for form in FORMS:
        print(f"answers as {form}")
        differing += table(results, form, only)
    opened = max(query["open"] for form in FORMS for query in results["finops", "disk"]["queries"][form].values())
    leanest = min((results[key]["peak"], key[0]) for key in results if key[1] == "memory" and key[0] != "finops")
    peak = results["finops", "memory"]["peak"]
    print(f"opening: at most {opened * 1e3:.1f} ms; reading memory: {bandwidth() / 1e9:.1f} GB/s on one thread")
    print(f"peak memory, {len(chosen(only))} queries: {peak:,.0f} MiB; of the leanest peer {leanest[0]:,.0f} MiB ({leanest[1]})")
    for form, name, engine, mode in differing:
        print(f"DIFFERS: {name}: {engine} from {mode} as {form}", file=sys.stderr)
    return not differing


def fill(data, store):
    from iof import Iof

    with Iof.open(store) as iof:
        iof.finops.import_charges(f"{data}/*.parquet")


def fill_apart(data, store):
    """Makes a store of the data in a process of its own, unless it is there."""
    if not Path(store).exists():
        command = [sys.executable, __file__, "--import", "--data", data, "--store", store]
        subprocess.run(command, check=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", help="a folder of Parquet files; without it some are made")
    parser.add_argument("--store", help="where the store lies; made from the data unless it is there")
    parser.add_argument("--rows", type=int, default=2_000_000, help="how many rows to make")
    parser.add_argument("--rounds", type=int, default=5, help="how often each query runs")
    parser.add_argument("--only", default="", help="ask the questions whose name begins with this, such as q7")
    parser.add_argument("--child", nargs=2, help=argparse.SUPPRESS)
    parser.add_argument("--import", dest="importing", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        measure(*options.child, options.data, options.store, options.rounds, options.only)
    if options.importing:
        return fill(options.data, options.store)
    with tempfile.TemporaryDirectory() as scratch:
        data, store = options.data, options.store or str(Path(scratch) / "store")
        # In processes of their own: what starts a contender lends it the peak of its own memory.
        if not data:
            data = str(Path(scratch) / "data")
            generator = str(Path(__file__).with_name("generate_days.py"))
            subprocess.run([sys.executable, generator, data, "--rows", str(options.rows)], check=True)
        fill_apart(data, store)
        sys.exit(0 if compare(data, store, options.rounds, options.only) else 1)


if __name__ == "__main__":
    main()
