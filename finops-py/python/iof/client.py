"""The engine as Python sees it: one method per operation, nothing decided here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, cast

from ._iof import Engine
from .access import Narrowing
from .allocation import Allocation
from .anomalies import AnomalyMonitors
from .audit import Audit
from .billing import Billing, ModelPrices, Prices
from .budgets import BudgetAlerts, Budgets
from .catalog import Catalog
from .centers import CostCenters
from .costs import Costs
from .forecasts import Forecast
from .grants import Grants
from .groups import ResourceGroups
from .history import History
from .metering import Metering, Meters
from .relations import Relations
from .results import CostSummary, ImportReceipt
from .usage import KeptUsage
from .virtuals import VirtualDimensions
from .webhooks import Events, Webhooks

if TYPE_CHECKING:
    from .anomaly_types import AnomalyDetector
    from .forecast_types import Forecaster
    from .types import (
        AnyCostView,
        AsOf,
        ExportReceipt,
        Filter,
        GroupBy,
        Location,
        Now,
        Number,
        Progress,
        Time,
    )

__all__ = ["Finops", "Iof", "open"]


class Finops(BudgetAlerts, CostCenters, Metering, History, Relations):
    """All operations, as ``iof.finops``."""

    costs: Costs
    """Costs over time."""
    anomaly_monitors: AnomalyMonitors
    """Who is told of anomalies."""
    forecast: Forecast
    """How good forecasts are."""
    allocation: Allocation
    """Who bears what."""
    budgets: Budgets
    """How much may be spent, and the gate that goes by it."""
    catalog: Catalog
    """Who and what costs are attributed to."""
    resource_groups: ResourceGroups
    """Resources that somebody looks after together."""
    virtual_dimensions: VirtualDimensions
    """Dimensions made of rules."""
    meters: Meters
    """What counts usage."""
    prices: Prices
    """What usage costs."""
    billing: Billing
    """What is billed of usage."""
    grants: Grants
    """What tenants have to their credit."""
    usage: KeptUsage
    """The events that are kept."""
    llm: ModelPrices
    """Prices of language models."""
    audit: Audit
    """The log of changes."""
    webhooks: Webhooks
    """Who is told of events."""
    events: Events
    """What happened."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.costs = Costs(engine)
        self.anomaly_monitors = AnomalyMonitors(engine)
        self.forecast = Forecast(engine)
        self.allocation = Allocation(engine)
        self.budgets = Budgets(engine)
        self.catalog = Catalog(engine)
        self.resource_groups = ResourceGroups(engine)
        self.virtual_dimensions = VirtualDimensions(engine)
        self.meters = Meters(engine)
        self.prices = Prices(engine)
        self.billing = Billing(engine)
        self.grants = Grants(engine)
        self.usage = KeptUsage(engine)
        self.llm = ModelPrices(engine)
        self.audit = Audit(engine)
        self.webhooks = Webhooks(engine)
        self.events = Events(engine)

    def import_charges(
        self,
        path: Location,
        *,
        format: Literal["auto", "focus"] = "auto",
        provider: str | None = None,
        mapping: Mapping[str, str] | None = None,
        replace: Literal["billing_period", "nothing"] = "billing_period",
        strict: bool = False,
        progress: Callable[[Progress], object] | None = None,
    ) -> ImportReceipt:
        """Imports a bill: all of it or nothing. The same files twice change nothing the second time.

        Other threads run meanwhile. Ctrl-C stops the import, and then nothing has changed.

        Args:
            path: A file, a folder or a glob; CSV, CSV.gz or Parquet, told by the content.
            format: What the columns follow. FOCUS 1.0 to 1.4 is what is understood.
            provider: Who sells the services, for rows that do not say.
            mapping: Fields to fill from other columns or tags:
                ``{"tenant_id": "SubAccountId", "team_id": "tag:team"}``.
            replace: ``"billing_period"`` exchanges the charges of each billing account and period that the files
                hold, as providers deliver them; ``"nothing"`` adds to what is there.
            strict: Whether to refuse the files at the first deviation from FOCUS.
            progress: Called several times a second with ``{"rows", "bytes_read", "bytes_total"}``. What it raises
                stops the import and comes out of this call.

        Returns:
            The receipt: ``import_id``, ``snapshot``, ``unchanged``, ``files``, ``focus_version``, the numbers of
            ``rows``, ``charges`` and ``quarantined`` rows, ``billing_periods``, ``currency``, the four ``total_...``
            (``None`` with several currencies), ``totals`` per currency, what was ``replaced``, ``warnings``, and
            the ``quarantine``: rows that cannot be accounted for.

        Raises:
            InvalidArgumentError: There is no such file, or it cannot be read as a bill.
            KeyboardInterrupt: Ctrl-C; nothing has changed.

        Example:
            >>> from iof import Iof
            >>> receipt = Iof.open().finops.import_charges("bills/2024-09/*.parquet")  # doctest: +SKIP
            >>> receipt["charges"], receipt["total_effective"]  # doctest: +SKIP
            (10432, Decimal('1204.5573'))
        """
        params = {
            "path": path,
            "format": format,
            "provider": provider,
            "mapping": mapping,
            "replace": replace,
            "strict": strict,
        }
        return ImportReceipt(self._engine.call("import_charges", params, progress))

    def export_report(
        self,
        path: Location,
        *,
        type: Literal["focus", "allocation"] = "focus",
        format: Literal["parquet", "csv"] = "parquet",
        period: str | None = None,
    ) -> ExportReceipt:
        """Writes a report to a file, which appears complete or not at all.

        Args:
            path: The file, replaced when it is there.
            type: ``"focus"``: the charges as FOCUS rows; ``"allocation"``: a row for each line of a month's allocation.
            format: What it is written as.
            period: Only charges whose charge period starts in that period, such as ``"2024-01"``; UTC.

        Returns:
            ``path``, the number of ``rows`` and of ``bytes``.

        Raises:
            InvalidArgumentError: The folder does not exist, or an allocation is of no month.
            StorageError: The file cannot be written.

        Example:
            >>> from iof import Iof
            >>> Iof.open("costs").finops.export_report("charges.parquet")  # doctest: +SKIP
            {'path': 'charges.parquet', 'rows': 10432, 'bytes': 310275}
        """
        params = {"type": type, "format": format, "path": path, "period": period}
        return cast("ExportReceipt", self._engine.call("export_report", params))

    def get_cost_summary(
        self,
        *,
        period: str | None = None,
        window: str | None = None,
        start_date: Time | None = None,
        end_date: Time | None = None,
        group_by: GroupBy | None = None,
        currency: str | None = None,
        filter: Filter | None = None,
        org_id: str | None = None,
        user_id: str | None = None,
        resource_type: str | None = None,
        view: AnyCostView = "effective",
        exchange_rates: Mapping[str, Number] | None = None,
        time_zone: str = "UTC",
        as_of: AsOf | None = None,
        limit: int | None = None,
        offset: int | None = None,
    ) -> CostSummary:
        """What a period cost, by any dimensions, largest first.

        Args:
            period: A period such as ``"2024"``, ``"2024-Q1"``, ``"2024-01"``, ``"2024-W05"`` or
                ``"2024-01-01/2024-01-15"``. Without any time: the thirty days up to tonight.
            window: Instead, a window such as ``"7d"``, ``"today"`` or ``"lastmonth"``.
            start_date: Instead, the first day; a date is its midnight in ``time_zone``.
            end_date: And the end, exclusive.
            group_by: A dimension such as ``"tenant"``, ``"service"`` or ``"tag:team"``, or several.
            currency: The currency of the answer, such as ``"USD"``. By default the one that all charges have.
            filter: Which charges count: ``{"provider": "AWS", "tag:env": ["prod", None]}``.
            org_id: Only charges of that organization.
            user_id: Only charges of that user.
            resource_type: Only charges for resources of that type.
            view: Which cost is added up. ``"allocated"`` is what cost centres bear: ``cost_center`` is who bears it,
                and a filter applies after everything is shared out.
            exchange_rates: What one unit of each other currency is worth in ``currency``: ``{"EUR": "1.08"}``.
            time_zone: Where periods begin and end, such as ``"Europe/Berlin"``.
            as_of: As of which state of the store: its number, or an instant. By default the present one.
            limit: How many items, 1 to 1000. By default all.
            offset: How many items to leave out before.

        Returns:
            ``period``, ``window_start``, ``window_end``, ``currency``, ``view``; ``total_cost``, ``None`` when no
            bill covers any of it; ``count`` of all items; ``breakdown``, a list of ``{dimensions..., "cost",
            "share", "charges", "api_calls", "ledger_transactions", "search_queries", "storage_gb",
            "compute_vcpu_seconds", "bandwidth_gb"}``; ``data_health``; ``snapshot``. Amounts are ``Decimal`` in
            ``currency``, shares 0 to 1.

        Raises:
            InvalidArgumentError: An argument cannot be read.
            MixedCurrenciesError: Charges have several currencies and no rates were given.

        Example:
            >>> from iof import Iof
            >>> summary = Iof.open().finops.get_cost_summary(period="2024-01", group_by=["tenant", "service"])
            >>> summary["count"], summary["data_health"]["missing_days"]
            (0, 31)
        """
        params = {
            "period": period,
            "window": window,
            "start_date": start_date,
            "end_date": end_date,
            "group_by": group_by,
            "currency": currency,
            "filter": filter,
            "org_id": org_id,
            "user_id": user_id,
            "resource_type": resource_type,
            "view": view,
            "exchange_rates": exchange_rates,
            "time_zone": time_zone,
            "as_of": as_of,
            "limit": limit,
            "offset": offset,
        }
        return CostSummary(self._engine.call("get_cost_summary", params))

    def tick(self, now: datetime | str | None = None) -> Now:
        """Lets time pass: a clock that was fixed on open moves to ``now``, and what time brings about happens.

        Budgets start anew, what was held too long is let go of, forecasts are made again, what was settled is written,
        monitors look for anomalies, and events are told to sinks and webhooks, at most 100 deliveries at a time. Nothing
        of that happens behind your back: call it every few seconds, from a thread that may wait.

        Args:
            now: The new time, not before the present one: an aware datetime or RFC 3339 text.

        Raises:
            InvalidArgumentError: The clock is the system's, or would go back.

        Example:
            >>> from iof import Iof
            >>> Iof.open(now="2024-02-01T00:00:00Z").finops.tick("2024-02-02T00:00:00Z")["now"].day
            2
        """
        return cast("Now", self._engine.call("tick", {"now": now}))


class Iof(Narrowing):
    """An open engine. Threads may share it; a ``with`` block closes it.

    >>> from iof import Iof
    >>> with Iof.open(now="2024-02-01T00:00:00Z") as iof:
    ...     iof.finops.get_cost_summary(window="7d")["count"]
    0
    """

    finops: Finops
    """All operations."""

    def __init__(self, engine: Engine) -> None:
        super().__init__(engine)
        self.finops = Finops(engine)

    @classmethod
    def open(
        cls,
        location: Location = ":memory:",
        *,
        now: datetime | str | None = None,
        read_only: bool = False,
        max_groups: int | None = None,
        threads: int | None = None,
        cache_bytes: int | None = None,
        usage_memory_bytes: int | None = None,
        currency: str | None = None,
        actor: str | None = None,
        budget_lag_seconds: Number | None = None,
        webhook_allow_http: bool = False,
        webhook_allow_private: bool = False,
        webhook_timeout_seconds: int | None = None,
        forecaster: Forecaster | None = None,
        anomaly_detector: AnomalyDetector | None = None,
    ) -> Iof:
        """Opens an engine.

        Args:
            location: A folder, made when it is not there; or ``":memory:"``, which ends with the engine.
            now: Fixes the clock at an aware datetime or RFC 3339 text; ``finops.tick`` moves it. By default the
                system's clock serves.
            read_only: Whether to open for reading only, while another process may write.
            max_groups: How many groups an answer may be made of, at least 1; a query that makes more is refused. By
                default five million.
            threads: How many threads a query may use, 1 to 1024. By default as many as can work at once.
            cache_bytes: How many bytes of what queries read stay in memory for the next ones. By default 1 GiB.
            usage_memory_bytes: How many bytes of memory may be taken by what knows usage again and by what was counted
                of it. By default 256 MiB.
            currency: The currency that usage without a price stands in. By default USD.
            actor: Whom the log of changes names for what is done here, such as the id of a user. By default ``"host"``.
                A handle of ``as_principal`` names its user instead, one of ``as_tenant`` its tenant:
                ``"tenant:ten_001"``.
            budget_lag_seconds: For how long metered usage may wait until the gate of budgets goes by it, 0 to 3600.
                By default 1.
            webhook_allow_http: Whether webhooks may be sent without encryption.
            webhook_allow_private: Whether webhooks may reach addresses that are not public: this machine, its network.
            webhook_timeout_seconds: How long a receiver may take to answer, 1 to 60. By default 15.
            forecaster: A model of yours: an object with ``forecast(series, horizon, levels)`` and perhaps a ``name``.
                Forecasts of cost go by it where they ask for the model ``"custom"``, or for its name. It is called on
                the thread that asks and takes as long as it takes; it cannot be ``async``.
            anomaly_detector: Who says which days cost other than expected, in place of ours: an object with
                ``detect(series, settings)`` and perhaps a ``name``.

        Raises:
            InvalidArgumentError: An option is out of range.
            ConflictError: Another process has the folder open for writing.
            NotFoundError: There is nothing to read.
        """
        options = {
            "now": now,
            "read_only": read_only,
            "max_groups": max_groups,
            "threads": threads,
            "cache_bytes": cache_bytes,
            "usage_memory_bytes": usage_memory_bytes,
            "currency": currency,
            "actor": actor,
            "budget_lag_seconds": budget_lag_seconds,
            "webhook_allow_http": webhook_allow_http,
            "webhook_allow_private": webhook_allow_private,
            "webhook_timeout_seconds": webhook_timeout_seconds,
        }
        return cls(Engine.open(location, options, forecaster, anomaly_detector))

    def close(self) -> None:
        """Lets go of the location. Calls on other threads finish; later ones raise. Closing twice is harmless.

        It closes what was narrowed from it too; a narrowed engine closes only itself.
        """
        self._engine.close()

    @property
    def closed(self) -> bool:
        """Whether the engine was closed."""
        return self._engine.closed

    def __enter__(self) -> Iof:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {'closed' if self.closed else 'open'}>"


def open(
    location: Location = ":memory:",
    *,
    now: datetime | str | None = None,
    read_only: bool = False,
    max_groups: int | None = None,
    threads: int | None = None,
    cache_bytes: int | None = None,
    usage_memory_bytes: int | None = None,
    currency: str | None = None,
    actor: str | None = None,
    budget_lag_seconds: Number | None = None,
    webhook_allow_http: bool = False,
    webhook_allow_private: bool = False,
    webhook_timeout_seconds: int | None = None,
    forecaster: Forecaster | None = None,
    anomaly_detector: AnomalyDetector | None = None,
) -> Iof:
    """The short form of :meth:`Iof.open`."""
    return Iof.open(
        location,
        now=now,
        read_only=read_only,
        max_groups=max_groups,
        threads=threads,
        cache_bytes=cache_bytes,
        usage_memory_bytes=usage_memory_bytes,
        currency=currency,
        actor=actor,
        budget_lag_seconds=budget_lag_seconds,
        webhook_allow_http=webhook_allow_http,
        webhook_allow_private=webhook_allow_private,
        webhook_timeout_seconds=webhook_timeout_seconds,
        forecaster=forecaster,
        anomaly_detector=anomaly_detector,
    )
