"""Allocation: what is special to Python."""

from __future__ import annotations

from decimal import Decimal

import pytest
from conftest import Bill

import iof


def shared(finops: iof.Finops, bill: Bill) -> tuple[str, str]:
    """A disk that is one centre's and a queue that both bear; gives the centre and the rule."""
    disk = finops.create_cost_center("Disk", "custom", filter={"service": "Disk"})["id"]
    other = finops.create_cost_center("Other", "custom", filter={"service": "Other"})["id"]
    rule = finops.allocation.rules.create(
        "queue", {"service": "Queue"}, "fixed", "2024-01-01T00:00:00Z",
        targets=[{"cost_center": disk, "percent": Decimal("75")}, {"cost_center": other, "percent": 25}],
    )
    finops.import_charges(
        bill({"ServiceName": "Disk", "EffectiveCost": "3"}, {"ServiceName": "Queue", "EffectiveCost": "0.1"})
    )
    return disk, rule["id"]


def test_none_takes_back_and_what_is_not_given_stays(finops: iof.Finops, bill: Bill) -> None:
    disk, rule = shared(finops, bill)
    changed = finops.allocation.rules.update(rule, order=3, decimals=2)
    assert (changed["order"], changed["decimals"], changed["targets"][1]["percent"]) == (3, 2, Decimal("25"))
    assert finops.allocation.rules.update(rule, order=None)["order"] == 0
    tiers: list[iof.allocation_types.AllocationTierParams] = [
        {"up_to": 10, "targets": [{"cost_center": disk, "percent": 100}]},
        {"up_to": None, "targets": [{"cost_center": disk, "percent": 100}]},
    ]
    changed = finops.allocation.rules.update(rule, method="tiered", tiers=tiers, currency="USD")
    assert [tier["up_to"] for tier in changed["tiers"]] == [Decimal("10"), None]
    with pytest.raises(iof.InvalidArgumentError) as caught:
        finops.allocation.rules.update(rule, tiers=None)
    assert caught.value.field == "tiers"


def test_amounts_are_exact_and_answers_are_tables(finops: iof.Finops, bill: Bill) -> None:
    disk, rule = shared(finops, bill)
    run = finops.allocation.run(period="2024-01", group_by="service")
    assert (run["total_in"], run["total_out"]) == (Decimal("3.1"), Decimal("3.1"))
    assert run["cost_centers"][0]["cost"] == Decimal("3.075")
    assert (run["items"][1]["rule_id"], run["items"][1]["ratio"]) == (rule, Decimal("0.75"))
    assert "Disk" in str(run)
    assert run.to_arrow().num_rows == 3
    what_if = finops.allocation.what_if([], period="2024-01")
    assert what_if["items"][0]["change"] == Decimal("0.1")
    assert "(nobody)" in str(what_if)
    finops.allocation.rules.delete(rule)
    coverage = finops.allocation.coverage(period="2024-01", group_by="service")
    assert coverage["unattributed"][0]["cost"] == Decimal("0.1")
    assert "96.77 %" in str(coverage)
    allocated = finops.get_cost_summary(period="2024-01", view="allocated", group_by="cost_center")
    assert [item["cost_center_id"] for item in allocated["breakdown"]] == [disk, None]
    assert "allocated cost" in str(allocated)
