"""Costs of a window, of each day, and where they go and come from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from .analysis import Analysis
from .anomalies import Anomalies
from .breakdowns import Breakdowns
from .forecasts import Forecasts
from .results import DailyCosts

if TYPE_CHECKING:
    from .types import AsOf, CostView, Filter, GroupBy, Number, Time

__all__ = ["Costs"]


class Costs(Breakdowns, Analysis, Anomalies, Forecasts):
    """Costs broken down, over time, looked into, watched and forecast, as ``iof.finops.costs``."""

    def daily(
        self,
        *,
        start_date: Time | None = None,
        end_date: Time | None = None,
        period: str | None = None,
        window: str | None = None,
        org_id: str | None = None,
        user_id: str | None = None,
        resource_type: str | None = None,
        group_by: GroupBy | None = None,
        filter: Filter | None = None,
        currency: str | None = None,
        view: CostView = "effective",
        exchange_rates: Mapping[str, Number] | None = None,
        time_zone: str = "UTC",
        as_of: AsOf | None = None,
    ) -> DailyCosts:
        """What each day cost, with the total, the daily average and the trend.

        Args:
            start_date: The first day; a date is its midnight in ``time_zone``. By default 30 days before the end.
            end_date: The end, exclusive. By default tonight.
            period: Instead, a period such as ``"2024-01"``, ``"2024-Q1"`` or ``"2024-01-01/2024-01-15"``.
            window: Instead, a window such as ``"7d"``, ``"lastmonth"`` or ``"2024-01-01T00:00:00Z,..."``.
            org_id: Only charges of that organization.
            user_id: Only charges of that user.
            resource_type: Only charges for resources of that type.
            group_by: A dimension such as ``"service"`` or ``"tag:team"``, or several: adds ``groups``.
            filter: Which charges count, such as ``{"provider": "AWS"}``.
            currency: The currency of the answer, such as ``"USD"``. By default the one that all charges have.
            view: Which cost is added up.
            exchange_rates: What one unit of each other currency is worth in ``currency``: ``{"EUR": "1.08"}``.
            time_zone: Where days begin, such as ``"Europe/Berlin"``.
            as_of: As of which state of the store: its number, or an instant. By default the present one.

        Returns:
            ``window_start``, ``window_end``, ``time_zone``, ``currency``, ``view``; ``days``, a list of ``{"date",
            "total"}`` with a ``total`` of ``None`` where no bill covers the day; ``groups``, each with its
            dimensions, ``total`` and ``days``; ``summary`` with ``total_period``, ``daily_average`` and ``trend``;
            ``data_health``; ``snapshot``. Amounts are ``Decimal`` in ``currency``.

        Raises:
            InvalidArgumentError: An argument cannot be read, or two ways to say the time are mixed.
            MixedCurrenciesError: Charges have several currencies and no rates were given.

        Example:
            >>> from iof import Iof
            >>> daily = Iof.open().finops.costs.daily(period="2024-01")
            >>> len(daily["days"]), daily["summary"]["total_period"]
            (31, None)
        """
        params = {
            "start_date": start_date,
            "end_date": end_date,
            "period": period,
            "window": window,
            "org_id": org_id,
            "user_id": user_id,
            "resource_type": resource_type,
            "group_by": group_by,
            "filter": filter,
            "currency": currency,
            "view": view,
            "exchange_rates": exchange_rates,
            "time_zone": time_zone,
            "as_of": as_of,
        }
        return DailyCosts(self._engine.call("costs.daily", params))
