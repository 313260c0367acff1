"""Plain series: forecasts and anomalies of numbers that need no store."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import TYPE_CHECKING, cast

from . import _iof

if TYPE_CHECKING:
    from .anomaly_types import SeriesAnomalies
    from .forecast_types import Frequency, SeriesBacktest, SeriesForecast
    from .types import Number, Time

__all__ = ["backtest", "detect_anomalies", "forecast"]


def forecast(
    values: Iterable[float | None],
    horizon: int,
    season_length: int | None = None,
    levels: Sequence[Number] = ("0.8", "0.95"),
    model: str = "auto",
    start: Time | date | None = None,
    frequency: Frequency | None = None,
    *,
    non_negative: bool = False,
) -> SeriesForecast:
    """Forecasts a series. The same values give the same answer on every run and in every language.

    Args:
        values: Numbers at equal steps of time, from any iterable, a NumPy array or a pandas Series within. ``None`` is
            unknown, which is not zero; NaN and infinities are refused.
        horizon: How many values to forecast, 1 to 10,000.
        season_length: How many values make a season: 12 for months, 7 for days. By default what ``frequency``
            suggests, and 1, no season, without one.
        levels: The shares of outcomes that the intervals are to cover, strictly between 0 and 1.
        model: ``"auto"``, or a model by its name, such as ``"ets"`` or ``"DynamicOptimizedTheta"``.
        start: The date of the first value, which calendar models go by. It needs ``frequency``.
        frequency: How far apart the values are.
        non_negative: Whether values below zero cannot be: forecasts then stop there.

    Returns:
        ``model``, ``mean``, ``lower`` and ``upper`` by level (``{"0.95": [...]}``), ``fitted``, ``season_length``.

    Raises:
        InvalidArgumentError: An argument cannot be read, or the values are too few.

    Example:
        >>> import iof
        >>> iof.forecast([1, 5, 1, 5, 1, 5], 2, season_length=2, model="SeasonalNaive")["mean"]
        [1.0, 5.0]
    """
    options = {
        "horizon": horizon,
        "season_length": season_length,
        "levels": list(levels),
        "model": model,
        "start": start,
        "frequency": frequency,
        "non_negative": non_negative,
    }
    return cast("SeriesForecast", _iof.forecast(values, options))


def backtest(
    values: Iterable[float | None],
    horizon: int,
    season_length: int | None = None,
    levels: Sequence[Number] = ("0.8", "0.95"),
    model: str = "auto",
    start: Time | date | None = None,
    frequency: Frequency | None = None,
    *,
    non_negative: bool = False,
    origins: int = 6,
) -> SeriesBacktest:
    """How well a model would have done on a series: it forecasts from points of the past, compared with the rest.

    Args:
        values: As for :func:`forecast`, and so are the others.
        horizon: How many values each forecast looks ahead.
        season_length: How many values make a season.
        levels: The shares of outcomes that the intervals are to cover.
        model: The model.
        start: The date of the first value.
        frequency: How far apart the values are.
        non_negative: Whether values below zero cannot be.
        origins: From how many points of the past, 1 to 1000.

    Returns:
        ``origins``, as far as the history reaches; ``smape`` in percent; ``mase`` and ``rmsse`` in units of the error
        of repeating the season before; ``levels``, each with ``level``, ``coverage`` and ``msis``.

    Raises:
        InvalidArgumentError: An argument cannot be read, or the values are too few.

    Example:
        >>> import iof
        >>> iof.backtest([1, 5] * 6, 2, season_length=2, model="SeasonalNaive", origins=3)["smape"]
        0.0
    """
    options = {
        "horizon": horizon,
        "season_length": season_length,
        "levels": list(levels),
        "model": model,
        "start": start,
        "frequency": frequency,
        "non_negative": non_negative,
        "origins": origins,
    }
    return cast("SeriesBacktest", _iof.backtest(values, options))


def detect_anomalies(
    values: Iterable[float | None],
    start: Time | date | None = None,
    frequency: Frequency = "daily",
    threshold: Number = 2,
    incomplete_last: bool = True,
    *,
    season_length: int | None = None,
    minimum_impact: Number = 0,
) -> SeriesAnomalies:
    """Finds what is unusual in a series. The decision about a value uses only it and those before it.

    Args:
        values: As for :func:`forecast`: numbers, and ``None`` for what is unknown.
        start: The date of the first value: with it, charges that come every month are learnt.
        frequency: How far apart the values are.
        threshold: Multiplies the half-width of the 95 % band around the expected: 2 is about 4 sigma.
        incomplete_last: Whether the last value is of a day that is not over, which is no evidence.
        season_length: How many values make a season; by default what ``frequency`` suggests, 7 for days.
        minimum_impact: What an anomaly must cost or save to be told, in the unit of the series.

    Returns:
        ``expected``, one for each value and ``None`` while too little is known, and ``anomalies`` by their start, each
        with ``start_index``, ``end_index`` (inclusive), ``kind``, ``direction``, ``expected``, ``actual``, ``impact``,
        ``score`` and ``ongoing``.

    Raises:
        InvalidArgumentError: An argument cannot be read, or the values are too few.

    Example:
        >>> import iof
        >>> found = iof.detect_anomalies([100] * 35 + [400, 100, 100])
        >>> [(one["kind"], one["start_index"], one["impact"]) for one in found["anomalies"]]
        [('spike', 35, 300.0)]
    """
    options = {
        "start": start,
        "frequency": frequency,
        "season_length": season_length,
        "threshold": threshold,
        "minimum_impact": minimum_impact,
        "incomplete_last": incomplete_last,
    }
    return cast("SeriesAnomalies", _iof.detect_anomalies(values, options))
