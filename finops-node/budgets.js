// Budgets and their gate. What its methods do, take and give is described in budgets.d.ts.
"use strict";

const { invalid } = require("./errors.js");
const input = require("./input.js");
const { operations } = require("./native.js");

const { fields } = JSON.parse(operations()).find(({ name }) => name === "budgets.reserve");
/** The fields of a spend that are text. */
const TEXTS = new Set(fields.filter((name) => !["amount", "on_unknown", "tags", "ttl_seconds"].includes(name)));
const NUMBERS = new Set(["amount", "ttl_seconds"]);

/** Whether a text can stand between NULs. */
const isPlainText = (value) => typeof value === "string" && !value.includes("\0") && value.isWellFormed();

/** A spend as the native module takes it: its fields between NULs, or JSON where they are not of the usual types. */
function spendText(params = {}) {
  return (input.isPlain(params) && packed(params)) || input.json(params);
}

function packed(params) {
  let text = "";
  for (const [name, value] of Object.entries(params)) {
    if (value === undefined) continue;
    if (isPlainText(value) && (TEXTS.has(name) || NUMBERS.has(name))) {
      text += `${name}\0${value}\0`;
    } else if (NUMBERS.has(name) && Number.isFinite(value)) {
      text += `${name}\0${String(value)}\0`;
    } else if (name === "tags" && input.isPlain(value)) {
      for (const [key, tag] of Object.entries(value)) {
        if (!isPlainText(key) || !isPlainText(tag)) return "";
        text += `#${key}\0${tag}\0`;
      }
    } else {
      return "";
    }
  }
  return text;
}

/** The amount of a settlement as text. */
function amountText(amount) {
  if (!["number", "bigint", "string"].includes(typeof amount)) throw invalid("amount", "must be a number or text");
  const isEndless = typeof amount === "number" && !Number.isFinite(amount);
  if (isEndless) throw invalid("amount", `must be a finite number, got ${amount}`);
  return String(amount);
}

function only(params, ...names) {
  const unknown = Object.keys(params).find((name) => !names.includes(name));
  if (unknown !== undefined) throw invalid(unknown, "is no field here: leave it out");
  return params;
}

/** A reservation and what it came to: by themselves, or as one object. */
function settled(reservationId, amount) {
  const one = input.isPlain(reservationId) ? only(reservationId, "reservation_id", "amount") : null;
  const [id, what] = one ? [one.reservation_id, one.amount] : [reservationId, amount];
  return [input.text(id, "reservation_id"), amountText(what)];
}

function released(reservationId) {
  const one = input.isPlain(reservationId) ? only(reservationId, "reservation_id").reservation_id : reservationId;
  return input.text(one, "reservation_id");
}

/** A spend that is under way, as `budgets.spend` makes it. */
class Spend {
  #budgets;
  #isOpen = true;

  constructor(budgets, reservationId, amount) {
    this.#budgets = budgets;
    this.reservationId = reservationId;
    this.amount = amount;
  }

  settle(amount) {
    this.#isOpen = false;
    return this.#budgets.settleAsync(this.reservationId, amount);
  }

  release() {
    this.#isOpen = false;
    return this.#budgets.release(this.reservationId);
  }

  /** Runs what it is for, and says what became of the amount if nobody else did, and if it was known. */
  async run(work, whole, isUnknown) {
    let result;
    try {
      result = await work(this);
    } catch (error) {
      if (this.#isOpen) this.#letGo();
      throw error;
    }
    if (this.#isOpen && isUnknown) {
      this.#letGo();
      const message = "what it came to is not known, which is not zero: settle or release it before the work ends";
      throw invalid("amount", message);
    }
    if (this.#isOpen) await this.settle(whole);
    return result;
  }

  #letGo() {
    try {
      this.release();
    } catch {
      // It has expired, or the engine is closed: either lets go of it. What was thrown before comes out.
    }
  }
}

class Budgets {
  #session;

  constructor(session) {
    this.#session = session;
  }

  create(params) {
    return this.#session.call("budgets.create", params);
  }

  list(params) {
    return this.#session.call("budgets.list", params);
  }

  async get(id) {
    return this.#session.call("budgets.get", input.merged("id", id, {}));
  }

  update(params) {
    return this.#session.call("budgets.update", params);
  }

  async pause(id) {
    return this.#session.call("budgets.pause", input.merged("id", id, {}));
  }

  async resume(id) {
    return this.#session.call("budgets.resume", input.merged("id", id, {}));
  }

  async delete(id) {
    return this.#session.call("budgets.delete", input.merged("id", id, {}));
  }

  check(params) {
    const text = spendText(params);
    return this.#checked(this.#session.atOnce((engine, exact) => engine.check(text, exact, true)));
  }

  async checkAsync(params) {
    const text = spendText(params);
    const told = this.#session.atOnce((engine, exact) => engine.check(text, exact, false));
    return told === null ? this.#session.call("budgets.check", params) : this.#checked(told);
  }

  #checked(told) {
    if (typeof told === "string") return JSON.parse(told);
    return { decision: "allow", budgets: told, reason: null, refused_by: null };
  }

  reserve(params) {
    const text = spendText(params);
    return this.#reserved(this.#session.atOnce((engine, exact) => engine.reserve(text, exact, true)));
  }

  async reserveAsync(params) {
    const text = spendText(params);
    const told = this.#session.atOnce((engine, exact) => engine.reserve(text, exact, false));
    return told === null ? this.#session.call("budgets.reserve", params) : this.#reserved(told);
  }

  #reserved(told) {
    if (told.startsWith("{")) return JSON.parse(told);
    const [reservation_id, budgets, expires_at, repeated] = told.split("\0");
    return {
      reservation_id,
      decision: "allow",
      budgets: budgets === "" ? null : Number(budgets),
      reason: null,
      refused_by: null,
      expires_at: expires_at === "" ? null : expires_at,
      repeated: repeated === "true",
    };
  }

  settle(reservationId, amount) {
    const [id, text] = settled(reservationId, amount);
    return this.#settled(this.#session.atOnce((engine, exact) => engine.settle(id, text, exact, true)));
  }

  async settleAsync(reservationId, amount) {
    const [id, text] = settled(reservationId, amount);
    const told = this.#session.atOnce((engine, exact) => engine.settle(id, text, exact, false));
    if (told.endsWith("\0true")) await this.#session.later((engine) => engine.lookAtBudgets());
    return this.#settled(told);
  }

  #settled(told) {
    const [posted, released, overrun, late] = told.split("\0");
    const decimal = (text) => this.#session.decimal(text);
    return { posted: decimal(posted), released: decimal(released), overrun: overrun === "true", late: late === "true" };
  }

  release(reservationId) {
    const id = released(reservationId);
    const told = this.#session.atOnce((engine, exact) => engine.release(id, exact));
    return { released: this.#session.decimal(told) };
  }

  async releaseAsync(reservationId) {
    return this.release(reservationId);
  }

  async spend(params, work) {
    if (typeof work !== "function") throw invalid("work", `must be a function, got ${typeof work}`);
    const text = spendText(params);
    let told = this.#session.atOnce((engine, exact) => engine.spend(text, exact));
    told ??= await this.#session.later((engine, exact) => engine.spendLater(text, exact));
    const [reservationId, amount] = told.split("\0");
    const isUnknown = (params.amount ?? null) === null && params.on_unknown === "allow";
    return new Spend(this, reservationId, this.#session.decimal(amount)).run(work, amount, isUnknown);
  }
}

module.exports = { Budgets };
