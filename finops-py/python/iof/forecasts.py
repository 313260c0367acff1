"""What costs will be, and how well that could be told before."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal

from ._iof import Engine
from .forecast_results import Backtested, CostForecast, MonthEnd

if TYPE_CHECKING:
    from .types import AsOf, CostView, Filter, GroupBy, Number

__all__ = ["Forecast", "Forecasts"]


class Forecasts:
    """The part of ``iof.finops.costs`` that looks ahead."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def forecast(
        self,
        *,
        months: int = 3,
        days: int | None = None,
        granularity: Literal["daily", "monthly"] = "monthly",
        group_by: GroupBy | None = None,
        filter: Filter | None = None,
        view: CostView = "effective",
        currency: str | None = None,
        exchange_rates: Mapping[str, Number] | None = None,
        model: str | None = None,
        level: Number = "0.8",
        time_zone: str = "UTC",
        history_months: int = 36,
        limit: int = 20,
        as_of: AsOf | None = None,
    ) -> CostForecast:
        """What costs will be, by month or by day, with an interval for each.

        The history is whole days: the day that runs, and days that bills do not reach yet, are left out, days without
        data are unknown, and a service that starts late has no zeros before it.

        Args:
            months: How many months, 1 to 36. They follow the last whole month, so that the first is usually the one
                that runs: what it came to and the rest, as ``projected_month_end`` says it.
            days: With ``granularity="daily"``, how many days, 1 to 1096. By default up to the end of ``months``.
            granularity: Months, or days.
            group_by: A dimension such as ``"service"``, or several: a forecast for each group by itself.
            filter: Which charges count, such as ``{"provider": "AWS"}``.
            view: Which cost is added up.
            currency: The currency of the answer. By default the one that all charges have.
            exchange_rates: What one unit of each other currency is worth in ``currency``.
            model: ``"auto"``, a model by its name such as ``"ets"`` or ``"dynamic_optimized_theta"``, or the one that
                was given as ``forecaster`` when the engine was opened: ``"custom"``, or its name.
            level: The share of outcomes that the intervals are to cover, strictly between 0 and 1.
            time_zone: Where days and months begin, such as ``"Europe/Berlin"``.
            history_months: How many months before the one that runs are looked at, 2 to 120.
            limit: How many groups, those that cost most, 1 to 1000.
            as_of: As of which state of the store: its number, or an instant. By default the present one.

        Returns:
            ``granularity``, ``time_zone``, ``currency``, ``view``, ``level``; ``through``, the last day of the history;
            ``historical``, a list of ``{"date", "day", "total"}``; ``predictions``, a list of ``{"date", "day",
            "predicted", "lower_bound", "upper_bound", "basis"}``, rounded at four decimals more than the currency has;
            ``analysis`` with ``trend``, ``monthly_growth_rate``, ``confidence``, ``relative_width`` and ``model``;
            ``count`` of all groups and ``groups``, each with its dimensions, ``total`` and the same, or a ``reason``;
            ``data_health``; ``snapshot``.

        Raises:
            InvalidArgumentError: An argument cannot be read, or there is too little history.
            MixedCurrenciesError: Charges have several currencies and no rates were given.

        Example:
            >>> import iof
            >>> try:
            ...     iof.open().finops.costs.forecast()
            ... except iof.InvalidArgumentError as error:
            ...     print(str(error).split(":")[0])
            needs 2 months of whole days; has 0
        """
        params = {
            "months": months,
            "days": days,
            "granularity": granularity,
            "group_by": group_by,
            "filter": filter,
            "view": view,
            "currency": currency,
            "exchange_rates": exchange_rates,
            "model": model,
            "level": level,
            "time_zone": time_zone,
            "history_months": history_months,
            "limit": limit,
            "as_of": as_of,
        }
        return CostForecast(self._engine.call("costs.forecast", params))

    def projected_month_end(
        self,
        *,
        filter: Filter | None = None,
        view: CostView = "effective",
        currency: str | None = None,
        exchange_rates: Mapping[str, Number] | None = None,
        level: Number = "0.8",
        time_zone: str = "UTC",
        model: str | None = None,
        as_of: AsOf | None = None,
    ) -> MonthEnd:
        """What the month that runs will have cost when it ends: what is known of it and the forecast of the rest.

        Args:
            filter: Which charges count, such as ``{"provider": "AWS"}``.
            view: Which cost is added up.
            currency: The currency of the answer. By default the one that all charges have.
            exchange_rates: What one unit of each other currency is worth in ``currency``.
            level: The share of outcomes that the interval is to cover, strictly between 0 and 1.
            time_zone: Where days and months begin, such as ``"Europe/Berlin"``.
            model: The model by its name. By default ``"auto"``.
            as_of: As of which state of the store: its number, or an instant. By default the present one.

        Returns:
            ``month``, ``month_start``, ``month_end``, ``time_zone``, ``currency``, ``view``, ``level``;
            ``month_to_date``, what the known days came to, exact; ``through``, the last known whole day;
            ``unknown_days`` before that; ``remaining_days``; ``projected``, ``lower_bound`` and ``upper_bound`` of
            the whole month; ``model``; ``data_health``; ``snapshot``.

        Raises:
            InvalidArgumentError: An argument cannot be read, or there is too little history.
            MixedCurrenciesError: Charges have several currencies and no rates were given.

        Example:
            >>> import iof
            >>> try:
            ...     iof.open().finops.costs.projected_month_end()
            ... except iof.InvalidArgumentError as error:
            ...     print(str(error).split(":")[0])
            needs 2 weeks of whole days; has 0
        """
        params = {
            "filter": filter,
            "view": view,
            "currency": currency,
            "exchange_rates": exchange_rates,
            "level": level,
            "time_zone": time_zone,
            "model": model,
            "as_of": as_of,
        }
        return MonthEnd(self._engine.call("costs.projected_month_end", params))


class Forecast:
    """How good forecasts are, as ``iof.finops.forecast``."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def backtest(
        self,
        *,
        months: int = 3,
        days: int | None = None,
        granularity: Literal["daily", "monthly"] = "monthly",
        group_by: GroupBy | None = None,
        filter: Filter | None = None,
        view: CostView = "effective",
        currency: str | None = None,
        exchange_rates: Mapping[str, Number] | None = None,
        model: str | None = None,
        level: Number | None = None,
        time_zone: str = "UTC",
        history_months: int = 36,
        origins: int = 6,
        as_of: AsOf | None = None,
    ) -> Backtested:
        """How well forecasts of cost would have done: made again as of days of the past, and compared with what came.

        Args:
            months: How many months each forecast looks ahead, 1 to 36.
            days: With ``granularity="daily"``, how many days, 1 to 1096. By default 30 for each month.
            granularity: Months, or days.
            group_by: Must be left out: filter for one group at a time.
            filter: Which charges count, such as ``{"provider": "AWS"}``.
            view: Which cost is added up.
            currency: The currency of the answer. By default the one that all charges have.
            exchange_rates: What one unit of each other currency is worth in ``currency``.
            model: The model by its name. By default ``"auto"``.
            level: The level of the intervals to look at. By default both 0.8 and 0.95.
            time_zone: Where days and months begin, such as ``"Europe/Berlin"``.
            history_months: How many months before the one that runs are looked at, 2 to 120.
            origins: From how many points of the past, 1 to 60.
            as_of: As of which state of the store: its number, or an instant. By default the present one.

        Returns:
            ``granularity``, ``horizon``, ``time_zone``, ``currency``, ``view``; ``smape`` in percent, ``mase`` in units
            of the error of repeating the season before, ``coverage`` of the intervals by level; ``origins``, a list of
            ``{"through", "predicted", "actual", "smape", "mase", "coverage", "model"}``, and ``origins_skipped``, how
            many were left out, because too little was known until then or after it; ``data_health``; ``snapshot``.

        Raises:
            InvalidArgumentError: An argument cannot be read, there is too little history, or a model of yours fails.
            MixedCurrenciesError: Charges have several currencies and no rates were given.

        Example:
            >>> import iof
            >>> try:
            ...     iof.open().finops.forecast.backtest()
            ... except iof.InvalidArgumentError as error:
            ...     print(str(error).split(":")[0])
            needs 5 months of whole days; has 0
        """
        params = {
            "months": months,
            "days": days,
            "granularity": granularity,
            "group_by": group_by,
            "filter": filter,
            "view": view,
            "currency": currency,
            "exchange_rates": exchange_rates,
            "model": model,
            "level": level,
            "time_zone": time_zone,
            "history_months": history_months,
            "origins": origins,
            "as_of": as_of,
        }
        return Backtested(self._engine.call("forecast.backtest", params))
