"""Resource groups: what is special to Python, whose they are, and their names in answers."""

from __future__ import annotations

import pytest
from conftest import Bill

import iof
from iof.group_types import GroupedResourceParams

APP: GroupedResourceParams = {"resource_type": "app", "resource_id": "app_1", "resource_name": "Front"}


def test_none_takes_back_and_what_is_not_given_stays(finops: iof.Finops) -> None:
    group = finops.resource_groups.create("Search", description="Old", owner_id="u1", resources=iter([APP]))
    assert group["resources"] == [APP]
    changed = finops.resource_groups.update(group["id"], description=None, status="archived")
    assert changed == {**group, "description": None, "status": "archived"}
    with pytest.raises(iof.InvalidArgumentError) as caught:
        finops.resource_groups.update(group["id"], owner_id=None)  # type: ignore[arg-type]
    assert caught.value.field == "owner_id"
    assert finops.resource_groups.get(group["id"]) == changed


def test_a_resource_stands_once_in_a_group(finops: iof.Finops) -> None:
    groups = finops.resource_groups
    first, second = (groups.create(name, owner_id="u1")["id"] for name in ("One", "Two"))
    for id in (first, second):
        groups.add_resource(id, "app", "app_1")
    with pytest.raises(iof.ConflictError) as caught:
        groups.add_resource(first, "app", "app_1", resource_name="Front")
    assert caught.value.field == "resource_id"
    found = groups.find_by_resource("app", "app_1", limit=1, offset=1)
    assert (found["count"], [group["id"] for group in found["items"]]) == (2, [second])
    assert groups.remove_resource(first, "app", "app_1")["resources"] == []
    with pytest.raises(iof.NotFoundError):
        groups.remove_resource(first, "app", "app_1")


def test_groups_are_their_owners(engine: iof.Iof) -> None:
    def groups(user: str, role: iof.types.Role, organization: str = "org_1") -> iof.ResourceGroups:
        return engine.as_principal(user_id=user, roles=[role], organization_id=organization).finops.resource_groups

    made = groups("u1", "operator").create("Search")
    assert (made["owner_id"], made["organization_id"]) == ("u1", "org_1")
    seen = {
        "its owner": groups("u1", "viewer").list(),
        "an admin": groups("u2", "admin").list(),
        "a colleague": groups("u2", "operator").list(),
        "another organization": groups("u1", "admin", "org_2").list(),
        "who is not narrowed": engine.finops.resource_groups.list(search="SEARCH"),
    }
    assert {who: page["count"] for who, page in seen.items()} == {
        "its owner": 1,
        "an admin": 1,
        "a colleague": 0,
        "another organization": 0,
        "who is not narrowed": 1,
    }
    with pytest.raises(iof.ForbiddenError):
        groups("u1", "viewer").delete(made["id"])
    with pytest.raises(iof.ForbiddenError) as caught:
        groups("u1", "operator").update(made["id"], owner_id="u2")
    assert caught.value.field == "owner_id"
    with pytest.raises(iof.ForbiddenError):
        engine.as_tenant("ten_001").finops.resource_groups.create("A tenant is no user")
    assert groups("u1", "operator").delete(made["id"]) == {"deleted": True}


def test_a_group_names_its_charges(finops: iof.Finops, bill: Bill) -> None:
    group = finops.resource_groups.create("Search", owner_id="u1")
    path = bill({"ServiceName": group["id"]})
    finops.import_charges(path, mapping={"resource_group_id": "ServiceName"})

    def names() -> list[str | None]:
        rows = finops.get_cost_summary(period="2024-01", group_by="resource_group")["breakdown"]
        return [row["resource_group_name"] for row in rows]

    assert names() == ["Search"]
    finops.resource_groups.delete(group["id"])
    assert names() == [None]


def test_a_page_prints_as_a_table(finops: iof.Finops) -> None:
    finops.resource_groups.create("Search", owner_id="u1", resources=[APP])
    page = finops.resource_groups.list()
    assert "Search" in str(page)
    assert page["items"][0]["status"] == "active"
