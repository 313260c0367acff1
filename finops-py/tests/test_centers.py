"""Cost centres: what is special to Python, and their names in answers."""

from __future__ import annotations

from decimal import Decimal

import pytest
from conftest import Bill

import iof


def test_none_takes_back_and_what_is_not_given_stays(finops: iof.Finops) -> None:
    center = finops.create_cost_center(
        "Search", "custom", dimensions={"tag:team": "search"}, budget_monthly=Decimal("10.5"), owner_id="u1"
    )
    assert center["currency"] == "USD"
    changed = finops.update_cost_center(center["id"], owner_id=None, budget_monthly=0.1)
    assert changed == {**center, "owner_id": None, "budget_monthly": Decimal("0.1")}
    with pytest.raises(iof.InvalidArgumentError) as caught:
        finops.update_cost_center(center["id"], dimensions=None)
    assert caught.value.field == "filter"
    assert finops.get_cost_center(center["id"]) == changed


@pytest.mark.parametrize("given", [0.8, 80, "0.80", Decimal("80.0")])
def test_a_threshold_is_told_by_its_size(finops: iof.Finops, given: iof.types.Number) -> None:
    center = finops.create_cost_center("Search", "rail", rail="search", alert_threshold_pct=given)
    assert center["alert_threshold_pct"] == Decimal("80")


def test_a_centre_names_its_charges_before_the_catalogue_does(finops: iof.Finops, bill: Bill) -> None:
    center = finops.create_cost_center("Search", "rail", rail="search")
    finops.catalog.upsert("cost_center", center["id"], "Stale")
    finops.catalog.upsert("cost_center", "4711", "Known of old")
    finops.import_charges(
        bill({"ServiceName": center["id"], "EffectiveCost": "3"}, {"ServiceName": "4711", "EffectiveCost": "2"}),
        mapping={"cost_center_id": "ServiceName"},
    )

    def names() -> list[str | None]:
        rows = finops.get_cost_summary(period="2024-01", group_by="cost_center")["breakdown"]
        return [row["cost_center_name"] for row in rows]

    assert names() == ["Search", "Known of old"]
    finops.update_cost_center(center["id"], name="Find")
    assert names() == ["Find", "Known of old"]
    finops.delete_cost_center(center["id"])
    assert names() == ["Stale", "Known of old"]


def test_a_page_prints_as_a_table(finops: iof.Finops) -> None:
    finops.create_cost_center("Search", "rail", rail="search")
    page = finops.list_cost_centers()
    assert "Search" in str(page)
    assert page["items"][0]["rail"] == "search"
