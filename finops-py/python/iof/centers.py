"""Cost centres: who answers for a part of the cost, and which charges that part is."""

from __future__ import annotations

from collections.abc import Mapping
from types import EllipsisType
from typing import TYPE_CHECKING, cast

from ._iof import Engine
from .allocation_results import CostCenterPage

if TYPE_CHECKING:
    from .allocation_types import CenterType, CostCenter
    from .types import Deleted, Filter, Number

__all__ = ["CostCenters"]


class CostCenters:
    """The part of ``iof.finops`` that is about cost centres."""

    _engine: Engine

    def create_cost_center(
        self,
        name: str,
        type: CenterType,
        *,
        tenant: str | None = None,
        workspace: str | None = None,
        rail: str | None = None,
        filter: Filter | None = None,
        dimensions: Mapping[str, str] | None = None,
        budget_monthly: Number | None = None,
        currency: str | None = None,
        alert_threshold_pct: Number | None = None,
        owner_id: str | None = None,
        parent: str | None = None,
    ) -> CostCenter:
        """Makes a cost centre. Its charges are those for which all holds that it says of them.

        Args:
            name: What people call it; no other one has the same but for case and blanks around it.
            type: ``"tenant"``, ``"workspace"`` or ``"rail"``, and the argument of that name says which; or
                ``"custom"``, and ``filter`` or ``dimensions`` say all.
            tenant: The id of the tenant.
            workspace: The id of the workspace.
            rail: The name of the product line.
            filter: What its charges must also be; anything but ``cost_center``.
            dimensions: Values that its charges must also have: ``{"tag:team": "search", "region": "eu"}``.
            budget_monthly: What it may cost a month.
            currency: The currency of the budget. By default that of the engine.
            alert_threshold_pct: At which share of the budget its owner is warned: a fraction above 0.01 up to 1, or a
                percentage above 1 up to 1000. ``0.8`` and ``80`` mean the same, and ``1`` is 100 %. It comes back as a
                percentage.
            owner_id: The id of the user who answers for it.
            parent: The id of the centre that it is a part of, at most 16 levels deep.

        Raises:
            InvalidArgumentError: No centre can be so, or its parents lead too far up.
            NotFoundError: There is no such parent.
            ConflictError: The name is taken, or there are 10,000 centres already.

        Example:
            >>> from iof import Iof
            >>> finops = Iof.open().finops
            >>> center = finops.create_cost_center(
            ...     "Trade Finance Operations", "rail", rail="trade-finance", budget_monthly=5000, currency="USD",
            ...     alert_threshold_pct=0.8, owner_id="user_ops_lead_001",
            ... )
            >>> center["rail"], center["alert_threshold_pct"]
            ('trade-finance', Decimal('80'))
        """
        params = {
            "name": name,
            "type": type,
            "tenant": tenant,
            "workspace": workspace,
            "rail": rail,
            "filter": filter,
            "dimensions": dimensions,
            "budget_monthly": budget_monthly,
            "currency": currency,
            "alert_threshold_pct": alert_threshold_pct,
            "owner_id": owner_id,
            "parent": parent,
        }
        return cast("CostCenter", self._engine.call("create_cost_center", params))

    def get_cost_center(self, id: str) -> CostCenter:
        """A cost centre.

        Raises:
            NotFoundError: There is none with that id.

        Example:
            >>> from iof import Iof
            >>> finops = Iof.open().finops
            >>> center = finops.create_cost_center("Al-Baraka Bank", "tenant", tenant="ten_001")
            >>> finops.get_cost_center(center["id"])["tenant"]
            'ten_001'
        """
        return cast("CostCenter", self._engine.call("get_cost_center", {"id": id}))

    def list_cost_centers(
        self,
        *,
        type: CenterType | None = None,
        owner_id: str | None = None,
        parent: str | None = None,
        limit: int = 20,
        offset: int = 0,
    ) -> CostCenterPage:
        """A page of cost centres, in the order of their making.

        Args:
            type: Only those of that type.
            owner_id: Only those that this user answers for.
            parent: Only those that are a part of that one.
            limit: How many, 1 to 1000.
            offset: How many to leave out before.

        Returns:
            ``count`` (how many there are on all pages), ``limit``, ``offset``, ``items``.

        Example:
            >>> from iof import Iof
            >>> Iof.open().finops.list_cost_centers(type="rail")["items"]
            []
        """
        params = {"type": type, "owner_id": owner_id, "parent": parent, "limit": limit, "offset": offset}
        return CostCenterPage(self._engine.call("list_cost_centers", params))

    def update_cost_center(
        self,
        id: str,
        *,
        name: str | EllipsisType = ...,
        type: CenterType | EllipsisType = ...,
        tenant: str | None | EllipsisType = ...,
        workspace: str | None | EllipsisType = ...,
        rail: str | None | EllipsisType = ...,
        filter: Filter | None | EllipsisType = ...,
        dimensions: Mapping[str, str] | None | EllipsisType = ...,
        budget_monthly: Number | None | EllipsisType = ...,
        currency: str | None | EllipsisType = ...,
        alert_threshold_pct: Number | None | EllipsisType = ...,
        owner_id: str | None | EllipsisType = ...,
        parent: str | None | EllipsisType = ...,
    ) -> CostCenter:
        """Changes a cost centre: what is given takes the place of what it says, ``None`` takes back what it says.

        What is not given stays. The arguments are those of :meth:`create_cost_center`. With another ``type``, the value
        of the one before goes.

        Raises:
            NotFoundError: There is none with that id, or no such parent.
            InvalidArgumentError: No centre can be so, or its parents lead in a circle or too far up.
            ConflictError: The name is taken.

        Example:
            >>> from iof import Iof
            >>> finops = Iof.open().finops
            >>> center = finops.create_cost_center("Search", "custom", dimensions={"tag:team": "search"}, owner_id="u1")
            >>> changed = finops.update_cost_center(center["id"], budget_monthly=100, owner_id=None)
            >>> changed["budget_monthly"], changed["owner_id"], changed["dimensions"]
            (Decimal('100'), None, {'tag:team': 'search'})
        """
        changes = {
            "name": name,
            "type": type,
            "tenant": tenant,
            "workspace": workspace,
            "rail": rail,
            "filter": filter,
            "dimensions": dimensions,
            "budget_monthly": budget_monthly,
            "currency": currency,
            "alert_threshold_pct": alert_threshold_pct,
            "owner_id": owner_id,
            "parent": parent,
        }
        # The engine takes `None` for not given and `...` for null: the other way round than people write it.
        given = {field: ... if value is None else value for field, value in changes.items() if value is not ...}
        return cast("CostCenter", self._engine.call("update_cost_center", {"id": id, **given}))

    def delete_cost_center(self, id: str) -> Deleted:
        """Removes a cost centre. Charges that carry its id keep it.

        Raises:
            NotFoundError: There is none with that id.
            ConflictError: Something depends on it, which the message names.

        Example:
            >>> from iof import Iof
            >>> finops = Iof.open().finops
            >>> center = finops.create_cost_center("Al-Baraka Bank", "tenant", tenant="ten_001")
            >>> finops.delete_cost_center(center["id"])
            {'deleted': True}
        """
        return cast("Deleted", self._engine.call("delete_cost_center", {"id": id}))
