// Meters calls of language models. What it does is described in llm.d.ts.
"use strict";

const { randomUUID } = require("node:crypto");
const { tell, tellRejected, warn } = require("./batches.js");
const { tokenProperties } = require("./tokens.js");

/** Kinds of streamed parts whose ids are those of a part of the answer. */
const ITEMS = new Set(["content_block_start", "content_block_delta", "content_block_stop"]);

function meteredLlm(call, finops, options) {
  const meter = new Meter(finops, options ?? {});
  // What the call gives is given: a promise, an answer, a stream.
  return function metered(...args) {
    const given = call.apply(this, args);
    if (typeof given?.then === "function") return given.then((answer) => meter.take(answer, args));
    return meter.take(given, args);
  };
}

class Meter {
  constructor(finops, { tenantId, model, source = "llm", onError = warn, now = () => new Date(), ...fields }) {
    if (typeof finops?.recordUsage !== "function") throw new TypeError("finops: must have a method recordUsage");
    if (typeof tenantId !== "string" && typeof tenantId !== "function") {
      throw new TypeError("tenantId: must be a text, or a function of the call's arguments");
    }
    this.finops = finops;
    this.tenantId = tenantId;
    this.model = model;
    this.source = source;
    this.onError = onError;
    this.now = now;
    this.fields = fields;
  }

  /** Hands the answer on at once; it is recorded meanwhile. */
  take(answer, args) {
    if (typeof answer?.[Symbol.asyncIterator] === "function" && !answer.usage) return this.stream(answer, args);
    const parts = new Parts();
    this.safely(() => parts.add(answer));
    void this.record(parts, args);
    return answer;
  }

  /** The same stream, which is recorded when it ends or is left. */
  stream(inner, args) {
    const meter = this;
    async function* read() {
      const parts = new Parts();
      try {
        for await (const part of inner) {
          meter.safely(() => parts.add(part));
          yield part;
        }
      } finally {
        await meter.record(parts, args);
      }
    }
    let reading;
    return new Proxy(inner, {
      get(target, name) {
        // One reading, whoever asks: the parts of a stream come once.
        if (name === Symbol.asyncIterator) return () => (reading ??= read());
        if (["next", "return", "throw"].includes(name) && typeof target[name] === "function") {
          reading ??= read();
          return reading[name].bind(reading);
        }
        const value = Reflect.get(target, name, target);
        return typeof value === "function" ? value.bind(target) : value;
      },
    });
  }

  async record(parts, args) {
    let events = [];
    try {
      const event = this.event(parts, args);
      if (event === null) return;
      events = [event];
      tellRejected(this.onError, await this.finops.recordUsage(events), events);
    } catch (error) {
      tell(this.onError, error, events);
    }
  }

  event(parts, args) {
    const tenant = typeof this.tenantId === "function" ? this.tenantId(...args) : this.tenantId;
    if (tenant === null || tenant === undefined) return null;
    const tokens = tokenProperties(parts.usage);
    const model = this.model ?? parts.model ?? args[0]?.model;
    if (!model) throw new TypeError("model: the answer does not name one: give { model }");
    return {
      ...this.fields,
      id: parts.id ?? randomUUID(),
      source: this.source,
      time: this.now(),
      resource: "llm_tokens",
      tenant_id: tenant,
      properties: { ...this.fields.properties, model: String(model), ...tokens },
    };
  }

  safely(work) {
    try {
      work();
    } catch (error) {
      tell(this.onError, error, []);
    }
  }
}

/** What the parts of an answer, or the one whole of it, say of its id, its model and its usage. */
class Parts {
  id;
  model;
  usage = {};

  add(part) {
    for (const body of [part, part?.response, part?.message]) {
      if (body === null || typeof body !== "object") continue;
      if (body === part && ITEMS.has(body.type)) continue;
      this.id ??= text(body, "id", "responseId", "response_id");
      this.model ??= text(body, "model", "modelVersion", "model_version");
      for (const usage of [body.usage, body.usageMetadata, body.usage_metadata]) {
        if (usage === null || typeof usage !== "object") continue;
        // Anthropic says the input first and the output last; what comes later counts.
        const told = Object.entries(usage).filter(([, value]) => value !== null && value !== undefined);
        Object.assign(this.usage, Object.fromEntries(told));
      }
    }
  }
}

function text(body, ...names) {
  return names.map((name) => body[name]).find((value) => typeof value === "string" && value !== "");
}

module.exports = { meteredLlm, tokenProperties };
