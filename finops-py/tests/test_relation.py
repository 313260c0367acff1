"""The charges as a relation, and SQL over it."""

from __future__ import annotations

import contextlib
import gc
import sys
import time
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

import iof

from conftest import Bill

# Five batches of the relation: one is taken, two are ready, and the reader cannot end while it has another.
MANY = 80_000


@pytest.fixture
def many(finops: iof.Finops, bill: Bill) -> iof.Finops:
    finops.import_charges(bill({"BilledCost": "0.1", "Tags": '{"team": "search"}'}, times=MANY))
    return finops


def test_duckdb_polars_and_pyarrow_read_a_relation(many: iof.Finops) -> None:
    duckdb = pytest.importorskip("duckdb", reason="duckdb is not installed")
    polars = pytest.importorskip("polars", reason="polars is not installed")
    pyarrow = pytest.importorskip("pyarrow", reason="pyarrow is not installed")
    charges = many.relation()
    connection = duckdb.connect()
    query = "select count(*), sum(BilledCost), typeof(first(BilledCost)), min(Tags) from charges"
    for _ in range(2):
        found = connection.sql(query).fetchall()[0]
        assert found == (MANY, Decimal(MANY) / 10, "DECIMAL(38,18)", '{"team": "search"}')
    # Older versions of DuckDB take such an object by its name only, not by from_arrow.
    assert len(connection.sql("select BilledCost from charges limit 1").fetchall()) == 1
    assert polars.DataFrame(charges)["BilledCost"].sum() == Decimal(MANY) / 10
    table = pyarrow.table(many.relation(columns=["ChargePeriodStart", "BilledCost", "x_TenantId"]))
    assert table.schema.names == ["ChargePeriodStart", "BilledCost", "x_TenantId"]
    assert table.schema.field("ChargePeriodStart").type == pyarrow.timestamp("us", "UTC")
    assert table.schema.field("BilledCost").type == pyarrow.decimal128(38, 18)
    assert (table.num_rows, table.column("x_TenantId").null_count) == (MANY, MANY)
    assert pyarrow.table(many.relation(period="2024-02")).num_rows == 0


def test_a_stream_comes_batch_by_batch_and_ends_its_thread(many: iof.Finops) -> None:
    pyarrow = pytest.importorskip("pyarrow", reason="pyarrow is not installed")

    def reading() -> bool:
        names = []
        for thread in Path("/proc/self/task").iterdir():
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):  # another one that has just ended
                names.append((thread / "comm").read_text())
        return any(name.startswith("iof-relation") for name in names)

    reader = pyarrow.RecordBatchReader.from_stream(many.relation())
    batch = next(iter(reader))
    assert batch.num_rows < MANY
    if sys.platform == "linux":
        assert reading()
    del reader, batch
    gc.collect()
    if sys.platform == "linux":
        # A thread that has ended and was waited for may stand there a moment longer.
        until = time.monotonic() + 60
        while reading() and time.monotonic() < until:
            time.sleep(0.01)
        assert not reading()


def test_a_relation_stays_what_it_was(many: iof.Finops, bill: Bill) -> None:
    pyarrow = pytest.importorskip("pyarrow", reason="pyarrow is not installed")
    charges = many.relation(columns=["BilledCost"])
    reader = pyarrow.RecordBatchReader.from_stream(charges)
    many.import_charges(bill({"BilledCost": "7"}, name="restated.csv"))
    assert reader.read_all().num_rows == MANY
    assert pyarrow.table(charges).num_rows == MANY
    assert pyarrow.table(many.relation()).num_rows == 1
    assert (charges.snapshot, many.relation().snapshot) == (1, 2)
    assert repr(charges) == "<Relation of 1 columns, snapshot 1>"


def test_what_cannot_be_read_is_refused(finops: iof.Finops, engine: iof.Iof) -> None:
    for arguments, field in (({"columns": ["billed_cost"]}, "columns"), ({"period": "soon"}, "period")):
        with pytest.raises(iof.InvalidArgumentError) as caught:
            finops.relation(**arguments)  # type: ignore[arg-type]
        assert caught.value.field == field
    charges = finops.relation()
    engine.close()
    with pytest.raises(iof.ConflictError):
        charges.__arrow_c_stream__()


def test_sql_asks_the_charges_and_nothing_else(many: iof.Finops, tmp_path: Any) -> None:
    duckdb = pytest.importorskip("duckdb", reason="duckdb is not installed")
    pytest.importorskip("pyarrow", reason="pyarrow is not installed")
    table = many.costs.sql("select ServiceName, sum(BilledCost) as cost from charges group by 1")
    assert table.to_pylist() == [{"ServiceName": "Queue", "cost": Decimal(MANY) / 10}]
    assert many.costs.sql("from charges", columns=["BilledCost"], period="2024-02").num_rows == 0
    outside = tmp_path / "x.csv"
    outside.write_text("a\n1\n")
    for query in (f"select * from '{outside}'", f"copy charges to '{tmp_path / 'y.csv'}'", "set threads = 1"):
        with pytest.raises(duckdb.Error):
            many.costs.sql(query)


def test_without_duckdb_the_error_says_what_to_install(finops: iof.Finops, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "duckdb", None)
    with pytest.raises(ModuleNotFoundError, match="pip install duckdb"):
        finops.costs.sql("select 1")
