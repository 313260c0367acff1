"""Meters each HTTP request of an ASGI application: FastAPI, Starlette, Litestar, Django and others."""

from __future__ import annotations

import logging
import time
import uuid
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from datetime import datetime, timezone
from typing import Any

from .batches import Batches, ErrorHandler, Event, UsageRecorder

__all__ = ["UsageMiddleware"]

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

_LOG = logging.getLogger("iof.usage")

#: The longest route or path that is kept, in characters.
_ROUTE_MAX = 256


def _log(error: Exception, events: Sequence[Event]) -> None:
    _LOG.warning("%s events are not metered: %s", len(events), error)


def _utc_now() -> datetime:
    return datetime.now(timezone.utc)


class UsageMiddleware:
    """Records an event of ``resource`` for each HTTP request, after its last byte was sent.

    The event has the quantity 1 and the properties ``route`` (the template where the framework says it, else the
    path), ``method``, ``status``, ``bytes_in``, ``bytes_out``, ``duration_ms``, and ``aborted`` when the request did not
    come to its end. A request without a tenant is not recorded; websockets pass through. Metering never breaks a
    request: what goes wrong goes to ``on_error``.

    >>> app = UsageMiddleware(app, iof.finops, tenant=lambda scope: scope["state"].get("tenant"))

    Args:
        app: The application.
        finops: What records: ``iof.finops``, or anything with its ``record_usage``. A ``Batches`` is used as it is.
        tenant: Whose request it is, asked after the application has answered, so that it can see what that knows.
        resource: What the events are of.
        source: Who reports; part of the identity of an event.
        route: The route of a request, where the framework does not say it.
        properties: Further properties of a request.
        on_error: Is told what is not metered. By default it is logged as ``iof.usage``.
        now: The time of an event.
        batching: Further arguments of :class:`iof.batches.Batches`, such as ``flush_seconds``.
    """

    def __init__(
        self,
        app: App,
        finops: UsageRecorder,
        *,
        tenant: Callable[[Scope], str | None],
        resource: str = "api_calls",
        source: str = "asgi",
        route: Callable[[Scope], str | None] | None = None,
        properties: Callable[[Scope], MutableMapping[str, Any]] | None = None,
        on_error: ErrorHandler | None = None,
        now: Callable[[], datetime] = _utc_now,
        **batching: Any,
    ) -> None:
        self._app = app
        self._on_error = on_error or _log
        self._tenant = tenant
        self._resource = resource
        self._source = source
        self._route = route
        self._properties = properties
        self._now = now
        if isinstance(finops, Batches):
            self.batches = finops
        else:
            self.batches = Batches(finops, on_error=self._on_error, **batching)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serves a request."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, self._flushing(send))
        elif scope["type"] == "http":
            await self._metered(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    async def _metered(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = time.perf_counter()
        status: int | None = None
        bytes_in = bytes_out = 0
        ended = False

        async def receiving() -> Message:
            nonlocal bytes_in
            message = await receive()
            if message["type"] == "http.request":
                bytes_in += len(message.get("body", b""))
            return message

        async def sending(message: Message) -> None:
            nonlocal status, bytes_out, ended
            await send(message)
            if message["type"] == "http.response.start":
                status = message["status"]
            elif message["type"] == "http.response.body":
                bytes_out += len(message.get("body", b""))
                ended = not message.get("more_body", False)

        try:
            await self._app(scope, receiving, sending)
        finally:
            counted = {
                # An application that fails before it answers has the server answer for it.
                "status": str(status if status is not None else 500),
                "bytes_in": str(bytes_in),
                "bytes_out": str(bytes_out),
                "duration_ms": f"{(time.perf_counter() - started) * 1_000:.3f}",
            }
            if not ended:
                counted["aborted"] = "true"
            self._record(scope, counted)

    def _record(self, scope: Scope, counted: dict[str, str]) -> None:
        try:
            tenant = self._tenant(scope)
            if tenant is None:
                return
            further = {} if self._properties is None else dict(self._properties(scope))
            event = {
                "id": str(uuid.uuid4()),
                "source": self._source,
                "time": self._now(),
                "resource": self._resource,
                "quantity": 1,
                "tenant_id": tenant,
                "properties": {**further, "method": scope["method"], "route": self._route_of(scope), **counted},
            }
        except Exception as error:
            self._tell(error)
            return
        self.batches.record_usage(event)

    def _route_of(self, scope: Scope) -> str:
        named = self._route(scope) if self._route is not None else None
        # FastAPI and Starlette name the route that matched.
        template = named or getattr(scope.get("route"), "path", None) or scope.get("path", "")
        return str(template)[:_ROUTE_MAX]

    def _tell(self, error: Exception) -> None:
        try:
            self._on_error(error, [])
        except Exception:
            _LOG.exception("on_error failed")

    def _flushing(self, send: Send) -> Send:
        """Flushes before the server is told that the application has shut down."""
        import asyncio

        async def sending(message: Message) -> None:
            if message["type"] in ("lifespan.shutdown.complete", "lifespan.shutdown.failed"):
                await asyncio.get_running_loop().run_in_executor(None, self.batches.flush)
            await send(message)

        return sending
