"""Imports the same bill with finops and with DuckDB, and compares time, CPU, memory and the sums.

    cargo build --release -p finops-benches --bin import-timed
    python import_vs_duckdb.py                     # makes 1,000,000 rows in a temporary folder
    python import_vs_duckdb.py --data FOLDER       # or takes the Parquet files of a folder

Every run is a child process of its own, the contenders take turns, and the files are read once before, so that all
find them in the cache. Wall time is taken inside the child around the import, until its data is durable. CPU time is
that of the whole child for finops, and without the start of Python for DuckDB. Peak memory is that of the whole child,
of which Python makes some 40 MiB. Exits with 1 when the sums of BilledCost differ.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from decimal import Decimal
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
THREADS = 2

# What a child of DuckDB does; its arguments: the database, the source as SQL, and the sum to give.
DUCKDB_CHILD = """
import json, re, sys, time
import duckdb
database, source, sums = sys.argv[1:]
start, cpu = time.perf_counter(), time.process_time()
connection = duckdb.connect(database)
connection.execute("SET threads = %d")
connection.execute("SET enable_progress_bar = false")
connection.execute("CREATE TABLE charges AS SELECT * FROM " + source)
wall, cpu = time.perf_counter() - start, time.process_time() - cpu
try:
    with open("/proc/self/status") as status:
        peak = int(re.search(r"VmHWM:\\s*(\\d+) kB", status.read())[1]) * 1024
except OSError:
    peak = None
rows = connection.execute("SELECT count(*) FROM charges").fetchone()[0]
billed = connection.execute(sums).fetchall()
print(json.dumps({"wall": wall, "cpu": cpu, "peak_rss": peak, "rows": rows, "billed": billed}))
""" % THREADS
SUMS = "SELECT BillingCurrency, CAST(sum(CAST(BilledCost AS DECIMAL(38, 12))) AS VARCHAR) FROM charges GROUP BY ALL"


def quoted(path):
    return "'" + str(path).replace("'", "''") + "'"


def run(command):
    """What a child says of itself, with what the system says of it."""
    with tempfile.TemporaryFile("w+") as output:
        child = subprocess.Popen(command, stdout=output)
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode != 0:
            sys.exit(f"failed with {child.returncode}: {' '.join(map(str, command[:2]))} ...")
        output.seek(0)
        said = json.load(output)
    said.setdefault("cpu", usage.ru_utime + usage.ru_stime)
    # What Linux gives here starts at the parent's own peak, so a child says it itself where it can. macOS counts in
    # bytes.
    unit = 1 if sys.platform == "darwin" else 1024
    said["peak"] = (said["peak_rss"] or usage.ru_maxrss * unit) / 2**20
    said["sums"] = {currency: Decimal(text) for currency, text in said["billed"]}
    return said


def contenders(binary, folder, files, source):
    """Names, and how to run each; what a run leaves behind lies in the folder."""
    duck = lambda database: [sys.executable, "-c", DUCKDB_CHILD, database, source, SUMS]
    return {
        ("finops", "on disk"): [binary, folder / "store", files],
        ("duckdb", "on disk"): duck(str(folder / "charges.duckdb")),
        ("finops", "in memory"): [binary, ":memory:", files],
        ("duckdb", "in memory"): duck(":memory:"),
    }


def compare(title, binary, files, source, rounds):
    """Prints a table; gives whether all sums are the same."""
    runs = {}
    for _ in range(rounds):
        with tempfile.TemporaryDirectory(prefix="peers-", dir=arguments.scratch) as folder:
            for name, command in contenders(binary, Path(folder), files, source).items():
                runs.setdefault(name, []).append(run(command))
                for left in Path(folder).iterdir():
                    shutil.rmtree(left) if left.is_dir() else left.unlink()
    first = next(iter(runs.values()))[0]
    print(f"\n{title}: {first['rows']:,} rows, {THREADS} threads, median of {rounds}")
    print(f"{'':24}{'wall s':>10}{'rows/s':>12}{'CPU s':>10}{'peak MiB':>10}")
    medians = {}
    for name, of in runs.items():
        wall, cpu, peak = medians[name] = [statistics.median(one[key] for one in of) for key in ("wall", "cpu", "peak")]
        spread = f"   wall {min(one['wall'] for one in of):.2f} to {max(one['wall'] for one in of):.2f}"
        print(f"{' '.join(name):24}{wall:10.2f}{of[0]['rows'] / wall:12,.0f}{cpu:10.2f}{peak:10.0f}{spread}")
    for place in ("on disk", "in memory"):
        ratios = [ours / theirs for ours, theirs in zip(medians["finops", place], medians["duckdb", place])]
        ours, theirs = (min(one["wall"] for one in runs[name, place]) for name in ("finops", "duckdb"))
        shown = "wall {:.2f}   CPU {:.2f}   memory {:.2f}".format(*ratios)
        print(f"{'finops / duckdb ' + place:32}{shown}   fastest wall {ours / theirs:.2f}")
    results = [(name, one["rows"], one["sums"]) for name, of in runs.items() for one in of]
    same = all((rows, sums) == results[0][1:] for _, rows, sums in results)
    shown = ", ".join(f"{total:f} {currency}" for currency, total in sorted(results[0][2].items()))
    print(f"sum of BilledCost: {shown}" + (", the same in all runs" if same else ""))
    if not same:
        for name, rows, sums in results:
            print(f"  DIFFERS: {' '.join(name)}: {rows} rows, {sums}")
    return same


def described(data):
    import duckdb

    return duckdb.execute(f"DESCRIBE SELECT * FROM read_parquet({quoted(data / '*.parquet')})").fetchall()


def write_csv(data, path, rows):
    """The first rows as CSV, times as FOCUS wants them; nested columns are left out, as CSV has none."""
    import duckdb

    columns = []
    for name, kind, *_ in described(data):
        if "TIMESTAMP" in kind:
            columns.append(f"strftime(\"{name}\" AT TIME ZONE 'UTC', '%Y-%m-%dT%H:%M:%SZ') AS \"{name}\"")
        elif not any(mark in kind for mark in ("MAP(", "STRUCT(", "[")):
            columns.append(f'"{name}"')
    select = f"SELECT {', '.join(columns)} FROM read_parquet({quoted(data / '*.parquet')}) LIMIT {rows}"
    duckdb.execute("SET enable_progress_bar = false")
    duckdb.execute(f"COPY ({select}) TO {quoted(path)} (FORMAT csv, HEADER)")


def csv_source(path, data):
    """DuckDB would guess doubles for the amounts: it is told what they are, and guesses the rest."""
    types = {name: kind for name, kind, *_ in described(data) if kind.startswith("DECIMAL")}
    listed = ", ".join(f"{quoted(name)}: {quoted(kind)}" for name, kind in types.items())
    return f"read_csv({quoted(path)}, header = true, types = {{{listed}}})"


def warm(paths):
    for path in paths:
        with open(path, "rb") as file:
            while file.read(1 << 22):
                pass


def main():
    with tempfile.TemporaryDirectory(prefix="peers-", dir=arguments.scratch) as scratch:
        data = arguments.data
        if data is None:
            data = Path(scratch) / "data"
            sizes = ["--rows", str(arguments.rows), "--files", str(arguments.files)]
            subprocess.run([sys.executable, HERE / "generate.py", data, *sizes], check=True)
        parquet = sorted(data.glob("*.parquet"))
        if not parquet:
            sys.exit(f"{data} holds no Parquet files")
        same = True
        if "parquet" in arguments.formats:
            warm(parquet)
            source = f"read_parquet({quoted(data / '*.parquet')})"
            same &= compare("Parquet", arguments.binary, data, source, arguments.rounds)
        if "csv" in arguments.formats:
            bill = Path(scratch) / "bill.csv"
            making = f"import import_vs_duckdb as it; it.write_csv(it.Path({str(data)!r}), {str(bill)!r}, {arguments.csv_rows})"
            subprocess.run([sys.executable, "-c", making], check=True, cwd=HERE)
            warm([bill])
            print(f"\n{bill.stat().st_size / 2**20:,.0f} MiB of CSV")
            same &= compare("CSV", arguments.binary, bill, csv_source(bill, data), arguments.rounds)
    return 0 if same else 1


if __name__ == "__main__":
    target = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=lambda text: Path(text).resolve(), help="a folder of FOCUS Parquet files")
    parser.add_argument("--rows", type=int, default=1_000_000, help="rows to make without --data")
    parser.add_argument("--files", type=int, default=4, help="files to make without --data")
    parser.add_argument("--csv-rows", type=int, default=1_000_000, help="rows of the CSV file at most")
    parser.add_argument("--formats", nargs="+", choices=["parquet", "csv"], default=["parquet", "csv"])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--scratch", type=Path, help="where to put temporary files")
    parser.add_argument("--binary", type=Path, default=target / "release" / "import-timed")
    arguments = parser.parse_args()
    sys.exit(main())
