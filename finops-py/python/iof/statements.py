"""Statements of who bears a month, and closing it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ._iof import Engine
from .allocation_results import AllocationClosed, AllocationReport

if TYPE_CHECKING:
    from .allocation_types import ReportStyle
    from .types import CostView

__all__ = ["Statements"]


class Statements:
    """The methods of ``iof.finops.allocation`` that tell and close a month."""

    _engine: Engine

    def report(
        self,
        period: str,
        *,
        style: ReportStyle = "showback",
        cost_center: str | None = None,
        currency: str | None = None,
        view: CostView = "effective",
    ) -> AllocationReport:
        """Who bears a month, as a statement for each cost centre and currency.

        ``closing`` is the sum of ``opening``, ``charges`` (of its own), ``shared``, ``idle`` and ``corrections``. A
        closed month is told as it was closed, an open one as it is now. A handle that is narrowed gets the statements
        of the centres that its user answers for.

        Args:
            period: A calendar month of UTC such as ``"2024-01"``.
            style: ``"showback"`` shows everything, also what nobody bears; ``"chargeback"`` what centres bear, with a
                number on each statement.
            cost_center: Only the statements of that centre.
            currency: Only those in that currency. Nothing is converted.
            view: Which of the four costs is told. All are shared out by the weights of the effective one.

        Returns:
            ``period``, ``period_start``, ``period_end``, ``style``, ``view``, ``status`` (``"open"`` or ``"closed"``),
            ``estimated``, ``closed_at``; ``totals`` by currency; ``statements``, those to whom the month adds most
            first, with budget, owner, parent and ``with_children``; ``unallocated``; ``corrections`` of closed months;
            ``snapshot``.

        Raises:
            InvalidArgumentError: The period is no month.
            ConflictError: Rules hold the same charge, or one says so.

        Example:
            >>> from iof import Iof
            >>> report = Iof.open().finops.allocation.report("2024-01")
            >>> report["status"], report["statements"]
            ('open', [])
        """
        params = {"period": period, "style": style, "cost_center": cost_center, "currency": currency, "view": view}
        return AllocationReport(self._engine.call("allocation.report", params))

    def close(self, period: str) -> AllocationClosed:
        """Closes a month that has ended: who bears what of it stays as it is now, and its report never changes.

        What changes later corrects it in the next month that is open, and is booked when that one is closed. Any month
        that has ended may be closed, once.

        Args:
            period: A calendar month of UTC such as ``"2024-01"``.

        Returns:
            ``period``, ``period_start``, ``period_end``, ``closed_at``, the number of ``lines`` that are kept,
            ``totals`` by currency in effective cost, ``corrections`` of earlier months that were booked with it,
            ``findings``, ``snapshot``.

        Raises:
            ConflictError: It has not ended, or is closed already; or the engine is open for reading.
            InvalidArgumentError: The period is no month.

        Example:
            >>> from iof import Iof
            >>> Iof.open(now="2024-02-03T00:00:00Z").finops.allocation.close("2024-01")["lines"]
            0
        """
        return AllocationClosed(self._engine.call("allocation.close", {"period": period}))
