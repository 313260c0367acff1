// Who is told of events, and what receivers of webhooks need. What it does is described in webhooks.d.ts.
"use strict";

const { eventSchema: schema, verifyWebhook: verify } = require("./native.js");
const { invalid } = require("./errors.js");
const { isPlain, merged } = require("./input.js");
const { lifted } = require("./session.js");

class Webhooks {
  #session;

  constructor(session) {
    this.#session = session;
  }

  create(params) {
    return this.#session.call("webhooks.create", params);
  }

  async get(id) {
    return this.#session.call("webhooks.get", merged("id", id, {}));
  }

  list(params) {
    return this.#session.call("webhooks.list", params);
  }

  update(params) {
    return this.#session.call("webhooks.update", params);
  }

  async delete(id) {
    return this.#session.call("webhooks.delete", merged("id", id, {}));
  }

  async rotate(id, options = {}) {
    return this.#session.call("webhooks.rotate", merged("id", id, options));
  }

  async test(id) {
    return this.#session.call("webhooks.test", merged("id", id, {}));
  }

  deliveries(params) {
    return this.#session.call("webhooks.deliveries", params);
  }

  redeliver(params) {
    return this.#session.call("webhooks.redeliver", params);
  }

  async deliver(options = {}) {
    if (!isPlain(options)) throw invalid(null, "the options must be an object such as { limit: 100 }");
    const { onProgress, signal, ...params } = options;
    return this.#session.call("webhooks.deliver", params, { onProgress, signal });
  }
}

class Events {
  #session;

  constructor(session) {
    this.#session = session;
  }

  list(params) {
    return this.#session.call("events.list", params);
  }

  subscribe(sink) {
    if (typeof sink !== "function") throw invalid("sink", `must be a function, got ${typeof sink}`);
    return this.#session.subscribe(sink);
  }

  unsubscribe(subscription) {
    if (!Number.isSafeInteger(subscription)) throw invalid("subscription", "must be the number that `subscribe` gave");
    return this.#session.unsubscribe(subscription);
  }
}

/** Names and values by turns, of a `Headers`, a `Map` or an object as Node's HTTP server has it. */
function flat(headers) {
  if (typeof headers !== "object" || headers === null) throw invalid("headers", "must be the headers of the request");
  const all = [];
  const add = (value, name) => {
    for (const one of [value].flat()) if (one != null) all.push(String(name), String(one));
  };
  if (typeof headers.forEach === "function") headers.forEach(add);
  else for (const [name, value] of Object.entries(headers)) add(value, name);
  return all;
}

function verifyWebhook(secret, headers, body, { now } = {}) {
  const secrets = [secret].flat().map((one) => {
    if (typeof one !== "string") throw invalid("secret", "must be text: whsec_...");
    return one;
  });
  if (typeof body !== "string" && !(body instanceof Uint8Array)) {
    throw invalid("body", "must be the body as it came: text or bytes, not what was parsed of it");
  }
  const bytes = typeof body === "string" ? Buffer.from(body) : body;
  const at = now instanceof Date ? now.toISOString() : now;
  lifted(() => verify(secrets, flat(headers), bytes, at ?? null));
  return JSON.parse(Buffer.from(bytes).toString());
}

const eventSchema = () => JSON.parse(schema());

module.exports = { Events, Webhooks, eventSchema, verifyWebhook };
