"""Allocation: who bears what, by which rules."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import EllipsisType
from typing import TYPE_CHECKING, Any, Literal, cast

from ._iof import Engine
from .allocation_results import AllocationCoverage, AllocationRulePage, AllocationRun, AllocationWhatIf
from .statements import Statements

if TYPE_CHECKING:
    from .allocation_types import (
        AllocationFallback,
        AllocationIdle,
        AllocationMethod,
        AllocationRule,
        AllocationTargetParams,
        AllocationTierParams,
        MeterBase,
    )
    from .types import AsOf, CostView, Deleted, Filter, GroupBy, Number, Time

__all__ = ["Allocation", "AllocationRules"]


class AllocationRules:
    """Rules of allocation, as ``iof.finops.allocation.rules``."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def create(
        self,
        name: str,
        source: Filter,
        method: AllocationMethod,
        effective_from: Time,
        *,
        targets: Sequence[AllocationTargetParams] | None = None,
        by: str | None = None,
        base: Literal["direct_cost"] | MeterBase | None = None,
        within: Sequence[str] | None = None,
        capacity: Number | None = None,
        tiers: Sequence[AllocationTierParams] | None = None,
        fallback: AllocationFallback | None = None,
        idle: AllocationIdle | None = None,
        order: int | None = None,
        effective_to: Time | None = None,
        currency: str | None = None,
        decimals: int | None = None,
    ) -> AllocationRule:
        """Makes a rule. It holds the charges that its source matches and no rule before it holds, and shares them out.

        Allocations of its time, also of the past, go by it from then on, but for months that were closed.

        Args:
            name: What it is called.
            source: Which charges it holds: ``{"namespace": "platform"}``.
            method: ``"direct"`` (to one target, or ``by`` a dimension), ``"even"``, ``"weighted"``, ``"fixed"``
                (percentages), ``"fixed_amount"``, ``"tiered"``, ``"proportional"`` or ``"idle"`` (the source is idle
                cost, and goes first).
            effective_from: The first instant of charges that it holds: the start of a calendar month in UTC.
            targets: Who bears it: ``[{"cost_center": "cc_...", "percent": 60}, ...]``, with ``percent``, ``weight``,
                ``amount`` or ``value`` as the method wants, and nothing else.
            by: Of ``"direct"``: the dimension whose values say whose a charge is. Without ``targets`` they are ids or
                names of cost centres.
            base: Of ``"proportional"``: ``"direct_cost"``, the default, or ``{"meter": SLUG}``.
            within: Of ``"proportional"`` to direct cost and ``"idle"``: dimensions by whose values the source is cut;
                each cut goes only to cost with the same values.
            capacity: Of ``"proportional"`` to a meter: how much of it the source could serve in a month. What was not
                used is idle cost.
            tiers: Of ``"tiered"``: ``[{"up_to": 1000, "targets": [...]}, {"up_to": None, "targets": [...]}]``.
            fallback: What happens to what cannot be shared out: ``"keep"`` (the default), ``"even"`` or ``"error"``.
            idle: Whether who caused idle cost bears it, ``"share"``, or it stays apart, ``"separate"`` (the default).
            order: Its stage; lower ones hold charges first. By default 0.
            effective_to: The first instant that it holds no more: the start of a calendar month in UTC.
            currency: Of ``"fixed_amount"`` and ``"tiered"``: that of the amounts.
            decimals: To how many decimals shares are cut, 0 to 18. What the source has beyond them goes along.

        Raises:
            InvalidArgumentError: No rule can be so, alone or beside the others.

        Example:
            >>> from iof import Iof
            >>> finops = Iof.open().finops
            >>> shop = finops.create_cost_center("Shop", "custom", filter={"namespace": "shop"})
            >>> search = finops.create_cost_center("Search", "custom", filter={"namespace": "search"})
            >>> rule = finops.allocation.rules.create(
            ...     "platform", {"namespace": "platform"}, "fixed", "2024-01-01T00:00:00Z",
            ...     targets=[{"cost_center": shop["id"], "percent": 60}, {"cost_center": search["id"], "percent": 40}],
            ... )
            >>> rule["targets"][0]["percent"]
            Decimal('60')
        """
        params = {
            "name": name,
            "source": source,
            "method": method,
            "effective_from": effective_from,
            "targets": targets,
            "by": by,
            "base": base,
            "within": within,
            "capacity": capacity,
            "tiers": tiers,
            "fallback": fallback,
            "idle": idle,
            "order": order,
            "effective_to": effective_to,
            "currency": currency,
            "decimals": decimals,
        }
        return cast("AllocationRule", self._engine.call("allocation.rules.create", params))

    def get(self, id: str) -> AllocationRule:
        """A rule.

        Raises:
            NotFoundError: There is none with that id.

        Example:
            >>> from iof import Iof
            >>> finops = Iof.open().finops
            >>> shop = finops.create_cost_center("Shop", "custom", filter={"namespace": "shop"})
            >>> rule = finops.allocation.rules.create(
            ...     "platform", {"namespace": "platform"}, "even", "2024-01-01T00:00:00Z",
            ...     targets=[{"cost_center": shop["id"]}],
            ... )
            >>> finops.allocation.rules.get(rule["id"]) == rule
            True
        """
        return cast("AllocationRule", self._engine.call("allocation.rules.get", {"id": id}))

    def list(self, *, limit: int = 20, offset: int = 0) -> AllocationRulePage:
        """A page of rules, in the order in which they hold charges.

        Args:
            limit: How many, 1 to 1000.
            offset: How many to leave out before.

        Returns:
            ``count`` (how many there are on all pages), ``limit``, ``offset``, ``items``.

        Example:
            >>> from iof import Iof
            >>> Iof.open().finops.allocation.rules.list()["items"]
            []
        """
        return AllocationRulePage(self._engine.call("allocation.rules.list", {"limit": limit, "offset": offset}))

    def update(
        self,
        id: str,
        *,
        name: str | EllipsisType = ...,
        source: Filter | EllipsisType = ...,
        method: AllocationMethod | EllipsisType = ...,
        effective_from: Time | EllipsisType = ...,
        targets: Sequence[AllocationTargetParams] | None | EllipsisType = ...,
        by: str | None | EllipsisType = ...,
        base: Literal["direct_cost"] | MeterBase | None | EllipsisType = ...,
        within: Sequence[str] | None | EllipsisType = ...,
        capacity: Number | None | EllipsisType = ...,
        tiers: Sequence[AllocationTierParams] | None | EllipsisType = ...,
        fallback: AllocationFallback | None | EllipsisType = ...,
        idle: AllocationIdle | None | EllipsisType = ...,
        order: int | None | EllipsisType = ...,
        effective_to: Time | None | EllipsisType = ...,
        currency: str | None | EllipsisType = ...,
        decimals: int | None | EllipsisType = ...,
    ) -> AllocationRule:
        """Changes a rule: what is given takes the place of what it says, ``None`` takes back what it says.

        What is not given stays. The arguments are those of :meth:`create`. With another ``method``, the fields of the
        one before go.

        Raises:
            NotFoundError: There is none with that id.
            InvalidArgumentError: No rule can be so, alone or beside the others.

        Example:
            >>> from iof import Iof
            >>> finops = Iof.open().finops
            >>> shop = finops.create_cost_center("Shop", "custom", filter={"namespace": "shop"})
            >>> rule = finops.allocation.rules.create(
            ...     "platform", {"namespace": "platform"}, "even", "2024-01-01T00:00:00Z",
            ...     targets=[{"cost_center": shop["id"]}],
            ... )
            >>> finops.allocation.rules.update(rule["id"], method="proportional", order=2)["base"]
            'direct_cost'
        """
        changes = {
            "name": name,
            "source": source,
            "method": method,
            "effective_from": effective_from,
            "targets": targets,
            "by": by,
            "base": base,
            "within": within,
            "capacity": capacity,
            "tiers": tiers,
            "fallback": fallback,
            "idle": idle,
            "order": order,
            "effective_to": effective_to,
            "currency": currency,
            "decimals": decimals,
        }
        # The engine takes `None` for not given and `...` for null: the other way round than people write it.
        given = {field: ... if value is None else value for field, value in changes.items() if value is not ...}
        return cast("AllocationRule", self._engine.call("allocation.rules.update", {"id": id, **given}))

    def delete(self, id: str) -> Deleted:
        """Removes a rule. Allocations of any time do without it from then on, but for months that were closed.

        Raises:
            NotFoundError: There is none with that id.

        Example:
            >>> from iof import Iof
            >>> finops = Iof.open().finops
            >>> shop = finops.create_cost_center("Shop", "custom", filter={"namespace": "shop"})
            >>> rule = finops.allocation.rules.create(
            ...     "platform", {"namespace": "platform"}, "even", "2024-01-01T00:00:00Z",
            ...     targets=[{"cost_center": shop["id"]}],
            ... )
            >>> finops.allocation.rules.delete(rule["id"])
            {'deleted': True}
        """
        return cast("Deleted", self._engine.call("allocation.rules.delete", {"id": id}))


class Allocation(Statements):
    """Who bears what, as ``iof.finops.allocation``."""

    rules: AllocationRules
    """The rules by which cost is shared out."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.rules = AllocationRules(engine)

    def run(
        self,
        *,
        period: str | None = None,
        window: str | None = None,
        start_date: Time | None = None,
        end_date: Time | None = None,
        view: CostView = "effective",
        filter: Filter | None = None,
        group_by: GroupBy | None = None,
        currency: str | None = None,
        time_zone: str = "UTC",
        limit: int | None = None,
        offset: int | None = None,
        as_of: AsOf | None = None,
    ) -> AllocationRun:
        """Who bears what a period cost: own charges, shares of pools and of idle cost, and what nobody bears.

        What comes out is what came in, to the last digit, in every currency and each of the four costs.

        Args:
            period: A period such as ``"2024-01"``. Without any time: the thirty days up to tonight.
            window: Instead, a window such as ``"lastmonth"``.
            start_date: Instead, the first day; a date is its midnight in ``time_zone``.
            end_date: And the end, exclusive.
            view: The cost that bases are taken from and that is given as ``cost``. All four are shared out alike.
            filter: Which lines to give, after everything is shared out: by ``cost_center``, who bears or caused it, and
                by the values of the direct cost in whose favour a line is.
            group_by: What else to tell items apart by.
            currency: Only what is charged in that currency. By default each by itself; nothing is converted.
            time_zone: Where days begin and periods lie.
            limit: How many items, 1 to 1000. By default all.
            offset: How many items to leave out before.
            as_of: Charges as of which state of the store: its number, or an instant. By default the present one.

        Returns:
            ``period``, ``window_start``, ``window_end``, ``view``; ``currency``, ``total_in`` and ``total_out``,
            ``None`` with several currencies; ``totals`` by currency; ``cost_centers`` with ``cost``, ``direct``,
            ``shared``, ``idle`` and ``unallocated``; ``count`` and ``items``, each with its rule, its ``ratio`` of the
            pool and the ``base`` that it goes by; ``findings``; ``data_health``; ``snapshot``.

        Raises:
            InvalidArgumentError: An argument cannot be read, or usage cannot tell what a rule goes by.
            ConflictError: Two rules of the same order hold the same charge, or a rule says so.

        Example:
            >>> from iof import Iof
            >>> run = Iof.open().finops.allocation.run(period="2024-01", group_by="service")
            >>> run["total_in"], run["items"]
            (None, [])
        """
        params = {
            "period": period,
            "window": window,
            "start_date": start_date,
            "end_date": end_date,
            "view": view,
            "filter": filter,
            "group_by": group_by,
            "currency": currency,
            "time_zone": time_zone,
            "limit": limit,
            "offset": offset,
            "as_of": as_of,
        }
        return AllocationRun(self._engine.call("allocation.run", params))

    def what_if(
        self,
        rules: Sequence[Mapping[str, Any]],
        *,
        period: str | None = None,
        window: str | None = None,
        start_date: Time | None = None,
        end_date: Time | None = None,
        view: CostView = "effective",
        currency: str | None = None,
        time_zone: str = "UTC",
        as_of: AsOf | None = None,
    ) -> AllocationWhatIf:
        """Who would pay more and who less by other rules. Nothing is changed.

        Args:
            rules: The rules in place of all that there are, each with the arguments of ``rules.create`` as keys; one
                may have the ``id`` that it has.
            period: A period such as ``"2024-01"``. Without any time: the thirty days up to tonight.
            window: Instead, a window such as ``"lastmonth"``.
            start_date: Instead, the first day; a date is its midnight in ``time_zone``.
            end_date: And the end, exclusive.
            view: Which cost is allocated.
            currency: Only what is charged in that currency. By default each by itself; nothing is converted.
            time_zone: Where days begin and periods lie.
            as_of: Charges as of which state of the store: its number, or an instant. By default the present one.

        Returns:
            ``items``, the largest change first, each with ``cost_center_id`` (``None`` for what nobody bears),
            ``cost_center_name``, ``currency``, ``before``, ``after``, ``change`` and ``change_pct``; ``changed``, how
            many centres pay more or less; ``findings``; ``data_health``; ``snapshot``.

        Raises:
            InvalidArgumentError: No rules can be so; ``field`` says which.

        Example:
            >>> from iof import Iof
            >>> Iof.open().finops.allocation.what_if([], period="2024-01")["changed"]
            0
        """
        params = {
            "rules": rules,
            "period": period,
            "window": window,
            "start_date": start_date,
            "end_date": end_date,
            "view": view,
            "currency": currency,
            "time_zone": time_zone,
            "as_of": as_of,
        }
        return AllocationWhatIf(self._engine.call("allocation.what_if", params))

    def coverage(
        self,
        *,
        period: str | None = None,
        window: str | None = None,
        start_date: Time | None = None,
        end_date: Time | None = None,
        group_by: GroupBy | None = None,
        filter: Filter | None = None,
        view: CostView = "effective",
        currency: str | None = None,
        time_zone: str = "UTC",
        limit: int = 20,
        as_of: AsOf | None = None,
    ) -> AllocationCoverage:
        """How much of the cost somebody bears, and the largest pieces that nobody does.

        Args:
            period: A period such as ``"2024-01"``. Without any time: the thirty days up to tonight.
            window: Instead, a window such as ``"lastmonth"``.
            start_date: Instead, the first day; a date is its midnight in ``time_zone``.
            end_date: And the end, exclusive.
            group_by: What to tell apart what nobody bears by. By default service and sub-account.
            filter: Which lines to look at, after everything is shared out.
            view: Which cost is allocated.
            currency: Only what is charged in that currency. By default each by itself; nothing is converted.
            time_zone: Where days begin and periods lie.
            limit: How many of the largest pieces to give, 1 to 1000.
            as_of: Charges as of which state of the store: its number, or an instant. By default the present one.

        Returns:
            ``currencies``, each with ``cost``, ``direct``, ``shared``, ``idle``, ``unallocated``, ``attributed`` and
            ``attributed_share``; ``count`` and ``unattributed``, the largest pieces; ``data_health``; ``snapshot``.

        Raises:
            InvalidArgumentError: An argument cannot be read.

        Example:
            >>> from iof import Iof
            >>> Iof.open().finops.allocation.coverage(period="2024-01")["unattributed"]
            []
        """
        params = {
            "period": period,
            "window": window,
            "start_date": start_date,
            "end_date": end_date,
            "group_by": group_by,
            "filter": filter,
            "view": view,
            "currency": currency,
            "time_zone": time_zone,
            "limit": limit,
            "as_of": as_of,
        }
        return AllocationCoverage(self._engine.call("allocation.coverage", params))
