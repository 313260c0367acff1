"""From a bill to its costs: python quickstart.py BILL, a FOCUS file (CSV, CSV.gz, Parquet), a folder or a glob."""

import sys

import iof


def main(path):
    with iof.open(":memory:") as engine:
        receipt = engine.finops.import_charges(path)
        print(receipt["rows"], "rows,", receipt["charges"], "charges,", receipt["quarantined"], "set aside")
        for totals in receipt["totals"]:
            for name in ("billed", "effective", "contracted", "list"):
                print(f"{name:>12} {'unknown' if totals[name] is None else totals[name]} {totals['currency']}")
        for period in receipt["billing_periods"]:
            print(f"\n{period} by service")
            print(engine.finops.get_cost_summary(period=period, group_by="service", limit=20))
            print(f"\n{period} by day")
            print(engine.finops.costs.daily(period=period))


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    try:
        main(sys.argv[1])
    except iof.FinopsError as error:
        sys.exit(f"{error.code}: {error}")
