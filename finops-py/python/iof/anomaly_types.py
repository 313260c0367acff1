"""The shapes of anomalies and of who watches for them. See also ``iof.types``."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any, Literal, Protocol, TypedDict

from .forecast_types import Series
from .types import CostView, Dimensions, Filter

__all__ = [
    "AnomalyDetector",
    "AnomalyDirection",
    "AnomalyDriver",
    "AnomalyFeedback",
    "AnomalyKind",
    "AnomalyMonitor",
    "AnomalyPeriod",
    "AnomalySettings",
    "AnomalyStatus",
    "AnomalyUsage",
    "CostAnomaly",
    "Feedback",
    "FeedbackFilter",
    "FeedbackKept",
    "SeriesAnomalies",
    "SeriesAnomaly",
    "UsageChange",
]

AnomalyKind = Literal[
    "spike", "drop", "level_shift", "ramp", "onset", "disappearance", "contextual", "credit"
]
"""What an anomaly looks like, as far as is known: a spike that stays becomes a level shift."""

AnomalyDirection = Literal["up", "down"]
"""On which side of the expected an anomaly lies."""

AnomalyStatus = Literal["ongoing", "ended"]
"""Whether the next day may still belong to an anomaly."""

Feedback = Literal["expected", "not_useful", "useful"]
"""What somebody thinks of an anomaly. When the like of what was expected comes again, nobody is told."""

FeedbackFilter = Literal["expected", "not_useful", "useful", "none"]
"""Which feedback to look for; ``"none"`` are anomalies of which nobody has said anything."""


class AnomalyFeedback(TypedDict):
    """What was said of an anomaly."""

    anomaly_id: str
    feedback: Feedback
    note: str | None
    given_by: str
    """The id of a user, or what the host calls itself."""
    given_at: datetime


class FeedbackKept(TypedDict):
    """What is said of an anomaly from now on."""

    id: str
    feedback: AnomalyFeedback | None


class AnomalyDriver(TypedDict):
    """A value of a dimension that cost other than before."""

    dimension: str
    """Such as ``"service"``."""
    value: str | None
    name: str | None
    """What the catalogue calls it."""
    expected: Decimal
    """The mean of the same weekdays of the six weeks before, over at most the first 28 days of the anomaly."""
    actual: Decimal
    impact: Decimal
    share: Decimal | None
    """Of the change of all values of the dimension; above 1 where others changed the other way."""


class UsageChange(TypedDict):
    """How the usage of a meter went."""

    meter: str
    """Its key in answers about usage, such as ``"api_calls"``."""
    expected: Decimal
    actual: Decimal
    change_pct: Decimal | None
    """In percent."""


class AnomalyUsage(TypedDict):
    """How metered usage of the same scope went during an anomaly."""

    changed_with_usage: bool | None
    """Whether usage of some meter changed in the same direction, and by at least half as many percent as the cost."""
    meters: list[UsageChange]
    """Those that changed most, at most five."""


class CostAnomaly(TypedDict):
    """Days on which a group cost other than expected."""

    id: str
    """The same while it grows, whatever it was asked for with."""
    start: str
    """Its first day, such as ``"2024-03-20"``."""
    end: str
    """Its last day so far."""
    duration_days: int
    group: Dimensions
    """The values of its group; nothing without groups."""
    expected: Decimal
    """An estimate, at four decimals more than the currency has."""
    actual: Decimal
    """Exact."""
    impact: Decimal
    impact_pct: Decimal | None
    """In percent of what was expected."""
    score: Decimal
    """How far its farthest day lies from the expected, in half-widths of the 95 % band."""
    direction: AnomalyDirection
    kind: AnomalyKind
    ongoing: bool
    drivers: list[AnomalyDriver]
    """What drove it, the dimension first whose make-up changed most."""
    usage: AnomalyUsage | None
    """``None`` where nothing is metered, and where usage knows nothing of the group."""
    feedback: AnomalyFeedback | None
    recurs: str | None
    """The anomaly, said to be expected, that this one repeats."""


class AnomalyPeriod(TypedDict):
    """What was looked at."""

    days: int
    start: str
    end: str
    threshold: Decimal
    minimum_impact: Decimal


class AnomalyMonitor(TypedDict):
    """Who watches for anomalies, and for which."""

    id: str
    name: str
    filter: Filter
    group_by: list[str]
    threshold: Decimal
    minimum_impact: Decimal
    days: int
    view: CostView
    currency: str | None
    exchange_rates: dict[str, Decimal]
    time_zone: str
    enabled: bool
    tenant_id: str | None
    """Whose costs it watches: what the handle was narrowed to that made it."""
    organization_id: str | None
    user_id: str | None
    created_at: datetime
    updated_at: datetime
    looked_at: datetime | None
    """When this engine last looked for it."""
    error: str | None
    """Why it could not be told anything then."""


class AnomalySettings(TypedDict):
    """How sure a detector is to be."""

    threshold: float
    """How far from the expected a value must lie, in half-widths of the 95 % band."""
    minimum_impact: float
    """What an anomaly must cost or save."""


class AnomalyDetector(Protocol):
    """Who says which values of a series are other than expected. May have a ``name``, which answers tell."""

    def detect(self, series: Series, settings: AnomalySettings, /) -> dict[str, Any]:
        """What is unusual: ``{"anomalies": [{"start_index", "end_index", "expected", "score", "kind", "ongoing"}]}``.

        ``end_index`` is inclusive and by default ``start_index``; ``expected`` is the sum over its values; ``score`` is
        in half-widths of the 95 % band; ``kind`` is by default ``"spike"`` or ``"drop"``, ``ongoing`` false.
        """
        ...


class SeriesAnomaly(TypedDict):
    """An anomaly of a plain series, as far as is known."""

    start_index: int
    """The place of its first value, counted from 0. It never changes."""
    end_index: int
    """The place of its last value, inclusive."""
    kind: AnomalyKind
    direction: AnomalyDirection
    expected: float
    """What was expected of its known values together."""
    actual: float
    impact: float
    """``actual - expected``."""
    score: float
    """How far its farthest value lies from the expected, in half-widths of the 95 % band."""
    ongoing: bool
    """Whether the next value may still belong to it."""


class SeriesAnomalies(TypedDict):
    """What is unusual in a plain series."""

    expected: list[float | None]
    """What was expected of each value before it was known; ``None`` while too little was."""
    anomalies: list[SeriesAnomaly]
    """By their start; no two overlap."""
