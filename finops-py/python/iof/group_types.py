"""The shapes of resource groups, for type checkers and editors."""

from __future__ import annotations

from datetime import datetime
from typing import Literal, TypedDict

__all__ = ["GroupStatus", "GroupedResource", "GroupedResourceParams", "ResourceGroup", "ResourceType"]

ResourceType = Literal[
    "app", "workflow", "addon", "workspace", "project", "fine_tuning", "self_hosted_model", "ml_model", "automl"
]
"""What a resource of the platform is."""

GroupStatus = Literal["active", "archived"]
"""Whether a group is in use."""


class _ResourceKey(TypedDict):
    """What tells a resource from all others."""

    resource_type: ResourceType
    resource_id: str


class GroupedResourceParams(_ResourceKey, total=False):
    """A resource that comes into a group."""

    resource_name: str | None
    """What people call it."""


class GroupedResource(_ResourceKey):
    """A resource in a group."""

    resource_name: str | None
    """What people call it."""


class ResourceGroup(TypedDict):
    """Resources that somebody looks after together."""

    id: str
    name: str
    description: str | None
    status: GroupStatus
    owner_id: str
    """The id of the user who owns it."""
    organization_id: str | None
    """The organization whose admins see it too."""
    resources: list[GroupedResource]
    """In the order in which they were added."""
    created_at: datetime
    updated_at: datetime
    """When it, or what is in it, was last changed."""
