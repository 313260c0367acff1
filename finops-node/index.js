// The public classes. What they do, take and give is described in index.d.ts.
"use strict";

const { Allocation } = require("./allocation.js");
const { AnomalyMonitors } = require("./anomalies.js");
const { Budgets } = require("./budgets.js");
const { classes, invalid } = require("./errors.js");
const { ResourceGroups } = require("./groups.js");
const { isPlain, merged } = require("./input.js");
const { Billing, Grants, KeptUsage, Meters, ModelPrices, Prices, Recorder, given } = require("./metering.js");
const { backtest, detectAnomalies, forecast } = require("./series.js");
const { Session } = require("./session.js");
const { Events, Webhooks, eventSchema, verifyWebhook } = require("./webhooks.js");

class Costs {
  #session;

  constructor(session) {
    this.#session = session;
  }

  daily(params, options) {
    return this.#session.ask("costs.daily", params, options);
  }

  breakdown(params, options) {
    return this.#session.ask("costs.breakdown", params, options);
  }

  historical(params, options) {
    return this.#session.ask("costs.historical", params, options);
  }

  services(params, options) {
    return this.#session.ask("costs.services", params, options);
  }

  monthly(params, options) {
    return this.#session.ask("costs.monthly", params, options);
  }

  trends(params, options) {
    return this.#session.ask("costs.trends", params, options);
  }

  topDrivers(params, options) {
    return this.#session.ask("costs.top_drivers", params, options);
  }

  unit(params, options) {
    return this.#session.ask("costs.unit", params, options);
  }

  forecast(params, options) {
    return this.#session.ask("costs.forecast", params, options);
  }

  projectedMonthEnd(params, options) {
    return this.#session.ask("costs.projected_month_end", params, options);
  }

  explain(params, options) {
    return this.#session.ask("costs.explain", params, options);
  }

  explainPlan(params, options) {
    return this.#session.ask("costs.explain_plan", params, options);
  }

  diff(params, options) {
    return this.#session.ask("costs.diff", params, options);
  }

  anomalies(params, options) {
    return this.#session.ask("costs.anomalies", params, options);
  }

  anomalyFeedback(params) {
    return this.#session.call("costs.anomaly_feedback", params);
  }
}

class Forecast {
  #session;

  constructor(session) {
    this.#session = session;
  }

  backtest(params, options) {
    return this.#session.ask("forecast.backtest", params, options);
  }
}

class VirtualDimensions {
  #session;

  constructor(session) {
    this.#session = session;
  }

  set(params) {
    return this.#session.call("virtual_dimensions.set", params);
  }

  async get(name) {
    return this.#session.call("virtual_dimensions.get", merged("name", name, {}));
  }

  list(params) {
    return this.#session.call("virtual_dimensions.list", params);
  }

  async delete(name) {
    return this.#session.call("virtual_dimensions.delete", merged("name", name, {}));
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

class Audit {
  #session;

  constructor(session) {
    this.#session = session;
  }

  list(params) {
    return this.#session.call("audit.list", params);
  }

  verify(params) {
    return this.#session.call("audit.verify", params);
  }

  async export(path) {
    return this.#session.call("audit.export", merged("path", path, {}));
  }
}

class Finops {
  #session;

  constructor(session) {
    this.#session = session;
    this.costs = new Costs(session);
    this.anomalyMonitors = new AnomalyMonitors(session);
    this.forecast = new Forecast(session);
    this.allocation = new Allocation(session);
    this.budgets = new Budgets(session);
    this.catalog = new Catalog(session);
    this.resourceGroups = new ResourceGroups(session);
    this.virtualDimensions = new VirtualDimensions(session);
    this.meters = new Meters(session);
    this.prices = new Prices(session);
    this.billing = new Billing(session);
    this.grants = new Grants(session);
    this.usage = new KeptUsage(session);
    this.llm = new ModelPrices(session);
    this.audit = new Audit(session);
    this.webhooks = new Webhooks(session);
    this.events = new Events(session);
  }

  async importCharges(path, options = {}) {
    const { onProgress, signal, ...params } = merged("path", path, options);
    return this.#session.call("import_charges", params, { onProgress, signal });
  }

  exportReport(params) {
    return this.#session.call("export_report", params);
  }

  getCostSummary(params, options) {
    return this.#session.ask("get_cost_summary", params, options);
  }

  createCostCenter(params) {
    return this.#session.call("create_cost_center", params);
  }

  async getCostCenter(id) {
    return this.#session.call("get_cost_center", merged("id", id, {}));
  }

  listCostCenters(params) {
    return this.#session.call("list_cost_centers", params);
  }

  updateCostCenter(params) {
    return this.#session.call("update_cost_center", params);
  }

  async deleteCostCenter(id) {
    return this.#session.call("delete_cost_center", merged("id", id, {}));
  }

  setBudgetAlert(params) {
    return this.#session.call("set_budget_alert", params);
  }

  async getBudgetStatus(id) {
    return this.#session.call("get_budget_status", merged("id", id, {}));
  }

  async recordUsage(events) {
    return this.#session.recordUsage(given(events));
  }

  recorder(options) {
    return new Recorder(this.#session, options);
  }

  getUsage(params) {
    return this.#session.call("get_usage", params);
  }

  voidUsage(params) {
    return this.#session.call("void_usage", params);
  }

  correctUsage(params) {
    return this.#session.call("correct_usage", params);
  }

  snapshots(params) {
    return this.#session.call("snapshots", params);
  }

  vacuum(params) {
    return this.#session.call("vacuum", params);
  }

  async compact(options = {}) {
    if (!isPlain(options)) throw invalid(null, "the options must be an object such as { signal }");
    const { onProgress, signal, ...params } = options;
    return this.#session.call("compact", params, { onProgress, signal });
  }

  segments(params) {
    return this.#session.call("segments", params);
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

  asTenant(tenantId) {
    return new Iof(this.#session.asTenant(tenantId));
  }

  asPrincipal(principal) {
    return new Iof(this.#session.asPrincipal(principal));
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

module.exports = { Iof, backtest, detectAnomalies, eventSchema, forecast, verifyWebhook, ...classes };
