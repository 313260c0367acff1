"""The gate of budgets: whether a spend may happen, holding its amount, and what it came to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from . import _iof
from .spend import Spend

if TYPE_CHECKING:
    from .budget_types import SpendAnswer, SpendCheck, SpendReleased, SpendSettled, UnknownPrice
    from .types import Number

__all__ = ["Gate"]


class Gate:
    """The part of ``iof.finops.budgets`` that lets spends through.

    It answers from memory, in microseconds, and threads may share it. A spend that several budgets cover is taken from
    all of them or from none. What was reserved lives in memory only: opening the engine again releases it.
    """

    def __init__(self, engine: _iof.Engine) -> None:
        self._engine = engine
        self._gate = _iof.Gate(engine)

    def check(
        self,
        *,
        amount: Number | None = None,
        currency: str | None = None,
        on_unknown: UnknownPrice | None = None,
        tenant_id: str | None = None,
        workspace_id: str | None = None,
        rail: str | None = None,
        resource: str | None = None,
        provider: str | None = None,
        organization_id: str | None = None,
        user_id: str | None = None,
        service: str | None = None,
        service_category: str | None = None,
        resource_type: str | None = None,
        resource_id: str | None = None,
        region: str | None = None,
        sub_account: str | None = None,
        cluster: str | None = None,
        namespace: str | None = None,
        component_id: str | None = None,
        team_id: str | None = None,
        cost_center_id: str | None = None,
        resource_group_id: str | None = None,
        model: str | None = None,
        workflow: str | None = None,
        tags: Mapping[str, str] | None = None,
    ) -> SpendCheck:
        """Whether a spend may happen now. Nothing is held: others may come first, unless it is reserved.

        Args:
            amount: What it costs, or may cost at most; ``None`` when that is not known.
            currency: By default that of the engine.
            on_unknown: What happens without an amount: ``"deny"``, the default, refuses; ``"allow"`` lets it through
                with nothing held; ``{"estimate": "0.05"}`` takes that much.
            tenant_id: The tenant. This and the next say what the spend is for, as its charge will: budgets cover it by
                them. A narrowed handle fills in what it is narrowed to.
            workspace_id: The tenant's workspace.
            rail: The product line.
            resource: The metered resource.
            provider: Who sells the service.
            organization_id: The organization.
            user_id: The user.
            service: The provider's service.
            service_category: Its broad purpose.
            resource_type: The kind of resource.
            resource_id: The resource.
            region: The region.
            sub_account: The account within the billing account.
            cluster: The Kubernetes cluster.
            namespace: The Kubernetes namespace.
            component_id: The component.
            team_id: The team.
            cost_center_id: The cost centre.
            resource_group_id: The resource group.
            model: The AI model.
            workflow: The workflow.
            tags: The tags that its charge will have.

        Returns:
            ``decision`` (``"allow"`` or ``"deny"``), ``budgets`` (how many cover it), and when it is refused the
            ``reason`` and ``refused_by``, the budget with its figures.

        Raises:
            InvalidArgumentError: An argument cannot be read.
            MixedCurrenciesError: A budget with a limit counts in another currency.
            ForbiddenError: On a narrowed handle, the spend is another's.

        Example:
            >>> from iof import Iof
            >>> finops = Iof.open().finops
            >>> made = finops.set_budget_alert(tenant="ten_001", amount=10, pause_at_pct=100)
            >>> finops.budgets.check(amount="10.5", tenant_id="ten_001")["refused_by"]["name"]
            'tenant ten_001 monthly'
        """
        return self._gate.check(
            amount,
            currency,
            on_unknown,
            tenant_id,
            workspace_id,
            rail,
            resource,
            provider,
            organization_id,
            user_id,
            service,
            service_category,
            resource_type,
            resource_id,
            region,
            sub_account,
            cluster,
            namespace,
            component_id,
            team_id,
            cost_center_id,
            resource_group_id,
            model,
            workflow,
            tags,
        )

    def reserve(
        self,
        *,
        amount: Number | None = None,
        currency: str | None = None,
        on_unknown: UnknownPrice | None = None,
        tenant_id: str | None = None,
        workspace_id: str | None = None,
        rail: str | None = None,
        resource: str | None = None,
        provider: str | None = None,
        organization_id: str | None = None,
        user_id: str | None = None,
        service: str | None = None,
        service_category: str | None = None,
        resource_type: str | None = None,
        resource_id: str | None = None,
        region: str | None = None,
        sub_account: str | None = None,
        cluster: str | None = None,
        namespace: str | None = None,
        component_id: str | None = None,
        team_id: str | None = None,
        cost_center_id: str | None = None,
        resource_group_id: str | None = None,
        model: str | None = None,
        workflow: str | None = None,
        tags: Mapping[str, str] | None = None,
        ttl_seconds: Number | None = None,
        id: str | None = None,
    ) -> SpendAnswer:
        """Holds the amount of a spend in every budget that covers it, or in none.

        What is neither settled nor released within ``ttl_seconds`` is let go of by itself. :meth:`spend` does all of it
        in a ``with`` block.

        Args:
            amount: What it costs, or may cost at most.
            currency: By default that of the engine.
            on_unknown: What happens without an amount.
            tags: The tags that its charge will have. Those from ``tenant_id`` on are those of :meth:`check`.
            ttl_seconds: For how long it holds: above 0, at most a week; by default 300.
            id: The id of the reservation (``res_...``), where the caller makes it: the same again gets the same answer.

        Returns:
            ``reservation_id`` (``None`` when it is refused), ``decision``, ``budgets``, ``reason``, ``refused_by``,
            ``expires_at``, ``repeated``.

        Raises:
            InvalidArgumentError: An argument cannot be read.
            MixedCurrenciesError: A budget with a limit counts in another currency.
            ForbiddenError: On a narrowed handle, the spend is another's.
            ConflictError: The id was used for another spend, or is over.

        Example:
            >>> from iof import Iof
            >>> finops = Iof.open().finops
            >>> made = finops.set_budget_alert(tenant="ten_001", amount=10, pause_at_pct=100)
            >>> held = finops.budgets.reserve(amount=8, tenant_id="ten_001")
            >>> finops.budgets.reserve(amount=8, tenant_id="ten_001")["decision"]
            'deny'
            >>> finops.budgets.settle(held["reservation_id"], "2.5")["released"]
            Decimal('5.5')
        """
        return self._gate.reserve(
            amount,
            currency,
            on_unknown,
            tenant_id,
            workspace_id,
            rail,
            resource,
            provider,
            organization_id,
            user_id,
            service,
            service_category,
            resource_type,
            resource_id,
            region,
            sub_account,
            cluster,
            namespace,
            component_id,
            team_id,
            cost_center_id,
            resource_group_id,
            model,
            workflow,
            tags,
            ttl_seconds,
            id,
        )

    def settle(self, reservation_id: str, amount: Number) -> SpendSettled:
        """Says what a reservation came to. The whole amount counts as spent, also beyond what was reserved.

        It becomes a charge of billing account ``gate`` with the next query. Who meters the same call with
        :meth:`~iof.Finops.record_usage` releases the reservation instead: else it counts twice.

        Returns:
            ``posted``, ``released`` (what was not needed), ``overrun``, ``late``.

        Raises:
            NotFoundError: It never was, is long over, or was made before the engine was opened.
            ConflictError: It was settled or released before.
            InvalidArgumentError: The amount is below 0, or cannot be read.

        Example:
            >>> from iof import Iof
            >>> budgets = Iof.open().finops.budgets
            >>> budgets.settle(budgets.reserve(amount=1)["reservation_id"], 2)["overrun"]
            True
        """
        return self._gate.settle(reservation_id, amount)

    def release(self, reservation_id: str) -> SpendReleased:
        """Lets go of what a reservation held: nothing was spent, or it is metered.

        Raises:
            NotFoundError: As for :meth:`settle`.
            ConflictError: It is over already, also by expiry.

        Example:
            >>> from iof import Iof
            >>> budgets = Iof.open().finops.budgets
            >>> budgets.release(budgets.reserve(amount=1)["reservation_id"])
            {'released': Decimal('1')}
        """
        return self._gate.release(reservation_id)

    def spend(
        self,
        *,
        amount: Number | None = None,
        currency: str | None = None,
        on_unknown: UnknownPrice | None = None,
        tenant_id: str | None = None,
        workspace_id: str | None = None,
        rail: str | None = None,
        resource: str | None = None,
        provider: str | None = None,
        organization_id: str | None = None,
        user_id: str | None = None,
        service: str | None = None,
        service_category: str | None = None,
        resource_type: str | None = None,
        resource_id: str | None = None,
        region: str | None = None,
        sub_account: str | None = None,
        cluster: str | None = None,
        namespace: str | None = None,
        component_id: str | None = None,
        team_id: str | None = None,
        cost_center_id: str | None = None,
        resource_group_id: str | None = None,
        model: str | None = None,
        workflow: str | None = None,
        tags: Mapping[str, str] | None = None,
        ttl_seconds: Number | None = None,
        id: str | None = None,
    ) -> Spend:
        """A spend as a ``with`` block, which holds its amount meanwhile; ``async with`` does the same.

        ``spend.settle(actual)`` says what it came to. Who leaves without has spent what was reserved; an exception
        releases it. The arguments are those of :meth:`reserve`.

        Raises:
            BudgetExhausted: On entering: it is refused, by the budget ``error.refused_by``.
            InvalidArgumentError: On leaving without, where the amount is not known and was let through
                (``on_unknown="allow"``): nothing is spent.

        Example:
            >>> import iof
            >>> finops = iof.open().finops
            >>> made = finops.set_budget_alert(tenant="ten_001", amount=10, pause_at_pct=100)
            >>> with finops.budgets.spend(amount=8, tenant_id="ten_001") as spend:
            ...     settled = spend.settle("2.5")
            >>> try:
            ...     with finops.budgets.spend(amount=8, tenant_id="ten_001"):
            ...         pass
            ... except iof.BudgetExhausted as error:
            ...     print(error.refused_by["name"], error.refused_by["spent"])
            tenant ten_001 monthly 2.5
        """
        values = (
            amount,
            currency,
            on_unknown,
            tenant_id,
            workspace_id,
            rail,
            resource,
            provider,
            organization_id,
            user_id,
            service,
            service_category,
            resource_type,
            resource_id,
            region,
            sub_account,
            cluster,
            namespace,
            component_id,
            team_id,
            cost_center_id,
            resource_group_id,
            model,
            workflow,
            tags,
            ttl_seconds,
            id,
        )
        return Spend(self._gate, values)
