"""The Python of the README runs."""

from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path

import pytest

from conftest import Bill

README = Path(__file__).parents[2] / "README.md"


def test_the_python_of_the_readme_runs(bill: Bill, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("pandas", reason="pandas is not installed")
    pytest.importorskip("duckdb", reason="duckdb is not installed")
    blocks = re.findall(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    assert len(blocks) == 5
    in_september = {
        "BillingPeriodStart": "2024-09-01T00:00:00Z",
        "BillingPeriodEnd": "2024-10-01T00:00:00Z",
        "ChargePeriodStart": "2024-09-02T00:00:00Z",
        "ChargePeriodEnd": "2024-09-03T00:00:00Z",
    }
    # What a file holds is told by its content, not by its name.
    (tmp_path / "bills").mkdir()
    bill(in_september, name="bills/2024-09.parquet")
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    costs, metering, access, budgets, sql = blocks
    for code in (costs, access, sql, budgets, metering):
        exec(compile(code, "README.md", "exec"), names)
    assert names["summary"]["total_cost"] == 1  # type: ignore[index]
    assert names["tenant"].closed  # type: ignore[attr-defined]
    assert len(names["files"]) == 1  # type: ignore[arg-type]
    assert names["daily"]["summary"]["total_period"] == 1  # type: ignore[index]
    assert {item["resource"]: item["api_calls"] for item in names["used"]["items"]} == {"api_calls": 4}  # type: ignore[index]
    status = names["status"]
    assert (status["spent"], status["reserved"]) == (Decimal("0.12"), 0)  # type: ignore[index]
