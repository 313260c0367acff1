"""Where costs go and where they come from: trends, drivers, unit costs, and what is behind a figure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, cast

from . import _sql
from ._iof import Engine
from .analysis_results import Explanation, StateDiff, TopDrivers, Trends, UnitCosts

if TYPE_CHECKING:
    from .analysis_types import MeteredResource, Plan
    from .types import AsOf, CostView, Filter, Granularity, GroupBy, Number, Time

__all__ = ["Analysis"]


class Analysis:
    """The part of ``iof.finops.costs`` that looks into costs."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def trends(
        self,
        *,
        window: str | None = None,
        period: str | None = None,
        start_date: Time | None = None,
        end_date: Time | None = None,
        granularity: Granularity = "daily",
        group_by: GroupBy | None = None,
        filter: Filter | None = None,
        currency: str | None = None,
        view: CostView = "effective",
        exchange_rates: Mapping[str, Number] | None = None,
        time_zone: str = "UTC",
        as_of: AsOf | None = None,
        limit: int = 20,
    ) -> Trends:
        """How costs went by hour, day, week or month, each compared with the one before.

        Args:
            window: A window such as ``"30d"``. Without any time: the thirty days up to tonight.
            period: Instead, a period such as ``"2024"`` or ``"2024-01"``.
            start_date: Instead, the first day; a date is its midnight in ``time_zone``.
            end_date: And the end, exclusive.
            granularity: How long the points are; weeks start on Monday.
            group_by: A dimension such as ``"service"``, or several: a series for each group.
            filter: Which charges count, such as ``{"provider": "AWS"}``.
            currency: The currency of the answer. By default the one that all charges have.
            view: Which cost is added up.
            exchange_rates: What one unit of each other currency is worth in ``currency``.
            time_zone: Where days begin, such as ``"Europe/Berlin"``.
            as_of: As of which state of the store: its number, or an instant. By default the present one.
            limit: How many groups, those that cost most, 1 to 1000.

        Returns:
            ``window_start``, ``window_end``, ``granularity``, ``time_zone``, ``currency``, ``view``; ``count`` of all
            series; ``series``, each with its dimensions, ``total`` and ``points``: ``{"date", "total", "change_pct",
            "complete"}``. ``change_pct`` is in percent, ``None`` where either point is unknown, cut by the window or
            not over, or the one before is zero. ``data_health``; ``snapshot``.

        Raises:
            InvalidArgumentError: An argument cannot be read.
            MixedCurrenciesError: Charges have several currencies and no rates were given.

        Example:
            >>> from iof import Iof
            >>> trends = Iof.open().finops.costs.trends(period="2024", granularity="monthly")
            >>> len(trends["series"][0]["points"])
            12
        """
        params = {
            "window": window,
            "period": period,
            "start_date": start_date,
            "end_date": end_date,
            "granularity": granularity,
            "group_by": group_by,
            "filter": filter,
            "currency": currency,
            "view": view,
            "exchange_rates": exchange_rates,
            "time_zone": time_zone,
            "as_of": as_of,
            "limit": limit,
        }
        return Trends(self._engine.call("costs.trends", params))

    def top_drivers(
        self,
        *,
        window: str | None = None,
        period: str | None = None,
        compare_window: str | None = None,
        compare_period: str | None = None,
        group_by: GroupBy = "service",
        order: Literal["cost", "change"] = "cost",
        limit: int = 10,
        filter: Filter | None = None,
        currency: str | None = None,
        view: CostView = "effective",
        exchange_rates: Mapping[str, Number] | None = None,
        time_zone: str = "UTC",
        as_of: AsOf | None = None,
    ) -> TopDrivers:
        """What costs most, and how that changed: what is new and what is gone is there as well.

        Args:
            window: A window such as ``"30d"`` or ``"lastmonth"``.
            period: Instead, a period such as ``"2024-01"``. Without either: the thirty days up to tonight.
            compare_window: What to compare with: a length such as ``"7d"`` directly before the window, or another
                window, as seen from now.
            compare_period: Instead, a period. Without either: the span of equal length directly before, the month
                before of a month.
            group_by: What a driver is: a dimension, or several.
            order: ``"cost"``: those that cost most first; ``"change"``: those that changed most, up or down.
            limit: How many, 1 to 1000.
            filter: Which charges count.
            currency: The currency of the answer. By default the one that all charges have.
            view: Which cost is added up.
            exchange_rates: What one unit of each other currency is worth in ``currency``.
            time_zone: Where periods begin and end.
            as_of: As of which state of the store: its number, or an instant. By default the present one.

        Returns:
            ``window_start``, ``window_end``, ``compare_start``, ``compare_end``, ``time_zone``, ``currency``,
            ``view``, ``order``; ``total_cost``, ``previous_cost``, ``change`` and ``change_pct`` of everything;
            ``count``; ``items`` with their dimensions, ``cost``, ``share``, ``previous_cost`` (``None`` when no bill
            covers the earlier span), ``change``, ``change_pct`` and ``status``: ``"new"``, ``"gone"``, ``"changed"``
            or ``"unchanged"``; ``data_health``, ``compare_health``; ``snapshot``.

        Raises:
            InvalidArgumentError: An argument cannot be read.
            MixedCurrenciesError: Charges have several currencies and no rates were given.

        Example:
            >>> from iof import Iof
            >>> drivers = Iof.open().finops.costs.top_drivers(period="2024-03")
            >>> drivers["compare_start"].isoformat()
            '2024-02-01T00:00:00+00:00'
        """
        params = {
            "window": window,
            "period": period,
            "compare_window": compare_window,
            "compare_period": compare_period,
            "group_by": group_by,
            "order": order,
            "limit": limit,
            "filter": filter,
            "currency": currency,
            "view": view,
            "exchange_rates": exchange_rates,
            "time_zone": time_zone,
            "as_of": as_of,
        }
        return TopDrivers(self._engine.call("costs.top_drivers", params))

    def unit(
        self,
        per: MeteredResource,
        *,
        scale: int = 1,
        filter: Filter | None = None,
        per_filter: Filter | None = None,
        window: str | None = None,
        period: str | None = None,
        start_date: Time | None = None,
        end_date: Time | None = None,
        granularity: Granularity | None = None,
        group_by: GroupBy | None = None,
        currency: str | None = None,
        view: CostView = "effective",
        exchange_rates: Mapping[str, Number] | None = None,
        time_zone: str = "UTC",
        as_of: AsOf | None = None,
    ) -> UnitCosts:
        """What something that the platform meters costs: a request, a transaction, a gigabyte.

        Args:
            per: What the cost is divided by.
            scale: Of how many units the cost is given, such as 1000.
            filter: Which charges count as cost.
            per_filter: Which charges the quantity is read from, such as ``{"tenant": "ten_001"}``. By default all
                for which the platform metered ``per``.
            window: A window such as ``"30d"``. Without any time: the thirty days up to tonight.
            period: Instead, a period such as ``"2024-01"``.
            start_date: Instead, the first day; a date is its midnight in ``time_zone``.
            end_date: And the end, exclusive.
            granularity: How long the spans are that are told apart. By default the window is one.
            group_by: A dimension such as ``"tenant"``, or several.
            currency: The currency of the answer. By default the one that all charges have.
            view: Which cost is added up.
            exchange_rates: What one unit of each other currency is worth in ``currency``.
            time_zone: Where days begin.
            as_of: As of which state of the store: its number, or an instant. By default the present one.

        Returns:
            ``per``, ``scale``, ``window_start``, ``window_end``, ``granularity``, ``time_zone``, ``currency``,
            ``view``; ``items`` with ``date`` where spans are told apart, their dimensions, ``cost``, ``quantity`` and
            ``cost_per_unit`` (of ``scale`` units, rounded at 18 decimals; ``None`` when the quantity is zero or
            unknown); ``total`` with the same three; ``data_health``; ``snapshot``.

        Raises:
            InvalidArgumentError: Nothing of that name is metered, or an argument cannot be read.

        Example:
            >>> from iof import Iof
            >>> Iof.open().finops.costs.unit("api_calls", scale=1000)["total"]["cost_per_unit"] is None
            True
        """
        params = {
            "per": per,
            "scale": scale,
            "filter": filter,
            "per_filter": per_filter,
            "window": window,
            "period": period,
            "start_date": start_date,
            "end_date": end_date,
            "granularity": granularity,
            "group_by": group_by,
            "currency": currency,
            "view": view,
            "exchange_rates": exchange_rates,
            "time_zone": time_zone,
            "as_of": as_of,
        }
        return UnitCosts(self._engine.call("costs.unit", params))

    def explain(
        self,
        *,
        period: str | None = None,
        window: str | None = None,
        start_date: Time | None = None,
        end_date: Time | None = None,
        filter: Filter | None = None,
        view: CostView = "effective",
        currency: str | None = None,
        exchange_rates: Mapping[str, Number] | None = None,
        time_zone: str = "UTC",
        as_of: AsOf | None = None,
        limit: int = 10,
    ) -> Explanation:
        """What a figure came from: the bills behind it, and the charges that weigh most.

        Args:
            period: A period such as ``"2024-01"``. Without any time: the thirty days up to tonight.
            window: Instead, a window such as ``"30d"``.
            start_date: Instead, the first day; a date is its midnight in ``time_zone``.
            end_date: And the end, exclusive.
            filter: Which charges count: the values of an item, such as ``{"service": "Queue"}``, explain that item.
            view: Which cost is added up.
            currency: The currency of the answer. By default the one that all charges have.
            exchange_rates: What one unit of each other currency is worth in ``currency``.
            time_zone: Where days and periods begin and end.
            as_of: As of which state of the store: its number, or an instant. By default the present one.
            limit: How many charges to show, 1 to 1000.

        Returns:
            ``window_start``, ``window_end``, ``total_cost``, ``currency``, ``view``, ``charges``, ``unknown_costs``;
            ``sources``, which add up to the total: ``{"billing_account_id", "billing_period", "charges", "cost",
            "imports"}``, where ``imports`` says which imports the bill came with, and when;
            ``largest``, the charges with the largest cost, up or down, as dicts of the fields that they have;
            ``usage``, the events and prices behind those of usage;
            ``data_health``; ``snapshot``.

        Raises:
            InvalidArgumentError: An argument cannot be read.
            MixedCurrenciesError: Charges have several currencies and no rates were given.

        Example:
            >>> from iof import Iof
            >>> Iof.open().finops.costs.explain(period="2024-01")["sources"]
            []
        """
        params = {
            "period": period,
            "window": window,
            "start_date": start_date,
            "end_date": end_date,
            "filter": filter,
            "view": view,
            "currency": currency,
            "exchange_rates": exchange_rates,
            "time_zone": time_zone,
            "as_of": as_of,
            "limit": limit,
        }
        return Explanation(self._engine.call("costs.explain", params))

    def explain_plan(
        self,
        *,
        period: str | None = None,
        window: str | None = None,
        start_date: Time | None = None,
        end_date: Time | None = None,
        group_by: GroupBy | None = None,
        granularity: Granularity | None = None,
        filter: Filter | None = None,
        org_id: str | None = None,
        user_id: str | None = None,
        resource_type: str | None = None,
        currency: str | None = None,
        view: CostView = "effective",
        views: Sequence[CostView] = (),
        distinct: str | None = None,
        exchange_rates: Mapping[str, Number] | None = None,
        time_zone: str = "UTC",
        as_of: AsOf | None = None,
        limit: int = 20,
        offset: int = 0,
    ) -> Plan:
        """Which way the question of a breakdown takes through the engine, and what is read on it.

        It takes what :meth:`breakdown` takes; the page and the currency change nothing.

        Returns:
            ``groups`` and ``rows`` of the answer, what was read for it (``segments``, ``rows_from_parquet``,
            ``bytes_read`` and so on), ``grouping``, ``threads``, ``snapshot``.

        Example:
            >>> from iof import Iof
            >>> Iof.open().finops.costs.explain_plan(period="2024-01", group_by="service")["groups"]
            0
        """
        params = {
            "period": period,
            "window": window,
            "start_date": start_date,
            "end_date": end_date,
            "group_by": group_by,
            "granularity": granularity,
            "filter": filter,
            "org_id": org_id,
            "user_id": user_id,
            "resource_type": resource_type,
            "currency": currency,
            "view": view,
            "views": views,
            "distinct": distinct,
            "exchange_rates": exchange_rates,
            "time_zone": time_zone,
            "as_of": as_of,
            "limit": limit,
            "offset": offset,
        }
        return cast("Plan", self._engine.call("costs.explain_plan", params))

    def diff(
        self,
        snapshot_a: int,
        snapshot_b: int,
        *,
        period: str | None = None,
        window: str | None = None,
        group_by: GroupBy | None = None,
        filter: Filter | None = None,
        currency: str | None = None,
        view: CostView = "effective",
        exchange_rates: Mapping[str, Number] | None = None,
        time_zone: str = "UTC",
        limit: int | None = None,
        offset: int | None = None,
    ) -> StateDiff:
        """What a restatement changed: how two states of the store differ, the largest change first.

        Args:
            snapshot_a: The number of the earlier state; answers name theirs as ``snapshot``.
            snapshot_b: The number of the later one.
            period: A period such as ``"2024-01"``. Without it and ``window``: all charges.
            window: Instead, a window such as ``"30d"``.
            group_by: A dimension, or several. Without: the totals alone.
            filter: Which charges count.
            currency: The currency of the answer. By default the one that all charges have.
            view: Which cost is added up.
            exchange_rates: What one unit of each other currency is worth in ``currency``.
            time_zone: Where periods begin and end.
            limit: How many items, 1 to 1000. By default all.
            offset: How many items to leave out before.

        Returns:
            ``snapshot_a``, ``snapshot_b``, ``window_start``, ``window_end``, ``currency``, ``view``; ``total``;
            ``count``; ``items``, only those that differ: their dimensions, ``cost_a``, ``cost_b``, ``change``,
            ``charges_a`` and ``charges_b``.

        Raises:
            InvalidArgumentError: There is no state of that number yet, or an argument cannot be read.
            NotFoundError: A vacuum has removed a state.

        Example:
            >>> from iof import Iof
            >>> Iof.open().finops.costs.diff(0, 0)["count"]
            0
        """
        params = {
            "snapshot_a": snapshot_a,
            "snapshot_b": snapshot_b,
            "period": period,
            "window": window,
            "group_by": group_by,
            "filter": filter,
            "currency": currency,
            "view": view,
            "exchange_rates": exchange_rates,
            "time_zone": time_zone,
            "limit": limit,
            "offset": offset,
        }
        return StateDiff(self._engine.call("costs.diff", params))

    def sql(self, query: str, *, columns: Sequence[str] | None = None, period: str | None = None) -> Any:
        """Asks all charges of the present state in SQL, by DuckDB: ``pip install 'iof[sql]'``.

        Args:
            query: A query over the table ``charges``, whose columns have the names of FOCUS, and ours ``x_``. It can
                read nothing else, and write no file.
            columns: The columns of ``charges``; by default all. Fewer are read faster.
            period: Only charges whose charge period starts in that period, such as ``"2024-01"``; UTC.

        Returns:
            A pyarrow Table. Sums of ``DECIMAL(38, 18)`` are exact.

        Raises:
            ModuleNotFoundError: DuckDB or pyarrow is not installed.
            InvalidArgumentError: There is no such column, or the period cannot be read.

        Example:
            >>> from iof import Iof
            >>> costs = Iof.open().finops.costs
            >>> costs.sql("select ServiceName, sum(BilledCost) from charges group by 1")  # doctest: +SKIP
        """
        return _sql.run(query, self._engine.relation(None if columns is None else list(columns), period))
