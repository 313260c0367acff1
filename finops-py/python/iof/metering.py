"""Usage: reported, asked for, taken back and corrected; the meters that count it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, cast

from ._iof import Engine, Recorder
from .metering_results import MeterPage, Usage, UsageReceipt

if TYPE_CHECKING:
    from .metering_types import Aggregation, Events, FullPolicy, Meter, UsageChanged
    from .types import Deleted, Filter, Granularity, GroupBy, Number, Time

__all__ = ["Metering", "Meters"]


class Metering:
    """The part of ``iof.finops`` that is about usage."""

    _engine: Engine

    def record_usage(self, events: Events) -> UsageReceipt:
        """Counts usage events: durably, and each once, however often it comes.

        An event is known again by its tenant, source and id. One that is wrong is rejected by itself, and the others
        count. Other threads run meanwhile, and calls of several threads share a commit; a list of thousands is written
        many times as fast as one by one.

        Args:
            events: ``{"id", "source", "time", "resource", "quantity", "tenant_id", "workspace_id", "rail", "user_id",
                "properties"}`` or a CloudEvents 1.0 event: one dict, any iterable of dicts, or JSON as text or bytes.
                Or a table that gives an Arrow stream, such as a frame of polars: columns with those names are those
                fields (``properties`` a map or JSON text), the others are properties. At most 100,000 at once.
                Without ``time`` it was now; a time without a zone is rejected. A float counts as the shortest decimal
                that prints it.

        Returns:
            ``accepted``, ``duplicates``, and ``rejected``: ``{"index", "id", "code", "message"}`` with the code
            ``"conflict"`` (another content came with that id before, and stays), ``"too_late"``, ``"future"`` or
            ``"invalid"``.

        Raises:
            InvalidArgumentError: It is no JSON, a value has a type that JSON has not, or there are too many.
            ConflictError: The engine was opened for reading.
            StorageError: Nothing was counted, and all can be reported again.

        Example:
            >>> from iof import Iof
            >>> finops = Iof.open(now="2024-01-15T12:00:00Z").finops
            >>> event = {"id": "req-1", "resource": "api_calls", "quantity": 3, "tenant_id": "ten_001"}
            >>> finops.record_usage([event, event, {**event, "quantity": 4}])["rejected"][0]["code"]
            'conflict'
            >>> finops.get_usage(period="2024-01")["items"][0]["api_calls"]
            Decimal('3')
        """
        return UsageReceipt(self._engine.record_usage(events))

    def recorder(
        self,
        *,
        batch: int | None = None,
        max_in_flight: int | None = None,
        policy: FullPolicy = "wait",
        max_rejected: int | None = None,
        flush_seconds: float | None = None,
    ) -> Recorder:
        """Something that takes events one by one on hot paths, in a microsecond or two, and writes them in batches.

        An event that was taken is in memory only until it is flushed: a crash loses what ``in_flight`` counts, and
        nothing that a flush has written. Events carry ids, so those that may be lost can be recorded again.

        Args:
            batch: How many events are written together, 1 to 100,000. By default 10,000.
            max_in_flight: How many may wait to be written, at least a batch. By default 100,000.
            policy: What happens to an event for which there is no room: the caller waits (``"wait"``), it is dropped
                and counted (``"drop"``), or the call raises ``ConflictError`` (``"fail"``).
            max_rejected: How many events that did not count are kept for ``take_rejected``. By default 1,000.
            flush_seconds: How often a thread of its own flushes, and when a batch is full. Without, whoever fills a
                batch writes it, some milliseconds for each batch.

        Returns:
            A recorder, whose ``with`` block closes it: ``record(**fields)`` or ``record(event)`` takes an event and
            raises ``InvalidArgumentError`` for what is none; ``flush()`` writes what waits; ``in_flight``; ``stats()``
            counts what was ``accepted``, ``duplicates``, ``rejected``, ``dropped`` and ``failures`` of writing;
            ``take_rejected()`` says which events did not count, by their places in their batches; ``close()`` flushes.
            Threads may share it. Close it before the engine: until then the engine keeps its folder.

        Raises:
            InvalidArgumentError: An option is out of range.

        Example:
            >>> from iof import Iof
            >>> finops = Iof.open(now="2024-01-15T12:00:00Z").finops
            >>> with finops.recorder(flush_seconds=1) as usage:
            ...     usage.record(id="req-1", resource="api_calls", quantity=1, tenant_id="ten_001")
            ...     usage.record({"id": "req-2", "resource": "api_calls", "quantity": 1, "tenant_id": "ten_001"})
            >>> usage.stats()["accepted"]
            2
        """
        options = {
            "batch": batch,
            "max_in_flight": max_in_flight,
            "policy": policy,
            "max_rejected": max_rejected,
            "flush_seconds": flush_seconds,
        }
        return self._engine.recorder(options)

    def get_usage(
        self,
        *,
        period: str | None = None,
        window: str | None = None,
        start_date: Time | None = None,
        end_date: Time | None = None,
        group_by: GroupBy | None = None,
        resource: str | None = None,
        filter: Filter | None = None,
        granularity: Granularity | None = None,
        time_zone: str = "UTC",
        limit: int | None = None,
        offset: int | None = None,
    ) -> Usage:
        """How much was used, by tenant or by any other group, also over time.

        Args:
            period: A period such as ``"2024-01"``, ``"2024-Q1"`` or ``"2024-01-01/2024-01-15"``. Without any time:
                the thirty days up to tonight. Its ends lie on quarters of an hour.
            window: Instead, a window such as ``"7d"``, ``"today"`` or ``"lastmonth"``.
            start_date: Instead, the first day; a date is its midnight in ``time_zone``.
            end_date: And the end, exclusive.
            group_by: By default ``"tenant"``; or ``"workspace"``, ``"rail"``, ``"user"``, ``"resource"``,
                ``"model"``, a property that a meter groups by as ``"tag:route"``, or several. An empty list gives one
                item of all.
            resource: Only the meter of that name.
            filter: Which usage counts: ``{"tenant": ["ten_001", "ten_002"]}``.
            granularity: Adds ``series``: the same for each hour, day, week or month.
            time_zone: Where days begin, such as ``"Europe/Berlin"``.
            limit: How many items, 1 to 1000. By default all.
            offset: How many items to leave out before.

        Returns:
            ``period``, ``window_start``, ``window_end``, ``count``; ``items``, each with its dimensions and a number
            for each meter: ``api_calls``, ``ledger_transactions``, ``search_queries``, ``storage_gb`` (the mean level
            over the window), ``compute_vcpu_seconds``, ``bandwidth_gb``, and those of your own by their names. What
            was not used is ``None``. With ``granularity`` also ``series``: dimensions and ``points``.

        Raises:
            InvalidArgumentError: An argument cannot be read, or no meter groups by that.

        Example:
            >>> from iof import Iof
            >>> finops = Iof.open(now="2024-01-15T12:00:00Z").finops
            >>> event = {"id": "1", "resource": "bandwidth", "quantity": "0.25", "tenant_id": "ten_001", "rail": "pay"}
            >>> _ = finops.record_usage(event)
            >>> usage = finops.get_usage(period="2024-01", group_by="rail", resource="bandwidth", granularity="daily")
            >>> usage["items"]
            [{'rail': 'pay', 'bandwidth_gb': Decimal('0.25')}]
            >>> usage["series"][0]["points"][14]["bandwidth_gb"]
            Decimal('0.25')
        """
        params = {
            "period": period,
            "window": window,
            "start_date": start_date,
            "end_date": end_date,
            "group_by": group_by,
            "resource": resource,
            "filter": filter,
            "granularity": granularity,
            "time_zone": time_zone,
            "limit": limit,
            "offset": offset,
        }
        return Usage(self._engine.call("get_usage", params))

    def void_usage(self, id: str, tenant_id: str, *, source: str | None = None) -> UsageChanged:
        """Takes an event out of everything that counted it, and out of what it cost.

        Args:
            id: Its id.
            tenant_id: Who used it.
            source: Who reported it, where it said so.

        Returns:
            ``changed``: false when it was out already.

        Raises:
            NotFoundError: There is no such event, or what counted it can no longer be changed.

        Example:
            >>> from iof import Iof
            >>> finops = Iof.open(now="2024-01-15T12:00:00Z").finops
            >>> _ = finops.record_usage({"id": "1", "resource": "api_calls", "quantity": 3, "tenant_id": "ten_001"})
            >>> finops.void_usage("1", "ten_001")
            {'changed': True}
        """
        params = {"id": id, "tenant_id": tenant_id, "source": source}
        return cast("UsageChanged", self._engine.call("void_usage", params))

    def correct_usage(
        self,
        id: str,
        tenant_id: str,
        *,
        source: str | None = None,
        time: Time | None = None,
        resource: str | None = None,
        quantity: Number | None = None,
        workspace_id: str | None = None,
        rail: str | None = None,
        user_id: str | None = None,
        properties: Mapping[str, str] | None = None,
    ) -> UsageChanged:
        """Has an event say something else; everything that counted it follows, and what it cost.

        Args:
            id: Its id.
            tenant_id: Who used it.
            source: Who reported it, where it said so.
            time: When it happened. What is left out, here as below, stays as it was.
            resource: What was used.
            quantity: How much of it.
            workspace_id: The tenant's workspace.
            rail: The rail.
            user_id: The user.
            properties: All of its properties, as text.

        Returns:
            ``changed``: false when it said so already.

        Raises:
            NotFoundError: There is no such event, it was voided, or what counted it can no longer be changed.
            InvalidArgumentError: Its meters cannot count what it would say.

        Example:
            >>> from iof import Iof
            >>> finops = Iof.open(now="2024-01-15T12:00:00Z").finops
            >>> _ = finops.record_usage({"id": "1", "resource": "api_calls", "quantity": 3, "tenant_id": "ten_001"})
            >>> _ = finops.correct_usage("1", "ten_001", quantity=2)
            >>> finops.get_usage(period="2024-01")["items"][0]["api_calls"]
            Decimal('2')
        """
        params = {
            "id": id,
            "tenant_id": tenant_id,
            "source": source,
            "time": time,
            "resource": resource,
            "quantity": quantity,
            "workspace_id": workspace_id,
            "rail": rail,
            "user_id": user_id,
            "properties": properties,
        }
        return cast("UsageChanged", self._engine.call("correct_usage", params))


class Meters:
    """What counts usage, as ``iof.finops.meters``."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def create(
        self,
        slug: str,
        aggregation: Aggregation,
        unit: str,
        *,
        event: str | None = None,
        value_property: str | None = None,
        filter: Mapping[str, Sequence[str]] | None = None,
        group_by: Sequence[str] | None = None,
    ) -> Meter:
        """Adds a meter and gives it back. It counts all events that are kept, not only those from now on.

        Args:
            slug: Its name, by which prices and answers speak of it: lower-case letters, digits and ``_``.
            aggregation: How events become a number; ``"time_weighted"`` is the mean level over time, of which values
                are changes.
            unit: What the number is in.
            event: Which events it reads, by their ``resource``. By default those with its own name.
            value_property: The property that holds the value. By default it is the quantity.
            filter: Only events whose property has one of these values: ``{"status": ["ok"]}``.
            group_by: Properties that its numbers can be told apart by, besides tenant, workspace, rail and user.

        Raises:
            InvalidArgumentError: No meter can be so.
            ConflictError: There is one of that name.

        Example:
            >>> from iof import Iof
            >>> finops = Iof.open(now="2024-01-15T12:00:00Z").finops
            >>> tokens = finops.meters.create("tokens", "sum", "token", value_property="count", group_by=["model"])
            >>> used = {"count": 1200, "model": "small"}
            >>> finops.record_usage({"id": "1", "resource": "tokens", "tenant_id": "t", "properties": used})["accepted"]
            1
            >>> finops.get_usage(period="2024-01", group_by="model", resource="tokens")["items"][0]["tokens"]
            Decimal('1200')
        """
        params = _meter(slug, aggregation, unit, event, value_property, filter, group_by)
        return cast("Meter", self._engine.call("meters.create", params))

    def get(self, slug: str) -> Meter:
        """A meter.

        Raises:
            NotFoundError: There is none of that name.

        Example:
            >>> from iof import Iof
            >>> Iof.open().finops.meters.get("storage")["aggregation"]
            'time_weighted'
        """
        return cast("Meter", self._engine.call("meters.get", {"slug": slug}))

    def list(self, *, limit: int = 20, offset: int = 0) -> MeterPage:
        """A page of meters: the six that are built in, then the others in the order of their making.

        Args:
            limit: How many, 1 to 1000.
            offset: How many to leave out before.

        Returns:
            ``count`` (how many there are on all pages), ``limit``, ``offset``, ``items``.

        Example:
            >>> from iof import Iof
            >>> [meter["slug"] for meter in Iof.open().finops.meters.list()["items"]][:3]
            ['api_calls', 'ledger_transactions', 'search_queries']
        """
        return MeterPage(self._engine.call("meters.list", {"limit": limit, "offset": offset}))

    def update(
        self,
        slug: str,
        aggregation: Aggregation,
        unit: str,
        *,
        event: str | None = None,
        value_property: str | None = None,
        filter: Mapping[str, Sequence[str]] | None = None,
        group_by: Sequence[str] | None = None,
    ) -> Meter:
        """Puts another definition in the place of a meter's. The events that are kept are counted again.

        Takes what :meth:`create` takes; what is left out is not as it was, but as if the meter were made anew.

        Raises:
            InvalidArgumentError: No meter can be so, or it is built in.
            NotFoundError: There is none of that name.

        Example:
            >>> from iof import Iof
            >>> meters = Iof.open().finops.meters
            >>> _ = meters.create("exports", "sum", "export")
            >>> meters.update("exports", "count", "export")["aggregation"]
            'count'
        """
        params = _meter(slug, aggregation, unit, event, value_property, filter, group_by)
        return cast("Meter", self._engine.call("meters.update", params))

    def delete(self, slug: str) -> Deleted:
        """Removes a meter and what it counted. Events stay, and so do charges that were made of them.

        Raises:
            NotFoundError: There is none of that name.
            InvalidArgumentError: It is built in.
            ConflictError: A price is for it.

        Example:
            >>> from iof import Iof
            >>> meters = Iof.open().finops.meters
            >>> _ = meters.create("exports", "count", "export")
            >>> meters.delete("exports")
            {'deleted': True}
        """
        return cast("Deleted", self._engine.call("meters.delete", {"slug": slug}))


def _meter(
    slug: str,
    aggregation: Aggregation,
    unit: str,
    event: str | None,
    value_property: str | None,
    filter: Mapping[str, Sequence[str]] | None,
    group_by: Sequence[str] | None,
) -> dict[str, object]:
    return {
        "slug": slug,
        "aggregation": aggregation,
        "unit": unit,
        "event": event,
        "value_property": value_property,
        "filter": filter,
        "group_by": group_by,
    }
