"""The catalogue: who and what costs are attributed to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, cast

from ._iof import Engine
from .results import CatalogPage

if TYPE_CHECKING:
    from .types import CatalogEntry, Deleted, Kind, Number

__all__ = ["Catalog"]


class Catalog:
    """Who and what costs are attributed to, as ``iof.finops.catalog``. The names in answers come from here."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def upsert(
        self,
        kind: Kind,
        id: str,
        name: str,
        *,
        parent: str | None = None,
        owner: str | None = None,
        team: str | None = None,
        tags: Mapping[str, str] | None = None,
        budget_usd: Number | None = None,
    ) -> CatalogEntry:
        """Writes an entry, in place of one with the same kind and id, and gives it back.

        Args:
            kind: What it is, such as ``"tenant"``.
            id: Its id, as charges name it.
            name: What answers call it.
            parent: The id of what it belongs to.
            owner: The id of the user who answers for it.
            team: The id of the team that runs it.
            tags: Further properties, at most 64.
            budget_usd: What it may cost a month, in US dollars.

        Raises:
            InvalidArgumentError: A text is blank or too long, or the budget is negative.

        Example:
            >>> from iof import Iof
            >>> Iof.open().finops.catalog.upsert("tenant", "ten_001", "Al-Baraka Bank")["name"]
            'Al-Baraka Bank'
        """
        params = {
            "kind": kind,
            "id": id,
            "name": name,
            "parent": parent,
            "owner": owner,
            "team": team,
            "tags": tags,
            "budget_usd": budget_usd,
        }
        return cast("CatalogEntry", self._engine.call("catalog.upsert", params))

    def get(self, kind: Kind, id: str) -> CatalogEntry:
        """An entry.

        Raises:
            NotFoundError: There is none of that kind and id.

        Example:
            >>> from iof import Iof
            >>> catalog = Iof.open().finops.catalog
            >>> _ = catalog.upsert("team", "t1", "Search", budget_usd=100)
            >>> catalog.get("team", "t1")["budget_usd"]
            Decimal('100')
        """
        return cast("CatalogEntry", self._engine.call("catalog.get", {"kind": kind, "id": id}))

    def list(self, *, kind: Kind | None = None, limit: int = 20, offset: int = 0) -> CatalogPage:
        """A page of entries, in the order of kind and id.

        Args:
            kind: Only those of that kind.
            limit: How many, 1 to 1000.
            offset: How many to leave out before.

        Returns:
            ``count`` (how many there are on all pages), ``limit``, ``offset``, ``items``.

        Example:
            >>> from iof import Iof
            >>> Iof.open().finops.catalog.list(kind="team")["items"]
            []
        """
        return CatalogPage(self._engine.call("catalog.list", {"kind": kind, "limit": limit, "offset": offset}))

    def delete(self, kind: Kind, id: str) -> Deleted:
        """Removes an entry. Charges keep its id; answers then show no name.

        Raises:
            NotFoundError: There is none of that kind and id.

        Example:
            >>> from iof import Iof
            >>> catalog = Iof.open().finops.catalog
            >>> _ = catalog.upsert("team", "t1", "Search")
            >>> catalog.delete("team", "t1")
            {'deleted': True}
        """
        return cast("Deleted", self._engine.call("catalog.delete", {"kind": kind, "id": id}))
