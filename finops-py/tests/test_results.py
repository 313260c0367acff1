"""Answers as text, as HTML and as tables."""

from __future__ import annotations

import re
from datetime import datetime, timezone
from decimal import Decimal, localcontext
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, get_type_hints

import pytest
from conftest import HOSTILE

import iof
from iof import Finops, InvalidArgumentError


@pytest.fixture
def summary(billed: Finops) -> iof.CostSummary:
    return billed.get_cost_summary(period="2024-01", group_by=["service", "tag:team"])


@pytest.fixture
def daily(billed: Finops) -> iof.DailyCosts:
    return billed.costs.daily(period="2024-01-01/2024-01-05", group_by="service")


def test_a_summary_prints_as_an_aligned_table(summary: iof.CostSummary) -> None:
    lines = str(summary).splitlines()
    assert lines[0] == "Cost summary, 2024-01 (2024-01-01 to 2024-02-01), effective cost"
    assert re.split(r" {2,}", lines[1].strip()) == ["service", "tag:team", "cost", "share", "charges"]
    assert re.split(r" {2,}", lines[3].strip()) == ["Queue", "search", "10.250", "78.1%", "1"]
    assert lines[6] == "total 13.125 USD"
    assert lines[7] == "incomplete: 28 days without a bill"
    assert len({len(line) for line in lines[1:3]}) == 1
    assert "\x1b" not in str(summary)


def test_days_print_in_their_own_zone(billed: Finops) -> None:
    text = str(billed.costs.daily(period="2024-01-01/2024-01-04", time_zone="Europe/Berlin"))
    assert "2024-01-02  " in text
    assert "average" in text


def test_unknown_days_print_as_unknown(daily: iof.DailyCosts) -> None:
    assert re.search(r"^2024-01-04 +-$", str(daily), re.MULTILINE)
    assert "By group" in str(daily)


def test_a_receipt_prints_what_was_wrong(finops: Finops, bill: Any) -> None:
    path = bill({}, {"BilledCost": "oops"})
    text = str(finops.import_charges(path))
    assert ": 2 rows, 1 charge, 1 set aside" in text
    assert "oops" in text
    assert "nothing changed" in str(finops.import_charges(path))


def test_breakdowns_print_with_their_dates_and_further_costs(billed: Finops) -> None:
    answer = billed.costs.breakdown(period="2024-01", group_by="service", granularity="monthly", views=["list"], limit=2)
    lines = str(answer).splitlines()
    assert lines[0] == "Breakdown, monthly, 2024-01 (2024-01-01 to 2024-02-01), effective cost"
    assert re.split(r" {2,}", lines[1].strip()) == ["service", "date", "cost", "share", "charges", "list_cost"]
    assert lines[5:7] == ["items 1 to 2 of 3", "total 13.125 USD"]
    empty = billed.costs.breakdown(period="2023-01", granularity="daily", views=["list"])
    assert list(empty._kinds) == ["date", "cost", "share", "charges", "list_cost", "distinct"]
    assert "<svg" in answer._repr_html_()


def test_series_services_and_months_print(billed: Finops) -> None:
    historical = str(billed.costs.historical(start_date="2024-01-01", end_date="2024-02-01", group_by="service"))
    assert historical.startswith("Historical costs, daily, 2024-01-01 to 2024-02-01")
    assert "By group" in historical
    services = str(billed.costs.services(period="2024-01"))
    assert services.startswith("Costs by service, 2024-01-01 to 2024-02-01")
    assert re.split(r" {2,}", services.splitlines()[1].strip()) == ["name", "total_cost"]
    monthly = str(billed.costs.monthly(months=2))
    assert "13.125 USD a month on average, highest 2024-01, lowest 2024-01" in monthly
    assert re.search(r"^2024-02 +-$", monthly, re.MULTILINE)


def test_virtual_dimensions_group_and_print(billed: Finops) -> None:
    rules: list[iof.types.Rule] = [{"value": "queues", "when": {"service": "Queue"}}]
    billed.virtual_dimensions.set("kind", rules, default="rest")
    assert "queues" in str(billed.get_cost_summary(period="2024-01", group_by="virtual:kind"))
    assert "kind" in str(billed.virtual_dimensions.list())


def test_changes_are_named_and_print(tmp_path: Path) -> None:
    with iof.open(now="2024-02-01T00:00:00Z", actor="u_1") as engine:
        finops = engine.finops
        finops.catalog.upsert("team", "t1", "Search", budget_usd="0.10")
        finops.catalog.delete("team", "t1")
        changes = finops.audit.list(since=datetime(2024, 2, 1, tzinfo=timezone.utc))
        assert [(entry["actor"], entry["action"]) for entry in changes["items"]] == [("u_1", "delete"), ("u_1", "create")]
        assert changes["items"][0]["at"] == datetime(2024, 2, 1, tzinfo=timezone.utc)
        # What was there stands as it was written down: amounts as text.
        assert changes["items"][0]["before"]["budget_usd"] == "0.1"
        assert "team/t1" in str(changes)
        assert list(changes.records()[0])[:3] == ["seq", "at", "actor"]
        written = finops.audit.export(tmp_path / "log.jsonl")
        assert set(written) == set(get_type_hints(iof.audit_types.AuditExportReceipt))
        verdict = finops.audit.verify(path=tmp_path / "log.jsonl", expected_head=written["head"])
        assert verdict == finops.audit.verify()


def test_empty_answers_print(finops: Finops) -> None:
    costs = finops.costs
    for answer in (finops.get_cost_summary(period="2024-01"), finops.catalog.list(), costs.daily(window="7d"),
                   costs.breakdown(), costs.historical(), costs.services(), costs.monthly(),
                   finops.virtual_dimensions.list(), finops.audit.list()):
        assert str(answer)
        assert answer._repr_html_().startswith("<div>")
    assert "total unknown" in str(finops.get_cost_summary(period="2024-01"))


def test_printing_does_not_depend_on_the_decimal_context(summary: iof.CostSummary) -> None:
    usual = str(summary)
    with localcontext() as context:
        context.prec = 2
        assert str(summary) == usual


def test_what_is_tiny_does_not_print_as_zero() -> None:
    items = [{"cost": Decimal("0.000000000001")}, {"cost": Decimal(0)}]
    page: iof.Page[Any] = iof.Page(count=2, limit=20, offset=0, items=items)
    assert "0.000000000001" in str(page)
    assert "0.000000\n" in str(page) + "\n"


def test_long_tables_are_cut() -> None:
    page: iof.Page[Any] = iof.Page(count=60, limit=60, offset=0, items=[{"id": str(number)} for number in range(60)])
    assert "... and 10 more" in str(page)
    assert page._repr_html_().count("<tr>") == 51


class Checker(HTMLParser):
    """Notes the tags, and that each is closed."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: set[str] = set()
        self.open: list[str] = []
        self.attributes: set[str] = set()

    def handle_starttag(self, tag: str, attributes: Any) -> None:
        self.seen.add(tag)
        self.attributes.update(name for name, _ in attributes)
        self.open.append(tag)

    def handle_startendtag(self, tag: str, attributes: Any) -> None:
        self.seen.add(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_html_escapes_hostile_names(summary: iof.CostSummary, daily: iof.DailyCosts) -> None:
    assert any(item["service"] == HOSTILE for item in summary["breakdown"])
    for html in (summary._repr_html_(), daily._repr_html_()):
        checker = Checker()
        checker.feed(html)
        assert checker.open == []
        assert "&lt;script&gt;" in html
        assert "\x1b" not in html
        assert checker.seen <= {"div", "p", "strong", "table", "thead", "tbody", "tr", "th", "td", "svg", "rect",
                                "polyline", "circle"}
        assert not checker.attributes & {"src", "href", "onclick", "onload"}


def test_html_draws_bars_and_a_line(summary: iof.CostSummary, daily: iof.DailyCosts) -> None:
    assert summary._repr_html_().count("<rect") == 3
    assert "<polyline" in daily._repr_html_()


def test_pandas_keeps_decimals_or_makes_floats(summary: iof.CostSummary) -> None:
    pandas = pytest.importorskip("pandas", reason="pandas is not installed")
    exact = summary.to_pandas()
    assert sum(exact["cost"]) == Decimal("13.125")
    floats = summary.to_pandas(money="float")
    assert floats["cost"].dtype == "float64"
    assert floats["cost"].sum() == 13.125
    assert floats["api_calls"].isna().all()
    assert floats["charges"].dtype == "int64"
    assert isinstance(floats, pandas.DataFrame)


def test_pandas_has_days_as_times(daily: iof.DailyCosts) -> None:
    pytest.importorskip("pandas", reason="pandas is not installed")
    frame = daily.to_pandas(money="float")
    assert list(frame.columns) == ["service", "date", "day", "total"]
    assert len(frame) == 3 * 4
    assert str(frame["date"].dt.tz) == "UTC"
    assert frame["total"].isna().sum() == 3


def test_pandas_takes_empty_answers(finops: Finops) -> None:
    pytest.importorskip("pandas", reason="pandas is not installed")
    frame = finops.get_cost_summary(period="2024-01").to_pandas(money="float")
    assert frame.empty
    assert frame["cost"].dtype == "float64"


def test_the_money_of_a_frame_is_one_of_two(summary: iof.CostSummary) -> None:
    with pytest.raises(InvalidArgumentError) as caught:
        summary.to_pandas(money="cents")  # type: ignore[arg-type]
    assert caught.value.field == "money"


def test_polars_reads_the_stream(summary: iof.CostSummary, daily: iof.DailyCosts) -> None:
    polars = pytest.importorskip("polars", reason="polars is not installed")
    frame = summary.to_polars()
    assert frame.schema["cost"] == polars.Decimal(38, 18)
    assert frame["cost"].to_list() == [Decimal("10.25"), Decimal(4), Decimal("-1.125")]
    assert daily.to_polars().schema["date"] == polars.Datetime("us", "UTC")


def test_arrow_has_the_types_of_the_values(summary: iof.CostSummary, finops: Finops) -> None:
    pyarrow = pytest.importorskip("pyarrow", reason="pyarrow is not installed")
    table = summary.to_arrow()
    assert table.schema.field("cost").type == pyarrow.decimal128(38, 18)
    assert table.schema.field("service").type == pyarrow.string()
    assert table.column("cost").to_pylist() == [item["cost"] for item in summary["breakdown"]]
    assert pyarrow.RecordBatchReader.from_stream(summary).read_all() == table
    empty = finops.get_cost_summary(period="2023-01").to_arrow()
    assert empty.num_rows == 0
    assert empty.schema.field("cost").type == pyarrow.decimal128(38, 18)


def test_arrow_takes_every_kind_of_value() -> None:
    pyarrow = pytest.importorskip("pyarrow", reason="pyarrow is not installed")
    instant = datetime(2024, 1, 1, 12, tzinfo=timezone.utc)
    rows = [
        {"yes": True, "count": 1, "ratio": 0.5, "cost": Decimal("1.5"), "at": instant, "name": "a", "none": None,
         "tags": {"a": ["b"]}, "mixed": 1, "wide": 1},
        {"yes": None, "count": 2, "ratio": 1, "cost": 2, "at": None, "name": None, "none": None,
         "tags": None, "mixed": "x", "wide": Decimal("0.000000000000000001"), "late": 1},
    ]
    table = iof.Page(items=rows).to_arrow()
    assert table.to_pylist() == [
        {"yes": True, "count": 1, "ratio": 0.5, "cost": Decimal("1.5"), "at": instant, "name": "a", "none": None,
         "tags": '{"a":["b"]}', "mixed": "1", "wide": Decimal(1), "late": None},
        {"yes": None, "count": 2, "ratio": 1.0, "cost": Decimal(2), "at": None, "name": None, "none": None,
         "tags": None, "mixed": '"x"', "wide": Decimal("0.000000000000000001"), "late": 1},
    ]
    assert table.schema.field("at").type == pyarrow.timestamp("us", "UTC")
    assert iof.Page(items=[]).to_arrow().num_rows == 0


def test_pages_have_the_same_types_whatever_is_in_them(finops: Finops) -> None:
    pytest.importorskip("pyarrow", reason="pyarrow is not installed")
    empty = finops.catalog.list().to_arrow().schema
    finops.catalog.upsert("team", "t", "T", tags={"a": "b"})
    assert finops.catalog.list().to_arrow().schema == empty
