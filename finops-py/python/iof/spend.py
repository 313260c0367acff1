"""A spend that holds its amount as long as its block runs."""

from __future__ import annotations

from collections.abc import Coroutine
from decimal import Decimal
from types import TracebackType
from typing import TYPE_CHECKING, Any, cast

from . import _iof
from .errors import ConflictError, FinopsError, InvalidArgumentError

if TYPE_CHECKING:
    import asyncio

    from .budget_types import SpendReleased, SpendSettled
    from .types import Number

__all__ = ["Spend"]


class Spend:
    """A spend that is under way, as :meth:`Budgets.spend` makes it.

    >>> import iof
    >>> budgets = iof.open().finops.budgets
    >>> with budgets.spend(amount="0.30") as spend:
    ...     print(spend.amount)
    0.3
    """

    reservation_id: str | None
    """The id of the reservation, from entering on."""
    amount: Decimal | None
    """What is held, from entering on."""

    def __init__(self, gate: _iof.Gate, values: tuple[Any, ...]) -> None:
        self._gate = gate
        self._values = values
        self._open = False
        self.reservation_id = None
        self.amount = None

    def settle(self, amount: Number) -> SpendSettled:
        """Says what it came to, once. When that fails, the amount is held until its time is over.

        Raises:
            ConflictError: It was settled or released before, or the block was not entered.
            InvalidArgumentError: The amount is below 0, or cannot be read.
        """
        return self._gate.settle(self._over(), amount)

    def release(self) -> SpendReleased:
        """Lets go of the amount: nothing was spent, or it is metered.

        Raises:
            ConflictError: It is over already, also by expiry, or the block was not entered.
        """
        return self._gate.release(self._over())

    def __enter__(self) -> Spend:
        self._check_new()
        self._hold(self._gate.spend(True, self._values))
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if not self._open:
            return
        if kind is None and not self._is_unknown():
            self.settle(cast("Decimal", self.amount))
            return
        try:
            self.release()
        except FinopsError:
            # It has expired, or the engine is closed: either lets go of it. What was raised in the block comes out.
            pass
        if kind is None:
            message = "what it came to is not known, which is not zero: settle or release it before the block ends"
            raise InvalidArgumentError("invalid_argument", message, "amount")

    def _is_unknown(self) -> bool:
        """Whether nobody said what it costs, and nothing is held for it."""
        amount, _, on_unknown, *_ = self._values
        return amount is None and on_unknown == "allow"

    async def __aenter__(self) -> Spend:
        self._check_new()
        self._hold(self._gate.spend(False, self._values) or await self._spend_in_thread())
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.__exit__(kind, error, traceback)

    async def _spend_in_thread(self) -> tuple[str, Decimal]:
        """Budgets have to be looked at first, which is not for the thread of an event loop."""
        import asyncio

        work: Coroutine[Any, Any, tuple[str, Decimal]] = asyncio.to_thread(self._gate.spend, True, self._values)
        spending = asyncio.ensure_future(work)
        try:
            return await asyncio.shield(spending)
        except asyncio.CancelledError:
            # The thread goes on; nobody is left to use what it reserves.
            spending.add_done_callback(self._let_go)
            raise

    def _let_go(self, spending: asyncio.Future[tuple[str, Decimal]]) -> None:
        if not spending.cancelled() and spending.exception() is None:
            self._gate.release(spending.result()[0])

    def _check_new(self) -> None:
        if self.reservation_id is not None:
            raise ConflictError("conflict", "this spend was begun before: make another one")

    def _hold(self, held: tuple[str, Decimal]) -> None:
        self.reservation_id, self.amount = held
        self._open = True

    def _over(self) -> str:
        if self.reservation_id is None:
            raise ConflictError("conflict", "the spend has not begun: enter its block first")
        self._open = False
        return self.reservation_id
