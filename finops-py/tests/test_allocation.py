"""Allocation: what is special to Python."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import duckdb
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


def test_statements_are_exact_and_are_tables(finops: iof.Finops, bill: Bill) -> None:
    disk, rule = shared(finops, bill)
    report = finops.allocation.report("2024-01")
    assert (report["status"], report["estimated"]) == ("open", True)
    statement = report["statements"][0]
    assert (statement["charges"], statement["shared"], statement["closing"]) == (3, Decimal("0.075"), Decimal("3.075"))
    assert "Showback of 2024-01, effective cost, estimated" in str(report)
    assert report.to_arrow().column("closing").to_pylist() == [Decimal("3.075"), Decimal("0.025")]
    closed = finops.allocation.close("2024-01")
    assert (closed["lines"], closed["totals"][0]["closing"]) == (3, Decimal("3.1"))
    finops.allocation.rules.delete(rule)
    corrected = finops.allocation.report("2024-02", style="chargeback", cost_center=disk)
    assert corrected["corrections"][0]["amount"] == Decimal("-0.075")
    assert "corrects 2024-01" in str(corrected)
    number = corrected["statements"][0]["number"]
    assert number is not None and number.startswith("2024-02-USD-")
    with pytest.raises(iof.ConflictError):
        finops.allocation.close("2024-01")


def test_lines_are_focus_rows_that_add_up_to_the_run(finops: iof.Finops, bill: Bill, tmp_path: Path) -> None:
    shared(finops, bill)
    run = finops.allocation.run(period="2024-01")
    for format in ("parquet", "csv"):
        path = tmp_path / f"allocation.{format}"
        written = finops.export_report(path, type="allocation", format=format, period="2024-01")
        read = f"read_csv('{path}', all_varchar = true)" if format == "csv" else f"'{path}'"
        sql = f"""
            SELECT AllocatedResourceName, sum(EffectiveCost::DECIMAL(38, 18)), sum(BilledCost::DECIMAL(38, 18))
            FROM {read} GROUP BY ALL ORDER BY 2 DESC
        """
        rows = duckdb.sql(sql).fetchall()
        assert [(name, cost) for name, cost, _ in rows] == [("Disk", Decimal("3.075")), ("Other", Decimal("0.025"))]
        assert sum(billed for _, _, billed in rows) == sum(item["billed_cost"] or 0 for item in run["items"])
        assert written["rows"] == 3
        details = f"SELECT AllocatedMethodDetails FROM {read} WHERE x_AllocationKind = 'shared'"
        ratios = [json.loads(cell)["Elements"][0]["AllocatedRatio"] for (cell,) in duckdb.sql(details).fetchall()]
        assert sorted(ratios) == [0.25, 0.75]
