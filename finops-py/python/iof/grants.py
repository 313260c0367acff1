"""Grants: what tenants have to their credit, used up before anything is paid for."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from ._iof import Engine
from .metering_results import GrantBalance, GrantPage

if TYPE_CHECKING:
    from .metering_types import Grant, GrantAmount, GrantRecurrence, Rollover
    from .types import Deleted, Time

__all__ = ["Grants"]


class Grants:
    """What tenants have to their credit, as ``iof.finops.grants``."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def create(
        self,
        tenant_id: str,
        amount: GrantAmount,
        effective_from: Time,
        *,
        priority: int | None = None,
        expires_at: Time | None = None,
        rollover: Rollover | None = None,
        recurrence: GrantRecurrence | None = None,
        preserve_overage: bool | None = None,
    ) -> Grant:
        """Gives a tenant a grant: it pays for what is charged, or gives units that are not paid for.

        It does so from ``effective_from`` on, also where that came before the grant; what is billed is corrected.

        Args:
            tenant_id: Whose it is.
            amount: ``{"money", "currency"}`` or ``{"units", "meter"}``: what it holds when it starts.
            effective_from: The first instant at which it can be used: a quarter of an hour in UTC.
            priority: Lower ones are used up first. By default 0.
            expires_at: The first instant at which what is left is gone. By default it lasts.
            rollover: ``{"min", "max"}``: what is left of it at the start of a month. By default all of it is.
            recurrence: ``{"every", "unit", "time_zone"}``: how often it is refilled, from ``effective_from`` on.
            preserve_overage: Whether it pays for what was left unpaid in the months before. Only of money.

        Raises:
            InvalidArgumentError: No grant can be so.
            NotFoundError: There is no such meter.

        Example:
            >>> from iof import Iof
            >>> finops = Iof.open(now="2024-01-15T12:00:00Z").finops
            >>> grant = finops.grants.create("ten_001", {"money": 100, "currency": "USD"}, "2024-01-01T00:00:00Z")
            >>> finops.grants.balance("ten_001")["grants"][0]["left"]
            Decimal('100')
        """
        params = {
            "tenant_id": tenant_id,
            "amount": amount,
            "effective_from": effective_from,
            "priority": priority,
            "expires_at": expires_at,
            "rollover": rollover,
            "recurrence": recurrence,
            "preserve_overage": preserve_overage,
        }
        return cast("Grant", self._engine.call("grants.create", params))

    def list(self, *, tenant_id: str | None = None, limit: int = 20, offset: int = 0) -> GrantPage:
        """A page of grants, in the order of their ids.

        Args:
            tenant_id: Only those of that tenant.
            limit: How many, 1 to 1000.
            offset: How many to leave out before.

        Returns:
            ``count`` (how many there are on all pages), ``limit``, ``offset``, ``items``.

        Example:
            >>> from iof import Iof
            >>> Iof.open().finops.grants.list(tenant_id="ten_001")["count"]
            0
        """
        params = {"tenant_id": tenant_id, "limit": limit, "offset": offset}
        return GrantPage(self._engine.call("grants.list", params))

    def balance(self, tenant_id: str, *, at: Time | None = None) -> GrantBalance:
        """What is left of a tenant's grants, and what none of them covered in the month.

        Args:
            tenant_id: Whose they are.
            at: When; not in the future. By default now. What is used on a day counts from its start.

        Returns:
            ``tenant_id``, ``at``; ``grants``: ``{"id", "amount", "left", "expires_at"}``; ``overages``:
            ``{"currency", "meter", "overage"}``, which the next grant or refill of the month pays for first.

        Raises:
            InvalidArgumentError: The instant lies in the future.

        Example:
            >>> from iof import Iof
            >>> Iof.open().finops.grants.balance("ten_001")["grants"]
            []
        """
        return GrantBalance(self._engine.call("grants.balance", {"tenant_id": tenant_id, "at": at}))

    def delete(self, id: str) -> Deleted:
        """Takes a grant back, as if it had never been: what it paid is charged again.

        Raises:
            NotFoundError: There is no such grant.

        Example:
            >>> from iof import Iof
            >>> grants = Iof.open().finops.grants
            >>> grant = grants.create("ten_001", {"units": 5, "meter": "api_calls"}, "2024-01-01T00:00:00Z")
            >>> grants.delete(grant["id"])
            {'deleted': True}
        """
        return cast("Deleted", self._engine.call("grants.delete", {"id": id}))
