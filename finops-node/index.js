// The public classes. What they do, take and give is described in index.d.ts.
"use strict";

const { classes } = require("./errors.js");
const { merged } = require("./input.js");
const { Session } = require("./session.js");

class Costs {
  #session;

  constructor(session) {
    this.#session = session;
  }

  daily(params) {
    return this.#session.call("costs.daily", params);
  }
}

class Catalog {
  #session;

  constructor(session) {
    this.#session = session;
  }

  upsert(params) {
    return this.#session.call("catalog.upsert", params);
  }

  get(params) {
    return this.#session.call("catalog.get", params);
  }

  list(params) {
    return this.#session.call("catalog.list", params);
  }

  delete(params) {
    return this.#session.call("catalog.delete", params);
  }
}

class Finops {
  #session;

  constructor(session) {
    this.#session = session;
    this.costs = new Costs(session);
    this.catalog = new Catalog(session);
  }

  async importCharges(path, options = {}) {
    const { onProgress, signal, ...params } = merged("path", path, options);
    return this.#session.call("import_charges", params, { onProgress, signal });
  }

  exportReport(params) {
    return this.#session.call("export_report", params);
  }

  getCostSummary(params) {
    return this.#session.call("get_cost_summary", params);
  }

  async tick(now) {
    return this.#session.call("tick", merged("now", now, {}));
  }
}

class Iof {
  #session;

  constructor(session) {
    if (!(session instanceof Session)) throw new TypeError("an engine is opened by: await Iof.open(location)");
    this.#session = session;
    this.finops = new Finops(session);
  }

  static async open(location = ":memory:", options = {}) {
    return new Iof(await Session.open(location, options));
  }

  get closed() {
    return this.#session.closed;
  }

  close() {
    return this.#session.close();
  }
}

if (Symbol.asyncDispose) {
  Object.defineProperty(Iof.prototype, Symbol.asyncDispose, {
    value: function dispose() {
      return this.close();
    },
    configurable: true,
    writable: true,
  });
}

module.exports = { Iof, ...classes };
