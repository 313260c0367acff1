// Calls of language models: what answers and streams say becomes one event each.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import { meteredLlm, tokenProperties } from "iof/llm";
import { Recording, errors, until } from "./fixtures/recording.mjs";

const CASES = JSON.parse(readFileSync(new URL("../../tests/fixtures/llm_usage.json", import.meta.url), "utf8"));
const CHAT = { id: "chatcmpl-1", model: "gpt-5", usage: { prompt_tokens: 100, completion_tokens: 20 } };

// A meter refuses an event that does not have its property.
const NONE = Object.fromEntries(
  ["input", "cached", "cache_write", "cache_write_long", "audio_input", "output", "reasoning", "audio_output"].map(
    (kind) => [`${kind}_tokens`, "0"],
  ),
);

test("usage is read as in Rust", () => {
  for (const { about, usage, properties, error } of CASES) {
    if (error === undefined) {
      assert.deepEqual(tokenProperties(usage), properties, about);
    } else {
      assert.throws(() => tokenProperties(usage), (thrown) => thrown.message.split(":")[0] === error, about);
    }
  }
});

test("an answer becomes one event", async () => {
  const recording = new Recording();
  const client = { key: 1, create: async function () { return this.key === 1 ? CHAT : null; } };
  client.create = meteredLlm(client.create, recording, {
    tenantId: ({ user }) => `ten_${user}`,
    rail: "chat",
    properties: { workflow: "summary" },
  });
  assert.equal(await client.create({ user: "ann", model: "alias" }), CHAT);
  await until(() => recording.events.length === 1);
  const { time, ...event } = recording.events[0];
  assert.ok(time instanceof Date);
  assert.deepEqual(event, {
    id: "chatcmpl-1",
    source: "llm",
    resource: "llm_tokens",
    tenant_id: "ten_ann",
    rail: "chat",
    properties: { ...NONE, workflow: "summary", model: "gpt-5", input_tokens: "100", output_tokens: "20" },
  });
});

test("a call without a tenant is not recorded, and a model may be named", async () => {
  const recording = new Recording();
  const { told, onError } = errors();
  const answer = { usage: { input_tokens: 1, output_tokens: 1 } };
  meteredLlm(() => answer, recording, { tenantId: () => null, onError })({});
  meteredLlm(() => answer, recording, { tenantId: "t", onError })({ model: "claude" });
  meteredLlm(() => CHAT, recording, { tenantId: "t", model: "openai/gpt-5", onError })({});
  await until(() => recording.events.length === 2);
  assert.deepEqual(recording.events.map(({ properties }) => properties.model), ["claude", "openai/gpt-5"]);
  assert.equal(recording.events[0].id.length, 36);
  assert.equal(told.length, 0);
});

const OPENAI = [
  { id: "chatcmpl-2", model: "gpt-5", choices: [{}], usage: null },
  { id: "chatcmpl-2", model: "gpt-5", choices: [], usage: { prompt_tokens: 9, completion_tokens: 2 } },
];
const RESPONSES = [
  { type: "response.created", response: { id: "resp_1", model: "gpt-5", usage: null } },
  { type: "response.completed", response: { id: "resp_1", model: "gpt-5", usage: { input_tokens: 9, output_tokens: 2 } } },
];
const ANTHROPIC = [
  {
    type: "message_start",
    message: { id: "msg_1", model: "claude", usage: { input_tokens: 5, cache_read_input_tokens: 4, output_tokens: 1 } },
  },
  { type: "content_block_start", content_block: { type: "tool_use", id: "toolu_1" } },
  { type: "message_delta", delta: {}, usage: { output_tokens: 2 } },
];

/** A stream with private state, as clients have them. */
class Stream {
  #parts;
  controller = { aborted: false };

  constructor(parts) {
    this.#parts = parts;
  }

  async *[Symbol.asyncIterator]() {
    yield* this.#parts;
  }

  count() {
    return this.#parts.length;
  }
}

test("a stream is recorded at its end", async () => {
  for (const [parts, id, properties] of [
    [OPENAI, "chatcmpl-2", { model: "gpt-5", input_tokens: "9", output_tokens: "2" }],
    [RESPONSES, "resp_1", { model: "gpt-5", input_tokens: "9", output_tokens: "2" }],
    [ANTHROPIC, "msg_1", { model: "claude", input_tokens: "5", cached_tokens: "4", output_tokens: "2" }],
  ]) {
    const recording = new Recording();
    const told = { ...NONE, ...properties };
    const stream = await meteredLlm(async () => new Stream(parts), recording, { tenantId: "t" })();
    assert.ok(stream instanceof Stream);
    assert.deepEqual([stream.count(), stream.controller.aborted], [parts.length, false]);
    const seen = [];
    for await (const part of stream) seen.push(part);
    assert.deepEqual(seen, parts);
    async function* generated() {
      yield* parts;
    }
    const read = meteredLlm(generated, recording, { tenantId: "t" })();
    assert.equal((await read.next()).value, parts[0]);
    for await (const part of read) assert.ok(part);
    assert.deepEqual(recording.events.map((event) => [event.id, event.properties]), [[id, told], [id, told]]);
  }
});

test("a stream that is left early records what it told", async () => {
  const recording = new Recording();
  const { told, onError } = errors();
  const call = meteredLlm((parts) => new Stream(parts), recording, { tenantId: "t", onError });
  for await (const part of call(ANTHROPIC)) {
    assert.ok(part);
    break;
  }
  assert.equal(recording.events[0].properties.output_tokens, "1");
  for await (const part of call(OPENAI)) {
    assert.ok(part);
    break;
  }
  assert.equal(recording.events.length, 1, "what it used is unknown");
  assert.match(told[0][0].message, /^usage: /);
});

test("metering never breaks a call", async () => {
  const { told, onError } = errors();
  const options = { tenantId: "t", onError };
  const rejected = [{ index: 0, code: "conflict", message: "another has this id" }];
  assert.deepEqual(meteredLlm(() => ({ id: "x" }), new Recording(), options)(), { id: "x" });
  assert.equal(meteredLlm(() => "text", new Recording(), options)(), "text");
  assert.equal(meteredLlm(() => CHAT, new Recording({ failures: 1 }), options)(), CHAT);
  assert.equal(await meteredLlm(async () => CHAT, new Recording({ rejected }), options)(), CHAT);
  await until(() => told.length === 4);
  assert.deepEqual(
    told.map(([error]) => error.message.split(":")[0]).sort(),
    ["1 events are not counted, the first", "disk full", "usage", "usage"],
  );
  const failing = meteredLlm(() => Promise.reject(new Error("the provider")), new Recording(), options);
  await assert.rejects(failing(), /the provider/);
  assert.throws(() => meteredLlm(() => CHAT, {}, options), /recordUsage/);
  assert.throws(() => meteredLlm(() => CHAT, new Recording(), {}), /tenantId/);
});
