from datetime import datetime
from decimal import Decimal
from typing import Literal, overload

from .metering_types import (
    Failure,
    Grant,
    GrantLeft,
    Meter,
    Overage,
    Price,
    Rejected,
    StatementLine,
    Unpriced,
    UsageItem,
)
from .results import Page, Result

__all__ = [
    "Closed",
    "GrantBalance",
    "GrantPage",
    "MeterPage",
    "PricePage",
    "Settlement",
    "Statement",
    "Usage",
    "UsageReceipt",
]

class UsageReceipt(Result):
    @overload  # type: ignore[override]
    def __getitem__(self, key: Literal["accepted", "duplicates"], /) -> int: ...
    @overload
    def __getitem__(self, key: Literal["rejected"], /) -> list[Rejected]: ...

class Usage(Result):
    @overload  # type: ignore[override]
    def __getitem__(self, key: Literal["period"], /) -> str | None: ...
    @overload
    def __getitem__(self, key: Literal["window_start", "window_end"], /) -> datetime: ...
    @overload
    def __getitem__(self, key: Literal["count"], /) -> int: ...
    @overload
    def __getitem__(self, key: Literal["items", "series"], /) -> list[UsageItem]: ...

class MeterPage(Page[Meter]): ...
class PricePage(Page[Price]): ...
class GrantPage(Page[Grant]): ...

class GrantBalance(Result):
    @overload  # type: ignore[override]
    def __getitem__(self, key: Literal["tenant_id"], /) -> str: ...
    @overload
    def __getitem__(self, key: Literal["at"], /) -> datetime: ...
    @overload
    def __getitem__(self, key: Literal["grants"], /) -> list[GrantLeft]: ...
    @overload
    def __getitem__(self, key: Literal["overages"], /) -> list[Overage]: ...

class Settlement(Result):
    @overload  # type: ignore[override]
    def __getitem__(self, key: Literal["lines", "charges", "snapshot"], /) -> int: ...
    @overload
    def __getitem__(self, key: Literal["failures"], /) -> list[Failure]: ...

class Statement(Result):
    @overload  # type: ignore[override]
    def __getitem__(self, key: Literal["tenant_id", "period"], /) -> str: ...
    @overload
    def __getitem__(self, key: Literal["period_start", "period_end"], /) -> datetime: ...
    @overload
    def __getitem__(self, key: Literal["currency"], /) -> str | None: ...
    @overload
    def __getitem__(self, key: Literal["lines"], /) -> list[StatementLine]: ...
    @overload
    def __getitem__(self, key: Literal["total"], /) -> Decimal | None: ...
    @overload
    def __getitem__(self, key: Literal["totals"], /) -> dict[str, Decimal]: ...
    @overload
    def __getitem__(self, key: Literal["unpriced"], /) -> list[Unpriced]: ...
    @overload
    def __getitem__(self, key: Literal["closed_at"], /) -> datetime | None: ...

class Closed(Result):
    @overload  # type: ignore[override]
    def __getitem__(self, key: Literal["period"], /) -> str: ...
    @overload
    def __getitem__(self, key: Literal["statements"], /) -> list[Statement]: ...
    @overload
    def __getitem__(self, key: Literal["snapshot"], /) -> int: ...
