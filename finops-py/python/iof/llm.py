"""Meters calls of language models: what an answer says of its tokens becomes a usage event."""

from __future__ import annotations

import asyncio
import functools
import inspect
import logging
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from datetime import datetime, timezone
from typing import Any, TypeVar, cast

from ._tokens import properties_of
from .batches import ErrorHandler, Event, UsageRecorder

__all__ = ["metered", "token_properties"]

Call = TypeVar("Call", bound=Callable[..., Any])
Tenant = str | Callable[..., str | None]

_LOG = logging.getLogger("iof.usage")

token_properties = properties_of


def _log(error: Exception, events: Sequence[Event]) -> None:
    _LOG.warning("a call of a model is not metered: %s", error)


def _utc_now() -> datetime:
    return datetime.now(timezone.utc)


def metered(
    client_call: Call,
    finops: UsageRecorder,
    *,
    tenant_id: Tenant,
    model: str | None = None,
    source: str = "llm",
    on_error: ErrorHandler | None = None,
    now: Callable[[], datetime] = _utc_now,
    **fields: Any,
) -> Call:
    """The same call, which also records an event of ``llm_tokens`` for each answer.

    The call may be a function or a coroutine function; its answers are objects or dicts as OpenAI (chat completions,
    responses), Anthropic and Gemini shape them, or streams of such parts. A stream is recorded when it ends, or is
    closed after it told its usage: OpenAI's chat completions do so with ``stream_options={"include_usage": True}``.
    The answer's own id is the event's, so that an answer which is reported twice counts once. What an answer does not
    say is not guessed: without a block of usage nothing is recorded, and ``on_error`` is told.

    >>> create = metered(client.chat.completions.create, iof.finops, tenant_id="ten_001")
    >>> answer = create(model="gpt-5", messages=[...])

    Args:
        client_call: The call.
        finops: What records: ``iof.finops``, or ``iof.batches.Batches(iof.finops)`` to record off this thread.
        tenant_id: Whose call it is; or a function of the call's own arguments that says so. Without one nothing is
            recorded.
        model: The model's name in the price catalogue. By default what the answer says.
        source: Who reports; part of the identity of an event.
        on_error: Is told what is not metered. By default it is logged as ``iof.usage``. A call is never broken.
        now: The time of an event.
        fields: Further fields of the event: ``workspace_id``, ``rail``, ``user_id``, ``properties``.
    """
    meter = _Meter(finops, tenant_id, model, source, on_error or _log, now, fields)
    is_async = inspect.iscoroutinefunction(client_call) or inspect.iscoroutinefunction(
        getattr(client_call, "__call__", None)  # noqa: B004 - a callable object may be asynchronous
    )
    if is_async:

        @functools.wraps(client_call)
        async def waiting(*args: Any, **kwargs: Any) -> Any:
            return await meter.later(await client_call(*args, **kwargs), args, kwargs)

        return cast(Call, waiting)

    @functools.wraps(client_call)
    def calling(*args: Any, **kwargs: Any) -> Any:
        answer = client_call(*args, **kwargs)
        # Some clients wrap their coroutines, so that only what comes back tells.
        if inspect.isawaitable(answer):
            return _awaited(meter, answer, args, kwargs)
        return meter.now(answer, args, kwargs)

    return cast(Call, calling)


async def _awaited(meter: _Meter, answer: Awaitable[Any], args: Any, kwargs: Any) -> Any:
    return await meter.later(await answer, args, kwargs)


class _Meter:
    """Where the events of one wrapped call go."""

    def __init__(
        self,
        finops: UsageRecorder,
        tenant_id: Tenant,
        model: str | None,
        source: str,
        on_error: ErrorHandler,
        now: Callable[[], datetime],
        fields: Mapping[str, Any],
    ) -> None:
        self._finops = finops
        self._tenant_id = tenant_id
        self._model = model
        self._source = source
        self._on_error = on_error
        self._now = now
        self._fields = fields

    def now(self, answer: Any, args: Any, kwargs: Any) -> Any:
        if _is_stream(answer):
            return _Stream(answer, self, args, kwargs)
        self.record(_Parts(answer), args, kwargs)
        return answer

    async def later(self, answer: Any, args: Any, kwargs: Any) -> Any:
        if _is_stream(answer):
            return _Stream(answer, self, args, kwargs)
        await self.record_off_the_loop(_Parts(answer), args, kwargs)
        return answer

    def record(self, parts: _Parts, args: Any, kwargs: Any) -> None:
        event: Event | None = None
        try:
            event = self._event(parts, args, kwargs)
            if event is not None:
                answer = self._finops.record_usage([event])
                rejected = answer.get("rejected") if isinstance(answer, Mapping) else None
                if rejected:
                    raise ValueError(f"{rejected[0].get('code')}: {rejected[0].get('message')}")
        except Exception as error:
            try:
                self._on_error(error, [] if event is None else [event])
            except Exception:
                _LOG.exception("on_error failed")

    async def record_off_the_loop(self, parts: _Parts, args: Any, kwargs: Any) -> None:
        # To record is to wait for the disk. A tenant may come from a context variable, which a thread has too.
        await asyncio.to_thread(self.record, parts, args, kwargs)

    def _event(self, parts: _Parts, args: Any, kwargs: Any) -> Event | None:
        tenant = self._tenant_id(*args, **kwargs) if callable(self._tenant_id) else self._tenant_id
        if tenant is None:
            return None
        tokens = properties_of(parts.usage)
        model = self._model or parts.model or kwargs.get("model")
        if not model:
            raise ValueError("model: the answer does not name one: give model=...")
        fields = dict(self._fields)
        properties = {**fields.pop("properties", {}), "model": str(model), **tokens}
        return {
            **fields,
            "id": parts.id or str(uuid.uuid4()),
            "source": self._source,
            "time": self._now(),
            "resource": "llm_tokens",
            "tenant_id": tenant,
            "properties": properties,
        }


class _Parts:
    """What the parts of an answer, or the one whole of it, say of its id, its model and its usage."""

    def __init__(self, answer: Any = None) -> None:
        self.id: str | None = None
        self.model: str | None = None
        self.usage: dict[str, Any] = {}
        if answer is not None:
            self.add(answer)

    def add(self, part: Any) -> None:
        for body in (part, _get(part, "response"), _get(part, "message")):
            if body is None or isinstance(body, str):
                continue
            if body is part and _get(part, "type") in _ITEMS:
                # These have ids of their own, of a part of the answer.
                continue
            self.id = self.id or _text(body, "id", "response_id", "responseId")
            self.model = self.model or _text(body, "model", "model_version", "modelVersion")
            for name in ("usage", "usage_metadata", "usageMetadata"):
                usage = _plain(_get(body, name))
                if isinstance(usage, Mapping):
                    # Anthropic says the input first and the output last; what comes later counts.
                    self.usage.update({key: value for key, value in usage.items() if value is not None})


#: Kinds of streamed parts that are no answer.
_ITEMS = frozenset({"content_block_start", "content_block_delta", "content_block_stop"})


class _Stream:
    """A stream that is handed on part by part, and recorded at its end."""

    def __init__(self, inner: Any, meter: _Meter, args: Any, kwargs: Any) -> None:
        self._inner = inner
        # What is entered may give another stream than itself.
        self._entered = inner
        self._meter = meter
        self._call = (args, kwargs)
        self._parts = _Parts()
        self._done = False
        self._iterator: Any = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        if self._iterator is None:
            self._iterator = iter(self._inner)
        try:
            part = next(self._iterator)
        except BaseException:
            self._finish()
            raise
        self._add(part)
        return part

    def __aiter__(self) -> AsyncIterator[Any]:
        return self

    async def __anext__(self) -> Any:
        if self._iterator is None:
            self._iterator = aiter(self._inner)
        try:
            part = await anext(self._iterator)
        except BaseException:
            await self._finish_off_the_loop()
            raise
        self._add(part)
        return part

    def __enter__(self) -> _Stream:
        if hasattr(self._entered, "__enter__"):
            self._inner = self._entered.__enter__()
        return self

    def __exit__(self, *error: Any) -> Any:
        self._finish()
        return self._entered.__exit__(*error) if hasattr(self._entered, "__exit__") else None

    async def __aenter__(self) -> _Stream:
        if hasattr(self._entered, "__aenter__"):
            self._inner = await self._entered.__aenter__()
        return self

    async def __aexit__(self, *error: Any) -> Any:
        await self._finish_off_the_loop()
        return await self._entered.__aexit__(*error) if hasattr(self._entered, "__aexit__") else None

    def close(self) -> Any:
        """Closes the stream; what it told of its usage is recorded."""
        self._finish()
        return self._inner.close() if hasattr(self._inner, "close") else None

    async def aclose(self) -> Any:
        """Closes the stream; what it told of its usage is recorded."""
        await self._finish_off_the_loop()
        return await self._inner.aclose() if hasattr(self._inner, "aclose") else None

    def _add(self, part: Any) -> None:
        try:
            self._parts.add(part)
        except Exception:
            _LOG.exception("a part of an answer cannot be read")

    def _last(self) -> None:
        """Anthropic's helper keeps the whole answer, however its parts were read."""
        self._done = True
        if not self._parts.usage:
            try:
                self._add(getattr(self._inner, "current_message_snapshot", None))
            except Exception:  # noqa: S110 - nothing was read yet
                pass

    def _finish(self) -> None:
        if not self._done:
            self._last()
            self._meter.record(self._parts, *self._call)

    async def _finish_off_the_loop(self) -> None:
        if not self._done:
            self._last()
            await self._meter.record_off_the_loop(self._parts, *self._call)


def _is_stream(answer: Any) -> bool:
    if isinstance(answer, (Mapping, str, bytes, list, tuple)) or _get(answer, "usage") is not None:
        return False
    # Answers of pydantic can be iterated too, over their fields.
    if hasattr(answer, "model_dump"):
        return False
    names = ("__next__", "__anext__", "__aiter__", "__enter__", "__aenter__")
    return any(hasattr(answer, name) for name in names) or (
        hasattr(answer, "__iter__") and not hasattr(answer, "__len__")
    )


def _get(value: Any, name: str) -> Any:
    return value.get(name) if isinstance(value, Mapping) else getattr(value, name, None)


def _text(value: Any, *names: str) -> str | None:
    texts = (_get(value, name) for name in names)
    return next((text for text in texts if isinstance(text, str) and text), None)


def _plain(value: Any) -> Any:
    """An object of a client as dicts and lists."""
    if value is None or isinstance(value, (Mapping, str, int, float, bool)):
        return value
    for name in ("model_dump", "to_dict", "dict"):
        convert = getattr(value, name, None)
        if callable(convert):
            return convert()
    return _attributes(value)


def _attributes(value: Any) -> Any:
    if isinstance(value, (str, int, float, bool)) or value is None:
        return value
    if isinstance(value, Mapping):
        return {key: _attributes(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_attributes(item) for item in value]
    held = getattr(value, "__dict__", None)
    return {} if held is None else {key: _attributes(item) for key, item in held.items() if not key.startswith("_")}
