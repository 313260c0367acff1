"""What providers say of tokens, taken apart so that each token is of one kind. As ``pipeline::llm::shapes`` does."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Usage = Mapping[str, Any]

#: No request uses more.
_TOKENS_MAX = 10**12


def properties_of(usage: Usage) -> dict[str, str]:
    """The properties of an event for a block of usage, by kind of token; ``adjusted`` names kinds that were cut.

    Raises:
        ValueError: For another shape, or a count that is no whole number of 0 or more; it begins with the field.
    """
    totals = _totals(usage)
    for field in ("input", "output"):
        if totals[field] > _TOKENS_MAX:
            raise ValueError(f"{field}: must be at most {_TOKENS_MAX} tokens, got {totals[field]}")
    counts: dict[str, int] = {}
    adjusted: list[str] = []
    for total, own, parts in (("input", "input_tokens", _SENT), ("output", "output_tokens", _ANSWERED)):
        left = totals[total]
        for kind, name in parts:
            reported = totals.get(kind, 0)
            counts[name] = min(reported, left)
            left -= counts[name]
            if counts[name] < reported:
                adjusted.append(kind)
        counts[own] = left
    # Zeros too: a meter refuses an event that does not have its property.
    properties = {name: str(count) for name, count in counts.items()}
    if adjusted:
        properties["adjusted"] = ",".join(adjusted)
    return properties


_SENT = (
    ("cached_input", "cached_tokens"),
    ("cache_write", "cache_write_tokens"),
    ("cache_write_long", "cache_write_long_tokens"),
    ("audio_input", "audio_input_tokens"),
)
_ANSWERED = (("reasoning", "reasoning_tokens"), ("audio_output", "audio_output_tokens"))


def _totals(usage: Usage) -> dict[str, int]:
    def has(*names: str) -> bool:
        return any(usage.get(name) is not None for name in names)

    if has("promptTokenCount", "prompt_token_count", "totalTokenCount", "total_token_count"):
        return _gemini(usage)
    if has("prompt_tokens", "completion_tokens"):
        return _openai_chat(usage)
    if has("cache_read_input_tokens", "cache_creation_input_tokens", "cache_creation"):
        return _anthropic(usage)
    if has("input_tokens", "output_tokens"):
        return _openai_responses(usage)
    if not usage:
        raise ValueError("usage: the answer says nothing of it: ask the provider to include it")
    raise ValueError("usage: has no count of tokens that is known: 'prompt_tokens', 'input_tokens', ...")


def _openai_chat(usage: Usage) -> dict[str, int]:
    sent, answered = "prompt_tokens_details", "completion_tokens_details"
    # As DeepSeek reports them, and as gateways hand on Anthropic's.
    cached = _first(usage, (sent, "cached_tokens"), ("prompt_cache_hit_tokens",), ("cache_read_input_tokens",))
    return {
        "input": _first(usage, ("prompt_tokens",)),
        "cached_input": cached,
        "cache_write": _first(usage, (sent, "cache_write_tokens"), ("cache_creation_input_tokens",)),
        "audio_input": _first(usage, (sent, "audio_tokens")),
        "output": _first(usage, ("completion_tokens",)),
        "reasoning": _first(usage, (answered, "reasoning_tokens")),
        "audio_output": _first(usage, (answered, "audio_tokens")),
    }


def _openai_responses(usage: Usage) -> dict[str, int]:
    sent, answered = "input_tokens_details", "output_tokens_details"
    return {
        "input": _first(usage, ("input_tokens",)),
        "cached_input": _first(usage, (sent, "cached_tokens")),
        "cache_write": _first(usage, (sent, "cache_write_tokens")),
        "audio_input": _first(usage, (sent, "audio_tokens")),
        "output": _first(usage, ("output_tokens",)),
        "reasoning": _first(usage, (answered, "reasoning_tokens")),
        "audio_output": _first(usage, (answered, "audio_tokens")),
    }


def _anthropic(usage: Usage) -> dict[str, int]:
    read = _first(usage, ("cache_read_input_tokens",))
    long = _first(usage, ("cache_creation", "ephemeral_1h_input_tokens"))
    written = _count(usage, "cache_creation_input_tokens")
    if written is None:
        short = _first(usage, ("cache_creation", "ephemeral_5m_input_tokens"))
    else:
        short = max(written - long, 0)
    return {
        "input": _first(usage, ("input_tokens",)) + read + short + long,
        "cached_input": read,
        "cache_write": short,
        "cache_write_long": long,
        "output": _first(usage, ("output_tokens",)),
    }


def _gemini(usage: Usage) -> dict[str, int]:
    def of(camel: str, snake: str) -> int:
        return _first(usage, (camel,), (snake,))

    thoughts = of("thoughtsTokenCount", "thoughts_token_count")
    sent = _audio(usage, "promptTokensDetails", "prompt_tokens_details")
    # What is cached has the price of the cache.
    cached = _audio(usage, "cacheTokensDetails", "cache_tokens_details")
    # What tools gave to the model is sent to it as well.
    tools = of("toolUsePromptTokenCount", "tool_use_prompt_token_count")
    return {
        "input": of("promptTokenCount", "prompt_token_count") + tools,
        "cached_input": of("cachedContentTokenCount", "cached_content_token_count"),
        "audio_input": max(sent - cached, 0),
        "output": of("candidatesTokenCount", "candidates_token_count") + thoughts,
        "reasoning": thoughts,
        "audio_output": _audio(usage, "candidatesTokensDetails", "candidates_tokens_details"),
    }


def _audio(usage: Usage, *names: str) -> int:
    details: list[Any] = next((usage[name] for name in names if isinstance(usage.get(name), list)), [])
    audio = [detail for detail in details if str(detail.get("modality")).rpartition(".")[2] == "AUDIO"]
    return sum(_first(detail, ("tokenCount",), ("token_count",)) for detail in audio)


def _first(usage: Usage, *paths: tuple[str, ...]) -> int:
    counts = (_count(usage, *path) for path in paths)
    return next((count for count in counts if count is not None), 0)


def _count(usage: Usage, *path: str) -> int | None:
    value: Any = usage
    for name in path:
        value = value.get(name) if isinstance(value, Mapping) else None
    if value is None:
        return None
    # 12.0 is what some gateways make of 12.
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        shown = repr(value)[:40]
        raise ValueError(f"usage.{'.'.join(path)}: must be a whole number of 0 or more, got {shown}")
    return value
