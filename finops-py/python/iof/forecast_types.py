"""The shapes of forecasts. See also ``iof.types``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal, Protocol, TypedDict

from .types import Dimensions

__all__ = [
    "Analysis",
    "BacktestOrigin",
    "ForecastPoint",
    "Forecaster",
    "Frequency",
    "GroupForecast",
    "LevelCoverage",
    "LevelScore",
    "PastPoint",
    "Series",
    "SeriesBacktest",
    "SeriesForecast",
]

Frequency = Literal["hourly", "daily", "weekly", "monthly", "quarterly", "yearly"]
"""How far apart the values of a series are."""


class PastPoint(TypedDict):
    """What a day or a month cost."""

    date: datetime
    """When it starts."""
    day: str
    """The day on which it starts, by the calendar of the time zone: ``"2024-09-30"``."""
    total: Decimal | None
    """``None`` when it is unknown; of a month also when that of one of its days is."""


class ForecastPoint(TypedDict):
    """What a day or a month will cost."""

    date: datetime
    """When it starts."""
    day: str
    """The day on which it starts, by the calendar of the time zone."""
    predicted: Decimal
    lower_bound: Decimal
    upper_bound: Decimal
    basis: Literal["days", "months"]
    """Whether it is a day or the sum of days, or follows from the months before."""


class Analysis(TypedDict):
    """What a forecast is judged by."""

    trend: Literal["increasing", "stable", "decreasing"] | None
    """Above a growth of 0.01 a month, within it, below -0.01."""
    monthly_growth_rate: Decimal | None
    """By how much of itself the cost of a day grows in a month: 0.02 is two hundredths."""
    confidence: Literal["high", "medium", "low"]
    """``"high"`` up to a ``relative_width`` of 0.1, ``"medium"`` up to 0.3."""
    relative_width: Decimal | None
    """Half the width of all intervals by what is expected."""
    model: str
    """The model, with what it chose."""


class GroupForecast(Dimensions):
    """The forecast of a group."""

    total: Decimal
    """What it cost in the time that was looked at."""
    historical: list[PastPoint]
    predictions: list[ForecastPoint]
    """Empty when nothing can be told."""
    analysis: Analysis | None
    reason: str | None
    """Why nothing can be told."""


class LevelCoverage(TypedDict):
    """What the intervals of a level were worth."""

    level: Decimal
    coverage: Decimal
    """The share of days or months that lay within."""


class BacktestOrigin(TypedDict):
    """A forecast as it would have been made."""

    through: str
    """The last day that it knew."""
    predicted: Decimal
    actual: Decimal
    smape: Decimal
    mase: Decimal | None
    coverage: list[LevelCoverage]
    model: str


class SeriesForecast(TypedDict):
    """The values to come of a plain series."""

    model: str
    """The model, with what it chose."""
    mean: list[float]
    lower: dict[str, list[float]]
    """By level: ``{"0.95": [...]}``."""
    upper: dict[str, list[float]]
    fitted: list[float | None]
    """What the model expected of each value one step before."""
    season_length: int


class LevelScore(TypedDict):
    """What the intervals of a level were worth on a plain series."""

    level: float
    coverage: float
    msis: float | None


class SeriesBacktest(TypedDict):
    """How well a model would have done on a plain series."""

    origins: int
    smape: float
    mase: float | None
    rmsse: float | None
    levels: list[LevelScore]


class Series(TypedDict):
    """A series as a model of yours is given it."""

    values: list[float | None]
    """``None`` is unknown."""
    season_length: int
    start: Any
    """The ``datetime.date`` of the first value; ``None`` where it is not known."""
    frequency: Frequency | None
    non_negative: bool
    """Whether forecasts are to stop at zero."""


class Forecaster(Protocol):
    """A model of yours, given to ``iof.open``. With an attribute ``name`` it is known by that as well."""

    def forecast(self, series: Series, horizon: int, levels: Sequence[float], /) -> Mapping[str, Any] | None:
        """Gives ``{"mean": [...], "lower": {"0.8": [...]}, "upper": {"0.8": [...]}}``, lists of ``horizon`` numbers.

        The keys are the levels as ``str`` writes them. ``"model"`` may say what it is called in answers.

        ``None`` says that the known values are too few for it: a backtest counts that among ``origins_skipped`` and goes
        on, a forecast raises ``InvalidArgumentError`` with what to do.
        """
