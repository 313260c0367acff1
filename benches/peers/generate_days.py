"""Makes the data that cost_queries.py asks about: 400 days of a platform with many tenants, the same bytes for the same
number of rows.

    python generate_days.py FOLDER --rows 2000000 --files 4

Rows are in the order of days, as bills are. A resource has one tenant, service, region and set of tags for good; few
resources make most of the rows. Beside the FOCUS columns stand `x_day`, the day as a DATE, and `TagsMap`, the tags as a
MAP, so that engines need not find a day in an instant or a key in JSON where they know something faster.
"""

import argparse
from pathlib import Path

import numpy as np
import pyarrow as pa

from generate import DAY, HOUR, constant, decimals, month_starts, times, words, write

FIRST_DAY, DAYS = np.datetime64("2024-11-01"), 400
TENANTS, SERVICES, REGIONS, ACCOUNTS, TEAMS, APPS = 500, 60, 20, 6, 80, 500
PROVIDERS, ENVIRONMENTS = ["AWS", "Azure", "Google Cloud"], ["prod", "staging", "dev"]
ROWS_PER_RESOURCE, MOST_RESOURCES = 50, 200_000
# Sets of tags that differ.
TAG_SETS = 6_000
SCALE = 12


def tag_sets():
    """The tags by their codes, each as pairs."""
    return [
        [
            ("team", f"team-{code % TEAMS:02}"),
            ("env", ENVIRONMENTS[code // TEAMS % len(ENVIRONMENTS)]),
            ("app", f"app-{code % APPS:03}"),
            ("cost_center", f"cc-{code % TEAMS // 4:03}"),
        ]
        for code in range(TAG_SETS)
    ]


def as_json(pairs):
    return "{" + ",".join(f'"{key}":"{value}"' for key, value in pairs) + "}"


def batch(random, first, rows, total, tags):
    """Rows number `first` to `first + rows` of `total`."""
    number = np.arange(first, first + rows, dtype=np.int64)
    day = FIRST_DAY + number * DAYS // total
    midnight = day.astype("datetime64[s]").astype(np.int64)
    # A third of the charges is by the day, the others by the hour.
    daily = random.random(rows) < 1 / 3
    start = midnight + np.where(daily, 0, random.integers(0, 24, rows)) * HOUR
    period_start, period_end = month_starts(start)

    resources = min(MOST_RESOURCES, max(1, total // ROWS_PER_RESOURCE))
    # A hundredth of the resources makes nearly half of the rows.
    resource = (random.random(rows) ** 6 * resources).astype(np.int64)
    mixed = resource * 2_654_435_761 % 4_294_967_296
    tenant, service, region = mixed % TENANTS, mixed // 500 % SERVICES, mixed // 30_000 % REGIONS
    provider, account, tag = service % len(PROVIDERS), mixed // 7 % ACCOUNTS, mixed // 11 % TAG_SETS

    listed = (1 + (random.random(rows) ** 4 * 10**6).astype(np.int64)) * (10**7 + service * 370_001)
    contracted = listed * 95 // 100
    covered, credit = random.random(rows) < 0.2, random.random(rows) < 0.005
    effective, billed = np.where(covered, listed * 7 // 10, contracted), np.where(covered, 0, contracted)
    listed, contracted, effective, billed = (
        np.where(credit, -amount // 4, amount) for amount in (listed, contracted, effective, billed)
    )

    accounts, tenants = [f"acct-{one}" for one in range(ACCOUNTS)], [f"ten_{one:04}" for one in range(TENANTS)]
    regions, ids = [f"region-{one:02}" for one in range(REGIONS)], np.unique(resource)
    services = [f"{PROVIDERS[one % len(PROVIDERS)]} Service {one:02}" for one in range(SERVICES)]
    resource_ids = [f"arn:cloud:resource/{one:08}" for one in ids.tolist()]
    texts, maps = tags
    return pa.table(
        {
            "x_day": pa.array(day, pa.date32()),
            "BilledCost": decimals(billed, SCALE),
            "BillingAccountId": words(account, accounts),
            "BillingCurrency": constant("USD", rows),
            "BillingPeriodStart": times(period_start),
            "BillingPeriodEnd": times(period_end),
            "ChargeCategory": words(credit, ["Usage", "Credit"]),
            "ChargePeriodStart": times(start),
            "ChargePeriodEnd": times(start + np.where(daily, DAY, HOUR)),
            "ConsumedQuantity": decimals(listed // 1_000, SCALE),
            "ConsumedUnit": constant("Hours", rows),
            "ContractedCost": decimals(contracted, SCALE),
            "EffectiveCost": decimals(effective, SCALE),
            "ListCost": decimals(listed, SCALE),
            "ProviderName": words(provider, PROVIDERS),
            "PublisherName": words(provider, PROVIDERS),
            "InvoiceIssuerName": words(provider, PROVIDERS),
            "RegionId": words(region, regions),
            "ResourceId": words(np.searchsorted(ids, resource), resource_ids),
            "ServiceCategory": words(service % 12, [f"Category {one:02}" for one in range(12)]),
            "ServiceName": words(service, services),
            "SubAccountId": words(tenant, tenants),
            "Tags": words(tag, texts),
            "TagsMap": maps.take(pa.array(tag)),
        }
    )


def generate(folder, rows, files=4):
    random = np.random.default_rng(2024)
    sets = tag_sets()
    tags = [as_json(pairs) for pairs in sets], pa.array(sets, pa.map_(pa.string(), pa.string()))
    write(folder, rows, files, lambda first, some: batch(random, first, some, rows, tags))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--rows", type=int, default=2_000_000)
    parser.add_argument("--files", type=int, default=4)
    arguments = parser.parse_args()
    generate(arguments.folder, arguments.rows, arguments.files)
