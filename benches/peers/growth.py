"""Asks finops the eight questions of cost_queries.py on a store and on a larger one, and prints how the times grow.

    python generate_days.py SMALL --rows 10000000
    python generate_days.py LARGE --rows 100000000 --files 40
    python growth.py SMALL LARGE                 # imports each into a store beside it, FOLDER.store, unless that is there

Each store is asked in a process of its own, opened anew for each question and kept open, for rows and by column. Times
are medians, in milliseconds; `peak` is the most memory that a process took.
"""

import argparse
import statistics

import cost_queries


def store_of(data):
    store = f"{data.rstrip('/')}.store"
    cost_queries.fill_apart(data, store)
    return store


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("small", help="a folder of Parquet files")
    parser.add_argument("large", help="another, of more rows")
    parser.add_argument("--rounds", type=int, default=5, help="how often each query runs")
    options = parser.parse_args()
    stores = [(data, store_of(data)) for data in (options.small, options.large)]
    for mode in ("disk", "memory"):
        asked = [cost_queries.child("finops", mode, data, store, options.rounds, "") for data, store in stores]
        peaks = ", ".join(f"{answers['peak']:,.0f} MiB" for answers in asked)
        for form in cost_queries.FORMS:
            print(f"from {mode} as {form}; peak {peaks}")
            for name in cost_queries.QUERIES:
                runs = [answers["queries"][form][name]["runs"] for answers in asked]
                wall, cpu = ([statistics.median(run[at] for run in of) * 1e3 for of in runs] for at in (0, 1))
                growth = f"wall {wall[1] / wall[0]:5.1f}x  cpu {cpu[1] / cpu[0]:5.1f}x"
                print(f"  {name:32} {wall[0]:8.2f} {wall[1]:9.2f}  {growth}")


if __name__ == "__main__":
    main()
