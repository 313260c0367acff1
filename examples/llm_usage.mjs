// Meters calls of language models, and says what they cost: node llm_usage.mjs.
// A small server on this machine answers in place of OpenAI and Anthropic, so that it runs without a key. With their own
// clients it is `meteredLlm((body) => client.chat.completions.create(body), ...)`, and `client.messages.create`.

import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { once } from "node:events";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Iof } from "iof";
import { meteredLlm } from "iof/llm";

/** A price list in LiteLLM's format: in dollars for each token. */
const PRICES = {
  "gpt-5": {
    mode: "chat", input_cost_per_token: 1.25e-6, cache_read_input_token_cost: 1.25e-7, output_cost_per_token: 1e-5,
  },
  "claude-sonnet-4": { mode: "chat", input_cost_per_token: 3e-6, output_cost_per_token: 1.5e-5 },
};

const ANSWERS = {
  "/v1/chat/completions": {
    id: "chatcmpl-1", object: "chat.completion", model: "gpt-5",
    choices: [{ index: 0, message: { role: "assistant", content: "Hello!" }, finish_reason: "stop" }],
    usage: {
      prompt_tokens: 1_000, completion_tokens: 200, total_tokens: 1_200, prompt_tokens_details: { cached_tokens: 600 },
    },
  },
  "/v1/messages": {
    id: "msg_1", type: "message", role: "assistant", model: "claude-sonnet-4",
    content: [{ type: "text", text: "Hello!" }], stop_reason: "end_turn",
    usage: { input_tokens: 500, output_tokens: 100 },
  },
};

// Answers as the services do, always the same.
const server = createServer((request, response) => {
  request.resume().on("end", () => {
    response.setHeader("content-type", "application/json").end(JSON.stringify(ANSWERS[request.url]));
  });
});
await once(server.listen(0, "127.0.0.1"), "listening");

async function post(path, body) {
  const headers = { "content-type": "application/json" };
  const url = `http://127.0.0.1:${server.address().port}${path}`;
  return (await fetch(url, { method: "POST", headers, body: JSON.stringify(body) })).json();
}

const folder = await mkdtemp(join(tmpdir(), "llm-usage-"));
const iof = await Iof.open(":memory:", { decimals: "string" });
// A call does not wait until its usage is recorded; this program does, before it asks what the calls cost.
const writes = [];
const recorder = {
  recordUsage(events) {
    const write = iof.finops.recordUsage(events);
    writes.push(write);
    return write;
  },
};
try {
  const prices = join(folder, "prices.json");
  await writeFile(prices, JSON.stringify(PRICES));
  await iof.finops.llm.loadPrices({ path: prices, effective_from: "2024-01-01T00:00:00Z" });

  const chat = meteredLlm(post, recorder, { tenantId: "ten_001" });
  await chat("/v1/chat/completions", { model: "gpt-5", messages: [{ role: "user", content: "Hello" }] });
  // The tenant may depend on the call.
  const ask = meteredLlm(post, recorder, { tenantId: (_path, body) => body.metadata.user_id });
  const message = { model: "claude-sonnet-4", max_tokens: 100, messages: [{ role: "user", content: "Hello" }] };
  await ask("/v1/messages", { ...message, metadata: { user_id: "ten_002" } });
  // The same answer, reported twice, counts once.
  await ask("/v1/messages", { ...message, metadata: { user_id: "ten_002" } });

  await Promise.all(writes);
  const summary = await iof.finops.getCostSummary({ window: "today", group_by: ["tenant", "resource"] });
  const lines = summary.breakdown.map((item) => `${item.tenant_id} ${item.resource} ${item.cost}`);
  console.log(lines.sort().join("\n"));
  console.log(`total ${summary.total_cost} ${summary.currency}`);
} finally {
  await iof.close();
  await rm(folder, { recursive: true });
  server.close();
  server.closeAllConnections();
}
