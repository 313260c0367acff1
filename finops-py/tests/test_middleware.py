"""The ASGI middleware under a real server: what is counted is what went over the wire."""

from __future__ import annotations

import http.client
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import pytest
import uvicorn
from recording import Errors, Recording

from iof.middleware import UsageMiddleware

CHUNK = b"x" * 1_000


async def app(scope: Any, receive: Any, send: Any) -> None:
    """A small application with what frameworks do: a template of the route, streams, failures, a lifespan."""
    if scope["type"] == "lifespan":
        assert (await receive())["type"] == "lifespan.startup"
        await send({"type": "lifespan.startup.complete"})
        assert (await receive())["type"] == "lifespan.shutdown"
        await send({"type": "lifespan.shutdown.complete"})
        return
    path = scope["path"]
    headers = dict(scope["headers"])
    scope.setdefault("state", {})["tenant"] = headers.get(b"x-tenant", b"").decode() or None
    if path.startswith("/items/"):
        scope["route"] = SimpleNamespace(path="/items/{item}")
    if path == "/fails":
        raise RuntimeError("the application fails")
    received = 0
    more = True
    while more and path != "/deaf":
        message = await receive()
        received += len(message.get("body", b""))
        more = message.get("more_body", False)
    await send({"type": "http.response.start", "status": 201 if received else 200, "headers": []})
    if path == "/stream":
        for _ in range(10):
            await send({"type": "http.response.body", "body": CHUNK, "more_body": True})
        if headers.get(b"x-cut"):
            raise RuntimeError("in the middle")
    await send({"type": "http.response.body", "body": b"%d" % received})


@contextmanager
def serving(application: Any) -> Iterator[Callable[..., tuple[int, bytes]]]:
    config = uvicorn.Config(application, host="127.0.0.1", port=0, log_level="critical", lifespan="on")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    until = time.monotonic() + 60
    while not server.started and time.monotonic() < until:
        time.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]

    def ask(method: str, path: str, body: bytes | None = None, **headers: str) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        try:
            connection.request(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
            response = connection.getresponse()
            return response.status, response.read()
        finally:
            connection.close()

    try:
        yield ask
    finally:
        server.should_exit = True
        thread.join(60)


def tenant(scope: Any) -> str | None:
    value: str | None = scope["state"]["tenant"]
    return value


def test_each_request_is_metered_once_and_flushed_at_shutdown() -> None:
    recording = Recording()
    middleware = UsageMiddleware(app, recording, tenant=tenant, flush_seconds=60)
    with serving(middleware) as ask:
        assert ask("POST", "/items/42?secret=1", b"12345", x_tenant="ten_001") == (201, b"5")
        assert ask("GET", "/stream", x_tenant="ten_002") == (200, CHUNK * 10 + b"0")
        assert ask("GET", "/none")[0] == 200
        assert recording.events == [], "they wait for the timer"
    assert [event["tenant_id"] for event in recording.events] == ["ten_001", "ten_002"], "shutdown flushed"
    first, second = (dict(event["properties"]) for event in recording.events)
    assert float(first.pop("duration_ms")) > 0
    assert first == {"method": "POST", "route": "/items/{item}", "status": "201", "bytes_in": "5", "bytes_out": "1"}
    assert (second["route"], second["bytes_out"], second["status"]) == ("/stream", "10001", "200")
    event = recording.events[0]
    assert (event["resource"], event["quantity"], event["source"]) == ("api_calls", 1, "asgi")
    assert event["time"].tzinfo is not None
    assert event["id"] != recording.events[1]["id"]


def test_failures_of_the_application_are_metered() -> None:
    recording = Recording()
    with serving(UsageMiddleware(app, recording, tenant=tenant)) as ask:
        assert ask("GET", "/fails", x_tenant="t")[0] == 500
        with pytest.raises((http.client.HTTPException, ConnectionError)):
            ask("GET", "/stream", x_tenant="t", x_cut="1")
    failed, cut = (event["properties"] for event in recording.events)
    assert (failed["status"], failed["aborted"]) == ("500", "true")
    assert (cut["status"], cut["bytes_out"], cut["aborted"]) == ("200", "10000", "true")


def test_metering_never_breaks_a_request() -> None:
    def unlucky(scope: Any) -> str:
        raise KeyError("no such tenant")

    errors = Errors()
    with serving(UsageMiddleware(app, Recording(), tenant=unlucky, on_error=errors)) as ask:
        assert ask("GET", "/", x_tenant="t") == (200, b"0")
    assert isinstance(errors.told[0][0], KeyError)
    errors, broken = Errors(), Recording(failures=99)
    middleware = UsageMiddleware(app, broken, tenant=tenant, on_error=errors, attempts_max=1, flush_seconds=0)
    with serving(middleware) as ask:
        assert ask("GET", "/", x_tenant="t") == (200, b"0")
    assert [len(events) for _, events in errors.told] == [1]


def test_many_requests_at_once_all_count() -> None:
    recording = Recording()
    with serving(UsageMiddleware(app, recording, tenant=tenant, flush_seconds=0.01, batch_max=16)) as ask:
        def some(number: int) -> None:
            for _ in range(20):
                assert ask("POST", f"/items/{number}", b"1", x_tenant=f"ten_{number}")[0] == 201

        threads = [threading.Thread(target=some, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len({event["id"] for event in recording.events}) == 160
    assert {event["tenant_id"] for event in recording.events} == {f"ten_{number}" for number in range(8)}


def test_routes_are_bounded_and_may_be_given() -> None:
    recording = Recording()
    middleware = UsageMiddleware(
        app, recording, tenant=tenant, properties=lambda scope: {"plan": "gold", "status": "not this"},
        route=lambda scope: "named" if scope["path"] == "/named" else None,
    )
    with serving(middleware) as ask:
        ask("GET", "/named", x_tenant="t")
        ask("GET", "/" + "y" * 5_000, x_tenant="t")
    named, long = (event["properties"] for event in recording.events)
    assert (named["route"], named["plan"], named["status"]) == ("named", "gold", "200")
    assert len(long["route"]) == 256


def test_other_connections_pass_through() -> None:
    seen = []

    async def inner(scope: Any, receive: Any, send: Any) -> None:
        seen.append((scope["type"], receive, send))

    async def nothing(*_: Any) -> Any:
        return None

    import asyncio

    recording = Recording()
    middleware = UsageMiddleware(inner, recording, tenant=lambda scope: "t")
    asyncio.run(middleware({"type": "websocket"}, nothing, nothing))
    assert seen == [("websocket", nothing, nothing)]
    assert middleware.batches.in_flight == 0
