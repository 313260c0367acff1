// Who bears what, and by which rules. What they do, take and give is described in allocation.d.ts.
"use strict";

const { merged } = require("./input.js");

class AllocationRules {
  #session;

  constructor(session) {
    this.#session = session;
  }

  create(params) {
    return this.#session.call("allocation.rules.create", params);
  }

  async get(id) {
    return this.#session.call("allocation.rules.get", merged("id", id, {}));
  }

  list(params) {
    return this.#session.call("allocation.rules.list", params);
  }

  update(params) {
    return this.#session.call("allocation.rules.update", params);
  }

  async delete(id) {
    return this.#session.call("allocation.rules.delete", merged("id", id, {}));
  }
}

class Allocation {
  #session;

  constructor(session) {
    this.#session = session;
    this.rules = new AllocationRules(session);
  }

  run(params, options) {
    return this.#session.ask("allocation.run", params, options);
  }

  whatIf(params, options) {
    return this.#session.ask("allocation.what_if", params, options);
  }

  async report(period) {
    return this.#session.call("allocation.report", merged("period", period, {}));
  }

  async close(period) {
    return this.#session.call("allocation.close", merged("period", period, {}));
  }

  coverage(params, options) {
    return this.#session.ask("allocation.coverage", params, options);
  }
}

module.exports = { Allocation };
