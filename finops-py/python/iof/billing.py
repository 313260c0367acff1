"""What usage costs: prices, statements, and the price lists of language models."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, cast

from ._iof import Engine
from .metering_results import Closed, PricePage, Settlement, Statement

if TYPE_CHECKING:
    from typing import Literal

    from .metering_types import (
        Conversion,
        LlmUsage,
        LoadedModelPrices,
        Matrix,
        Package,
        Percentage,
        Price,
        PriceModel,
        PriceRounding,
        RatedRequest,
        Scope,
        Tier,
    )
    from .types import Deleted, Location, Number, Time

__all__ = ["Billing", "ModelPrices", "Prices"]


class Prices:
    """What usage costs, as ``iof.finops.prices``. A version is never edited: a change adds one."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def create(
        self,
        meter: str,
        model: PriceModel,
        *,
        currency: str,
        effective_from: Time,
        unit_price: Number | None = None,
        tiers: Sequence[Tier] | None = None,
        package: Package | None = None,
        percentage: Percentage | None = None,
        matrix: Matrix | None = None,
        effective_to: Time | None = None,
        scope: Scope | None = None,
        minimum: Number | None = None,
        maximum: Number | None = None,
        included: Number | None = None,
        conversion: Conversion | None = None,
        usage_discount: Number | None = None,
        rounding: PriceRounding | None = None,
        first_tier_flat_at_zero: bool | None = None,
        on_change: Literal["carry", "restart"] | None = None,
    ) -> Price:
        """Adds a price and gives it back with its id. Usage from ``effective_from`` on is rated by it.

        That holds for usage which came before it as well: what is billed already is corrected.

        Args:
            meter: The meter that it prices.
            model: ``"per_unit"`` and ``"flat"`` have a ``unit_price``; ``"tiered"`` (each unit by the tier that it
                lies in) and ``"volume"`` (all by the tier of the last) have ``tiers``; ``"package"``,
                ``"percentage"`` and ``"matrix"`` what is called so.
            currency: Of all its amounts, such as ``"USD"``.
            effective_from: The first instant of usage that it prices: a quarter of an hour in UTC.
            unit_price: What a unit costs, or a billing period.
            tiers: ``{"up_to", "unit_price", "flat"}`` each; the last has ``up_to`` ``None``.
            package: ``{"size", "price", "rounding"}``.
            percentage: ``{"percent", "flat"}`` of a metered amount.
            matrix: ``{"dimensions", "cells", "missing"}``: prices by the values of dimensions.
            effective_to: The first instant that it prices no more.
            scope: ``{"tenant_id": ...}``: only for that tenant, before a price for all.
            minimum: What a billing period costs at least.
            maximum: What it costs at most.
            included: How many units of each billing period are free.
            conversion: ``{"divide_by", "rounding", "decimals"}``: how the metered quantity becomes units.
            usage_discount: Units taken off after conversion.
            rounding: ``"exact"`` (18 decimals, the default), ``"currency"``, or ``{"decimals", "mode"}``.
            first_tier_flat_at_zero: Whether the fee of the first tier is due when nothing was used. By default it is.
            on_change: Whether this price, taking over within a billing period, goes on where the one before stood
                (``"carry"``, the default) or starts at zero (``"restart"``).

        Raises:
            InvalidArgumentError: No price can be so; ``field`` says why.

        Example:
            >>> from iof import Iof
            >>> finops = Iof.open(now="2024-01-15T12:00:00Z").finops
            >>> tiers = [{"up_to": 2, "unit_price": "0.01"}, {"up_to": None, "unit_price": "0.005"}]
            >>> since = "2024-01-01T00:00:00Z"
            >>> price = finops.prices.create("api_calls", "tiered", tiers=tiers, currency="USD", effective_from=since)
            >>> _ = finops.record_usage({"id": "1", "resource": "api_calls", "quantity": 3, "tenant_id": "ten_001"})
            >>> finops.billing.preview("ten_001", "2024-01")["total"]
            Decimal('0.025')
        """
        params = {
            "meter": meter,
            "model": model,
            "currency": currency,
            "effective_from": effective_from,
            "unit_price": unit_price,
            "tiers": tiers,
            "package": package,
            "percentage": percentage,
            "matrix": matrix,
            "effective_to": effective_to,
            "scope": scope,
            "minimum": minimum,
            "maximum": maximum,
            "included": included,
            "conversion": conversion,
            "usage_discount": usage_discount,
            "rounding": rounding,
            "first_tier_flat_at_zero": first_tier_flat_at_zero,
            "on_change": on_change,
        }
        return cast("Price", self._engine.call("prices.create", params))

    def update(
        self,
        id: str,
        *,
        model: PriceModel | None = None,
        currency: str | None = None,
        effective_from: Time | None = None,
        unit_price: Number | None = None,
        tiers: Sequence[Tier] | None = None,
        package: Package | None = None,
        percentage: Percentage | None = None,
        matrix: Matrix | None = None,
        effective_to: Time | None = None,
        scope: Scope | None = None,
        minimum: Number | None = None,
        maximum: Number | None = None,
        included: Number | None = None,
        conversion: Conversion | None = None,
        usage_discount: Number | None = None,
        rounding: PriceRounding | None = None,
        first_tier_flat_at_zero: bool | None = None,
        on_change: Literal["carry", "restart"] | None = None,
    ) -> Price:
        """Adds a version of a price: what is given takes the place of what the version before says.

        A later ``effective_from`` lets the version before hold until then. The arguments are those of :meth:`create`.

        Raises:
            NotFoundError: There is no such price.
            InvalidArgumentError: No price can be so.

        Example:
            >>> from iof import Iof
            >>> prices = Iof.open().finops.prices
            >>> since = "2024-01-01T00:00:00Z"
            >>> price = prices.create("api_calls", "per_unit", unit_price="0.01", currency="USD", effective_from=since)
            >>> prices.update(price["id"], unit_price="0.02", effective_from="2024-02-01T00:00:00Z")["revision"]
            2
        """
        params = {
            "id": id,
            "model": model,
            "currency": currency,
            "effective_from": effective_from,
            "unit_price": unit_price,
            "tiers": tiers,
            "package": package,
            "percentage": percentage,
            "matrix": matrix,
            "effective_to": effective_to,
            "scope": scope,
            "minimum": minimum,
            "maximum": maximum,
            "included": included,
            "conversion": conversion,
            "usage_discount": usage_discount,
            "rounding": rounding,
            "first_tier_flat_at_zero": first_tier_flat_at_zero,
            "on_change": on_change,
        }
        return cast("Price", self._engine.call("prices.update", params))

    def list(
        self,
        *,
        meter: str | None = None,
        tenant_id: str | None = None,
        revisions: bool = False,
        limit: int = 20,
        offset: int = 0,
    ) -> PricePage:
        """A page of prices: the latest version of each, or all of them.

        Args:
            meter: Only those of that meter.
            tenant_id: Only those for that tenant alone.
            revisions: Whether to give earlier versions as well.
            limit: How many, 1 to 1000.
            offset: How many to leave out before.

        Returns:
            ``count`` (how many there are on all pages), ``limit``, ``offset``, ``items``.

        Example:
            >>> from iof import Iof
            >>> Iof.open().finops.prices.list(meter="api_calls")["count"]
            0
        """
        params = {"meter": meter, "tenant_id": tenant_id, "revisions": revisions, "limit": limit, "offset": offset}
        return PricePage(self._engine.call("prices.list", params))

    def delete(self, id: str) -> Deleted:
        """Takes a price back with all its versions. Usage that it rated has another price from then on, or none.

        Raises:
            NotFoundError: There is no such price.

        Example:
            >>> from iof import Iof
            >>> prices = Iof.open().finops.prices
            >>> since = "2024-01-01T00:00:00Z"
            >>> price = prices.create("api_calls", "flat", unit_price=20, currency="USD", effective_from=since)
            >>> prices.delete(price["id"])
            {'deleted': True}
        """
        return cast("Deleted", self._engine.call("prices.delete", {"id": id}))


class Billing:
    """What is billed of usage, as ``iof.finops.billing``."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def settle(self) -> Settlement:
        """Makes charges of what was used since. Cost queries of the present state do it by themselves.

        Returns:
            ``lines`` (how many were rated), ``charges``, ``snapshot``, and ``failures``: lines that could not be
            rated, whose cost is unknown.

        Raises:
            ConflictError: The engine was opened for reading, or an import is under way.

        Example:
            >>> from iof import Iof
            >>> Iof.open().finops.billing.settle()["charges"]
            0
        """
        return Settlement(self._engine.call("billing.settle", {}))

    def preview(self, tenant_id: str, period: str) -> Statement:
        """What is billed to a tenant for a month: as it stands now, or as it was closed.

        Args:
            tenant_id: Whose it is.
            period: The billing period: a month such as ``"2024-01"``.

        Returns:
            ``tenant_id``, ``period``, ``period_start``, ``period_end``, ``currency``; ``lines``: ``{"meter", "unit",
            "tier", "quantity", "unit_price", "amount", "currency", "price_id", "correction_of"}``; ``total``, to the
            last digit what cost queries say; ``totals`` by currency; ``unpriced``: what was used without a price;
            ``closed_at``, ``None`` as long as it may change.

        Raises:
            InvalidArgumentError: The period is no month.

        Example:
            >>> from iof import Iof
            >>> Iof.open(now="2024-01-15T12:00:00Z").finops.billing.preview("ten_001", "2024-01")["lines"]
            []
        """
        return Statement(self._engine.call("billing.preview", {"tenant_id": tenant_id, "period": period}))

    def close(self, period: str, *, tenant_id: str | None = None) -> Closed:
        """Closes a month that has ended: minimums fall due, and what is billed stays as it is.

        What changes later is billed as a correction in the next month that is open.

        Args:
            period: The billing period: a month such as ``"2024-01"``.
            tenant_id: Only that tenant's. By default everyone's.

        Returns:
            ``period``, ``statements`` in the order of the tenants, ``snapshot``.

        Raises:
            ConflictError: The month goes on, is closed, or a line of it cannot be rated; then nothing has changed.

        Example:
            >>> from iof import Iof
            >>> Iof.open(now="2024-02-03T00:00:00Z").finops.billing.close("2024-01")["statements"]
            []
        """
        answer = self._engine.call("billing.close", {"period": period, "tenant_id": tenant_id})
        return Closed(answer, statements=[Statement(statement) for statement in answer["statements"]])


class ModelPrices:
    """Prices of language models, as ``iof.finops.llm``. What meters their calls is in :mod:`iof.llm`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def load_prices(
        self,
        path: Location,
        effective_from: Time,
        *,
        currency: str | None = None,
        aliases: Mapping[str, str] | None = None,
        inclusive: Sequence[str] | None = None,
        unknown: Literal["error", "allow"] = "error",
    ) -> LoadedModelPrices:
        """Loads a price list: the meters of tokens are made, and what tokens of each model cost.

        Lists that were loaded earlier hold until ``effective_from``. The same list again changes nothing.

        Args:
            path: A file in LiteLLM's format, a JSON object of models.
            effective_from: From when on the prices hold: a quarter of an hour in UTC.
            currency: What they are in. By default USD.
            aliases: Names under which requests speak of models of the list.
            inclusive: Models whose tiers begin at exactly the number of tokens that they name.
            unknown: What becomes of requests to a model without a price: rejected, or counted with an unknown cost.

        Returns:
            ``models``, ``not_by_token``, ``rounded``, ``left_out`` and ``effective_from``.

        Raises:
            InvalidArgumentError: The file is not there, is no such list, or has a price that cannot be right.

        Example:
            >>> from iof import Iof
            >>> llm = Iof.open().finops.llm
            >>> llm.load_prices("model_prices.json", "2024-01-01T00:00:00Z")["models"]  # doctest: +SKIP
            1912
        """
        params = {
            "path": path,
            "effective_from": effective_from,
            "currency": currency,
            "aliases": aliases,
            "inclusive": inclusive,
            "unknown": unknown,
        }
        return cast("LoadedModelPrices", self._engine.call("llm.load_prices", params))

    def rate(self, model: str, usage: LlmUsage, *, at: Time | None = None) -> RatedRequest:
        """What a request to a language model costs, kind by kind of its tokens.

        Args:
            model: The model, as a list or an alias names it.
            usage: Its tokens: ``{"input": 1200, "cached_input": 1000, "output": 80}``. What was cached is part of the
                input, what was thought part of the output.
            at: When the request was made. By default now.

        Returns:
            ``currency``, ``tier``, ``lines``, ``total`` (``None`` when the price of a kind is unknown), ``adjusted``.

        Raises:
            NotFoundError: No list has a price for the model at that time: unknown is not zero.

        Example:
            >>> from iof import Iof
            >>> Iof.open("costs").finops.llm.rate("gpt-4o", {"input": 1200, "output": 80})["total"]  # doctest: +SKIP
            Decimal('0.0038')
        """
        return cast("RatedRequest", self._engine.call("llm.rate", {"model": model, "usage": usage, "at": at}))
