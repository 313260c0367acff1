"""SQL over a relation, by DuckDB where it is installed."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ._iof import Relation


def _needed(name: str, why: str) -> Any:
    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(f"{why}: pip install {name}", name=name) from error


def run(query: str, relation: Relation) -> Any:
    """The Arrow table that a query over the table ``charges`` gives; none for a statement that gives none."""
    duckdb = _needed("duckdb", "costs.sql asks DuckDB, which is not installed")
    _needed("pyarrow", "costs.sql gives an Arrow table, and pyarrow is not installed")
    with duckdb.connect(":memory:") as connection:
        connection.register("charges", relation)
        # Nothing but the charges can be read, and nothing written.
        connection.execute("SET enable_external_access = false")
        connection.execute("SET lock_configuration = true")
        result = connection.sql(query)
        return None if result is None else result.to_arrow_table()
