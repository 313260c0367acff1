// Who is told of anomalies. What its methods do, take and give is described in anomalies.d.ts.
"use strict";

const { merged } = require("./input.js");

class AnomalyMonitors {
  #session;

  constructor(session) {
    this.#session = session;
  }

  create(params) {
    return this.#session.call("anomaly_monitors.create", params);
  }

  async get(id) {
    return this.#session.call("anomaly_monitors.get", merged("id", id, {}));
  }

  list(params) {
    return this.#session.call("anomaly_monitors.list", params);
  }

  update(params) {
    return this.#session.call("anomaly_monitors.update", params);
  }

  async delete(id) {
    return this.#session.call("anomaly_monitors.delete", merged("id", id, {}));
  }
}

module.exports = { AnomalyMonitors };
