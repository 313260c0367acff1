"""Days on which costs were other than expected: finding them, saying what they were, being told of them."""

from __future__ import annotations

from collections.abc import Mapping
from types import EllipsisType
from typing import TYPE_CHECKING, cast

from ._iof import Engine
from .anomaly_results import AnomalyMonitorPage, CostAnomalies

if TYPE_CHECKING:
    from .anomaly_types import AnomalyMonitor, AnomalyStatus, Feedback, FeedbackFilter, FeedbackKept
    from .types import AsOf, CostView, Deleted, Filter, GroupBy, Number

__all__ = ["Anomalies", "AnomalyMonitors"]


class Anomalies:
    """The part of ``iof.finops.costs`` that finds anomalies."""

    _engine: Engine

    def anomalies(
        self,
        *,
        days: int = 30,
        threshold: Number = 2,
        minimum_impact: Number = 0,
        group_by: GroupBy | None = None,
        filter: Filter | None = None,
        currency: str | None = None,
        view: CostView = "effective",
        exchange_rates: Mapping[str, Number] | None = None,
        time_zone: str = "UTC",
        status: AnomalyStatus | None = None,
        feedback: FeedbackFilter | None = None,
        limit: int = 20,
        as_of: AsOf | None = None,
    ) -> CostAnomalies:
        """Days on which costs were other than expected: what was expected and what was paid, and what drove it.

        Days are looked at up to last night; those that bills do not cover as a whole are no evidence. What is known of
        400 days says what is expected.

        Args:
            days: Anomalies that touch the last so many days, 1 to 365, today not counted.
            threshold: How far from the expected a day must lie, in half-widths of the 95 % band around it: above 0 and
                up to 100. 2 is about 4 sigma.
            minimum_impact: What an anomaly must cost or save to be told, in the currency of the answer.
            group_by: A dimension such as ``"service"``, or several: each group has anomalies of its own.
            filter: Which charges count, such as ``{"provider": "AWS"}``.
            currency: The currency of the answer. By default the one that all charges have.
            view: Which cost is looked at.
            exchange_rates: What one unit of each other currency is worth in ``currency``.
            time_zone: Where days begin, such as ``"Europe/Berlin"``.
            status: Only those that go on, or are over.
            feedback: Only those of which that was said.
            limit: How many, those of the largest impact, 1 to 100.
            as_of: As of which state of the store: its number, or an instant. By default the present one.

        Returns:
            ``anomalies``, those of the largest impact first: ``{"id", "start", "end", "duration_days", "group",
            "expected", "actual", "impact", "impact_pct", "score", "direction", "kind", "ongoing", "drivers", "usage",
            "feedback", "recurs"}``; ``count`` of all; ``period``; ``groups_judged``, and ``groups_too_short``, of which
            fewer than four weeks are known; ``detector``, ``time_zone``, ``currency``, ``view``; ``data_health``;
            ``snapshot``.

        Raises:
            InvalidArgumentError: An argument cannot be read, or there are more than 10,000 groups.
            MixedCurrenciesError: Charges have several currencies and no rates were given.

        Example:
            >>> from iof import Iof
            >>> found = Iof.open(now="2024-03-01T12:00:00Z").finops.costs.anomalies(group_by="service")
            >>> found["count"], found["period"]["end"]
            (0, '2024-02-29')
        """
        params = {
            "days": days,
            "threshold": threshold,
            "minimum_impact": minimum_impact,
            "group_by": group_by,
            "filter": filter,
            "currency": currency,
            "view": view,
            "exchange_rates": exchange_rates,
            "time_zone": time_zone,
            "status": status,
            "feedback": feedback,
            "limit": limit,
            "as_of": as_of,
        }
        return CostAnomalies(self._engine.call("costs.anomalies", params))

    def anomaly_feedback(self, id: str, feedback: Feedback | None, *, note: str | None = None) -> FeedbackKept:
        """Remembers what somebody says of an anomaly; ``None`` forgets it. A tenant says it for itself.

        What was expected is announced to nobody any more, and neither is the like of it: an anomaly of the same group
        and direction that begins whole months later, at most a day off the same day of the month, and is no more than
        half as large again.

        Args:
            id: Which anomaly: ``"ano_..."``.
            feedback: What it was.
            note: Why.

        Raises:
            InvalidArgumentError: It is no id, or the note is too long.
            ConflictError: Something was said of 10,000 other anomalies already, on handles that are narrowed like this.

        Example:
            >>> from iof import Iof
            >>> costs = Iof.open().finops.costs
            >>> kept = costs.anomaly_feedback("ano_01hr5zqg000000000000000000", "expected", note="yearly fee")
            >>> kept["feedback"]["feedback"], kept["feedback"]["given_by"]
            ('expected', 'host')
        """
        params = {"id": id, "feedback": feedback, "note": note}
        return cast("FeedbackKept", self._engine.call("costs.anomaly_feedback", params))


class AnomalyMonitors:
    """Who is told of anomalies, as ``iof.finops.anomaly_monitors``.

    ``finops.tick`` lets each monitor look when charges have come, and writes an event ``finops.anomaly.detected`` for
    each anomaly that it finds, once to each narrowing. On a narrowed handle a monitor watches what is the handle's.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def create(
        self,
        name: str,
        *,
        filter: Filter | None = None,
        group_by: GroupBy | None = None,
        threshold: Number = 2,
        minimum_impact: Number = 0,
        days: int = 7,
        view: CostView = "effective",
        currency: str | None = None,
        exchange_rates: Mapping[str, Number] | None = None,
        time_zone: str = "UTC",
        enabled: bool = True,
    ) -> AnomalyMonitor:
        """Makes a monitor and gives it back.

        Args:
            name: What people call it.
            filter: Which charges it watches. By default all.
            group_by: What it watches one by one. By default everything together.
            threshold: How far from the expected a day must lie, in half-widths of the 95 % band.
            minimum_impact: What an anomaly must cost or save to be told.
            days: It tells of anomalies that touch the last so many days that bills cover, 1 to 365.
            view: Which cost it looks at.
            currency: The currency of the amounts. By default the one that all charges have.
            exchange_rates: What one unit of each other currency is worth in ``currency``.
            time_zone: Where days begin.
            enabled: Whether it watches.

        Raises:
            InvalidArgumentError: An argument cannot be read.
            ConflictError: The tenant, or else the organization or the platform, has 1,000 monitors already.

        Example:
            >>> from iof import Iof
            >>> monitors = Iof.open().finops.anomaly_monitors
            >>> made = monitors.create("Services", group_by="service", minimum_impact=100)
            >>> made["group_by"], made["looked_at"]
            (['service'], None)
        """
        params = {
            "name": name,
            "filter": filter,
            "group_by": group_by,
            "threshold": threshold,
            "minimum_impact": minimum_impact,
            "days": days,
            "view": view,
            "currency": currency,
            "exchange_rates": exchange_rates,
            "time_zone": time_zone,
            "enabled": enabled,
        }
        return cast("AnomalyMonitor", self._engine.call("anomaly_monitors.create", params))

    def get(self, id: str) -> AnomalyMonitor:
        """A monitor.

        Raises:
            NotFoundError: There is none.

        Example:
            >>> from iof import Iof
            >>> monitors = Iof.open().finops.anomaly_monitors
            >>> monitors.get(monitors.create("All")["id"])["name"]
            'All'
        """
        return cast("AnomalyMonitor", self._engine.call("anomaly_monitors.get", {"id": id}))

    def list(self, *, limit: int = 20, offset: int = 0) -> AnomalyMonitorPage:
        """A page of monitors in the order of their making.

        Example:
            >>> from iof import Iof
            >>> Iof.open().finops.anomaly_monitors.list()["count"]
            0
        """
        return AnomalyMonitorPage(self._engine.call("anomaly_monitors.list", {"limit": limit, "offset": offset}))

    def update(
        self,
        id: str,
        *,
        name: str | EllipsisType = ...,
        filter: Filter | None | EllipsisType = ...,
        group_by: GroupBy | None | EllipsisType = ...,
        threshold: Number | None | EllipsisType = ...,
        minimum_impact: Number | None | EllipsisType = ...,
        days: int | None | EllipsisType = ...,
        view: CostView | None | EllipsisType = ...,
        currency: str | None | EllipsisType = ...,
        exchange_rates: Mapping[str, Number] | None | EllipsisType = ...,
        time_zone: str | None | EllipsisType = ...,
        enabled: bool | None | EllipsisType = ...,
    ) -> AnomalyMonitor:
        """Changes what is given and gives the monitor back; ``None`` takes back what it says. See :meth:`create`.

        Raises:
            InvalidArgumentError: An argument cannot be read.
            NotFoundError: There is none.

        Example:
            >>> from iof import Iof
            >>> monitors = Iof.open().finops.anomaly_monitors
            >>> made = monitors.create("All", threshold=3)
            >>> monitors.update(made["id"], threshold=None, enabled=False)["threshold"]
            Decimal('2')
        """
        changes = {
            "name": name,
            "filter": filter,
            "group_by": group_by,
            "threshold": threshold,
            "minimum_impact": minimum_impact,
            "days": days,
            "view": view,
            "currency": currency,
            "exchange_rates": exchange_rates,
            "time_zone": time_zone,
            "enabled": enabled,
        }
        # Below, what is not given is None, and an ellipsis stands for null.
        given = {name: ... if value is None else value for name, value in changes.items() if value is not ...}
        return cast("AnomalyMonitor", self._engine.call("anomaly_monitors.update", {"id": id, **given}))

    def delete(self, id: str) -> Deleted:
        """Removes a monitor. What it announced stays announced.

        Raises:
            NotFoundError: There is none.

        Example:
            >>> from iof import Iof
            >>> monitors = Iof.open().finops.anomaly_monitors
            >>> monitors.delete(monitors.create("All")["id"])
            {'deleted': True}
        """
        return cast("Deleted", self._engine.call("anomaly_monitors.delete", {"id": id}))
