//! What providers say of a request's tokens, in the shapes that they say it in.
//!
//! OpenAI and Gemini report cached tokens as part of the input, Anthropic beside it; OpenAI reports reasoning as part
//! of the output, Gemini beside it. A [`TokenUsage`] means the same whoever said it.

use crate::model::llm::TokenUsage;
use crate::{Error, Result};
use serde_json::Value;

/// An answer of a model, as far as it concerns metering.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Answer {
    /// The provider's id of the answer: what makes a second report of it the same event.
    pub id: Option<String>,
    /// The model that answered.
    pub model: Option<String>,
    /// What it used.
    pub usage: TokenUsage,
}

/// Reads an answer of a provider: its id, its model and its block of usage.
///
/// ```
/// let answer = serde_json::json!({
///     "id": "chatcmpl-1", "model": "gpt-5",
///     "usage": {"prompt_tokens": 100, "completion_tokens": 9, "prompt_tokens_details": {"cached_tokens": 64}},
/// });
/// let answer = finops_core::pipeline::llm::shapes::answer(&answer)?;
/// assert_eq!((answer.usage.input, answer.usage.cached_input, answer.usage.output), (100, 64, 9));
/// # Ok::<(), finops_core::Error>(())
/// ```
///
/// # Errors
/// `invalid_argument` when there is no block of usage, or it is none.
pub fn answer(value: &Value) -> Result<Answer> {
    let inner = ["response", "message"].iter().filter_map(|key| value.get(key)).find(|inner| block(inner).is_some());
    let body = inner.unwrap_or(value);
    let block = block(body).ok_or_else(|| {
        Error::invalid("usage", "the answer has no 'usage' or 'usageMetadata': ask the provider to include it")
    })?;
    let text = |keys: [&str; 3]| keys.iter().find_map(|key| body.get(key)?.as_str()).map(str::to_owned);
    Ok(Answer {
        id: text(["id", "responseId", "response_id"]),
        model: text(["model", "modelVersion", "model_version"]),
        usage: usage(block)?,
    })
}

fn block(answer: &Value) -> Option<&Value> {
    ["usage", "usageMetadata", "usage_metadata"]
        .iter()
        .find_map(|key| answer.get(key))
        .filter(|block| block.is_object())
}

/// Reads a block of usage in any of the shapes, which tell themselves apart by their fields.
///
/// # Errors
/// `invalid_argument` for another shape, or a count that is no whole number of 0 or more.
pub fn usage(block: &Value) -> Result<TokenUsage> {
    let has = |keys: &[&str]| keys.iter().any(|key| block.get(key).is_some_and(|value| !value.is_null()));
    if has(&["promptTokenCount", "prompt_token_count", "totalTokenCount", "total_token_count"]) {
        gemini(block)
    } else if has(&["prompt_tokens", "completion_tokens"]) {
        openai_chat(block)
    } else if has(&["cache_read_input_tokens", "cache_creation_input_tokens", "cache_creation"]) {
        anthropic(block)
    } else if has(&["input_tokens", "output_tokens"]) {
        openai_responses(block)
    } else {
        Err(Error::invalid("usage", "has no count of tokens that is known: 'prompt_tokens', 'input_tokens', ..."))
    }
}

/// `prompt_tokens` and `completion_tokens`, their details being parts of them.
///
/// # Errors
/// `invalid_argument` for a count that is no whole number of 0 or more.
pub fn openai_chat(block: &Value) -> Result<TokenUsage> {
    let sent = |key: &str| count(block, &["prompt_tokens_details", key]);
    let answered = |key: &str| count(block, &["completion_tokens_details", key]);
    let cached = match sent("cached_tokens")? {
        Some(cached) => Some(cached),
        // As DeepSeek reports them, and as gateways hand on Anthropic's.
        None => first(block, &["prompt_cache_hit_tokens", "cache_read_input_tokens"])?,
    };
    let written = match sent("cache_write_tokens")? {
        Some(written) => Some(written),
        None => first(block, &["cache_creation_input_tokens"])?,
    };
    Ok(TokenUsage {
        input: count(block, &["prompt_tokens"])?.unwrap_or(0),
        cached_input: cached.unwrap_or(0),
        cache_write: written.unwrap_or(0),
        cache_write_long: 0,
        audio_input: sent("audio_tokens")?.unwrap_or(0),
        output: count(block, &["completion_tokens"])?.unwrap_or(0),
        reasoning: answered("reasoning_tokens")?.unwrap_or(0),
        audio_output: answered("audio_tokens")?.unwrap_or(0),
    })
}

/// `input_tokens` and `output_tokens`, their details being parts of them.
///
/// # Errors
/// `invalid_argument` for a count that is no whole number of 0 or more.
pub fn openai_responses(block: &Value) -> Result<TokenUsage> {
    let sent = |key: &str| count(block, &["input_tokens_details", key]);
    let answered = |key: &str| count(block, &["output_tokens_details", key]);
    Ok(TokenUsage {
        input: count(block, &["input_tokens"])?.unwrap_or(0),
        cached_input: sent("cached_tokens")?.unwrap_or(0),
        cache_write: sent("cache_write_tokens")?.unwrap_or(0),
        cache_write_long: 0,
        audio_input: sent("audio_tokens")?.unwrap_or(0),
        output: count(block, &["output_tokens"])?.unwrap_or(0),
        reasoning: answered("reasoning_tokens")?.unwrap_or(0),
        audio_output: answered("audio_tokens")?.unwrap_or(0),
    })
}

/// `input_tokens` beside what was read from and written to caches: the input is all of them together.
///
/// # Errors
/// `invalid_argument` for a count that is no whole number of 0 or more.
pub fn anthropic(block: &Value) -> Result<TokenUsage> {
    let read = count(block, &["cache_read_input_tokens"])?.unwrap_or(0);
    let long = count(block, &["cache_creation", "ephemeral_1h_input_tokens"])?.unwrap_or(0);
    let short = match count(block, &["cache_creation_input_tokens"])? {
        Some(all) => all.saturating_sub(long),
        None => count(block, &["cache_creation", "ephemeral_5m_input_tokens"])?.unwrap_or(0),
    };
    let plain = count(block, &["input_tokens"])?.unwrap_or(0);
    Ok(TokenUsage {
        input: plain.saturating_add(read).saturating_add(short).saturating_add(long),
        cached_input: read,
        cache_write: short,
        cache_write_long: long,
        ..TokenUsage::new(0, count(block, &["output_tokens"])?.unwrap_or(0))
    })
}

/// `promptTokenCount`, of which `cachedContentTokenCount` is a part, and `candidatesTokenCount`, of which
/// `thoughtsTokenCount` is none. Names with underscores are read too.
///
/// # Errors
/// `invalid_argument` for a count that is no whole number of 0 or more.
pub fn gemini(block: &Value) -> Result<TokenUsage> {
    let of = |names: [&str; 2]| Ok::<u64, Error>(first(block, &names)?.unwrap_or(0));
    let prompt = of(["promptTokenCount", "prompt_token_count"])?;
    // What tools gave to the model is sent to it as well.
    let tools = of(["toolUsePromptTokenCount", "tool_use_prompt_token_count"])?;
    let thoughts = of(["thoughtsTokenCount", "thoughts_token_count"])?;
    let answered = of(["candidatesTokenCount", "candidates_token_count"])?;
    let cached_audio = audio(block, ["cacheTokensDetails", "cache_tokens_details"])?;
    let sent_audio = audio(block, ["promptTokensDetails", "prompt_tokens_details"])?;
    Ok(TokenUsage {
        input: prompt.saturating_add(tools),
        cached_input: of(["cachedContentTokenCount", "cached_content_token_count"])?,
        // What is cached has the price of the cache.
        audio_input: sent_audio.saturating_sub(cached_audio),
        output: answered.saturating_add(thoughts),
        reasoning: thoughts,
        audio_output: audio(block, ["candidatesTokensDetails", "candidates_tokens_details"])?,
        ..TokenUsage::default()
    })
}

/// `[{"modality": "AUDIO", "tokenCount": 12}]`.
fn audio(block: &Value, names: [&str; 2]) -> Result<u64> {
    let details = names.iter().find_map(|name| block.get(name)?.as_array());
    let mut sum = 0_u64;
    for detail in details.into_iter().flatten() {
        if detail.get("modality").and_then(Value::as_str) == Some("AUDIO") {
            sum = sum.saturating_add(first(detail, &["tokenCount", "token_count"])?.unwrap_or(0));
        }
    }
    Ok(sum)
}

fn first(block: &Value, names: &[&str]) -> Result<Option<u64>> {
    for name in names {
        if let Some(count) = count(block, &[name])? {
            return Ok(Some(count));
        }
    }
    Ok(None)
}

/// A count at a path; none where something on the way is missing or null.
fn count(block: &Value, path: &[&str]) -> Result<Option<u64>> {
    let found = path.iter().try_fold(block, |value, key| value.get(key));
    let Some(value) = found.filter(|value| !value.is_null()) else { return Ok(None) };
    let text = value.to_string();
    // `12.0` is what some gateways make of 12.
    let whole = text.strip_suffix(".0").unwrap_or(&text);
    whole.parse().map(Some).map_err(|_| {
        let shown: String = text.chars().take(40).collect();
        Error::invalid(format!("usage.{}", path.join(".")), format!("must be a whole number of 0 or more, got {shown}"))
    })
}
