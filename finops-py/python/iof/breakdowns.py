"""Costs broken down: by dimension and date, over time, by service, by month."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from ._iof import Engine
from .results import Breakdown, HistoricalCosts, MonthlyCosts, ServiceCosts

if TYPE_CHECKING:
    from .types import AnyCostView, AsOf, CostView, Filter, Granularity, GroupBy, Number, Time

__all__ = ["Breakdowns"]


class Breakdowns:
    """The part of ``iof.finops.costs`` that breaks costs down."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def breakdown(
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
        view: AnyCostView = "effective",
        views: Sequence[CostView] = (),
        distinct: str | None = None,
        exchange_rates: Mapping[str, Number] | None = None,
        time_zone: str = "UTC",
        as_of: AsOf | None = None,
        limit: int = 20,
        offset: int = 0,
    ) -> Breakdown:
        """What a window cost by any dimensions and by date, largest first, in pages.

        Args:
            period: A period such as ``"2024-01"`` or ``"2024-Q1"``. Without any time: the thirty days up to tonight.
            window: Instead, a window such as ``"7d"`` or ``"lastmonth"``.
            start_date: Instead, the first day; a date is its midnight in ``time_zone``.
            end_date: And the end, exclusive.
            group_by: A dimension such as ``"service"``, ``"tag:team"`` or ``"virtual:product"``, or several.
            granularity: Makes the date a further dimension: ``"hourly"``, ``"daily"``, ``"weekly"`` (from Monday) or
                ``"monthly"``. The first and the last span are cut to the window.
            filter: Which charges count, such as ``{"provider": "AWS"}``.
            org_id: Only charges of that organization.
            user_id: Only charges of that user.
            resource_type: Only charges for resources of that type.
            currency: The currency of the answer. By default the one that all charges have.
            view: Which cost stands as ``cost``. ``"allocated"``, without ``granularity``, is what cost centres bear.
            views: Further costs to give beside it, such as ``["billed", "list"]``.
            distinct: A dimension whose distinct values are counted in each item, such as ``"resource_id"``.
            exchange_rates: What one unit of each other currency is worth in ``currency``: ``{"EUR": "1.08"}``.
            time_zone: Where days begin, such as ``"Europe/Berlin"``.
            as_of: As of which state of the store: its number, or an instant. By default the present one.
            limit: How many items, 1 to 1000.
            offset: How many items to leave out before.

        Returns:
            ``period``, ``window_start``, ``window_end``, ``granularity``, ``time_zone``, ``currency``, ``view``;
            ``total_cost`` and ``total_<view>_cost`` for each of ``views``; ``count`` of all items, ``limit``,
            ``offset``; ``items``, a list of ``{dimensions..., "date"?, "cost", "share", "charges", "<view>_cost"...,
            "distinct"?}`` that add up to the total over all pages; ``data_health``; ``snapshot``.

        Raises:
            InvalidArgumentError: An argument cannot be read, or two ways to say the time are mixed.
            MixedCurrenciesError: Charges have several currencies and no rates were given.

        Example:
            >>> from iof import Iof
            >>> costs = Iof.open().finops.costs
            >>> costs.breakdown(period="2024-01", group_by="service", granularity="daily", views=["list"])["items"]
            []
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
        return Breakdown(self._engine.call("costs.breakdown", params))

    def historical(
        self,
        *,
        start_date: Time | None = None,
        end_date: Time | None = None,
        group_by: GroupBy | None = None,
        org_id: str | None = None,
        user_id: str | None = None,
        granularity: Granularity = "daily",
        filter: Filter | None = None,
        currency: str | None = None,
        view: CostView = "effective",
        exchange_rates: Mapping[str, Number] | None = None,
        time_zone: str = "UTC",
        as_of: AsOf | None = None,
    ) -> HistoricalCosts:
        """What each hour, day, week or month cost, by any dimensions.

        Args:
            start_date: The first day; a date is its midnight in ``time_zone``. By default 30 days before the end.
            end_date: The end, exclusive. By default tonight.
            group_by: A dimension such as ``"service"``, or several: adds ``groups``.
            org_id: Only charges of that organization.
            user_id: Only charges of that user.
            granularity: ``"hourly"``, ``"daily"``, ``"weekly"`` (from Monday) or ``"monthly"``.
            filter: Which charges count, such as ``{"provider": "AWS"}``.
            currency: The currency of the answer. By default the one that all charges have.
            view: Which cost is added up.
            exchange_rates: What one unit of each other currency is worth in ``currency``: ``{"EUR": "1.08"}``.
            time_zone: Where days begin, such as ``"Europe/Berlin"``.
            as_of: As of which state of the store: its number, or an instant. By default the present one.

        Returns:
            ``window_start``, ``window_end``, ``granularity``, ``time_zone``, ``currency``, ``view``, ``total_cost``;
            ``series``, a list of ``{"date", "total"}`` with a ``total`` of ``None`` where nothing is known;
            ``groups``, each with its dimensions, ``total`` and ``series``; ``data_health``; ``snapshot``.

        Raises:
            InvalidArgumentError: An argument cannot be read.
            MixedCurrenciesError: Charges have several currencies and no rates were given.

        Example:
            >>> from iof import Iof
            >>> costs = Iof.open().finops.costs
            >>> len(costs.historical(start_date="2024-01-01", end_date="2025-01-01", granularity="monthly")["series"])
            12
        """
        params = {
            "start_date": start_date,
            "end_date": end_date,
            "group_by": group_by,
            "org_id": org_id,
            "user_id": user_id,
            "granularity": granularity,
            "filter": filter,
            "currency": currency,
            "view": view,
            "exchange_rates": exchange_rates,
            "time_zone": time_zone,
            "as_of": as_of,
        }
        return HistoricalCosts(self._engine.call("costs.historical", params))

    def services(
        self,
        *,
        period: str | None = None,
        start_date: Time | None = None,
        end_date: Time | None = None,
        filter: Filter | None = None,
        currency: str | None = None,
        view: CostView = "effective",
        exchange_rates: Mapping[str, Number] | None = None,
        time_zone: str = "UTC",
        as_of: AsOf | None = None,
        limit: int | None = None,
        offset: int | None = None,
    ) -> ServiceCosts:
        """What each service cost, and what of it the bill calls storage and network.

        A charge whose ``ServiceCategory`` is ``Storage`` is storage, one of ``Networking`` is network, each as a
        whole. What no charge says is ``None``: the parts of a machine have one price.

        Args:
            period: A period such as ``"2024-01"`` or a window such as ``"30d"``, which is also the default;
                ``"daily"``, ``"weekly"`` and ``"monthly"`` stand for ``"1d"``, ``"7d"`` and ``"30d"``.
            start_date: Instead, the first day; a date is its midnight in ``time_zone``.
            end_date: And the end, exclusive.
            filter: Which charges count, such as ``{"provider": "AWS"}``.
            currency: The currency of the answer. By default the one that all charges have.
            view: Which cost is added up.
            exchange_rates: What one unit of each other currency is worth in ``currency``: ``{"EUR": "1.08"}``.
            time_zone: Where days begin, such as ``"Europe/Berlin"``.
            as_of: As of which state of the store: its number, or an instant. By default the present one.
            limit: How many items, 1 to 1000. By default all.
            offset: How many items to leave out before.

        Returns:
            ``period_start``, ``period_end``, ``currency``, ``view``, ``total_cost``, ``count``; ``items``, a list of
            ``{"group_key", "name", "total_cost", "cpu_cost", "ram_cost", "storage_cost", "network_cost",
            "gpu_cost"}``; ``data_health``; ``snapshot``.

        Raises:
            InvalidArgumentError: An argument cannot be read.
            MixedCurrenciesError: Charges have several currencies and no rates were given.

        Example:
            >>> from iof import Iof
            >>> Iof.open().finops.costs.services(period="lastmonth")["count"]
            0
        """
        params = {
            "period": period,
            "start_date": start_date,
            "end_date": end_date,
            "filter": filter,
            "currency": currency,
            "view": view,
            "exchange_rates": exchange_rates,
            "time_zone": time_zone,
            "as_of": as_of,
            "limit": limit,
            "offset": offset,
        }
        return ServiceCosts(self._engine.call("costs.services", params))

    def monthly(
        self,
        *,
        months: int = 12,
        year: int | None = None,
        filter: Filter | None = None,
        view: CostView = "effective",
        currency: str | None = None,
        exchange_rates: Mapping[str, Number] | None = None,
        time_zone: str = "UTC",
        as_of: AsOf | None = None,
    ) -> MonthlyCosts:
        """What each of the last months cost, or each of a year, with the average, the highest and the lowest.

        Args:
            months: How many, 1 to 1200, the last of them the present one.
            year: Instead the months of that year; with fewer than 12 ``months`` the last of them.
            filter: Which charges count, such as ``{"provider": "AWS"}``.
            view: Which cost is added up.
            currency: The currency of the answer. By default the one that all charges have.
            exchange_rates: What one unit of each other currency is worth in ``currency``: ``{"EUR": "1.08"}``.
            time_zone: Where months begin, such as ``"Europe/Berlin"``.
            as_of: As of which state of the store: its number, or an instant. By default the present one.

        Returns:
            ``window_start``, ``window_end``, ``time_zone``, ``currency``, ``view``; ``months``, a list of ``{"date",
            "month", "total", "complete"}`` with a ``total`` of ``None`` where no bill reaches; ``summary`` with
            ``average_monthly``, ``highest_month`` and ``lowest_month`` over the months that are over, or over the
            running one where there is nothing else; ``data_health``; ``snapshot``.

        Raises:
            InvalidArgumentError: An argument cannot be read.
            MixedCurrenciesError: Charges have several currencies and no rates were given.

        Example:
            >>> from iof import Iof
            >>> [month["month"] for month in Iof.open(now="2024-02-15T00:00:00Z").finops.costs.monthly(months=2)["months"]]
            ['2024-01', '2024-02']
        """
        params = {
            "months": months,
            "year": year,
            "filter": filter,
            "view": view,
            "currency": currency,
            "exchange_rates": exchange_rates,
            "time_zone": time_zone,
            "as_of": as_of,
        }
        return MonthlyCosts(self._engine.call("costs.monthly", params))
