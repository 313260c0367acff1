"""Webhooks to a real server of this machine, and what is special to Python."""

from __future__ import annotations

import json
import ssl
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import datetime, timedelta, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, get_type_hints

import jsonschema
import pytest
import trustme

import iof
from iof import InvalidArgumentError, UnauthorizedError, verify_webhook

Answer = Callable[[int], tuple[int, dict[str, str]]]
Received = tuple[dict[str, str], bytes]


class Receiver:
    """A server that keeps what comes, and answers by the number of what came before: on threads of this process, which
    can answer only because whoever sends lets them run meanwhile."""

    def __init__(self, answer: Answer, tls: ssl.SSLContext | None = None) -> None:
        self.received: list[Received] = []
        kept = self.received

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                before = len(kept)
                kept.append((dict(self.headers.items()), body))
                status, headers = answer(before)
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        if tls is not None:
            self.server.socket = tls.wrap_socket(self.server.socket, server_side=True)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/hooks?t=t0ken"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def ids(self) -> list[str]:
        return [{name.lower(): value for name, value in headers.items()}["webhook-id"] for headers, _ in self.received]


@pytest.fixture
def receive() -> Iterator[Callable[[Answer], Receiver]]:
    receivers: list[Receiver] = []

    def start(answer: Answer = lambda _: (200, {}), tls: ssl.SSLContext | None = None) -> Receiver:
        receivers.append(Receiver(answer, tls))
        return receivers[-1]

    yield start
    for receiver in receivers:
        receiver.server.shutdown()
        receiver.server.server_close()


def now() -> str:
    return datetime.now(timezone.utc).isoformat()


def local(timeout: int = 60) -> AbstractContextManager[iof.Iof]:
    """An engine that may reach this machine, whose clock stands at the present until it is moved. It waits long for an
    answer, since this machine may be slow."""
    return iof.open(now=now(), webhook_allow_http=True, webhook_allow_private=True, webhook_timeout_seconds=timeout)


@pytest.fixture
def finops() -> Iterator[iof.Finops]:
    with local() as engine:
        yield engine.finops


def later(finops: iof.Finops, **by: float) -> None:
    finops.tick(finops.tick()["now"] + timedelta(**by))


def test_what_is_sent_verifies_and_follows_the_schema(
    finops: iof.Finops, receive: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A proxy would connect to what we may not.
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    receiver = receive()
    made = finops.webhooks.create(receiver.url, description="Ops")
    event = finops.webhooks.test(made["id"])
    run = finops.webhooks.deliver()
    assert (run["attempted"], run["delivered"], run["due"]) == (1, 1, 0)
    headers, body = receiver.received[0]
    told = verify_webhook(made["secret"], headers, body)
    assert told["type"] == "finops.webhook.test" and told["data"] == {"webhook_id": made["id"]}
    assert receiver.ids() == [event["event_id"]]
    jsonschema.Draft202012Validator(iof.event_schema(), format_checker=jsonschema.FormatChecker()).validate(told)
    for secret in ("whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD", ["whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"]):
        with pytest.raises(UnauthorizedError):
            verify_webhook(secret, headers, body)
    with pytest.raises(UnauthorizedError):
        verify_webhook(made["secret"], headers, body + b" ")
    with pytest.raises(UnauthorizedError, match="five minutes ago"):
        verify_webhook(made["secret"], headers, body, now=datetime.now(timezone.utc) + timedelta(minutes=6))
    with pytest.raises(UnauthorizedError, match="webhook-id is missing"):
        verify_webhook(made["secret"], {}, body)


def test_a_failure_is_tried_again_under_the_same_id(finops: iof.Finops, receive: Any) -> None:
    receiver = receive(lambda before: (500 if before == 0 else 200, {}))
    made = finops.webhooks.create(receiver.url)
    finops.webhooks.test(made["id"])
    assert finops.webhooks.deliver()["waiting"] == 1
    assert finops.webhooks.deliver()["attempted"] == 0
    # Moving time sends what is then due.
    later(finops, seconds=6)
    assert finops.webhooks.deliver()["attempted"] == 0
    first, second = receiver.received
    assert first[1] == second[1] and len(set(receiver.ids())) == 1
    stamps = [int({name.lower(): value for name, value in headers.items()}["webhook-timestamp"]) for headers, _ in
              receiver.received]
    assert stamps[1] - stamps[0] in (6, 7)
    delivery = finops.webhooks.deliveries(id=made["id"])["items"][0]
    assert [(attempt["status"], attempt["error"]) for attempt in delivery["log"]] == [(500, None), (200, None)]
    assert isinstance(delivery["log"][0]["at"], datetime) and delivery["next_attempt_at"] is None


def test_gone_switches_it_off_and_redelivery_brings_it_back(finops: iof.Finops, receive: Any) -> None:
    receiver = receive(lambda before: (410 if before == 0 else 204, {}))
    made = finops.webhooks.create(receiver.url)
    event = finops.webhooks.test(made["id"])["event_id"]
    assert finops.webhooks.deliver()["disabled"] == 1
    assert finops.webhooks.get(made["id"])["enabled"] is False
    finops.webhooks.update(made["id"], enabled=True)
    assert finops.webhooks.redeliver(made["id"], event_id=event) == {"deliveries": 1}
    assert finops.webhooks.deliver()["delivered"] == 1
    assert receiver.ids() == [event, event]


def test_a_redirect_is_not_followed(finops: iof.Finops, receive: Any) -> None:
    other = receive()
    receiver = receive(lambda _: (302, {"location": other.url}))
    finops.webhooks.test(finops.webhooks.create(receiver.url)["id"])
    assert finops.webhooks.deliver()["waiting"] == 1
    assert (len(receiver.received), len(other.received)) == (1, 0)


def test_what_is_not_public_is_refused_unless_it_is_allowed(receive: Any) -> None:
    receiver = receive()
    with iof.open(webhook_allow_http=True) as engine:
        webhooks = engine.finops.webhooks
        with pytest.raises(InvalidArgumentError) as refused:
            webhooks.create(receiver.url)
        assert refused.value.field == "url" and "t0ken" not in str(refused.value)
        # A form that only a parser of URLs understands is found out when it is sent to.
        port = receiver.server.server_address[1]
        made = webhooks.create(f"http://2130706433:{port}/t0ken")
        webhooks.test(made["id"])
        assert webhooks.deliver()["waiting"] == 1
        error = webhooks.deliveries()["items"][0]["log"][0]["error"]
        assert error is not None and "not public" in error and "t0ken" not in error
    with iof.open() as engine, pytest.raises(InvalidArgumentError, match="https"):
        engine.finops.webhooks.create("http://hooks.example.com")
    assert receiver.received == []


def test_who_takes_too_long_is_given_up(receive: Any) -> None:
    given_up = threading.Event()

    def slow(_: int) -> tuple[int, dict[str, str]]:
        given_up.wait(60)
        return 200, {}

    with local(timeout=1) as engine:
        webhooks = engine.finops.webhooks
        webhooks.test(webhooks.create(receive(slow).url)["id"])
        run = webhooks.deliver()
        given_up.set()
        assert run["waiting"] == 1
        assert webhooks.deliveries()["items"][0]["log"][0]["error"] == "no answer within 1 seconds"


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="certificates are trusted by a variable only elsewhere")
def test_a_certificate_must_be_trusted_and_fit(
    finops: iof.Finops, receive: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority, stranger = trustme.CA(), trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "trusted.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "trusted.pem"))
    monkeypatch.delenv("SSL_CERT_DIR", raising=False)
    outcomes = []
    for issuer, name in ((authority, "127.0.0.1"), (authority, "elsewhere.example"), (stranger, "127.0.0.1")):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        issuer.issue_cert(name).configure_cert(context)
        receiver = receive(tls=context)
        made = finops.webhooks.create(receiver.url.replace("http:", "https:"))
        finops.webhooks.test(made["id"])
        finops.webhooks.deliver()
        delivery = finops.webhooks.deliveries(id=made["id"])["items"][0]
        outcomes.append((delivery["state"], len(receiver.received), delivery["log"][0]["error"] or ""))
    assert [outcome[:2] for outcome in outcomes] == [("delivered", 1), ("waiting", 0), ("waiting", 0)]
    assert "certificate" in outcomes[1][2] and "certificate" in outcomes[2][2]
    assert not any("t0ken" in outcome[2] for outcome in outcomes)


def test_two_secrets_sign_during_a_rotation(finops: iof.Finops, receive: Any) -> None:
    receiver = receive()
    made = finops.webhooks.create(receiver.url)
    rotated = finops.webhooks.rotate(made["id"])
    finops.webhooks.test(made["id"])
    finops.webhooks.deliver()
    headers, body = receiver.received[0]
    for secret in (made["secret"], rotated["secret"], ["whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD", made["secret"]]):
        assert verify_webhook(secret, headers, body)["data"] == {"webhook_id": made["id"]}


def test_callables_are_told_once_in_order_and_fail_alone(finops: iof.Finops) -> None:
    made = finops.webhooks.create("https://hooks.invalid")
    heard: list[str] = []
    fails = [True]

    def faulty(event: iof.webhook_types.Event) -> None:
        if fails[0]:
            raise ValueError("no room")
        heard.append(event["id"])

    events: list[iof.webhook_types.Event] = []
    subscription = finops.events.subscribe(events.append)
    finops.events.subscribe(faulty)
    wanted = [finops.webhooks.test(made["id"])["event_id"] for _ in range(3)]
    finops.webhooks.update(made["id"], enabled=False)
    run = finops.webhooks.deliver()
    assert run["told"] == 3 and len(run["sink_errors"]) == 1 and "ValueError: no room" in run["sink_errors"][0]
    fails[0] = False
    assert finops.webhooks.deliver()["told"] == 3
    assert [event["id"] for event in events] == heard == wanted
    assert events == finops.events.list()["items"] and isinstance(events[0]["timestamp"], datetime)
    assert finops.events.unsubscribe(subscription) and not finops.events.unsubscribe(subscription)


def test_who_looks_on_sees_attempts_and_stops_them(finops: iof.Finops, receive: Any) -> None:
    stopping, stopped = threading.Event(), threading.Event()

    def answer(before: int) -> tuple[int, dict[str, str]]:
        if before >= 2 and not stopped.is_set():
            # Not before whoever looks on has said that it is enough, and then not at once: the run learns of it when
            # the callable has returned, of which nobody here is told.
            stopping.wait(60)
            stopped.wait(0.5)
        return 200, {}

    receiver = receive(answer)
    made = finops.webhooks.create(receiver.url)
    for _ in range(10):
        finops.webhooks.test(made["id"])

    def stop(progress: iof.types.Progress) -> None:
        if progress["rows"] == 2:
            stopping.set()
            raise RuntimeError("enough")

    with pytest.raises(RuntimeError, match="enough"):
        finops.webhooks.deliver(progress=stop)
    stopped.set()
    sent = len(receiver.received)
    assert 2 <= sent < 10
    assert finops.webhooks.deliver()["delivered"] == 10 - sent
    assert len(set(receiver.ids())) == 10


def test_answers_have_the_fields_of_their_types(finops: iof.Finops) -> None:
    types = iof.webhook_types
    made = finops.webhooks.create("https://hooks.invalid")
    assert set(made) == set(get_type_hints(types.WebhookWithSecret))
    assert set(finops.webhooks.list()["items"][0]) == set(get_type_hints(types.Webhook))
    assert set(finops.webhooks.test(made["id"])) == set(get_type_hints(types.Delivery))
    run = finops.webhooks.deliver()
    assert set(run) == set(get_type_hints(types.WebhookRun))
    deliveries = finops.webhooks.deliveries()
    assert set(deliveries["items"][0]["log"][0]) == set(get_type_hints(types.Attempt))
    events = finops.events.list()
    assert set(events["items"][0]) == set(get_type_hints(types.Event))
    assert made["id"] in str(finops.webhooks.list()) and "finops.webhook.test" in str(events) + str(deliveries)
    schema_types = {kind["properties"]["type"]["const"] for kind in iof.event_schema()["oneOf"]}
    assert schema_types == set(types.EventType.__args__)  # type: ignore[attr-defined]


SAMPLE = {
    "budget_id": "bud_01hk153x000w3ge1r70w3ge1r7", "name": "Search", "organization_id": None, "scope_level": "tenant",
    "scope_id": "ten_1", "period_start": "2024-01-01T00:00:00Z", "period_end": None, "currency": "USD", "amount": "100",
    "spent": "80.5", "forecast": None, "status": "WARNING", "lifecycle": "active",
    "threshold": {"percent": "80", "action": "alert", "basis": "actual", "amount": "80"},
}


def test_the_schema_takes_budgets_and_refuses_what_is_none() -> None:
    validator = jsonschema.Draft202012Validator(iof.event_schema())
    validator.check_schema(iof.event_schema())

    def holds(data: dict[str, Any], kind: str = "finops.budget.warning") -> bool:
        return bool(validator.is_valid({"type": kind, "timestamp": "2024-01-15T00:00:00Z", "data": data}))

    assert holds(SAMPLE) and holds({**SAMPLE, "new": 1})
    assert holds({"budget_id": SAMPLE["budget_id"], "omitted": ["name"]})
    assert not holds({**SAMPLE, "spent": 80.5}), "money is text"
    assert not holds({key: value for key, value in SAMPLE.items() if key != "spent"})
    assert not holds(SAMPLE, "finops.budget.unknown")


CHILD = """
import os, signal, sys, iof
engine = iof.open(sys.argv[1], webhook_allow_http=True, webhook_allow_private=True)
webhooks = engine.finops.webhooks
made = webhooks.create(sys.argv[2])
print(made["secret"], *(webhooks.test(made["id"])["event_id"] for _ in range(3)), flush=True)
if sys.argv[3] == "during":
    webhooks.deliver()
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="a process cannot kill itself so there")
@pytest.mark.parametrize("when", ["before", "during"])
def test_a_killed_process_loses_nothing_that_was_committed(when: str, tmp_path: Path, receive: Any) -> None:
    process: list[subprocess.Popen[str]] = []
    started = threading.Event()

    def answer(before: int) -> tuple[int, dict[str, str]]:
        if when == "during" and before == 1:
            started.wait(60)
            process[0].kill()
        return 200, {}

    receiver = receive(answer)
    command = [sys.executable, "-c", CHILD, str(tmp_path), receiver.url, when]
    process.append(subprocess.Popen(command, stdout=subprocess.PIPE, text=True))
    started.set()
    output, _ = process[0].communicate(timeout=300)
    assert process[0].returncode != 0
    secret, *events = output.split()
    with iof.open(tmp_path, webhook_allow_http=True, webhook_allow_private=True) as engine:
        while engine.finops.webhooks.deliver()["due"]:
            pass
        states = [delivery["state"] for delivery in engine.finops.webhooks.deliveries()["items"]]
        assert states == ["delivered"] * 3
    # What was on its way when the process was killed comes again, under the same id; nothing else does.
    assert set(receiver.ids()) == set(events)
    assert len(receiver.ids()) == 3 if when == "before" else len(receiver.ids()) in (3, 4)
    for headers, body in receiver.received:
        assert verify_webhook(secret, headers, body)["type"] == "finops.webhook.test"
        assert json.loads(body)["timestamp"]
