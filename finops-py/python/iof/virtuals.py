"""Virtual dimensions: values that rules give to charges."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

from ._iof import Engine
from .results import VirtualDimensionPage

if TYPE_CHECKING:
    from .types import Deleted, Rule, VirtualDimension

__all__ = ["VirtualDimensions"]


class VirtualDimensions:
    """Dimensions made of rules, as ``iof.finops.virtual_dimensions``: ``virtual:NAME`` in ``group_by`` and ``filter``."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def set(self, name: str, rules: Sequence[Rule], *, default: str | None = None) -> VirtualDimension:
        """Defines a virtual dimension, in place of one with the same name, and gives it back.

        Args:
            name: What it is called: up to 64 letters, digits, ``_``, ``.`` and ``-``.
            rules: ``{"value", "when"}`` each, where ``when`` is a filter, which may name other virtual dimensions.
                The first that matches a charge gives it its value.
            default: The value of charges that no rule matches. By default they have none.

        Raises:
            InvalidArgumentError: A name or value is out of bounds, rules lead in a circle, or one looks at a virtual
                dimension that is not defined.
            ConflictError: There are a hundred already.

        Example:
            >>> from iof import Iof
            >>> finops = Iof.open().finops
            >>> rules = [{"value": "search", "when": {"tag:team": ["search", "index"]}}]
            >>> finops.virtual_dimensions.set("product", rules, default="other")["default"]
            'other'
            >>> finops.get_cost_summary(period="2024-01", group_by="virtual:product")["count"]
            0
        """
        params = {"name": name, "rules": rules, "default": default}
        return cast("VirtualDimension", self._engine.call("virtual_dimensions.set", params))

    def get(self, name: str) -> VirtualDimension:
        """The definition of a virtual dimension.

        Raises:
            NotFoundError: There is none of that name.

        Example:
            >>> from iof import Iof
            >>> virtual = Iof.open().finops.virtual_dimensions
            >>> _ = virtual.set("product", [{"value": "search", "when": {"tag:team": "search"}}])
            >>> virtual.get("product")["rules"][0]["when"]
            {'tag:team': 'search'}
        """
        return cast("VirtualDimension", self._engine.call("virtual_dimensions.get", {"name": name}))

    def list(self, *, limit: int = 20, offset: int = 0) -> VirtualDimensionPage:
        """A page of virtual dimensions, in the order of their names.

        Args:
            limit: How many, 1 to 1000.
            offset: How many to leave out before.

        Returns:
            ``count`` (how many there are on all pages), ``limit``, ``offset``, ``items``.

        Example:
            >>> from iof import Iof
            >>> Iof.open().finops.virtual_dimensions.list()["items"]
            []
        """
        params = {"limit": limit, "offset": offset}
        return VirtualDimensionPage(self._engine.call("virtual_dimensions.list", params))

    def delete(self, name: str) -> Deleted:
        """Removes a virtual dimension.

        Raises:
            NotFoundError: There is none of that name.
            ConflictError: The rules of another one look at it.

        Example:
            >>> from iof import Iof
            >>> virtual = Iof.open().finops.virtual_dimensions
            >>> _ = virtual.set("product", [{"value": "search", "when": {"tag:team": "search"}}])
            >>> virtual.delete("product")
            {'deleted': True}
        """
        return cast("Deleted", self._engine.call("virtual_dimensions.delete", {"name": name}))
