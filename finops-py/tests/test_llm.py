"""Calls of language models: what answers and streams say becomes one event each."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from recording import Errors, Recording

from iof.llm import metered, token_properties

CASES = json.loads(Path(__file__, "../../../tests/fixtures/llm_usage.json").resolve().read_text(encoding="utf-8"))

CHAT = {"id": "chatcmpl-1", "model": "gpt-5", "usage": {"prompt_tokens": 100, "completion_tokens": 20}}


#: A meter refuses an event that does not have its property.
NONE = dict.fromkeys(
    ("input_tokens", "cached_tokens", "cache_write_tokens", "cache_write_long_tokens", "audio_input_tokens",
     "output_tokens", "reasoning_tokens", "audio_output_tokens"),
    "0",
)


def space(value: Any) -> Any:
    """Dicts as objects with attributes, as clients give them."""
    if isinstance(value, dict):
        return SimpleNamespace(**{key: space(item) for key, item in value.items()})
    return [space(item) for item in value] if isinstance(value, list) else value


@pytest.mark.parametrize("case", CASES, ids=[case["about"] for case in CASES])
def test_usage_is_read_as_in_rust(case: dict[str, Any]) -> None:
    if "error" in case:
        with pytest.raises(ValueError) as raised:
            token_properties(case["usage"])
        assert str(raised.value).partition(":")[0] == case["error"]
    else:
        assert token_properties(case["usage"]) == case["properties"]


@pytest.mark.parametrize("shape", [dict, space], ids=["dict", "object"])
def test_an_answer_becomes_one_event(shape: Any) -> None:
    recording = Recording()

    def create(**arguments: Any) -> Any:
        return shape(CHAT)

    call = metered(create, recording, tenant_id="ten_001", rail="chat", properties={"workflow": "summary"})
    answer = call(model="alias", messages=[])
    assert answer == shape(CHAT), "the answer is handed on as it is"
    assert call.__name__ == "create"
    (event,) = recording.events
    assert event["time"].tzinfo is not None
    assert {key: value for key, value in event.items() if key != "time"} == {
        "id": "chatcmpl-1",
        "source": "llm",
        "resource": "llm_tokens",
        "tenant_id": "ten_001",
        "rail": "chat",
        "properties": {**NONE, "workflow": "summary", "model": "gpt-5", "input_tokens": "100", "output_tokens": "20"},
    }


def test_calls_may_wait_and_name_their_tenant_and_model() -> None:
    recording = Recording()

    async def create(*, user: str, **arguments: Any) -> Any:
        return {"usage": {"input_tokens": 3, "output_tokens": 1}}

    call = metered(create, recording, tenant_id=lambda user, **_: None if user == "test" else f"ten_{user}")

    async def both() -> None:
        await call(user="ann", model="claude")
        await call(user="test", model="claude")

    asyncio.run(both())
    (event,) = recording.events
    assert (event["tenant_id"], event["properties"]["model"]) == ("ten_ann", "claude")
    assert len(event["id"]) == 36, "the answer has no id"
    named = metered(create, recording, tenant_id="t", model="openai/gpt-5")
    asyncio.run(named(user="ann"))
    assert recording.events[-1]["properties"]["model"] == "openai/gpt-5"


OPENAI_STREAM = [
    {"id": "chatcmpl-2", "model": "gpt-5", "choices": [{}], "usage": None},
    {"id": "chatcmpl-2", "model": "gpt-5", "choices": [{}], "usage": None},
    {"id": "chatcmpl-2", "model": "gpt-5", "choices": [], "usage": {"prompt_tokens": 9, "completion_tokens": 2}},
]
RESPONSES_STREAM = [
    {"type": "response.created", "response": {"id": "resp_1", "model": "gpt-5", "usage": None}},
    {"type": "response.output_text.delta", "delta": "a"},
    {"type": "response.completed", "response": {
        "id": "resp_1", "model": "gpt-5", "usage": {"input_tokens": 9, "output_tokens": 2}}},
]
ANTHROPIC_STREAM = [
    {"type": "message_start", "message": {
        "id": "msg_1", "model": "claude", "usage": {"input_tokens": 5, "cache_read_input_tokens": 4, "output_tokens": 1}}},
    {"type": "content_block_start", "content_block": {"type": "tool_use", "id": "toolu_1"}},
    {"type": "message_delta", "delta": {}, "usage": {"output_tokens": 2}},
    {"type": "message_stop"},
]
STREAMS = [
    (OPENAI_STREAM, "chatcmpl-2", {"model": "gpt-5", "input_tokens": "9", "output_tokens": "2"}),
    (RESPONSES_STREAM, "resp_1", {"model": "gpt-5", "input_tokens": "9", "output_tokens": "2"}),
    (ANTHROPIC_STREAM, "msg_1",
     {"model": "claude", "input_tokens": "5", "cached_tokens": "4", "output_tokens": "2"}),
]


@pytest.mark.parametrize("shape", [lambda part: part, space], ids=["dict", "object"])
@pytest.mark.parametrize(("parts", "identity", "properties"), STREAMS, ids=["chat", "responses", "anthropic"])
def test_a_stream_is_recorded_at_its_end(parts: Any, identity: str, properties: Any, shape: Any) -> None:
    recording = Recording()

    def stream() -> Iterator[Any]:
        yield from map(shape, parts)

    async def stream_later() -> AsyncIterator[Any]:
        for part in parts:
            yield shape(part)

    async def create_later() -> Any:
        return stream_later()

    read = metered(stream, recording, tenant_id="t")()
    assert next(read) == shape(parts[0])
    assert recording.events == []
    assert len(list(read)) == len(parts) - 1

    async def all_of(call: Any) -> None:
        answer = call()
        read = await answer if asyncio.iscoroutine(answer) else answer
        assert [part async for part in read] == [shape(part) for part in parts]

    asyncio.run(all_of(metered(create_later, recording, tenant_id="t")))
    asyncio.run(all_of(metered(stream_later, recording, tenant_id="t")))
    assert [(event["id"], event["properties"]) for event in recording.events] == [(identity, {**NONE, **properties})] * 3


def test_a_stream_that_is_closed_early_records_what_it_told() -> None:
    recording, errors = Recording(), Errors()

    def stream(parts: Any) -> Iterator[Any]:
        yield from parts

    call = metered(stream, recording, tenant_id="t", on_error=errors)
    with call(ANTHROPIC_STREAM) as read:
        next(read)
    assert recording.events[0]["properties"]["output_tokens"] == "1"
    read = call(OPENAI_STREAM)
    next(read)
    read.close()
    assert len(recording.events) == 1, "what it used is unknown"
    assert "usage" in str(errors.told[0][0])


def test_a_manager_of_a_stream_is_metered() -> None:
    recording = Recording()

    class Stream:
        current_message_snapshot = space({"id": "msg_2", "model": "claude", "usage": {
            "input_tokens": 5, "output_tokens": 3}})
        text_stream = ("a", "b")

    class Manager:
        left = False

        def __enter__(self) -> Stream:
            return Stream()

        def __exit__(self, *error: Any) -> None:
            Manager.left = True

    with metered(Manager, recording, tenant_id="t")() as stream:
        assert list(stream.text_stream) == ["a", "b"]
    assert Manager.left
    assert (recording.events[0]["id"], recording.events[0]["properties"]["output_tokens"]) == ("msg_2", "3")


def test_metering_never_breaks_a_call() -> None:
    errors = Errors()
    assert metered(lambda: {"id": "x"}, Recording(), tenant_id="t", on_error=errors)() == {"id": "x"}
    assert metered(lambda: "text", Recording(), tenant_id="t", on_error=errors)() == "text"
    assert metered(lambda: CHAT, Recording(failures=1), tenant_id="t", on_error=errors)() == CHAT
    rejected = Recording(rejected=[{"index": 0, "code": "conflict", "message": "another has this id"}])
    assert metered(lambda: CHAT, rejected, tenant_id="t", on_error=errors)() == CHAT
    without = {"usage": CHAT["usage"]}
    assert metered(lambda: without, Recording(), tenant_id="t", on_error=errors)() == without
    told = [str(error).partition(":")[0] for error, _ in errors.told]
    assert told == ["usage", "usage", "disk full", "conflict", "model"]

    def fails() -> Any:
        raise TimeoutError("the provider")

    with pytest.raises(TimeoutError):
        metered(fails, Recording(), tenant_id="t")()
