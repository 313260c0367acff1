"""Makes a FOCUS-shaped data set in Parquet, the same bytes for the same arguments.

    python generate.py FOLDER --rows 1000000 --days 30 --files 4

Amounts are DECIMAL(38, 10), text is dictionary coded, a row is an hour of a resource. Skewed as bills are: few
resources make most of the rows, a fifth of the rows is covered by a commitment, some are credits.
"""

import argparse
from datetime import datetime, timezone
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

START = int(datetime(2024, 9, 1, tzinfo=timezone.utc).timestamp())
HOUR, DAY = 3_600, 86_400
GROUP_ROWS = 250_000
SERVICES = [
    ("Elastic Compute", "Compute", "Virtual Machine", "Hours"),
    ("Object Storage", "Storage", "Bucket", "GB-Months"),
    ("Managed Postgres", "Databases", "Database", "Hours"),
    ("Message Queue", "Integration", "Queue", "Requests"),
    ("Edge Delivery", "Networking", "Zone", "GB"),
    ("LLM Inference", "AI and Machine Learning", "Endpoint", "Tokens"),
    ("Container Platform", "Compute", "Cluster", "Hours"),
    ("Log Analytics", "Management and Governance", "Workspace", "GB"),
    ("Key Vault", "Security", "Vault", "Requests"),
    ("Batch Jobs", "Compute", "Job", "Hours"),
]
TEAMS = [f"team-{number:02}" for number in range(24)]
STAGES = ["prod", "staging", "test"]
TENANTS, RESOURCES, REGIONS, ACCOUNTS = 400, 20_000, 12, 6


def words(codes, values, valid=None):
    """A text column: a code per row, and what the codes stand for."""
    codes = pa.array(codes.astype(np.int32), mask=None if valid is None else ~valid)
    return pa.DictionaryArray.from_arrays(codes, pa.array(values, pa.string()))


def constant(value, rows):
    return words(np.zeros(rows, np.int32), [value])


def decimals(mantissas, scale=10):
    """DECIMAL(38, scale) of whole numbers of 10^-scale."""
    halves = np.empty((len(mantissas), 2), np.int64)
    halves[:, 0], halves[:, 1] = mantissas, mantissas >> 63
    return pa.Array.from_buffers(pa.decimal128(38, scale), len(mantissas), [None, pa.py_buffer(halves.tobytes())])


def times(seconds):
    return pa.array(seconds * 1_000, pa.timestamp("ms", tz="UTC"))


def month_starts(seconds):
    months = seconds.astype("datetime64[s]").astype("datetime64[M]")
    starts = months.astype("datetime64[s]").astype(np.int64)
    return starts, (months + 1).astype("datetime64[s]").astype(np.int64)


def batch(random, first, rows, total, days):
    """Rows number `first` to `first + rows` of `total`, in the order of time."""
    hour = START + (np.arange(first, first + rows, dtype=np.int64) * (days * 24) // total) * HOUR
    # The product of two uniform numbers leans to the small ones.
    resource = (random.random(rows) * random.random(rows) * RESOURCES).astype(np.int64)
    service, region = resource % len(SERVICES), resource // 7 % REGIONS
    account, tenant = resource % ACCOUNTS, resource * 31 % TENANTS
    team, stage = resource % len(TEAMS), resource // 5 % len(STAGES)
    sku = service * REGIONS + region
    price = 200_000_000 + sku * 37_000_001
    quantity = 1 + (random.random(rows) ** 4 * 50_000).astype(np.int64)
    listed = price * quantity // 10
    contracted = listed * 9 // 10
    covered, credit = random.random(rows) < 0.2, random.random(rows) < 0.005
    effective = np.where(covered, listed * 7 // 10, contracted)
    billed = np.where(covered, 0, contracted)
    listed, contracted, effective, billed = (
        np.where(credit, -amount // 4, amount) for amount in (listed, contracted, effective, billed)
    )
    period_start, period_end = month_starts(hour)
    names, categories, kinds, units = zip(*SERVICES)
    tags = [f'{{"team":"{team}","env":"{stage}"}}' for team in TEAMS for stage in STAGES]
    skus = [f"SKU-{number:04}" for number in range(len(SERVICES) * REGIONS)]
    regions = [f"region-{number}" for number in range(REGIONS)]
    return pa.table(
        {
            "BilledCost": decimals(billed),
            "BillingAccountId": words(account, [f"acct-{number}" for number in range(ACCOUNTS)]),
            "BillingAccountName": words(account, [f"Account {number}" for number in range(ACCOUNTS)]),
            "BillingCurrency": constant("USD", rows),
            "BillingPeriodStart": times(period_start),
            "BillingPeriodEnd": times(period_end),
            "ChargeCategory": words(credit, ["Usage", "Credit"]),
            "ChargeDescription": words(sku, [f"{sku}, by the hour" for sku in skus]),
            "ChargeFrequency": constant("Usage-Based", rows),
            "ChargePeriodStart": times(hour),
            "ChargePeriodEnd": times(hour + HOUR),
            "CommitmentDiscountCategory": words(np.zeros(rows), ["Spend"], covered),
            "CommitmentDiscountId": words(account, [f"plan-{number}" for number in range(ACCOUNTS)], covered),
            "CommitmentDiscountStatus": words(np.zeros(rows), ["Used"], covered),
            "ConsumedQuantity": decimals(quantity * 1_000_000_000),
            "ConsumedUnit": words(service, units),
            "ContractedCost": decimals(contracted),
            "ContractedUnitPrice": decimals(price * 9 // 10),
            "EffectiveCost": decimals(effective),
            "InvoiceIssuerName": constant("Cloud", rows),
            "ListCost": decimals(listed),
            "ListUnitPrice": decimals(price),
            "PricingCategory": words(covered, ["Standard", "Committed"]),
            "PricingQuantity": decimals(quantity * 1_000_000_000),
            "PricingUnit": words(service, units),
            "ProviderName": constant("Cloud", rows),
            "PublisherName": constant("Cloud", rows),
            "RegionId": words(region, regions),
            "RegionName": words(region, regions),
            "ResourceId": words(resource, [f"arn:cloud:resource/{number:08}" for number in range(RESOURCES)]),
            "ResourceName": words(resource, [f"resource {number}" for number in range(RESOURCES)]),
            "ResourceType": words(service, kinds),
            "ServiceCategory": words(service, categories),
            "ServiceName": words(service, names),
            "SkuId": words(sku, skus),
            "SkuPriceId": words(sku, [f"{sku}.0" for sku in skus]),
            "SubAccountId": words(tenant, [f"sub-{number:04}" for number in range(TENANTS)]),
            "SubAccountName": words(tenant, [f"Sub account {number}" for number in range(TENANTS)]),
            "Tags": words(team * len(STAGES) + stage, tags),
            "x_TenantId": words(tenant, [f"ten_{number:04}" for number in range(TENANTS)]),
        }
    )


def write(folder, rows, files, table_of):
    """Writes tables to files of as many rows each; `table_of` makes one of its first row and the number of rows."""
    folder.mkdir(parents=True, exist_ok=True)
    edges = [rows * number // files for number in range(files + 1)]
    for number, (start, end) in enumerate(zip(edges, edges[1:])):
        writer = None
        for first in range(start, end, GROUP_ROWS):
            table = table_of(first, min(GROUP_ROWS, end - first))
            # A reader sees plain text columns, however the file holds them.
            plain = pa.schema(
                [field.with_type(pa.string()) if pa.types.is_dictionary(field.type) else field for field in table.schema]
            )
            writer = writer or pq.ParquetWriter(folder / f"bill_{number:02}.parquet", plain, compression="zstd")
            writer.write_table(table.cast(plain))
        if writer:
            writer.close()


def generate(folder, rows, days, files):
    random = np.random.default_rng(2024)
    write(folder, rows, files, lambda first, some: batch(random, first, some, rows, days))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--days", type=int, default=30)
    parser.add_argument("--files", type=int, default=4)
    arguments = parser.parse_args()
    generate(arguments.folder, arguments.rows, arguments.days, arguments.files)
