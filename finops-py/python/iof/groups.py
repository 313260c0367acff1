"""Resource groups: resources of the platform that somebody looks after together."""

from __future__ import annotations

from collections.abc import Iterable
from types import EllipsisType
from typing import TYPE_CHECKING, cast

from ._iof import Engine
from .results import ResourceGroupPage

if TYPE_CHECKING:
    from .group_types import GroupedResourceParams, GroupStatus, ResourceGroup, ResourceType
    from .types import Deleted

__all__ = ["ResourceGroups"]


class ResourceGroups:
    """Resources that somebody looks after together, as ``iof.finops.resource_groups``.

    A group is its owner's. Who is not narrowed sees all groups, an admin of an organization those in it, and everybody
    else their own; operators and admins change what they see.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def create(
        self,
        name: str,
        *,
        description: str | None = None,
        resources: Iterable[GroupedResourceParams] | None = None,
        owner_id: str | None = None,
        organization_id: str | None = None,
    ) -> ResourceGroup:
        """Makes a group. There are at most 10,000, and 1,000,000 resources in all of them.

        Args:
            name: What people call it; several groups may have the same.
            description: What it is for.
            resources: What is in it from the start, each resource once, at most 10,000:
                ``[{"resource_type": "app", "resource_id": "app_1", "resource_name": "Front"}, ...]``.
            owner_id: The id of the user who owns it. By default the one whose handle it is.
            organization_id: The organization whose admins see it too. By default that of a narrowed handle.

        Raises:
            InvalidArgumentError: No group can be so, or it is not said who owns it.
            ForbiddenError: On a narrowed handle, the group would be another's.
            ConflictError: There are too many groups or resources already.

        Example:
            >>> from iof import Iof
            >>> iof = Iof.open().as_principal(user_id="usr_1", roles=["operator"], organization_id="org_1")
            >>> group = iof.finops.resource_groups.create(
            ...     "Search", resources=[{"resource_type": "app", "resource_id": "app_1", "resource_name": "Front"}]
            ... )
            >>> group["owner_id"], group["organization_id"], group["status"]
            ('usr_1', 'org_1', 'active')
        """
        params = {
            "name": name,
            "description": description,
            "resources": None if resources is None else list(resources),
            "owner_id": owner_id,
            "organization_id": organization_id,
        }
        return cast("ResourceGroup", self._engine.call("resource_groups.create", params))

    def get(self, id: str) -> ResourceGroup:
        """A group.

        Raises:
            NotFoundError: There is none with that id.

        Example:
            >>> from iof import Iof
            >>> groups = Iof.open().finops.resource_groups
            >>> groups.get(groups.create("Search", owner_id="usr_1")["id"])["resources"]
            []
        """
        return cast("ResourceGroup", self._engine.call("resource_groups.get", {"id": id}))

    def list(
        self,
        *,
        status: GroupStatus | None = None,
        search: str | None = None,
        owner_id: str | None = None,
        organization_id: str | None = None,
        limit: int = 20,
        offset: int = 0,
    ) -> ResourceGroupPage:
        """A page of groups, in the order of their making.

        Args:
            status: Only those of that status.
            search: Only those with this text in their name or description, whatever the case.
            owner_id: Only those that this user owns.
            organization_id: Only those of that organization.
            limit: How many, 1 to 1000.
            offset: How many to leave out before.

        Returns:
            ``count`` (how many there are on all pages), ``limit``, ``offset``, ``items``.

        Example:
            >>> from iof import Iof
            >>> Iof.open().finops.resource_groups.list(search="models")["items"]
            []
        """
        params = {
            "status": status,
            "search": search,
            "owner_id": owner_id,
            "organization_id": organization_id,
            "limit": limit,
            "offset": offset,
        }
        return ResourceGroupPage(self._engine.call("resource_groups.list", params))

    def update(
        self,
        id: str,
        *,
        name: str | EllipsisType = ...,
        description: str | None | EllipsisType = ...,
        status: GroupStatus | EllipsisType = ...,
        owner_id: str | EllipsisType = ...,
        organization_id: str | None | EllipsisType = ...,
    ) -> ResourceGroup:
        """Changes what a group says of itself: what is given takes its place, ``None`` takes back what it says.

        What is not given stays. What is in it changes by :meth:`add_resource` and :meth:`remove_resource`. Whose it is
        changes who is not narrowed.

        Raises:
            NotFoundError: There is none with that id.
            InvalidArgumentError: No group can be so.
            ForbiddenError: On a narrowed handle, ``owner_id`` or ``organization_id`` is given.

        Example:
            >>> from iof import Iof
            >>> groups = Iof.open().finops.resource_groups
            >>> group = groups.create("Search", description="What answers queries", owner_id="usr_1")
            >>> changed = groups.update(group["id"], status="archived", description=None)
            >>> changed["name"], changed["status"], changed["description"]
            ('Search', 'archived', None)
        """
        changes = {
            "name": name,
            "description": description,
            "status": status,
            "owner_id": owner_id,
            "organization_id": organization_id,
        }
        # The engine takes `None` for not given and `...` for null: the other way round than people write it.
        given = {field: ... if value is None else value for field, value in changes.items() if value is not ...}
        return cast("ResourceGroup", self._engine.call("resource_groups.update", {"id": id, **given}))

    def delete(self, id: str) -> Deleted:
        """Removes a group. Its resources stay what they are, and charges that carry its id keep it.

        Raises:
            NotFoundError: There is none with that id.
            ConflictError: Something goes by it, which the message names to who is not narrowed.

        Example:
            >>> from iof import Iof
            >>> groups = Iof.open().finops.resource_groups
            >>> groups.delete(groups.create("Search", owner_id="usr_1")["id"])
            {'deleted': True}
        """
        return cast("Deleted", self._engine.call("resource_groups.delete", {"id": id}))

    def add_resource(
        self, id: str, resource_type: ResourceType, resource_id: str, *, resource_name: str | None = None
    ) -> ResourceGroup:
        """Puts a resource behind those that are in a group, and gives the group back.

        Args:
            id: The group.
            resource_type: What the resource is.
            resource_id: Its id.
            resource_name: What people call it.

        Raises:
            NotFoundError: There is no such group.
            InvalidArgumentError: A text is blank or too long.
            ConflictError: The resource is in the group already, or there are too many.

        Example:
            >>> from iof import Iof
            >>> groups = Iof.open().finops.resource_groups
            >>> group = groups.create("Search", owner_id="usr_1")
            >>> groups.add_resource(group["id"], "workflow", "wf_1", resource_name="Reindex")["resources"]
            [{'resource_type': 'workflow', 'resource_id': 'wf_1', 'resource_name': 'Reindex'}]
        """
        params = {
            "id": id,
            "resource_type": resource_type,
            "resource_id": resource_id,
            "resource_name": resource_name,
        }
        return cast("ResourceGroup", self._engine.call("resource_groups.add_resource", params))

    def remove_resource(self, id: str, resource_type: ResourceType, resource_id: str) -> ResourceGroup:
        """Takes a resource out of a group, and gives the group back.

        Raises:
            NotFoundError: There is no such group, or the resource is not in it.

        Example:
            >>> from iof import Iof
            >>> groups = Iof.open().finops.resource_groups
            >>> group = groups.create("Search", owner_id="usr_1")
            >>> _ = groups.add_resource(group["id"], "app", "app_1")
            >>> groups.remove_resource(group["id"], "app", "app_1")["resources"]
            []
        """
        params = {"id": id, "resource_type": resource_type, "resource_id": resource_id}
        return cast("ResourceGroup", self._engine.call("resource_groups.remove_resource", params))

    def find_by_resource(
        self, resource_type: ResourceType, resource_id: str, *, limit: int = 20, offset: int = 0
    ) -> ResourceGroupPage:
        """A page of the groups that a resource is in, in the order of their making.

        Args:
            resource_type: What the resource is.
            resource_id: Its id.
            limit: How many, 1 to 1000.
            offset: How many to leave out before.

        Returns:
            ``count`` (how many there are on all pages), ``limit``, ``offset``, ``items``.

        Example:
            >>> from iof import Iof
            >>> groups = Iof.open().finops.resource_groups
            >>> group = groups.create("Search", owner_id="usr_1")
            >>> _ = groups.add_resource(group["id"], "app", "app_1")
            >>> [found["name"] for found in groups.find_by_resource("app", "app_1")["items"]]
            ['Search']
        """
        params = {"resource_type": resource_type, "resource_id": resource_id, "limit": limit, "offset": offset}
        return ResourceGroupPage(self._engine.call("resource_groups.find_by_resource", params))
