// What providers say of tokens, taken apart so that each token is of one kind. As `pipeline::llm::shapes` does.
"use strict";

/** No request uses more. */
const TOKENS_MAX = 1e12;

const SENT = [
  ["cached_input", "cached_tokens"],
  ["cache_write", "cache_write_tokens"],
  ["cache_write_long", "cache_write_long_tokens"],
  ["audio_input", "audio_input_tokens"],
];
const ANSWERED = [
  ["reasoning", "reasoning_tokens"],
  ["audio_output", "audio_output_tokens"],
];

/** The properties of an event for a block of usage; `adjusted` names the kinds that were cut. */
function tokenProperties(usage) {
  const totals = totalsOf(usage);
  const properties = {};
  const adjusted = [];
  // Zeros too: a meter refuses an event that does not have its property.
  const put = (name, count) => {
    properties[name] = String(count);
  };
  for (const [total, own, parts] of [["input", "input_tokens", SENT], ["output", "output_tokens", ANSWERED]]) {
    let left = totals[total];
    if (left > TOKENS_MAX) throw new RangeError(`${total}: must be at most ${TOKENS_MAX} tokens, got ${left}`);
    for (const [kind, name] of parts) {
      const reported = totals[kind] ?? 0;
      const counted = Math.min(reported, left);
      left -= counted;
      put(name, counted);
      if (counted < reported) adjusted.push(kind);
    }
    put(own, left);
  }
  if (adjusted.length > 0) properties.adjusted = adjusted.join(",");
  return properties;
}

function totalsOf(usage) {
  const has = (...names) => names.some((name) => usage?.[name] !== undefined && usage[name] !== null);
  if (has("promptTokenCount", "prompt_token_count", "totalTokenCount", "total_token_count")) return gemini(usage);
  if (has("prompt_tokens", "completion_tokens")) return openAi(usage, "prompt", "completion");
  if (has("cache_read_input_tokens", "cache_creation_input_tokens", "cache_creation")) return anthropic(usage);
  if (has("input_tokens", "output_tokens")) return openAi(usage, "input", "output");
  if (usage === null || usage === undefined || Object.keys(usage).length === 0) {
    throw new TypeError("usage: the answer says nothing of it: ask the provider to include it");
  }
  throw new TypeError("usage: has no count of tokens that is known: 'prompt_tokens', 'input_tokens', ...");
}

/** Chat completions, and responses: the details are parts of the totals. */
function openAi(usage, input, output) {
  const sent = `${input}_tokens_details`;
  const answered = `${output}_tokens_details`;
  const cached = [[sent, "cached_tokens"]];
  const written = [[sent, "cache_write_tokens"]];
  if (input === "prompt") {
    // As DeepSeek reports them, and as gateways hand on Anthropic's.
    cached.push(["prompt_cache_hit_tokens"], ["cache_read_input_tokens"]);
    written.push(["cache_creation_input_tokens"]);
  }
  return {
    input: first(usage, [`${input}_tokens`]),
    cached_input: first(usage, ...cached),
    cache_write: first(usage, ...written),
    audio_input: first(usage, [sent, "audio_tokens"]),
    output: first(usage, [`${output}_tokens`]),
    reasoning: first(usage, [answered, "reasoning_tokens"]),
    audio_output: first(usage, [answered, "audio_tokens"]),
  };
}

/** The input is beside what was read from and written to caches. */
function anthropic(usage) {
  const read = first(usage, ["cache_read_input_tokens"]);
  const long = first(usage, ["cache_creation", "ephemeral_1h_input_tokens"]);
  const written = count(usage, ["cache_creation_input_tokens"]);
  const short =
    written === undefined
      ? first(usage, ["cache_creation", "ephemeral_5m_input_tokens"])
      : Math.max(written - long, 0);
  return {
    input: first(usage, ["input_tokens"]) + read + short + long,
    cached_input: read,
    cache_write: short,
    cache_write_long: long,
    output: first(usage, ["output_tokens"]),
  };
}

/** Thoughts are beside the candidates; what is cached is part of the prompt. */
function gemini(usage) {
  const of = (camel, snake) => first(usage, [camel], [snake]);
  const thoughts = of("thoughtsTokenCount", "thoughts_token_count");
  const sent = audio(usage, "promptTokensDetails", "prompt_tokens_details");
  // What is cached has the price of the cache.
  const cached = audio(usage, "cacheTokensDetails", "cache_tokens_details");
  // What tools gave to the model is sent to it as well.
  const tools = of("toolUsePromptTokenCount", "tool_use_prompt_token_count");
  return {
    input: of("promptTokenCount", "prompt_token_count") + tools,
    cached_input: of("cachedContentTokenCount", "cached_content_token_count"),
    audio_input: Math.max(sent - cached, 0),
    output: of("candidatesTokenCount", "candidates_token_count") + thoughts,
    reasoning: thoughts,
    audio_output: audio(usage, "candidatesTokensDetails", "candidates_tokens_details"),
  };
}

function audio(usage, ...names) {
  const details = names.map((name) => usage[name]).find(Array.isArray) ?? [];
  return details
    .filter((detail) => detail?.modality === "AUDIO")
    .reduce((sum, detail) => sum + first(detail, ["tokenCount"], ["token_count"]), 0);
}

function first(usage, ...paths) {
  for (const path of paths) {
    const found = count(usage, path);
    if (found !== undefined) return found;
  }
  return 0;
}

function count(usage, path) {
  const value = path.reduce((inner, name) => inner?.[name], usage);
  if (value === undefined || value === null) return undefined;
  if (!Number.isSafeInteger(value) || value < 0) {
    const shown = String(JSON.stringify(value)).slice(0, 40);
    throw new TypeError(`usage.${path.join(".")}: must be a whole number of 0 or more, got ${shown}`);
  }
  return value;
}

module.exports = { tokenProperties };
