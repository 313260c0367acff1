// An open engine: runs its calls, keeps count of them, closes it.
"use strict";

const { Engine, Watch } = require("./native.js");
const { invalid, closed, cancelled, lift } = require("./errors.js");
const input = require("./input.js");

/** How often `onProgress` may be called, in milliseconds. */
const PROGRESS_EVERY = 50;

class Session {
  #engine;
  #exact;
  #running = new Set();
  #closing = null;
  /** The session that this one was narrowed from. */
  #from;

  constructor(engine, exact, from = null) {
    this.#engine = engine;
    this.#exact = exact;
    this.#from = from;
  }

  static async open(location, options) {
    if (!input.isPlain(options)) throw invalid(null, "the options must be an object");
    const { decimals = "number", forecaster, anomaly_detector: detector, ...known } = options;
    if (decimals !== "number" && decimals !== "string") {
      throw invalid("decimals", `must be "number" or "string", got ${String(decimals)}`);
    }
    const [path, text] = [input.path(location, "location"), input.json(known)];
    const [model, finder] = [asked("forecaster", forecaster, "forecast"), asked("anomaly_detector", detector, "detect")];
    const engine = await Engine.open(path, text, model?.name, model?.ask, finder?.name, finder?.ask).catch(rethrow);
    for (const one of [model, finder]) one?.answersTo(engine);
    return new Session(engine, decimals === "string");
  }

  get closed() {
    return this.#closing !== null || (this.#from?.closed ?? false);
  }

  /** A session narrowed to a tenant. */
  asTenant(tenantId) {
    const id = input.text(tenantId, "tenant_id");
    return this.#narrowed((engine) => engine.asTenant(id));
  }

  /** A session that may what a principal may. */
  asPrincipal(principal) {
    const text = input.json(principal);
    return this.#narrowed((engine) => engine.asPrincipal(text));
  }

  #narrowed(make) {
    if (this.closed) throw closed();
    return new Session(lifted(() => make(this.#engine)), this.#exact, this);
  }

  /** Adds a call to those that closing waits for, here and where it was narrowed from. */
  #track(running) {
    this.#running.add(running);
    this.#from?.#track(running);
  }

  #untrack(running) {
    this.#running.delete(running);
    this.#from?.#untrack(running);
  }

  /** Waits for a call, which closing waits for too. */
  async #await(call) {
    const running = call.catch(rethrow);
    this.#track(running);
    try {
      return await running;
    } finally {
      this.#untrack(running);
    }
  }

  /** Records events: JSON as text or bytes. */
  async recordUsage(events) {
    if (this.closed) throw closed();
    return JSON.parse(await this.#await(this.#engine.recordUsage(events, this.#exact)));
  }

  /** Has a function told of events; gives the number by which that ends. */
  subscribe(sink) {
    if (this.closed) throw closed();
    // What it throws, or its promise rejects with, is why it did not take the event.
    const tell = async (ticket, text) => {
      let error = null;
      try {
        await sink(JSON.parse(text));
      } catch (thrown) {
        error = String(thrown);
      }
      this.#engine.told(ticket, error);
    };
    return lifted(() => this.#engine.subscribe(tell));
  }

  /** Has it told of nothing more; whether it was before. */
  unsubscribe(subscription) {
    if (this.closed) throw closed();
    return lifted(() => this.#engine.unsubscribe(subscription));
  }

  /** A recorder of the native module. */
  recorder(options) {
    if (this.closed) throw closed();
    return lifted(() => this.#engine.recorder(input.json(options)));
  }

  /** What the engine answers at once, on this thread. */
  atOnce(call) {
    if (this.closed) throw closed();
    return lifted(() => call(this.#engine, this.#exact));
  }

  /** Waits for what the engine does on the thread pool. */
  async later(call) {
    if (this.closed) throw closed();
    return this.#await(lifted(() => call(this.#engine, this.#exact)));
  }

  /** An exact decimal as answers have it. */
  decimal(text) {
    return this.#exact ? text : Number(text);
  }

  /** Runs an operation; every failure is a rejection. */
  async call(operation, params = {}, { onProgress, signal } = {}) {
    const text = input.json(params);
    if (onProgress !== undefined && typeof onProgress !== "function") {
      throw invalid("onProgress", `must be a function, got ${typeof onProgress}`);
    }
    if (signal !== undefined && typeof signal?.addEventListener !== "function") {
      throw invalid("signal", "must be an AbortSignal");
    }
    if (this.closed) throw closed();
    if (signal?.aborted) throw cancelled(signal.reason);
    const run = (watch) => this.#engine.call(operation, text, this.#exact, watch).catch(rethrow);
    return JSON.parse(await this.#await(onProgress || signal ? watched(run, onProgress, signal) : run(null)));
  }

  /** Runs a query, which a signal may stop. */
  async ask(operation, params, options = {}) {
    if (!input.isPlain(options)) throw invalid(null, "the options must be an object such as { signal }");
    const { signal, ...unknown } = options;
    const [name] = Object.keys(unknown);
    if (name !== undefined) throw invalid(name, "is no option of a query: parameters stand in the first object");
    return this.call(operation, params, { signal });
  }

  /** Refuses new calls, waits for those under way, and lets go of the location. */
  close() {
    this.#closing ??= Promise.allSettled(this.#running).then(() => this.#engine.close().catch(rethrow));
    return this.#closing;
  }
}

/** What the host brings: a function, or an object with a method and perhaps a `name`; nothing where it brings none. */
function asked(option, brought, method) {
  if (brought === undefined || brought === null) return null;
  const call = typeof brought === "function" ? brought : brought[method]?.bind(brought);
  if (typeof call !== "function") throw invalid(option, `must be a function, or have a method ${method}`);
  const name = typeof brought === "function" ? "custom" : String(brought.name ?? "custom");
  let engine = null;
  // What it throws, or its promise rejects with, is why there is no answer.
  const ask = async (ticket, text) => {
    try {
      const answer = await call(...JSON.parse(text));
      // Forgetting to return is no answer, while null may be one.
      if (answer === undefined) throw new TypeError("it returned undefined");
      engine.answered(ticket, JSON.stringify(answer));
    } catch (thrown) {
      engine.told(ticket, String(thrown));
    }
  };
  const answersTo = (opened) => {
    engine = opened;
  };
  return { name, ask, answersTo };
}

function rethrow(error) {
  throw lift(error);
}

/** What a call gives that the native module answers at once. */
function lifted(call) {
  try {
    return call();
  } catch (error) {
    throw lift(error);
  }
}

/** Runs with somebody looking on, who may also stop it. What `onProgress` throws stops it too, and is thrown on. */
async function watched(run, onProgress, signal) {
  const watch = new Watch();
  const stop = () => watch.cancel();
  let thrown = null;
  const look = () => {
    const progress = thrown === null && onProgress ? watch.progress() : null;
    if (progress === null) return;
    try {
      onProgress(JSON.parse(progress));
    } catch (error) {
      thrown = { error };
      stop();
    }
  };
  const timer = setInterval(look, PROGRESS_EVERY);
  signal?.addEventListener("abort", stop, { once: true });
  const [outcome] = await Promise.allSettled([run(watch)]);
  clearInterval(timer);
  signal?.removeEventListener("abort", stop);
  if (outcome.status === "fulfilled") look();
  if (thrown !== null) throw thrown.error;
  if (outcome.status === "fulfilled") return outcome.value;
  throw outcome.reason.code === "cancelled" && signal?.aborted ? cancelled(signal.reason) : outcome.reason;
}

module.exports = { Session, lifted, rethrow };
