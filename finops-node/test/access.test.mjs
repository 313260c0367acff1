// Narrowed engines: which operations they have, and that nothing of others comes out of them.
import assert from "node:assert/strict";
import test from "node:test";
import native from "../native.js";
import { ConflictError, ForbiddenError, InvalidArgumentError, Iof } from "iof";
import { engine, folder } from "./fixtures/help.mjs";

// What an engine narrowed to a tenant may call; everything else is about the platform as a whole.
const OF_EVENTS = ["record_usage", "correct_usage", "void_usage"];
const OF_GROUPS = ["create", "update", "delete", "add_resource", "remove_resource"].map((name) => `resource_groups.${name}`);
const OF_SPENDS = ["reserve", "settle", "release"].map((name) => `budgets.${name}`);
const OF_BUDGETS = ["set_budget_alert", ...["create", "update", "pause", "resume", "delete"].map((name) => `budgets.${name}`)];
const OF_MONITORS = ["create", "update", "delete"].map((name) => `anomaly_monitors.${name}`);
const CHANGES = [
  ...OF_EVENTS, ...OF_GROUPS, ...OF_SPENDS, ...OF_BUDGETS, ...OF_MONITORS, "update_cost_center", "costs.anomaly_feedback",
];
const OF_A_TENANT = [
  "get_cost_summary", "costs.daily", "costs.trends", "costs.top_drivers", "costs.unit", "costs.explain", "costs.diff",
  "costs.forecast", "costs.projected_month_end", "forecast.backtest",
  "costs.breakdown", "costs.historical", "costs.services", "costs.monthly", "get_usage", "billing.preview",
  "grants.list", "grants.balance", "llm.rate", "catalog.get", "catalog.list", "get_cost_center", "list_cost_centers",
  "allocation.report", "resource_groups.get", "resource_groups.list", "resource_groups.find_by_resource",
  "budgets.get", "budgets.list", "budgets.check", "get_budget_status", "costs.anomalies",
  "anomaly_monitors.get", "anomaly_monitors.list", ...CHANGES,
];
// Usage has no organizations.
const OF_USAGE = [...OF_EVENTS, "get_usage", "billing.preview", "grants.list", "grants.balance"];
const without = (names) => OF_A_TENANT.filter((name) => !names.includes(name));

/** What an engine may call: who may not learns nothing of the parameters, and these are wrong. */
async function allowed(narrowed) {
  const found = [];
  for (const { name } of JSON.parse(native.operations())) {
    const failure = await narrowed.call(name, '{"no such field": 1}', false, null).catch((error) => error);
    if (JSON.parse(failure.message).code !== "forbidden") found.push(name);
  }
  return found.sort();
}

test("every operation with every kind of engine", async () => {
  const whole = await native.Engine.open(":memory:", "{}");
  const principal = (fields) => whole.asPrincipal(JSON.stringify({ user_id: "u", tenant_id: "ten_001", ...fields }));
  const everything = JSON.parse(native.operations()).map(({ name }) => name);
  const kinds = [
    [whole, everything],
    [principal({ roles: ["admin"], tenant_id: null }), everything],
    [whole.asTenant("ten_001"), OF_A_TENANT],
    [principal({ roles: ["operator"] }), without([...OF_BUDGETS, ...OF_MONITORS, "correct_usage", "void_usage"])],
    [principal({ roles: ["viewer"] }), without(CHANGES)],
    [principal({ roles: ["admin"], tenant_id: null, organization_id: "org_1" }), without(OF_USAGE)],
    [principal({ roles: ["admin"], scopes: ["finops:read"] }), without(CHANGES)],
    [principal({ roles: ["admin"], scopes: ["finops:write"] }), CHANGES],
    [principal({ roles: ["admin"], scopes: [] }), []],
    [principal({ roles: [] }), []],
  ];
  for (const [narrowed, expected] of kinds) assert.deepEqual(await allowed(narrowed), [...expected].sort());
  await whole.close();
});

test("answers tell only of the tenant, and events of others are rejected", async (t) => {
  const iof = await engine(t, { now: "2024-02-01T00:00:00Z" });
  const usual = { resource: "api_calls", time: "2024-01-15T00:00:00Z" };
  const event = (id, tenant_id, quantity) => ({ ...usual, id, tenant_id, quantity });
  await iof.finops.recordUsage([event("1", "ten_north", 3), event("1", "ten_south", 7654321)]);
  const { finops } = iof.asTenant("ten_north");
  const params = { period: "2024-01", group_by: "tenant" };
  for (const asked of [finops.getUsage(params), finops.getCostSummary(params)]) {
    const text = JSON.stringify(await asked);
    assert.match(text, /ten_north/);
    assert.doesNotMatch(text, /south|7654321/);
  }
  const receipt = await finops.recordUsage([event("2", "ten_south", 1), event("2", "ten_north", 1)]);
  assert.deepEqual([receipt.accepted, receipt.rejected.map(({ code }) => code)], [1, ["forbidden"]]);
  await assert.rejects(finops.vacuum(), ForbiddenError);
  await assert.rejects(finops.billing.preview({ tenant_id: "ten_south", period: "2024-01" }), ForbiddenError);
});

test("narrowing again only narrows, and says what is wrong", async (t) => {
  const iof = await engine(t);
  const tenant = iof.asTenant("ten_north");
  assert.throws(() => tenant.asTenant("ten_south"), { name: "ForbiddenError", field: "tenant_id" });
  assert.throws(() => iof.asTenant(7), InvalidArgumentError);
  assert.throws(() => iof.asPrincipal({ user_id: "u", roles: ["root"] }), { field: "roles[0]" });
  const viewer = tenant.asPrincipal({ user_id: "u", roles: ["viewer"] });
  await assert.rejects(viewer.finops.recordUsage([]), /operator/);
});

test("closing the engine closes what was narrowed", async (t) => {
  const place = await folder(t);
  const iof = await Iof.open(place);
  const [tenant, other] = [iof.asTenant("ten_north"), iof.asTenant("ten_south")];
  await tenant.close();
  assert.deepEqual([tenant.closed, other.closed, iof.closed], [true, false, false]);
  await assert.rejects(tenant.finops.getCostSummary(), ConflictError);
  const running = other.finops.getCostSummary();
  await iof.close();
  await running;
  assert.equal(other.closed, true);
  await assert.rejects(other.finops.getCostSummary(), ConflictError);
  await (await Iof.open(place)).close(); // nobody holds the folder
});
