"""Narrowed engines: for a tenant, or for whoever is asking."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, TypeVar

from ._iof import Engine

if TYPE_CHECKING:
    from .types import Role, Scope

__all__ = ["Narrowing"]

_Engine = TypeVar("_Engine", bound="Narrowing")


class Narrowing:
    """What an open engine gives of itself: narrowed engines with the same operations."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def as_tenant(self: _Engine, tenant_id: str) -> _Engine:
        """An engine that reads and writes only what is that tenant's, and shares everything else with this one.

        Answers about costs and usage tell only of the tenant; what is about the platform as a whole is refused.
        Narrowing again only narrows.

        Args:
            tenant_id: The tenant.

        Raises:
            InvalidArgumentError: The id is blank.
            ForbiddenError: This engine is narrowed to another tenant.

        Example:
            >>> import iof
            >>> tenant = iof.open().as_tenant("ten_001")
            >>> tenant.finops.get_cost_summary(period="2024-01")["count"]
            0
            >>> tenant.finops.vacuum()
            Traceback (most recent call last):
                ...
            iof.errors.ForbiddenError: 'vacuum' is about the platform as a whole, and this handle is narrowed
        """
        return type(self)(self._engine.as_tenant(tenant_id))

    def as_principal(
        self: _Engine,
        *,
        user_id: str,
        roles: Iterable[Role],
        scopes: Iterable[Scope] | None = None,
        organization_id: str | None = None,
        tenant_id: str | None = None,
    ) -> _Engine:
        """An engine that may what a user may, within their tenant or their organization.

        An admin of neither may everything; anybody else of neither sees what is theirs. You have found out who it is:
        the engine trusts what it is told.

        Args:
            user_id: The user.
            roles: Any of ``"viewer"``, who reads; ``"operator"``, who also reports usage and changes what is theirs;
                and ``"admin"``, who may everything within the narrowing.
            scopes: What the user's token is for: ``"finops:read"``, ``"finops:write"``. By default roles alone decide.
            organization_id: The organization to narrow to.
            tenant_id: The tenant to narrow to.

        Raises:
            InvalidArgumentError: An id is blank, or there is no such role or scope.
            ForbiddenError: This engine is narrowed to another tenant, organization or user.

        Example:
            >>> import iof
            >>> viewer = iof.open().as_principal(user_id="u_1", roles=["viewer"], tenant_id="ten_001")
            >>> viewer.finops.record_usage([])
            Traceback (most recent call last):
                ...
            iof.errors.ForbiddenError: 'record_usage' needs the role operator, and this is viewer
        """
        principal = {
            "user_id": user_id,
            "roles": list(roles),
            "scopes": None if scopes is None else list(scopes),
            "organization_id": organization_id,
            "tenant_id": tenant_id,
        }
        return type(self)(self._engine.as_principal(principal))
