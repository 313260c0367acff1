"""Charges and answers as tables, for tools that bring their own language to ask in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ._iof import Engine, Relation
from .analysis_results import Segments
from .columns import Columns

__all__ = ["Relations"]


class Relations:
    """The part of ``iof.finops`` that gives charges and answers to other tools."""

    _engine: Engine

    def columns(self, operation: str, /, **params: Any) -> Columns:
        """The rows of a cost query by column, as an object that DuckDB, polars and pyarrow read as a table.

        An answer of thousands of rows takes most of its time to become dicts; here none are made.

        Args:
            operation: ``"get_cost_summary"``, or a query of ``costs`` that has rows, such as ``"costs.daily"``.
            params: What its method takes.

        Returns:
            The rows; what else the answer says is in ``about``.

        Raises:
            InvalidArgumentError: There is no such query, or an argument cannot be read.

        Example:
            >>> from iof import Iof
            >>> months = Iof.open().finops.columns("costs.monthly", year=2024)
            >>> len(months), months.about["summary"]["average_monthly"]
            (12, None)
            >>> months.to_polars()  # doctest: +SKIP
        """
        return Columns(self._engine, operation, params)

    def relation(self, *, columns: Sequence[str] | None = None, period: str | None = None) -> Relation:
        """All charges of the present state, as an object that DuckDB, polars and pyarrow read as a table.

        It streams batch by batch, as an Arrow stream, and can be read as often as one likes; it stays what it was
        while bills come in. Amounts are ``decimal128(38, 18)``, instants timestamps in UTC.

        Args:
            columns: The columns by their names in FOCUS, ours with ``x_``; by default all. Fewer are read faster.
            period: Only charges whose charge period starts in that period, such as ``"2024-01"``; UTC.

        Raises:
            InvalidArgumentError: There is no such column, or the period cannot be read.

        Example:
            >>> from iof import Iof
            >>> iof = Iof.open()
            >>> charges = iof.finops.relation(columns=["ServiceName", "BilledCost"])
            >>> charges.columns
            ['ServiceName', 'BilledCost']
            >>> import duckdb  # doctest: +SKIP
            >>> duckdb.sql("select ServiceName, sum(BilledCost) from charges group by 1")  # doctest: +SKIP
        """
        return self._engine.relation(None if columns is None else list(columns), period)

    def segments(self) -> Segments:
        """The Parquet files of the present state, for tools that read such files themselves.

        Returns:
            ``snapshot``, ``count``, ``items``: ``{"path", "rows", "bytes", "billing_account_id", "billing_period"}``
            with absolute paths. Together the files hold each charge once; their custom columns may differ.

        Raises:
            NotFoundError: The store is in memory, where there are no files.

        Example:
            >>> from iof import Iof
            >>> files = Iof.open("costs").finops.segments()  # doctest: +SKIP
            >>> duckdb.read_parquet([file["path"] for file in files["items"]], union_by_name=True)  # doctest: +SKIP
        """
        return Segments(self._engine.call("segments", {}))
