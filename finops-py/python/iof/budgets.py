"""Budgets: how much may be spent on what, and what happens at which share of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import EllipsisType
from typing import TYPE_CHECKING, Literal, cast

from ._iof import Engine
from .budget_results import BudgetPage, BudgetStatus
from .gate import Gate

if TYPE_CHECKING:
    from .budget_types import (
        AllowanceChanges,
        AllowanceParams,
        Budget,
        BudgetLifecycle,
        BudgetMade,
        BudgetPeriod,
        BudgetScope,
        ScopeLevel,
        ThresholdParams,
    )
    from .types import CostView, Deleted, Filter, Number

__all__ = ["BudgetAlerts", "Budgets"]


class Budgets(Gate):
    """Budgets and their gate, as ``iof.finops.budgets``.

    What a budget has spent always is the answer of the cost query for its scope, view and period. A threshold that
    pauses is what the gate holds: spent and reserved together never pass it. A narrowed handle has the budgets that
    are for its tenant, its organization or its user.
    """

    def create(
        self,
        name: str,
        scope: BudgetScope,
        budget: AllowanceParams,
        thresholds: Iterable[ThresholdParams],
        *,
        description: str | None = None,
        organization_id: str | None = None,
        filter: Filter | None = None,
        view: CostView = "effective",
        zero_cost: Literal["allow", "deny"] = "allow",
        rearm: bool = False,
        exchange_rates: Mapping[str, Number] | None = None,
        enabled: bool = True,
    ) -> BudgetMade:
        """Makes a budget. What it covers counts from the start of its present period, whenever it came.

        Args:
            name: What people call it.
            scope: What it is for: ``{"level": "tenant", "id": "ten_001"}``, ``{"level": "tag", "id": "env=prod"}``,
                ``{"level": "platform"}``.
            budget: How much in which period: ``{"amount": 10000, "currency": "USD", "type": "recurring",
                "period": "monthly", "reset_day": 1, "time_zone": "Europe/Berlin"}``.
            thresholds: 1 to 20: ``[{"percent": 75, "action": "alert"}, {"percent": 100, "action": "pause"}]``, with
                ``"basis": "forecasted"`` by what will have been spent at the end of the period.
            description: What it is good for.
            organization_id: Whose it is; it then covers only what is that organization's.
            filter: What its charges must also be; no virtual dimensions.
            view: Which cost of a charge counts.
            zero_cost: What the gate does with a spend of nothing when the budget is used up.
            rearm: Whether a threshold that was left by a refund is told of again when it is crossed again.
            exchange_rates: What other currencies are worth in that of the budget.
            enabled: Whether it is in force.

        Raises:
            InvalidArgumentError: No budget can be so.
            NotFoundError: There is no such cost centre.
            ForbiddenError: On a narrowed handle, the budget would be another's.
            ConflictError: There are 100,000 already.

        Example:
            >>> from iof import Iof
            >>> finops = Iof.open(now="2026-01-15T00:00:00Z").finops
            >>> made = finops.budgets.create(
            ...     "Q1 AI spend",
            ...     {"level": "organization", "id": "org_xyz"},
            ...     {"amount": 10000, "currency": "USD", "type": "recurring", "period": "monthly", "reset_day": 1},
            ...     [{"percent": 75, "action": "alert"}, {"percent": 100, "action": "pause"}],
            ... )
            >>> finops.get_budget_status(made["budget_id"])["remaining"]
            Decimal('10000')
        """
        params = {
            "name": name,
            "scope": scope,
            "budget": budget,
            "thresholds": list(thresholds),
            "description": description,
            "organization_id": organization_id,
            "filter": filter,
            "view": view,
            "zero_cost": zero_cost,
            "rearm": rearm,
            "exchange_rates": exchange_rates,
            "enabled": enabled,
        }
        return cast("BudgetMade", self._engine.call("budgets.create", params))

    def list(
        self,
        *,
        scope_level: ScopeLevel | None = None,
        scope_id: str | None = None,
        organization_id: str | None = None,
        status: BudgetLifecycle | None = None,
        limit: int = 20,
        offset: int = 0,
    ) -> BudgetPage:
        """A page of budgets in the order of their making, those of cost centres last.

        Args:
            scope_level: Only those of that level.
            scope_id: Only those for that one.
            organization_id: Only those of that organization.
            status: Only those that are so.
            limit: How many, 1 to 1000.
            offset: How many to leave out before.

        Returns:
            ``count`` (how many there are on all pages), ``limit``, ``offset``, ``items``.

        Example:
            >>> from iof import Iof
            >>> Iof.open().finops.budgets.list(status="exhausted")["items"]
            []
        """
        params = {
            "scope_level": scope_level,
            "scope_id": scope_id,
            "organization_id": organization_id,
            "status": status,
            "limit": limit,
            "offset": offset,
        }
        return BudgetPage(self._engine.call("budgets.list", params))

    def get(self, id: str) -> Budget:
        """A budget, with the status that it has now.

        Raises:
            NotFoundError: There is none with that id.

        Example:
            >>> from iof import Iof
            >>> finops = Iof.open().finops
            >>> made = finops.set_budget_alert(rail="trade-finance", amount=5000)
            >>> finops.budgets.get(made["budget_id"])["name"]
            'rail trade-finance monthly'
        """
        return cast("Budget", self._engine.call("budgets.get", {"id": id}))

    def update(
        self,
        id: str,
        *,
        name: str | EllipsisType = ...,
        description: str | None | EllipsisType = ...,
        organization_id: str | None | EllipsisType = ...,
        scope: BudgetScope | EllipsisType = ...,
        filter: Filter | None | EllipsisType = ...,
        budget: AllowanceChanges | EllipsisType = ...,
        thresholds: Iterable[ThresholdParams] | EllipsisType = ...,
        view: CostView | EllipsisType = ...,
        zero_cost: Literal["allow", "deny"] | EllipsisType = ...,
        rearm: bool | EllipsisType = ...,
        exchange_rates: Mapping[str, Number] | None | EllipsisType = ...,
        enabled: bool | EllipsisType = ...,
    ) -> Budget:
        """Changes a budget: what is given takes the place of what it says, ``None`` takes back what it says.

        What is not given stays, in ``budget`` too. What was spent is compared with it at once.

        Raises:
            NotFoundError: There is none with that id, or no such cost centre.
            InvalidArgumentError: No budget can be so.
            ConflictError: It is that of a cost centre, and changes with it.

        Example:
            >>> from iof import Iof
            >>> finops = Iof.open().finops
            >>> id = finops.set_budget_alert(tenant="ten_001", amount=100)["budget_id"]
            >>> changed = finops.budgets.update(id, budget={"amount": 200}, name="More")
            >>> changed["name"], changed["budget"]["amount"], changed["budget"]["period"]
            ('More', Decimal('200'), 'monthly')
        """
        changes = {
            "name": name,
            "description": description,
            "organization_id": organization_id,
            "scope": scope,
            "filter": filter,
            "budget": budget,
            "thresholds": thresholds if thresholds is ... else [*thresholds],
            "view": view,
            "zero_cost": zero_cost,
            "rearm": rearm,
            "exchange_rates": exchange_rates,
            "enabled": enabled,
        }
        # The engine takes `None` for not given and `...` for null: the other way round than people write it.
        given = {field: ... if value is None else value for field, value in changes.items() if value is not ...}
        return cast("Budget", self._engine.call("budgets.update", {"id": id, **given}))

    def pause(self, id: str) -> Budget:
        """Puts a budget out of force: nobody is held up by it, and nothing told of it.

        Raises:
            NotFoundError: There is none with that id.
            ConflictError: It is paused already, or that of a cost centre.

        Example:
            >>> from iof import Iof
            >>> finops = Iof.open().finops
            >>> id = finops.set_budget_alert(tenant="ten_001", amount=100)["budget_id"]
            >>> finops.budgets.pause(id)["status"], finops.budgets.resume(id)["status"]
            ('paused', 'active')
        """
        return cast("Budget", self._engine.call("budgets.pause", {"id": id}))

    def resume(self, id: str) -> Budget:
        """Puts a paused budget into force again. What its period has spent meanwhile counts.

        Raises:
            NotFoundError: There is none with that id.
            ConflictError: It is not paused, or that of a cost centre.

        Example:
            >>> from iof import Iof
            >>> finops = Iof.open().finops
            >>> id = finops.set_budget_alert(tenant="ten_001", amount=100)["budget_id"]
            >>> finops.budgets.resume(id)
            Traceback (most recent call last):
            iof.errors.ConflictError: status: is 'active': such a budget cannot be resumed
        """
        return cast("Budget", self._engine.call("budgets.resume", {"id": id}))

    def delete(self, id: str) -> Deleted:
        """Removes a budget. What was charged stays; what is reserved is held by the others that cover it.

        Raises:
            NotFoundError: There is none with that id.
            ConflictError: It is that of a cost centre, and goes with it.

        Example:
            >>> from iof import Iof
            >>> finops = Iof.open().finops
            >>> finops.budgets.delete(finops.set_budget_alert(tenant="ten_001", amount=100)["budget_id"])
            {'deleted': True}
        """
        return cast("Deleted", self._engine.call("budgets.delete", {"id": id}))


class BudgetAlerts:
    """The part of ``iof.finops`` that is about budgets."""

    _engine: Engine

    def set_budget_alert(
        self,
        *,
        amount: Number,
        name: str | None = None,
        scope: BudgetScope | None = None,
        organization: str | None = None,
        tenant: str | None = None,
        workspace: str | None = None,
        rail: str | None = None,
        cost_center: str | None = None,
        team: str | None = None,
        user: str | None = None,
        provider: str | None = None,
        currency: str | None = None,
        period: BudgetPeriod | None = None,
        alert_threshold_pct: Number | None = None,
        pause_at_pct: Number | None = None,
    ) -> BudgetMade:
        """Makes a budget in few words: an amount a month for one thing, and at which share somebody is told of it.

        Args:
            amount: How much.
            name: What people call it; by default what it is for and how often.
            scope: What it is for, at any level; or one of the next arguments says it.
            organization: The id of an organization.
            tenant: The id of a tenant.
            workspace: The id of a workspace.
            rail: The name of a product line.
            cost_center: The id of a cost centre.
            team: The id of a team.
            user: The id of a user.
            provider: Who sells the service.
            currency: By default that of the engine.
            period: How often it starts anew; by default every month.
            alert_threshold_pct: At which share somebody is told, besides 100 %: 80 and 0.8 mean the same. By default
                80 %.
            pause_at_pct: At which share the gate lets nothing more through: 100 and 1 mean the same. By default at
                none.

        Raises:
            InvalidArgumentError: It is for nothing or for two things, or no budget can be so.

        Example:
            >>> from iof import Iof
            >>> finops = Iof.open().finops
            >>> made = finops.set_budget_alert(
            ...     rail="trade-finance", amount=5000, currency="USD", alert_threshold_pct=0.8
            ... )
            >>> [str(threshold["percent"]) for threshold in finops.budgets.get(made["budget_id"])["thresholds"]]
            ['80', '100']
        """
        params = {
            "amount": amount,
            "name": name,
            "scope": scope,
            "organization": organization,
            "tenant": tenant,
            "workspace": workspace,
            "rail": rail,
            "cost_center": cost_center,
            "team": team,
            "user": user,
            "provider": provider,
            "currency": currency,
            "period": period,
            "alert_threshold_pct": alert_threshold_pct,
            "pause_at_pct": pause_at_pct,
        }
        return cast("BudgetMade", self._engine.call("set_budget_alert", params))

    def get_budget_status(self, id: str) -> BudgetStatus:
        """How a budget stands in the period that holds now.

        Returns:
            ``budget_id``, ``period_start``, ``period_end``, ``amount``, ``currency``, ``spent`` (what the cost query of
            the same filter, view and period answers), ``reserved``, ``remaining``, ``percent``, ``status``
            (``"ON_TRACK"``, ``"WARNING"``, ``"EXCEEDED"`` or ``"CRITICAL"``), ``lifecycle``, ``forecast``,
            ``thresholds_crossed``, ``unknown_costs`` (charges without a cost). What is not known is ``None``.

        Raises:
            NotFoundError: There is none with that id.
            MixedCurrenciesError: Charges are in a currency for which the budget has no rate.

        Example:
            >>> from iof import Iof
            >>> finops = Iof.open().finops
            >>> id = finops.set_budget_alert(tenant="ten_001", amount=100)["budget_id"]
            >>> status = finops.get_budget_status(id)
            >>> status["status"], status["spent"], status["remaining"]
            ('ON_TRACK', Decimal('0'), Decimal('100'))
        """
        return BudgetStatus(self._engine.call("get_budget_status", {"id": id}))
