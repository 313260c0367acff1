"""Two hundred random questions about random charges: what they come to by plain numbers, by DuckDB, and by the engine
in each of its ways."""

from __future__ import annotations

import inspect
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import pytest

import iof

from exact_answers import Answer, Duck, Item, mantissa, reference, views_of
from exact_given import COLUMNS, LARGE_MONTH, TAGS, Charge, charges, micros, questions, write

NOW = "2025-06-01T00:00:00Z"
# What a segment calls the column of a bill.
IN_SEGMENTS = {"provider": "ServiceProviderName"}


@dataclass
class Given:
    """Charges in a store, questions, and what they come to; none where that is beyond the range of an amount."""

    charges: list[Charge]
    questions: list[dict[str, Any]]
    expected: list[Answer | None]
    store: Path


@pytest.fixture(scope="module")
def given(tmp_path_factory: pytest.TempPathFactory) -> Given:
    random, folder = Random(20_240_331), tmp_path_factory.mktemp("exactness")
    made = charges(random)
    asked = questions(random, made)
    expected = [reference(made, question) for question in asked]
    # The second delivery adds to what is there: each bill lies in two files.
    middle = len(made) * 2 // 3
    write(folder / "first.csv", made[:middle])
    write(folder / "second.csv", made[middle:])
    with iof.open(folder / "store", now=NOW) as engine:
        receipts = [engine.finops.import_charges(folder / "first.csv")]
        receipts.append(engine.finops.import_charges(folder / "second.csv", replace="nothing"))
    assert sum(receipt["charges"] for receipt in receipts) == len(made)
    assert [receipt["quarantined"] for receipt in receipts] == [0, 0]
    return Given(made, asked, expected, folder / "store")


@pytest.fixture
def store(given: Given, tmp_path: Path) -> Path:
    """A copy of the store, to be changed as one likes."""
    return Path(shutil.copytree(given.store, tmp_path / "store"))


# --- Asking the engine ------------------------------------------------------------------------------------------------


def answer(finops: iof.Finops, question: dict[str, Any], limit: int = 1000) -> Answer | None:
    """All pages of a breakdown. The first may be short, so that a store gives the largest groups alone."""
    items: list[dict[str, Any]] = []
    while True:
        try:
            page = finops.costs.breakdown(**question, limit=1000 if items else limit, offset=len(items))
        except iof.MoneyOverflowError:
            return None
        items += page["items"]
        if len(items) >= page["count"]:
            break
    views = views_of(question)
    keys = [f"{dimension}_id" if dimension == "tenant" else dimension for dimension in question["group_by"]]

    def cost(of: dict[str, Any], named: str) -> dict[str, int | None]:
        fields = {view: named.format(f"{view}_") for view in views if view in question["views"]}
        found = {view: of[key] for view, key in {**fields, views[0]: named.format("")}.items()}
        if views[0] in question["views"]:
            assert of[fields[views[0]]] == of[named.format("")]
        return {view: None if (amount := found[view]) is None else mantissa(amount) for view in views}

    def read(item: dict[str, Any]) -> Item:
        date = micros(item["date"]) if question["granularity"] else None
        return Item(tuple(item[key] for key in keys), date, cost(item, "{}cost"), item["charges"], item.get("distinct"))

    assert len(items) == page["count"]
    return Answer(cost(dict(page), "total_{}cost"), [read(i) for i in items])


def compare(finops: iof.Finops, given: Given, every: int = 1) -> None:
    """Asks every question, or every so many, and compares all that comes out."""
    for number in range(0, len(given.questions), every):
        question, expected = given.questions[number], given.expected[number]
        found = answer(finops, question, limit=[1000, 7, 1][number % 3])
        check(f"question {number}: {question}", question, found, expected)


def check(name: str, question: dict[str, Any], found: Answer | None, expected: Answer | None) -> None:
    if expected is None or found is None:
        assert found == expected, name
        return
    if expected.charges == 0:
        # Whether a bill reaches the window is another question.
        assert found.items == [] and set(found.totals.values()) <= {None, 0}, name
        return
    assert found.totals == expected.totals, name
    if not question["group_by"] and not question["granularity"]:
        assert found.items in ([], expected.items), name
        return
    for one, other in zip(found.items, expected.items):
        assert one == other, name
    assert len(found.items) == len(expected.items), name
    for view, total in found.totals.items():
        assert sum(item.costs[view] or 0 for item in found.items) == (total or 0), name


# --- The tests --------------------------------------------------------------------------------------------------------


def test_the_questions_are_worth_asking(given: Given) -> None:
    found = [answer for answer in given.expected if answer is not None]
    assert 0 < len(given.questions) - len(found) < 20, "some sums are beyond the range of an amount"
    assert sum(answer.charges > 0 for answer in found) > 130
    assert sum(len(answer.items) > 1000 for answer in found) > 3, "answers of more than one page"
    assert sum(len(answer.items) for answer in found) > 20_000
    decimals = {str(cost)[-18:].rstrip("0") for charge in given.charges for cost in charge.costs.values() if cost}
    assert {len(digits) for digits in decimals} >= set(range(19))


def test_every_answer_is_what_plain_numbers_come_to(given: Given, store: Path) -> None:
    with iof.open(store, now=NOW) as engine:
        compare(engine.finops, given)
        asked = [question for question, expected in zip(given.questions, given.expected) if expected]
        plans = [engine.finops.costs.explain_plan(**question) for question in asked]
    # Hot columns and each kind of what is summed beforehand had their part in it, and so had the plain way.
    for kind in ("days_from_totals", "rows_from_cube", "rows_from_days", "rows_from_columns", "rows_from_parquet"):
        assert sum(plan[kind] > 0 for plan in plans) > 2, kind
    assert sum(plan["rows_from_parquet"] > 0 for plan in plans) < len(plans) / 4


def test_one_thread_gives_the_same(given: Given, store: Path) -> None:
    if "threads" not in inspect.signature(iof.open).parameters:
        pytest.skip("the number of threads cannot be said yet")
    options: dict[str, Any] = {"threads": 1}
    with iof.open(store, now=NOW, **options) as engine:
        compare(engine.finops, given)


def test_a_compaction_changes_no_answer(given: Given, store: Path) -> None:
    with iof.open(store, now=NOW) as engine:
        compact = getattr(engine.finops, "compact", None)
        if compact is None:
            pytest.skip("there is no compaction yet")
        compacted = compact()
        assert compacted["segments_before"] == 2 * compacted["segments_after"] > 0
        compare(engine.finops, given)


def test_charge_by_charge_the_same_comes_out(given: Given, store: Path) -> None:
    hot = list(store.glob("charges/**/*.hot"))
    assert hot
    for path in hot:
        path.unlink()
    with iof.open(store, now=NOW, read_only=True) as engine:
        compare(engine.finops, given, every=2)
        plan = engine.finops.costs.explain_plan(start_date="2024-01-01", end_date="2025-01-01", group_by="service")
        assert plan["scanned_segments"] == plan["segments"] == len(hot)
    assert not list(store.glob("charges/**/*.hot")), "a reader writes nothing"


def test_duckdb_comes_to_the_same_by_the_parquet_files(given: Given) -> None:
    pytest.importorskip("duckdb", reason="duckdb is not installed")
    pytest.importorskip("pyarrow", reason="pyarrow is not installed")
    with iof.open(given.store, now=NOW, read_only=True) as engine:
        files = [file["path"] for file in engine.finops.segments()["items"]]
        duck = Duck(files, {**COLUMNS, **IN_SEGMENTS}, TAGS)
    beyond = 0
    for number, (question, expected) in enumerate(zip(given.questions, given.expected)):
        found = duck.answer(question)
        if found is None:
            # The sums of it do not fit 38 digits on the way, whatever they come to in the end.
            beyond += 1
            continue
        check(f"question {number}: {question}", question, found, expected)
    assert 0 < beyond < len(given.questions) / 5
