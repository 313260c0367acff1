"""What goes wrong, as exceptions.

Every exception of the engine is a :class:`FinopsError`. Catch the subclass to react to a kind of failure, or look at
``code``, which is stable. A call that raised has changed nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .budget_types import RefusedFor, SpendRefusal

__all__ = [
    "BudgetExhausted",
    "CancelledError",
    "ConflictError",
    "FinopsError",
    "ForbiddenError",
    "InvalidArgumentError",
    "MixedCurrenciesError",
    "MoneyOverflowError",
    "NotFoundError",
    "StorageError",
    "UnauthorizedError",
]


class FinopsError(Exception):
    """A failed call.

    >>> from iof import FinopsError
    >>> error = FinopsError("invalid_argument", "must be 1 to 1000, got -5", "limit")
    >>> str(error)
    'limit: must be 1 to 1000, got -5'
    """

    code: str
    """The kind of failure as a stable word, such as ``"invalid_argument"``."""
    field: str | None
    """The argument or column that the failure is about, where there is one."""
    message: str
    """What was wrong and what to do, without the field."""

    def __init__(self, code: str, message: str, field: str | None = None) -> None:
        super().__init__(message if field is None else f"{field}: {message}")
        self.code = code
        self.field = field
        self.message = message

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.code, self.message, self.field)


class InvalidArgumentError(FinopsError, ValueError):
    """An argument cannot be right: correct it and call again. Code ``invalid_argument``."""


class NotFoundError(FinopsError, LookupError):
    """What was named does not exist. Code ``not_found``."""


class ConflictError(FinopsError):
    """The call collides with what is there: a second writer, a closed engine. Code ``conflict``."""


class MixedCurrenciesError(FinopsError, ValueError):
    """Amounts of several currencies would be added: pass ``currency`` and ``exchange_rates``, or filter.

    Code ``mixed_currencies``.
    """


class MoneyOverflowError(FinopsError, OverflowError):
    """An exact result does not fit; money is never cut or wrapped. Code ``overflow``."""


class StorageError(FinopsError):
    """The disk, the database or a stored file failed or is damaged. Code ``storage``."""


class CancelledError(FinopsError):
    """The work was asked to stop. Code ``cancelled``."""


class ForbiddenError(FinopsError, PermissionError):
    """The handle may not do this: call with another role or scope, or leave it. Code ``forbidden``."""


class BudgetExhausted(FinopsError):
    """A budget does not let the spend through: leave it, make it smaller, or wait. Code ``budget_exhausted``."""

    reason: RefusedFor | None = None
    """Why."""
    refused_by: SpendRefusal | None = None
    """The budget that refused, with its figures at that moment.

    None when the price was not known, and on a narrowed handle when the budget is not its own.
    """

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.code, self.message, self.field), {"reason": self.reason, "refused_by": self.refused_by}


class UnauthorizedError(FinopsError, PermissionError):
    """Whoever sent this did not prove who they are: answer with 401, and do nothing of it. Code ``unauthorized``."""


_CLASSES: dict[str, type[FinopsError]] = {
    "invalid_argument": InvalidArgumentError,
    "not_found": NotFoundError,
    "conflict": ConflictError,
    "mixed_currencies": MixedCurrenciesError,
    "overflow": MoneyOverflowError,
    "storage": StorageError,
    "cancelled": CancelledError,
    "forbidden": ForbiddenError,
    "budget_exhausted": BudgetExhausted,
    "unauthorized": UnauthorizedError,
}


def _make(code: str, message: str, field: str | None) -> FinopsError:
    """The exception for a failure in the native half."""
    return _CLASSES.get(code, FinopsError)(code, message, field)
