"""The spends that gates are compared with, and the budgets that cover them."""

from __future__ import annotations

import random
from dataclasses import dataclass

LEVELS = {"organization": 500, "tenant": 2_000, "team": 2_500, "user": 5_000}
SCOPES = 10_000
# Small enough that some spends are refused.
LIMITS = {"organization": 30_000, "tenant": 9_000, "team": 7_500, "user": 4_500}


@dataclass(frozen=True)
class Spend:
    """A spend: the numbers of the budgets that cover it, and how much is reserved and then spent."""

    budgets: tuple[int, ...]
    reserved: int
    spent: int


@dataclass(frozen=True)
class Call:
    """A spend as a service has it at hand that has just read a request."""

    keys: list[str]
    reserved: int
    spent: int

    @classmethod
    def of(cls, spend: Spend) -> Call:
        keys = [f"{level}-{number}" for level, number in zip(LEVELS, spend.budgets)]
        return cls(keys, spend.reserved, spend.spent)


def spends(count: int, seed: int) -> tuple[list[Spend], list[Spend]]:
    """One for each scope, and some of random ones."""
    chance = random.Random(seed)
    scopes = [tuple(chance.randrange(many) for many in LEVELS.values()) for _ in range(SCOPES)]
    made = []
    for _ in range(count):
        reserved = chance.randrange(1, 1_000)
        made.append(Spend(chance.choice(scopes), reserved, chance.randrange(reserved + 1)))
    return [Spend(scope, 1, 0) for scope in scopes], made
