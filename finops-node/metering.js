// Usage: recording it, the meters that count it, what it costs. metering.d.ts describes all of it.
"use strict";

const { classes, invalid } = require("./errors.js");
const input = require("./input.js");
const { lifted, rethrow } = require("./session.js");

/** Events as the native module takes them: JSON as text or bytes. */
function given(events) {
  if (typeof events === "string" || events instanceof Uint8Array) return events;
  // No event has a field of that name: these are parameters.
  if (input.isPlain(events) && "events" in events) {
    const { events: inner, ...unknown } = events;
    const [name] = Object.keys(unknown);
    if (name !== undefined) throw invalid(name, "is no field: put it into the events");
    return given(inner);
  }
  return input.events(events, "events");
}

class Recorder {
  #native;
  #closing = null;
  /** What is known after closing. */
  #last = null;

  constructor(session, options = {}) {
    if (!input.isPlain(options)) throw invalid(null, "the options must be an object such as { flushSeconds: 1 }");
    // Always with a thread that flushes: what fills a batch must not write it on the event loop.
    const { flushSeconds = 1, maxInFlight, maxRejected, ...rest } = options;
    const named = { flush_seconds: flushSeconds, max_in_flight: maxInFlight, max_rejected: maxRejected };
    this.#native = session.recorder({ ...named, ...rest });
  }

  record(event) {
    const text = input.events(event, "event");
    if (this.#closing) throw new classes.ConflictError("conflict", "the recorder is closed: make another one");
    lifted(() => this.#native.record(text));
  }

  get inFlight() {
    return this.#last ? 0 : this.#native.inFlight;
  }

  stats() {
    return this.#last ? { ...this.#last.stats } : JSON.parse(this.#native.stats());
  }

  takeRejected() {
    return this.#last ? this.#last.rejected.splice(0) : JSON.parse(this.#native.takeRejected());
  }

  async flush() {
    if (!this.#last) await lifted(() => this.#native.flush()).catch(rethrow);
  }

  close() {
    this.#closing ??= this.#close().catch((error) => {
      // It stays open, and what could not be written waits.
      this.#closing = null;
      throw error;
    });
    return this.#closing;
  }

  async #close() {
    await this.flush();
    this.#last = { stats: this.stats(), rejected: this.takeRejected() };
    await this.#native.close().catch(rethrow);
  }
}

class Meters {
  #session;

  constructor(session) {
    this.#session = session;
  }

  create(params) {
    return this.#session.call("meters.create", params);
  }

  async get(slug) {
    return this.#session.call("meters.get", input.merged("slug", slug, {}));
  }

  list(params) {
    return this.#session.call("meters.list", params);
  }

  update(params) {
    return this.#session.call("meters.update", params);
  }

  async delete(slug) {
    return this.#session.call("meters.delete", input.merged("slug", slug, {}));
  }
}

class Prices {
  #session;

  constructor(session) {
    this.#session = session;
  }

  create(params) {
    return this.#session.call("prices.create", params);
  }

  update(params) {
    return this.#session.call("prices.update", params);
  }

  list(params) {
    return this.#session.call("prices.list", params);
  }

  async delete(id) {
    return this.#session.call("prices.delete", input.merged("id", id, {}));
  }
}

class Billing {
  #session;

  constructor(session) {
    this.#session = session;
  }

  settle(params) {
    return this.#session.call("billing.settle", params);
  }

  preview(params) {
    return this.#session.call("billing.preview", params);
  }

  close(params) {
    return this.#session.call("billing.close", params);
  }
}

class Grants {
  #session;

  constructor(session) {
    this.#session = session;
  }

  create(params) {
    return this.#session.call("grants.create", params);
  }

  list(params) {
    return this.#session.call("grants.list", params);
  }

  balance(params) {
    return this.#session.call("grants.balance", params);
  }

  async delete(id) {
    return this.#session.call("grants.delete", input.merged("id", id, {}));
  }
}

class KeptUsage {
  #session;

  constructor(session) {
    this.#session = session;
  }

  async export(path, options = {}) {
    return this.#session.call("usage.export", input.merged("path", path, options));
  }

  status(params) {
    return this.#session.call("usage.status", params);
  }

  compact(params) {
    return this.#session.call("usage.compact", params);
  }

  async drop(before) {
    return this.#session.call("usage.drop", input.merged("before", before, {}));
  }
}

class ModelPrices {
  #session;

  constructor(session) {
    this.#session = session;
  }

  loadPrices(params) {
    return this.#session.call("llm.load_prices", params);
  }

  rate(params) {
    return this.#session.call("llm.rate", params);
  }
}

module.exports = { Billing, Grants, KeptUsage, Meters, ModelPrices, Prices, Recorder, given };
