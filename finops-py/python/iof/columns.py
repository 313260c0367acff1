"""The rows of an answer by column."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from ._iof import Engine
from .analysis_results import StateDiff, TopDrivers, Trends, UnitCosts
from .errors import InvalidArgumentError
from .forecast_results import CostForecast
from .results import Breakdown, CostSummary, DailyCosts, HistoricalCosts, MonthlyCosts, Result, ServiceCosts

__all__ = ["Columns"]

_ITEMS: list[tuple[str, str | None]] = [("items", None)]

# For each operation the shape of its answer, and where rows stand in it: in a list, or in lists of its values.
_ROWS: dict[str, tuple[type[Result], list[tuple[str, str | None]]]] = {
    "get_cost_summary": (CostSummary, [("breakdown", None)]),
    "costs.breakdown": (Breakdown, _ITEMS),
    "costs.daily": (DailyCosts, [("groups", "days"), ("days", None)]),
    "costs.diff": (StateDiff, _ITEMS),
    "costs.forecast": (CostForecast, [("groups", "predictions"), ("predictions", None)]),
    "costs.historical": (HistoricalCosts, [("groups", "series"), ("series", None)]),
    "costs.monthly": (MonthlyCosts, [("months", None)]),
    "costs.services": (ServiceCosts, _ITEMS),
    "costs.top_drivers": (TopDrivers, _ITEMS),
    "costs.trends": (Trends, [("series", "points")]),
    "costs.unit": (UnitCosts, _ITEMS),
}


class Columns:
    """The rows of an answer by column: a table for DuckDB, polars and pyarrow, in which no cell is a Python object.

    They are those of ``records()`` of the answer. Amounts are ``decimal128(38, 18)``, instants timestamps in UTC.
    """

    about: dict[str, Any]
    """The answer without its rows: the total, the currency, ``data_health`` and what else it says."""

    def __init__(self, engine: Engine, operation: str, params: dict[str, Any]) -> None:
        if operation not in _ROWS:
            raise InvalidArgumentError("invalid_argument", f"must be one of {', '.join(_ROWS)}", "operation")
        shape, places = _ROWS[operation]
        self.about, self._table = engine.columns(operation, params, places)
        self._kinds = list(shape(self.about)._kinds.items())

    def to_polars(self) -> Any:
        """The rows as a polars DataFrame."""
        return import_module("polars").DataFrame(self)

    def to_arrow(self) -> Any:
        """The rows as a pyarrow Table."""
        return import_module("pyarrow").table(self)

    def __len__(self) -> int:
        return len(self._table)

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> Any:
        """The rows as an Arrow stream. A requested schema is a wish that the protocol lets us leave open."""
        return self._table.stream(self._kinds)

    def __repr__(self) -> str:
        return f"<Columns of {len(self):,} rows>"
