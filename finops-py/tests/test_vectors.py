"""The vectors that every language runs: calls and the answers that they must give."""

from __future__ import annotations

import inspect
import json
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal, InvalidOperation
from functools import reduce
from pathlib import Path
from typing import Any

import pytest

import iof

VECTORS = sorted((Path(__file__).parents[2] / "tests" / "vectors").glob("*.json"))


def resolve(value: Any, known: dict[str, str]) -> Any:
    """The value with ``$DIR`` in its texts replaced by the folder, and names by what was kept under them."""
    if isinstance(value, str):
        # From the end, so that a name goes before another one that it starts with.
        return reduce(lambda text, name: text.replace(name, known[name]), sorted(known, reverse=True), value)
    if isinstance(value, list):
        return [resolve(item, known) for item in value]
    if isinstance(value, dict):
        return {key: resolve(item, known) for key, item in value.items()}
    return value


def call(engine: iof.Iof, operation: str, params: dict[str, Any]) -> Any:
    """Calls the method, or what is below it when Python would refuse the keywords before the engine could."""
    try:
        method: Any = reduce(getattr, operation.split("."), engine.finops)
        inspect.signature(method).bind(**params)
    except (AttributeError, TypeError):
        return engine._engine.call(operation, params)
    return method(**params)


def check(answer: Any, wanted: Any, place: str) -> None:
    """Objects by the keys that are wanted, lists in full, decimals as numbers, instants as instants."""
    if isinstance(wanted, dict):
        assert isinstance(answer, Mapping), f"{place}: {answer!r} is no object"
        for key, value in wanted.items():
            assert key in answer, f"{place}: has no '{key}'"
            check(answer[key], value, f"{place}.{key}")
    elif isinstance(wanted, list):
        assert isinstance(answer, list), f"{place}: {answer!r} is no list"
        assert len(answer) == len(wanted), f"{place}: has {len(answer)} items, wanted {len(wanted)}: {answer!r}"
        for number, (item, value) in enumerate(zip(answer, wanted)):
            check(item, value, f"{place}[{number}]")
    else:
        assert same(answer, wanted), f"{place}: is {answer!r}, wanted {wanted!r}"


def same(answer: Any, wanted: Any) -> bool:
    if isinstance(answer, bool) or isinstance(wanted, bool) or answer is None or wanted is None:
        return answer is wanted
    if isinstance(answer, Decimal):
        try:
            return answer == Decimal(str(wanted))
        except InvalidOperation:
            return False
    if isinstance(answer, datetime):
        return answer == datetime.fromisoformat(str(wanted).replace("Z", "+00:00"))
    return type(answer) is type(wanted) and bool(answer == wanted)


def run(vector: dict[str, Any], folder: Path) -> None:
    for name, content in vector.get("files", {}).items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode())
    known = {"$DIR": str(folder)}
    with iof.open(now=vector.get("now")) as engine:
        for number, step in enumerate(vector["steps"]):
            place = f"step {number}, {step['call']}"
            params = resolve(step.get("params", {}), known)
            if "error" not in step:
                answer = call(engine, step["call"], params)
                check(answer, resolve(step.get("answer", {}), known), place)
                known.update({f"${name}": answer[field] for name, field in step.get("keep", {}).items()})
                continue
            with pytest.raises(iof.FinopsError) as caught:
                call(engine, step["call"], params)
            wanted = step["error"]
            for key, found in (("code", caught.value.code), ("field", caught.value.field)):
                assert key not in wanted or found == wanted[key], f"{place}: {key} is {found!r}: {caught.value}"
            assert wanted.get("says", "") in str(caught.value), f"{place}: says {caught.value}"


@pytest.mark.skipif(not VECTORS, reason="this checkout has no tests/vectors")
@pytest.mark.parametrize("path", VECTORS, ids=lambda path: path.stem)
def test_vector(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    run(json.loads(path.read_text(encoding="utf-8")), tmp_path)


def test_the_runner_runs(tmp_path: Path) -> None:
    steps: list[dict[str, Any]] = [
        {"call": "catalog.upsert", "params": {"kind": "team", "id": "t", "name": "$DIR", "budget_usd": "1.50"},
         "answer": {"name": "$DIR", "budget_usd": "1.5", "parent": None, "tags": {}}},
        {"call": "tick", "params": {}, "answer": {"now": "2024-02-01T00:00:00Z"}},
        {"call": "catalog.get", "params": {"kind": "team"}, "error": {"code": "invalid_argument", "field": "id"}},
        {"call": "paint", "params": {}, "error": {"code": "not_found", "says": "'paint'"}},
    ]
    vector = {"now": "2024-02-01T00:00:00Z", "files": {"a/b.csv": "x"}, "steps": steps}
    run(vector, tmp_path)
    assert (tmp_path / "a" / "b.csv").read_text() == "x"
    others: list[Any] = [{"budget_usd": "1.51"}, {"name": "x"}, {"tags": []}, {"parent": ""}, {"colour": None}]
    for answer in others:
        wrong = {**vector, "steps": [{**steps[0], "answer": answer}]}
        with pytest.raises(AssertionError):
            run(wrong, tmp_path)
