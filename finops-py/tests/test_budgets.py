"""Budgets and their gate: what is special to Python."""

from __future__ import annotations

import asyncio
import pickle
import threading
from datetime import datetime, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from conftest import Bill

import iof
from iof import _iof

SPEND = {"tenant_id": "ten_001"}
IDS = [name for name in _iof.operations()["budgets.check"] if name not in ("amount", "currency", "on_unknown", "tags")]


@pytest.fixture
def limited(finops: iof.Finops) -> tuple[iof.Finops, str]:
    """A tenant that may spend 10 a month."""
    made = finops.set_budget_alert(name="Bank", tenant="ten_001", amount=10, pause_at_pct=100)
    return finops, made["budget_id"]


def reserved(finops: iof.Finops, budget: str) -> tuple[Decimal, Decimal | None]:
    status = finops.get_budget_status(budget)
    return status["reserved"], status["spent"]


def test_answers_are_those_of_the_operations_by_name(limited: tuple[iof.Finops, str]) -> None:
    finops, _ = limited
    by_name = finops._engine.call
    for amount in ("4", "11"):
        spend: dict[str, Any] = {**SPEND, "amount": amount, "tags": {"a": "b"}}
        checked, named = finops.budgets.check(**spend), by_name("budgets.check", spend)
        assert checked == named
        assert list(checked) == list(named)
        answered, named = finops.budgets.reserve(**spend), by_name("budgets.reserve", spend)
        for one in (answered, named):
            if one["reservation_id"] is not None:
                finops.budgets.release(one["reservation_id"])
                one["reservation_id"] = "res"
        assert answered == named or amount == "4"
        assert list(answered) == list(named)
        assert [*map(type, answered.values())] == [*map(type, named.values())]
    held = [finops.budgets.reserve(amount=2, **SPEND)["reservation_id"] or "" for _ in range(4)]
    settled, named = finops.budgets.settle(held[0], "0.5"), {"reservation_id": held[1], "amount": "0.5"}
    named = by_name("budgets.settle", named)
    assert settled == named and list(settled) == list(named)
    released = finops.budgets.release(held[2]), by_name("budgets.release", {"reservation_id": held[3]})
    assert released[0] == released[1] == {"released": Decimal(2)}


@pytest.mark.parametrize("field", IDS)
def test_each_argument_says_what_the_spend_is_for(finops: iof.Finops, field: str) -> None:
    dimension = field.removesuffix("_id") if field != "resource_id" else field
    finops.budgets.create(
        field,
        {"level": "platform"},
        {"amount": 1, "currency": "USD", "type": "one_time"},
        [{"percent": 100, "action": "pause"}],
        filter={dimension: "this one"},  # type: ignore[misc]
    )
    for value, decision in (("this one", "deny"), ("another", "allow")):
        arguments: dict[str, Any] = {"amount": 2, field: value}
        assert finops.budgets.check(**arguments)["decision"] == decision
        assert finops.budgets.reserve(**arguments)["decision"] == decision


@pytest.mark.parametrize("amount", [Decimal("0.1"), "0.1", 0.1, Decimal("1E-1")])
def test_amounts_are_exact(limited: tuple[iof.Finops, str], amount: Any) -> None:
    finops, budget = limited
    for _ in range(100):
        assert finops.budgets.reserve(amount=amount, **SPEND)["decision"] == "allow"
    assert finops.budgets.reserve(amount=Decimal("0.000000000000000001"), **SPEND)["decision"] == "deny"
    assert reserved(finops, budget)[0] == 10


class Own(str):
    """A text of another class."""


def test_unusual_arguments_are_read_as_everywhere(limited: tuple[iof.Finops, str]) -> None:
    budgets = limited[0].budgets
    numpy_like = type("Float", (float,), {"__repr__": lambda self: "Float"})
    assert budgets.check(amount=numpy_like(10.5), tenant_id=Own("ten_001"))["decision"] == "deny"
    assert budgets.check(on_unknown={"estimate": Decimal(11)}, **SPEND)["decision"] == "deny"
    assert budgets.check(amount=10**20 - 1, **SPEND)["decision"] == "deny"
    wrong: list[tuple[dict[str, Any], str]] = [
        ({"amount": float("nan")}, "amount"),
        ({"amount": Decimal("Infinity")}, "amount"),
        ({"amount": [1]}, "amount"),
        ({"amount": "one"}, "amount"),
        ({"amount": 10**20}, "amount"),
        ({"amount": 10**40}, "amount"),
        ({"amount": 1, "tenant_id": 7}, "tenant_id"),
        ({"amount": 1, "tags": {"a": 1}}, "tags.a"),
        ({"amount": 1, "tags": ["a"]}, "tags"),
        ({"amount": 1, "currency": "usd!"}, "currency"),
        ({"amount": 1, "tenant_id": "\ud800"}, "tenant_id"),
    ]
    for arguments, field in wrong:
        with pytest.raises(iof.InvalidArgumentError) as raised:
            budgets.check(**arguments)
        assert raised.value.field == field, arguments
        with pytest.raises(iof.InvalidArgumentError):
            budgets.spend(**arguments).__enter__()
    for call in (lambda: budgets.settle("res", 1), lambda: budgets.release(7)):  # type: ignore[arg-type]
        with pytest.raises(iof.InvalidArgumentError) as raised:
            call()
        assert raised.value.field == "reservation_id"
    held = budgets.reserve(amount=1, **SPEND)["reservation_id"] or ""
    for amount in (-1, "x", None, float("inf")):
        with pytest.raises(iof.InvalidArgumentError) as raised:
            budgets.settle(held, amount)  # type: ignore[arg-type]
        assert raised.value.field == "amount"
    assert budgets.release(held) == {"released": 1}
    with pytest.raises(iof.NotFoundError):
        budgets.settle("res_00000000000000000000000000", 1)
    with pytest.raises(iof.ConflictError):
        budgets.settle(held, 1)


def test_a_block_holds_its_amount_and_settles(limited: tuple[iof.Finops, str]) -> None:
    finops, budget = limited
    with finops.budgets.spend(amount=8, **SPEND) as spend:
        assert (spend.amount, reserved(finops, budget)) == (8, (8, 0))
        assert spend.settle("2.5")["released"] == Decimal("5.5")
        with pytest.raises(iof.ConflictError):
            spend.settle(1)
    assert reserved(finops, budget) == (0, Decimal("2.5"))
    with finops.budgets.spend(amount=1, **SPEND):
        pass
    assert reserved(finops, budget) == (0, Decimal("3.5")), "it was probably spent"
    with finops.budgets.spend(amount=1, **SPEND) as spend:
        assert spend.release() == {"released": 1}
    with pytest.raises(KeyError), finops.budgets.spend(amount=1, **SPEND):
        raise KeyError
    assert reserved(finops, budget) == (0, Decimal("3.5"))
    with pytest.raises(KeyError), finops.budgets.spend(amount=1, **SPEND) as spend:
        spend.settle("0.5")
        raise KeyError
    assert reserved(finops, budget) == (0, 4), "what was said to be spent is"
    again = finops.budgets.spend(amount=1, **SPEND)
    with pytest.raises(iof.ConflictError):
        again.settle(1)
    with again:
        pass
    with pytest.raises(iof.ConflictError), again:
        pass


def test_a_block_whose_time_is_over(limited: tuple[iof.Finops, str]) -> None:
    finops, budget = limited
    with pytest.raises(KeyError), finops.budgets.spend(amount=1, ttl_seconds=1, **SPEND):
        finops.tick("2024-02-01T00:00:01Z")
        raise KeyError
    with finops.budgets.spend(amount=1, ttl_seconds="0.5", **SPEND) as spend:
        finops.tick("2024-02-01T00:00:02Z")
        assert spend.settle(2)["late"]
    assert reserved(finops, budget) == (0, 2)
    with finops.budgets.spend(amount=1, on_unknown="allow") as spend:
        assert spend.amount == 1
    with finops.budgets.spend(on_unknown={"estimate": "0.5"}, **SPEND) as spend:
        assert spend.amount == Decimal("0.5")
    assert reserved(finops, budget) == (0, Decimal("2.5"))


def test_a_block_of_an_unknown_amount_says_what_it_came_to(limited: tuple[iof.Finops, str]) -> None:
    finops, budget = limited
    unknown = finops.budgets.spend(on_unknown="allow", **SPEND)
    with pytest.raises(iof.InvalidArgumentError, match="not known, which is not zero") as raised, unknown:
        assert unknown.amount == 0
    assert raised.value.field == "amount"
    with pytest.raises(iof.ConflictError):
        finops.budgets.settle(str(unknown.reservation_id), 1)
    with pytest.raises(KeyError), finops.budgets.spend(on_unknown="allow", **SPEND):
        raise KeyError
    with finops.budgets.spend(on_unknown="allow", **SPEND) as spend:
        assert spend.settle("2.5")["overrun"]
    with finops.budgets.spend(on_unknown="allow", **SPEND) as spend:
        spend.release()
    assert reserved(finops, budget) == (0, Decimal("2.5"))


def test_a_refused_block_is_not_entered(limited: tuple[iof.Finops, str]) -> None:
    finops, budget = limited
    with pytest.raises(iof.BudgetExhausted) as raised, finops.budgets.spend(amount="10.01", **SPEND):
        pytest.fail("it was entered")
    error = raised.value
    assert (error.code, error.reason, error.__cause__) == ("budget_exhausted", "limit", None)
    assert error.refused_by == {
        "budget_id": budget,
        "name": "Bank",
        "limit": Decimal(10),
        "threshold_percent": Decimal(100),
        "spent": Decimal(0),
        "reserved": Decimal(0),
        "requested": Decimal("10.01"),
        "until": datetime(2024, 3, 1, tzinfo=timezone.utc),
    }
    assert "'Bank'" in str(error) and "10.01" in str(error)
    copy = pickle.loads(pickle.dumps(error))
    assert (str(copy), copy.reason, copy.refused_by) == (str(error), error.reason, error.refused_by)
    with pytest.raises(iof.BudgetExhausted) as raised, finops.budgets.spend(**SPEND):
        pytest.fail("it was entered")
    assert (raised.value.reason, raised.value.refused_by) == ("unknown_price", None)


def test_the_same_in_asyncio(limited: tuple[iof.Finops, str]) -> None:
    finops, budget = limited

    async def spend() -> None:
        async with finops.budgets.spend(amount=8, **SPEND) as spend:
            assert reserved(finops, budget) == (8, 0)
            spend.settle(2)
        async with finops.budgets.spend(amount=1, **SPEND):
            pass
        with pytest.raises(KeyError):
            async with finops.budgets.spend(amount=1, **SPEND):
                raise KeyError
        with pytest.raises(iof.BudgetExhausted):
            async with finops.budgets.spend(amount=8, **SPEND):
                pytest.fail("it was entered")

        async def waits() -> None:
            async with finops.budgets.spend(amount=1, **SPEND):
                await asyncio.sleep(60)

        task = asyncio.create_task(waits())
        while reserved(finops, budget)[0] == 0:
            await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(spend())
    assert reserved(finops, budget) == (0, 3)


def test_whoever_is_cancelled_before_it_begins_holds_nothing(tmp_path: Path) -> None:
    """Nobody has looked at budgets yet, so that it is done on another thread."""
    with iof.open(tmp_path) as engine:
        engine.finops.set_budget_alert(tenant="ten_001", amount=10, pause_at_pct=100)
    with iof.open(tmp_path) as engine:
        budgets = engine.finops.budgets

        async def begins() -> None:
            async with budgets.spend(amount=10, **SPEND):
                pytest.fail("it was entered")

        async def cancelled() -> None:
            task = asyncio.create_task(begins())
            await asyncio.sleep(0)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            while budgets.check(amount=10, **SPEND)["decision"] == "deny":
                await asyncio.sleep(0.001)

        asyncio.run(asyncio.wait_for(cancelled(), 300))


def test_threads_reserve_as_many_as_there_are(finops: iof.Finops) -> None:
    budget = finops.set_budget_alert(organization="org_1", amount=1000, pause_at_pct=100)["budget_id"]
    held: list[list[str]] = [[] for _ in range(8)]

    def reserve(mine: list[str]) -> None:
        for _ in range(1000):
            answer = finops.budgets.reserve(amount=1, organization_id="org_1", user_id=f"usr_{id(mine)}")
            if answer["reservation_id"] is not None:
                mine.append(answer["reservation_id"])

    run([lambda mine=mine: reserve(mine) for mine in held])  # type: ignore[misc]
    assert sum(map(len, held)) == 1000 == len({one for mine in held for one in mine})
    assert reserved(finops, budget) == (1000, 0)

    def settle(mine: list[str]) -> None:
        for one in mine:
            finops.budgets.settle(one, "0.25")

    run([lambda mine=mine: settle(mine) for mine in held])  # type: ignore[misc]
    assert reserved(finops, budget) == (0, 250)


def test_threads_spend_while_bills_come_in(finops: iof.Finops, bill: Bill) -> None:
    """What looks at budgets waits for the store, and must not keep the others from going on."""
    budget = finops.set_budget_alert(scope={"level": "platform"}, amount=10_000, pause_at_pct=100)["budget_id"]
    paths = [bill({"BillingAccountId": f"a-{n}", "ChargePeriodStart": "2024-02-01T00:00:00Z",
                   "ChargePeriodEnd": "2024-02-02T00:00:00Z"}, name=f"{n}.csv") for n in range(10)]
    seen: list[object] = []

    def spend() -> None:
        for _ in range(200):
            with finops.budgets.spend(amount=1, **SPEND) as one:
                one.settle("0.5")

    def imports() -> None:
        for path in paths:
            finops.import_charges(path, progress=seen.append)

    run([spend, spend, imports])
    assert reserved(finops, budget) == (0, 210)


def run(works: list[Any]) -> None:
    raised: list[BaseException] = []

    def guarded(work: Any) -> None:
        try:
            work()
        except BaseException as error:
            raised.append(error)

    threads = [threading.Thread(target=guarded, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(600)
        assert not thread.is_alive(), "it waits for ever"
    assert raised == []


def test_narrowed_engines_spend_for_themselves(engine: iof.Iof) -> None:
    finops = engine.finops
    budget = finops.set_budget_alert(name="Bank", tenant="ten_001", amount=10, pause_at_pct=100)["budget_id"]
    finops.set_budget_alert(name="Whole", scope={"level": "platform"}, amount=50, pause_at_pct=100)
    tenant = engine.as_tenant("ten_001").finops
    with tenant.budgets.spend(amount=8) as spend:
        assert reserved(tenant, budget) == (8, 0)
        assert tenant.budgets.check(amount=1)["budgets"] is None
        stranger = engine.as_tenant("ten_002").finops.budgets
        for resolve in (lambda id: stranger.settle(id, 1), stranger.release):
            with pytest.raises(iof.NotFoundError):
                resolve(str(spend.reservation_id))
        spend.settle(1)
    assert tenant.budgets.check(amount=10)["refused_by"] is not None
    for call in (tenant.budgets.check, tenant.budgets.reserve):
        with pytest.raises(iof.ForbiddenError) as raised:
            call(amount=1, tenant_id="ten_002")
        assert raised.value.field == "tenant_id"
    assert [item["name"] for item in tenant.budgets.list()["items"]] == ["Bank"]
    other = engine.as_tenant("ten_002").finops
    with pytest.raises(iof.NotFoundError):
        other.get_budget_status(budget)
    with pytest.raises(iof.ForbiddenError):
        other.set_budget_alert(tenant="ten_001", amount=1)
    refused = other.budgets.reserve(amount=50)
    assert (refused["decision"], refused["reason"], refused["refused_by"]) == ("deny", "limit", None)
    viewer = engine.as_principal(user_id="u", roles=["viewer"], tenant_id="ten_001").finops
    assert viewer.budgets.check(amount=1)["decision"] == "allow"
    with pytest.raises(iof.ForbiddenError):
        viewer.budgets.reserve(amount=1)
    engine.close()
    with pytest.raises(iof.ConflictError):
        tenant.budgets.check(amount=1)


def test_opening_again_releases_what_was_reserved_and_keeps_what_was_settled(tmp_path: Path) -> None:
    with iof.open(tmp_path, now="2024-02-01T00:00:00Z") as engine:
        finops = engine.finops
        budget = finops.set_budget_alert(tenant="ten_001", amount=10, pause_at_pct=100)["budget_id"]
        held = [finops.budgets.reserve(amount=5, **SPEND)["reservation_id"] or "" for _ in range(2)]
        finops.budgets.settle(held[0], 4)
    with iof.open(tmp_path, now="2024-02-01T00:00:00Z") as engine:
        finops = engine.finops
        assert reserved(finops, budget) == (0, 4)
        with pytest.raises(iof.NotFoundError):
            finops.budgets.settle(held[1], 1)
        assert finops.budgets.check(amount=6, **SPEND)["decision"] == "allow"
    with iof.open(tmp_path, now="2024-02-01T00:00:00Z", read_only=True) as engine:
        assert engine.finops.get_budget_status(budget)["spent"] == 4
        with pytest.raises(iof.ConflictError):
            engine.finops.budgets.check(amount=6, **SPEND)


def test_the_status_is_the_cost_query(limited: tuple[iof.Finops, str], bill: Bill) -> None:
    finops, budget = limited
    period = {"ChargePeriodStart": "2024-02-01T00:00:00Z", "ChargePeriodEnd": "2024-02-02T00:00:00Z"}
    path = bill({**period, "EffectiveCost": "1.25", "ServiceName": "ten_001"}, {**period, "EffectiveCost": "7"})
    finops.import_charges(path, mapping={"tenant_id": "ServiceName"})
    for amount in ("0.1", "0.2", "3"):
        finops.budgets.settle(finops.budgets.reserve(amount=3, **SPEND)["reservation_id"] or "", amount)
    status = finops.get_budget_status(budget)
    summary = finops.get_cost_summary(period="2024-02", filter={"tenant": "ten_001"})
    assert status["spent"] == summary["total_cost"] == Decimal("4.55")
    assert finops.get_cost_summary(period="2024-02", filter={"account": "gate"})["total_cost"] == Decimal("3.3")


def test_usage_counts_when_it_has_waited(bill: Bill) -> None:
    with iof.open(now="2024-02-01T00:00:00Z", budget_lag_seconds=0) as engine:
        finops = engine.finops
        finops.prices.create(
            "api_calls", "per_unit", currency="USD", effective_from="2024-01-01T00:00:00Z", unit_price=1
        )
        finops.set_budget_alert(tenant="ten_001", amount=10, pause_at_pct=100)
        event = {"resource": "api_calls", "quantity": 10, "tenant_id": "ten_001", "time": "2024-02-01T00:00:00Z"}
        assert finops.budgets.check(amount=1, **SPEND)["decision"] == "allow"
        finops.record_usage({**event, "id": "1"})
        assert finops.budgets.check(amount=1, **SPEND)["decision"] == "deny"
    with pytest.raises(iof.InvalidArgumentError) as raised:
        iof.open(budget_lag_seconds=-1)
    assert raised.value.field == "budget_lag_seconds"


def test_budgets_print(limited: tuple[iof.Finops, str]) -> None:
    finops, budget = limited
    finops.budgets.create("Ever", {"level": "platform"}, {"amount": 5, "currency": "USD", "type": "one_time"},
                          [{"percent": "90.5", "action": "alert"}])
    page = str(finops.budgets.list())
    assert "tenant ten_001" in page and "monthly" in page and "once" in page
    finops.budgets.settle(finops.budgets.reserve(amount=9, **SPEND)["reservation_id"] or "", 9)
    finops.tick("2024-02-15T00:00:00Z")
    status = finops.get_budget_status(budget)
    lines = str(status).splitlines()
    assert lines[0] == f"Budget {budget}, 2024-02-01 to 2024-03-01, WARNING, active"
    assert "crossed: 80 % (alert)" in str(status) and "expected at the end" in str(status)
    assert status.records()[0]["spent"] == 9
    for answer in (status, finops.get_budget_status(finops.budgets.list()["items"][1]["id"]), finops.budgets.list()):
        assert answer._repr_html_().startswith("<div>")
    ever = str(finops.get_budget_status(finops.budgets.list()["items"][1]["id"])).splitlines()[0]
    assert ever.endswith(", CRITICAL, active")
