"""Allocates the same charges by the same rules with finops and in DuckDB, and compares time, memory and every figure.

    pip install ./finops-py duckdb
    python allocation.py --data FOLDER --store FOLDER      # the data of generate_days.py and a store that has it

500 cost centres, one for each sub-account, and 50 rules of mixed methods over services, regions, teams and providers,
to 12 decimals, by largest remainder. DuckDB has the charges in memory, texts as ENUM, the team as a column of its own
and amounts as whole numbers, and allocates in one statement of HUGEINT arithmetic. finops reads a copy of its store, to
which the rules are written. Both get two threads. Every share of every centre by every rule must be the same in all
four costs to the last digit: else it exits with 1.
"""

import argparse
import json
import os
import resource
import shutil
import statistics
import sys
import tempfile
import time
from decimal import Decimal

THREADS = 2
SPANS = {"month": ("2025-03-01", "2025-04-01"), "all": ("2024-11-01", "2025-12-06")}
VIEWS = ["billed", "effective", "contracted", "list"]
CENTERS, RULES = 500, 50
PROVIDERS = ["AWS", "Azure", "Google Cloud"]
# Dimensions as finops and as the table call them.
COLUMNS = {"service": "service", "region": "region", "tag:team": "team", "provider": "provider"}
GROUPS = ["sub_account", *COLUMNS]


def rules():
    """What the rules say, with numbers for cost centres. Each claims what no rule before it does."""
    made = []
    for number in range(RULES):
        service = f"{PROVIDERS[number % 3]} Service {number:02}"
        source = [
            {"service": service},
            {"region": f"region-{number % 20:02}", "provider": PROVIDERS[number % 3]},
            {"tag:team": [f"team-{number:02}", f"team-{number + 1:02}"], "region": [f"region-{number % 7:02}", "region-19"]},
            {"service": service, "tag:team": [f"team-{team:02}" for team in range(number % 10, 80, 10)]},
        ][number % 4]
        targets = range(number % 50, CENTERS, 1 + number % 9)
        kind = number % 6
        if kind == 0:
            method = {"method": "even", "targets": [(one, None, None) for one in targets]}
        elif kind == 1:
            method = {"method": "weighted", "targets": [(one, "weight", 1 + one * 7 % 13) for one in targets]}
        elif kind == 2:
            # In thousandths, so that they add up to exactly 100.
            each = 100_000 // len(targets)
            parts = {one: each for one in targets} | {targets[-1]: 100_000 - each * (len(targets) - 1)}
            method = {"method": "fixed", "targets": [(one, "percent", Decimal(part) / 1000) for one, part in parts.items()]}
        elif kind == 3:
            method = {"method": "direct", "targets": [(number * 7 % CENTERS, None, None)]}
        elif kind == 4:
            method = {"method": "proportional", "within": ["region"]}
        else:
            method = {"method": "proportional"}
        made.append({"name": f"rule {number:02}", "source": source, "order": number, "decimals": 12, **method})
    return made


# --- DuckDB ---------------------------------------------------------------------------------------------------------


def condition(source):
    def one(dimension, values):
        values = [values] if isinstance(values, str) else values
        return f"{COLUMNS[dimension]} IN ({', '.join(repr(value) for value in values)})"

    return " AND ".join(one(dimension, values) for dimension, values in source.items())


def statement(made):
    """One statement: cells, claims, direct cost, weights, shares by largest remainder."""
    direct = [number for number, rule in enumerate(made) if rule["method"] == "direct"]
    open_ones = [number for number, rule in enumerate(made) if rule["method"] == "proportional"]
    within = [number for number, rule in enumerate(made) if rule.get("within")]
    given = [
        (number, center, 1 if weight is None else int(weight * 1000))
        for number, rule in enumerate(made)
        for center, _, weight in rule.get("targets", [])
        if rule["method"] != "direct"
    ]
    claims = "\n".join(f"WHEN {condition(rule['source'])} THEN {number}" for number, rule in enumerate(made))
    to = "\n".join(f"WHEN {number} THEN {made[number]['targets'][0][0]}" for number in direct)
    sums = ", ".join(f"sum({view})::HUGEINT AS {view}" for view in VIEWS)
    shares = ", ".join(f"p.{view} * w.weight AS {view}_n" for view in VIEWS)
    cut = ", ".join(
        f"sign({view}_n)::HUGEINT * (abs({view}_n) // total) AS {view}_q, abs({view}_n) % total AS {view}_r, "
        f"sum(abs({view}_n) // total) OVER pool AS {view}_s" for view in VIEWS
    )
    parts = ", ".join(
        f"{view}_q + CASE WHEN row_number() OVER (PARTITION BY month, rule, cut ORDER BY {view}_r DESC, center) "
        f"<= abs(p_{view}) - {view}_s THEN sign(p_{view})::HUGEINT ELSE 0 END AS {view}" for view in VIEWS
    )
    pools = ", ".join(f"p.{view} AS p_{view}" for view in VIEWS)
    return f"""
    WITH cells AS (
        SELECT month, center, service, region, team, provider, {sums} FROM t GROUP BY ALL),
    claimed AS (
        SELECT *, CASE {claims} ELSE -1 END AS rule FROM cells),
    own AS (
        SELECT month, CASE rule {to} ELSE center END AS center, region, rule, {sums} FROM claimed
        WHERE rule IN (-1, {', '.join(map(str, direct))}) GROUP BY ALL),
    pools AS (
        SELECT month, rule, CASE WHEN rule IN ({', '.join(map(str, within))}) THEN region::VARCHAR ELSE '' END AS cut, {sums}
        FROM claimed WHERE rule NOT IN (-1, {', '.join(map(str, direct))}) GROUP BY ALL),
    given(rule, center, weight) AS (VALUES {', '.join(f'({r}, {c}, {w}::HUGEINT)' for r, c, w in given)}),
    months AS (SELECT DISTINCT month FROM pools),
    bases AS (
        SELECT month, center, '' AS cut, sum(effective)::HUGEINT AS weight FROM own GROUP BY ALL
        UNION ALL
        SELECT month, center, region::VARCHAR AS cut, sum(effective)::HUGEINT AS weight FROM own GROUP BY ALL),
    weights AS (
        SELECT months.month, rule, '' AS cut, center, weight FROM given, months
        UNION ALL
        SELECT b.month, p.rule, p.cut, b.center, b.weight FROM pools p JOIN bases b ON b.month = p.month AND b.cut = p.cut
        WHERE p.rule IN ({', '.join(map(str, open_ones))}) AND b.weight > 0),
    totals AS (
        SELECT month, rule, cut, sum(weight)::HUGEINT AS total FROM weights GROUP BY ALL),
    raw AS (
        SELECT p.month, p.rule, p.cut, w.center, s.total, {pools}, {shares}
        FROM pools p JOIN weights w USING (month, rule, cut) JOIN totals s USING (month, rule, cut)),
    divided AS (
        SELECT *, {cut} FROM raw WINDOW pool AS (PARTITION BY month, rule, cut)),
    shared AS (
        SELECT month, rule, center, {parts} FROM divided),
    everything AS (
        SELECT center, rule, 'shared' AS kind, {sums} FROM shared GROUP BY ALL
        UNION ALL
        SELECT center, rule, 'direct' AS kind, {sums} FROM own GROUP BY ALL)
    SELECT * FROM everything
    """


def duckdb_engine(data, span):
    import duckdb

    connection = duckdb.connect()
    connection.execute(f"SET threads = {THREADS}")
    source = f"read_parquet('{data}/*.parquet')"
    kinds = {"service": "ServiceName", "region": "RegionId", "provider": "ProviderName"}
    kinds["team"] = "json_extract_string(Tags::VARCHAR, '$.team')"
    for name, text in kinds.items():
        connection.execute(f"CREATE TYPE of_{name} AS ENUM (SELECT DISTINCT {text} FROM {source} WHERE {text} IS NOT NULL ORDER BY 1)")
    texts = ", ".join(f"({text})::of_{name} AS {name}" for name, text in kinds.items())
    costs = ", ".join(f"({view.capitalize()}Cost * 1000000000000)::BIGINT AS {view}" for view in VIEWS)
    start, end = SPANS[span]
    connection.execute(
        f"CREATE TABLE t AS SELECT (year(x_day) * 12 + month(x_day))::SMALLINT AS month, {texts}, {costs}, "
        f"substr(SubAccountId, 5)::SMALLINT AS center FROM {source} WHERE x_day >= '{start}' AND x_day < '{end}'"
    )
    made = statement(rules())
    return lambda: connection.execute(made).fetchall()


# --- finops ---------------------------------------------------------------------------------------------------------


def prepare(finops):
    """Makes the centres and the rules; gives the ids of both."""
    centers = [
        finops.create_cost_center(f"C{one:04}", "custom", filter={"sub_account": f"ten_{one:04}"})["id"]
        for one in range(CENTERS)
    ]
    ids = []
    for rule in rules():
        targets = [
            {"cost_center": centers[center], **({field: value} if field else {})}
            for center, field, value in rule.pop("targets", [])
        ]
        source, method, name = rule.pop("source"), rule.pop("method"), rule.pop("name")
        made = finops.allocation.rules.create(
            name, source, method, "2024-01-01T00:00:00Z", targets=targets or None, **rule
        )
        ids.append(made["id"])
    return centers, ids


def timed(work):
    start = time.perf_counter()
    answer = work()
    return answer, time.perf_counter() - start


def median(rounds, work):
    return statistics.median(timed(work)[1] for _ in range(rounds))


def peak():
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


def finops_engine(store, span, rounds):
    import iof

    start, end = SPANS[span]
    window = {"start_date": start, "end_date": end}
    months = {} if span == "month" else {"granularity": "monthly"}
    with iof.open(store, threads=THREADS) as engine:
        finops = engine.finops
        centers, ids = prepare(finops)

    out = {}
    with iof.open(store, threads=THREADS) as engine:
        finops = engine.finops
        run = lambda: finops.allocation.run(**window, limit=1)  # noqa: E731
        out["cold, of a store that was just opened"] = timed(run)[1]
        out["peak MB after it"] = peak()
    with iof.open(store, threads=THREADS) as engine:
        finops = engine.finops

        def breakdown():
            return finops.costs.breakdown(**window, **months, group_by=GROUPS, views=VIEWS, limit=1)

        groups = breakdown()["count"]
        out["groups"] = groups
        out["plain group-by"] = median(rounds, breakdown)
        out["first run"] = timed(run)[1]
        out["run again"] = median(rounds, run)

        def changed(round):
            number = 5 + 6 * (round % 7)
            decimals = 11 if round % 2 else 12
            finops.allocation.rules.update(ids[number], decimals=decimals)
            return timed(run)[1]

        out["after one rule changed its shares"] = statistics.median(changed(one) for one in range(2 * rounds))

        def claims(round):
            number = 4 * (round % 12)
            source = {"service": f"{PROVIDERS[number % 3]} Service {number:02}", "region": f"region-{round % 20:02}"}
            finops.allocation.rules.update(ids[number], source=source)
            return timed(run)[1]

        out["after one rule changed its source"] = statistics.median(claims(one) for one in range(rounds))
        for one, rule in zip(ids, rules()):
            finops.allocation.rules.update(one, source=rule["source"], decimals=12)
        grouped = timed(lambda: finops.allocation.run(**window, group_by="service", limit=1))
        out["by service as well, first"] = grouped[1]
        answer, out["with all items as Python objects"] = timed(lambda: finops.allocation.run(**window))
        out["peak MB"] = peak()
    return out, rows_of(answer, centers, ids)


def rows_of(answer, centers, ids):
    center = {one: number for number, one in enumerate(centers)}
    rule = {one: number for number, one in enumerate(ids)}
    rule[None] = -1
    scale = Decimal(10) ** 12
    rows = {}
    for item in answer["items"]:
        key = (center.get(item["cost_center_id"]), rule[item["rule_id"]], item["kind"])
        costs = [item[f"{view}_cost"] * scale for view in VIEWS]
        before = rows.get(key, [0] * 4)
        rows[key] = [int(one) + other for one, other in zip(costs, before)]
    return rows


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", required=True)
    parser.add_argument("--store", required=True, help="a copy of it is used")
    parser.add_argument("--span", choices=SPANS, default="month")
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:THREADS])
    with tempfile.TemporaryDirectory() as scratch:
        store = shutil.copytree(given.store, f"{scratch}/store")
        out, ours = finops_engine(store, given.span, given.rounds)
    print(json.dumps(out, indent=1), file=sys.stderr, flush=True)
    ask = duckdb_engine(given.data, given.span)
    theirs = {tuple(row[:3]): [int(cost) for cost in row[3:]] for row in ask()}
    out["DuckDB"] = median(given.rounds, ask)
    ours, theirs = ({key: costs for key, costs in rows.items() if any(costs)} for rows in (ours, theirs))
    different = [key for key in ours.keys() | theirs.keys() if ours.get(key) != theirs.get(key)]
    print(json.dumps({**out, "shares": len(ours), "different": len(different)}, indent=1))
    for key in sorted(different, key=str)[:10]:
        print(key, ours.get(key), theirs.get(key), file=sys.stderr)
    sys.exit(bool(different))


if __name__ == "__main__":
    main()
