// Usage that is recorded off the request: events wait in memory and go to the engine in batches.
"use strict";

function within(name, value, least, most) {
  if (typeof value !== "number" || !(value >= least && value <= most)) {
    throw new RangeError(`${name}: must be ${least} to ${most}, got ${value}`);
  }
  return value;
}

/** What is said where no `onError` is given: that metering fails must not stay unseen. */
function warn(error, events) {
  process.emitWarning(`${events.length} events are not metered: ${error?.message ?? error}`, "IofUsage");
}

/** Tells what went wrong, whatever the host's function does. */
function tell(onError, error, events) {
  try {
    const told = onError(error, events);
    if (typeof told?.catch === "function") told.catch(() => {});
  } catch {
    // Metering must not break those who are metered.
  }
}

class UsageRejected extends Error {
  constructor(rejected) {
    const [first] = rejected;
    super(`${rejected.length} events are not counted, the first: ${first.code}: ${first.message}`);
    this.name = "UsageRejected";
    this.rejected = rejected;
  }
}

class UsageDropped extends Error {
  constructor(message) {
    super(message);
    this.name = "UsageDropped";
  }
}

/** Tells of the events that the engine says it did not count. */
function tellRejected(onError, answer, events) {
  const rejected = answer?.rejected;
  if (Array.isArray(rejected) && rejected.length > 0) {
    const named = rejected.map(({ index }) => events[index]).filter((event) => event !== undefined);
    tell(onError, new UsageRejected(rejected), named);
  }
}

class Batches {
  #finops;
  #onError;
  #flushMs;
  #batchMax;
  #waitingMax;
  #attemptsMax;
  #waiting = [];
  #inFlight = 0;
  #timer = null;
  #running = null;
  #closed = false;

  constructor(finops, options = {}) {
    if (typeof finops?.recordUsage !== "function") throw new TypeError("finops: must have a method recordUsage");
    const { flushMs = 1_000, batchMax = 1_000, waitingMax = 100_000, attemptsMax = 3, onError = warn } = options;
    this.#finops = finops;
    this.#onError = onError;
    this.#flushMs = within("flushMs", flushMs, 0, 3_600_000);
    this.#batchMax = within("batchMax", batchMax, 1, 1_000_000);
    this.#waitingMax = within("waitingMax", waitingMax, 1, 10_000_000);
    this.#attemptsMax = within("attemptsMax", attemptsMax, 1, 100);
  }

  get inFlight() {
    return this.#waiting.length + this.#inFlight;
  }

  /** Adds an event or several, and never fails; the promise is settled at once. */
  recordUsage(events) {
    let added = Array.isArray(events) ? events : [events];
    let dropped = [];
    const room = this.#closed ? 0 : Math.max(this.#waitingMax - this.inFlight, 0);
    if (added.length > room) {
      dropped = added.slice(room);
      added = added.slice(0, room);
    }
    for (const event of added) this.#waiting.push(event);
    if (this.#waiting.length >= this.#batchMax) {
      void this.#run();
    } else if (this.#waiting.length > 0 && this.#timer === null && this.#running === null) {
      // It keeps the process alive until it has fired, so that a process which simply ends loses nothing.
      this.#timer = setTimeout(() => void this.#run(), this.#flushMs);
    }
    if (dropped.length > 0) {
      const why = this.#closed ? "it is closed" : `${this.#waitingMax} wait already`;
      tell(this.#onError, new UsageDropped(`${dropped.length} events are dropped: ${why}`), dropped);
    }
    return Promise.resolve();
  }

  /** Settled when all that was added is recorded or reported. */
  flush() {
    return this.#run();
  }

  async close() {
    this.#closed = true;
    await this.#run();
  }

  #run() {
    clearTimeout(this.#timer);
    this.#timer = null;
    this.#running ??= this.#drain().finally(() => {
      this.#running = null;
    });
    return this.#running;
  }

  async #drain() {
    // After the caller's turn, so that what it adds together goes together.
    await null;
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.splice(0, this.#batchMax);
      this.#inFlight = batch.length;
      await this.#give(batch);
      this.#inFlight = 0;
    }
  }

  async #give(batch) {
    for (let attempt = 1; ; attempt += 1) {
      try {
        // Events carry their ids: one that is given twice counts once.
        tellRejected(this.#onError, await this.#finops.recordUsage(batch), batch);
        return;
      } catch (error) {
        if (attempt >= this.#attemptsMax) {
          tell(this.#onError, error, batch);
          return;
        }
        await new Promise((resolve) => setTimeout(resolve, Math.min(50 * 4 ** attempt, 2_000)));
      }
    }
  }
}

module.exports = { Batches, UsageDropped, UsageRejected, tell, tellRejected, warn };
