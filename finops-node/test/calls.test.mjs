// The operations, once through: what comes out, in both forms of decimals, and that the list is complete.
import assert from "node:assert/strict";
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import test from "node:test";
import { pathToFileURL } from "node:url";
import native from "../native.js";
import { Iof } from "iof";
import { billFile, engine, folder } from "./fixtures/help.mjs";

const ROWS = [{ cost: "0.1" }, { cost: "0.2", service: "Disk" }, { cost: "1234567890.123456789012345678" }];

test("a bill becomes a summary, by dimensions and with names", async (t) => {
  const { finops } = await engine(t, { now: "2024-02-01T00:00:00Z", decimals: "string" });
  const mapping = { tenant_id: "SubAccountId" };
  const receipt = await finops.importCharges(await billFile(t, ROWS), { mapping });
  assert.equal(receipt.charges, 3);
  assert.equal(receipt.total_effective, "1234567890.423456789012345678");
  await finops.catalog.upsert({ kind: "tenant", id: "ten_001", name: "Al-Baraka Bank" });
  const summary = await finops.getCostSummary({ period: "2024-01", group_by: ["tenant", "service", "tag:team"] });
  assert.equal(summary.total_cost, "1234567890.423456789012345678");
  assert.deepEqual(Object.keys(summary.breakdown[1]).slice(0, 4), ["tenant_id", "tenant_name", "service", "tag:team"]);
  assert.equal(summary.breakdown[1].tenant_name, "Al-Baraka Bank");
  assert.equal(summary.breakdown[1].cost, "0.2");
  assert.equal(summary.breakdown[1]["tag:team"], "search");
});

test("decimals are the nearest numbers unless asked for as text", async (t) => {
  const { finops } = await engine(t);
  await finops.importCharges({ path: await billFile(t, ROWS) });
  const summary = await finops.getCostSummary({ period: "2024-01", group_by: "service" });
  assert.equal(summary.total_cost, 1234567890.423456789012345678);
  assert.equal(summary.breakdown[1].cost, 0.2);
  assert.equal(summary.breakdown[0].api_calls, null);
});

test("daily costs take dates and answer days and groups", async (t) => {
  const { finops } = await engine(t);
  await finops.importCharges(await billFile(t, [{ cost: "1.5" }, { cost: "2", day: "03" }]));
  const from = new Date("2024-01-02T00:00:00Z");
  const daily = await finops.costs.daily({ start_date: from, end_date: "2024-01-04", group_by: "service" });
  assert.deepEqual(daily.days, [
    { date: "2024-01-02T00:00:00Z", day: "2024-01-02", total: 1.5 },
    { date: "2024-01-03T00:00:00Z", day: "2024-01-03", total: 2 },
  ]);
  assert.equal(daily.groups[0].service, "Queue");
  assert.equal(daily.summary.total_period, 3.5);
});

test("a breakdown has dates, further costs and distinct values", async (t) => {
  const { finops } = await engine(t);
  await finops.importCharges(await billFile(t, [{ cost: "1.5" }, { cost: "2", day: "03" }, { cost: "1", day: "03" }]));
  const params = { period: "2024-01", group_by: "service", granularity: "daily", views: ["billed"] };
  const answer = await finops.costs.breakdown({ ...params, distinct: "sub_account" });
  assert.equal(answer.total_billed_cost, 4.5);
  const rest = { charges: 2, billed_cost: 3, distinct: 1 };
  assert.deepEqual(answer.items[0], { service: "Queue", date: "2024-01-03T00:00:00Z", cost: 3, share: 0.666667, ...rest });
  const monthly = await finops.costs.monthly({ months: 2 });
  assert.deepEqual(monthly.months.map(({ month, total }) => [month, total]), [["2024-01", 4.5], ["2024-02", null]]);
  const historical = await finops.costs.historical({ start_date: "2024-01-01", end_date: new Date("2024-02-01T00:00:00Z") });
  assert.equal(historical.series.length, 31);
  assert.equal((await finops.costs.services({ period: "2024-01" })).items[0].cpu_cost, null);
});

test("costs are looked into: trends, drivers, unit costs, sources, plans, differences", async (t) => {
  const { finops } = await engine(t);
  const { costs } = finops;
  const rows = [{ cost: "1.5" }, { cost: "3", day: "03" }, { cost: "1", service: "Disk" }];
  const { import_id } = await finops.importCharges(await billFile(t, rows));
  const period = "2024-01-02/2024-01-04";
  const { series } = await costs.trends({ period, group_by: "service" });
  assert.deepEqual([series[0].service, series[0].points[1].change_pct], ["Queue", 100]);
  const drivers = await costs.topDrivers({ period: "2024-01-03", compare_period: "2024-01-02" });
  assert.deepEqual(drivers.items.map(({ service, status }) => [service, status]), [["Queue", "changed"], ["Disk", "gone"]]);
  assert.equal((await costs.unit({ per: "api_calls", period })).total.cost_per_unit, null);
  const { largest, sources } = await costs.explain({ period, limit: 1 });
  const imports = [{ import_id, imported_at: "2024-02-01T00:00:00Z" }];
  const source = { billing_account_id: "acct-1", billing_period: "2024-01", charges: 3, cost: 5.5, imports };
  assert.deepEqual([largest[0].effective_cost, sources], [3, [source]]);
  assert.equal((await costs.explainPlan({ period })).rows, 3);
  const diff = await costs.diff({ snapshot_a: 0, snapshot_b: 1, group_by: "service" });
  assert.deepEqual(diff.items.map(({ service, change }) => [service, change]), [["Queue", 4.5], ["Disk", 1]]);
});

test("a query takes a state by its number or by a Date", async (t) => {
  const { finops } = await engine(t);
  await finops.importCharges(await billFile(t, [{ cost: "1" }]));
  await finops.tick(new Date("2024-02-02T00:00:00Z"));
  await finops.importCharges(await billFile(t, [{ cost: "2" }]));
  const total = async (as_of) => (await finops.getCostSummary({ period: "2024-01", as_of })).total_cost;
  assert.deepEqual([await total(0), await total(1), await total(2), await total(), await total(null)], [null, 1, 2, 2, 2]);
  assert.equal(await total(new Date("2024-02-01T23:59:59.999Z")), 1);
  assert.equal(await total(new Date("2024-02-02T00:00:00Z")), 2);
  for (const wrong of [true, 3, -1, 1.5, 1n, "2024-02-02", new Date(NaN)]) {
    await assert.rejects(total(wrong), { code: "invalid_argument", field: "as_of" }, String(wrong));
  }
});

test("states are listed, brought together and forgotten", async (t) => {
  const { finops } = await engine(t);
  for (const cost of ["1", "2"]) await finops.importCharges(await billFile(t, [{ cost }]), { replace: "nothing" });
  const { count, items } = await finops.snapshots({ limit: 1 });
  assert.equal(count, 2);
  const { import_id, ...state } = items[0];
  assert.deepEqual(state, { snapshot: 2, at: "2024-02-01T00:00:00Z", cause: "import", charges: 2 });
  assert.match(import_id, /^imp_/);
  const { scopes, snapshot } = await finops.compact();
  assert.deepEqual([scopes, snapshot], [1, 3]);
  const { bytes_freed, ...vacuumed } = await finops.vacuum({ keep: "0d" });
  assert.deepEqual(vacuumed, { snapshots_removed: 2, segments_removed: 2, oldest_snapshot: 3 });
  assert.ok(bytes_freed > 0);
});

test("the files of a folder are named", async (t) => {
  const { finops } = await engine(t, {}, join(await folder(t), "costs"));
  await finops.importCharges(await billFile(t, ROWS));
  const { items } = await finops.segments();
  assert.equal((await stat(items[0].path)).size, items[0].bytes);
  assert.equal(items[0].rows, 3);
});

test("virtual dimensions are set, named and let go", async (t) => {
  const { virtualDimensions } = (await engine(t)).finops;
  const rules = [{ value: "queues", when: { service: "Queue" } }];
  const set = await virtualDimensions.set({ name: "kind", rules });
  assert.deepEqual(set, { name: "kind", rules, default: null });
  assert.deepEqual(await virtualDimensions.get("kind"), set);
  assert.deepEqual((await virtualDimensions.list()).items, [set]);
  assert.deepEqual(await virtualDimensions.delete({ name: "kind" }), { deleted: true });
  await assert.rejects(virtualDimensions.get({ name: "kind" }), { code: "not_found" });
});

test("changes are named, found and written out", async (t) => {
  const { audit, catalog } = (await engine(t, { now: "2024-02-01T00:00:00Z", actor: "u_1" })).finops;
  await catalog.upsert({ kind: "team", id: "t1", name: "Search", budget_usd: "0.10" });
  await catalog.delete({ kind: "team", id: "t1" });
  const { count, items } = await audit.list({ key: "team/t1", since: new Date("2024-02-01T00:00:00Z") });
  assert.deepEqual([count, ...items.map(({ actor, action }) => `${actor} ${action}`)], [2, "u_1 delete", "u_1 create"]);
  assert.equal(items[0].before.budget_usd, "0.1");
  const path = join(await folder(t), "log.jsonl");
  const { rows, head } = await audit.export(pathToFileURL(path));
  assert.equal(rows, 2);
  assert.deepEqual(await audit.verify({ path, expected_head: head }), await audit.verify());
});

test("a repeated import changes nothing, and a file: URL is a path", async (t) => {
  const { finops } = await engine(t);
  const path = await billFile(t, ROWS);
  const first = await finops.importCharges(path);
  const again = await finops.importCharges(pathToFileURL(path));
  assert.deepEqual([first.unchanged, again.unchanged], [false, true]);
  assert.equal(again.import_id, first.import_id);
});

test("an exported report is a file of that size", async (t) => {
  const { finops } = await engine(t);
  await finops.importCharges(await billFile(t, ROWS));
  const path = join(await folder(t), "charges.parquet");
  const written = await finops.exportReport({ type: "focus", format: "parquet", path, period: "2024-01" });
  assert.deepEqual(written, { path, rows: 3, bytes: (await stat(path)).size });
});

test("the catalogue keeps entries, pages them, and lets them go", async (t) => {
  const { catalog } = (await engine(t)).finops;
  const entry = await catalog.upsert({ kind: "team", id: "t1", name: "Search", tags: { a: "b" }, budget_usd: 100 });
  assert.deepEqual(await catalog.get({ kind: "team", id: "t1" }), entry);
  assert.deepEqual(await catalog.list(), { count: 1, limit: 20, offset: 0, items: [entry] });
  assert.deepEqual(await catalog.delete({ kind: "team", id: "t1" }), { deleted: true });
  assert.deepEqual((await catalog.list({ kind: "team", limit: 5 })).items, []);
});

test("cost centres are made, named in answers, changed and let go", async (t) => {
  const { finops } = await engine(t);
  const params = { name: "Trade Finance Operations", type: "rail", rail: "trade-finance", budget_monthly: 5000 };
  const center = await finops.createCostCenter({ ...params, currency: "USD", alert_threshold_pct: 0.8, owner_id: "u1" });
  assert.deepEqual([center.rail, center.budget_monthly, center.alert_threshold_pct], ["trade-finance", 5000, 80]);
  const { id } = center;
  const mapping = { cost_center_id: "SubAccountId" };
  await finops.importCharges(await billFile(t, [{ cost: "1", tenant: id }]), { mapping });
  const [named] = (await finops.getCostSummary({ period: "2024-01", group_by: "cost_center" })).breakdown;
  assert.deepEqual([named.cost_center_id, named.cost_center_name], [id, "Trade Finance Operations"]);
  assert.deepEqual(await finops.getCostCenter(id), center);
  assert.deepEqual(await finops.getCostCenter({ id }), center);
  const changed = await finops.updateCostCenter({ id, owner_id: null, name: undefined, alert_threshold_pct: 95 });
  assert.deepEqual(changed, { ...center, owner_id: null, alert_threshold_pct: 95 });
  assert.deepEqual((await finops.listCostCenters({ type: "rail" })).items, [changed]);
  assert.deepEqual(await finops.deleteCostCenter(id), { deleted: true });
  await assert.rejects(finops.deleteCostCenter({ id }), { code: "not_found", field: "id" });
});

test("resource groups are made, filled, found and let go", async (t) => {
  const iof = await engine(t);
  const { resourceGroups } = iof.asPrincipal({ user_id: "u1", roles: ["operator"], organization_id: "o1" }).finops;
  const app = { resource_type: "app", resource_id: "app_1", resource_name: "Front" };
  const group = await resourceGroups.create({ name: "Search", resources: [app] });
  assert.deepEqual([group.owner_id, group.organization_id, group.resources], ["u1", "o1", [app]]);
  const { id } = group;
  assert.deepEqual(await resourceGroups.get(id), group);
  assert.deepEqual(await resourceGroups.get({ id }), group);
  await assert.rejects(resourceGroups.addResource({ id, ...app }), { code: "conflict", field: "resource_id" });
  const job = { resource_type: "automl", resource_id: "app_1" };
  assert.equal((await resourceGroups.addResource({ id, ...job })).resources[1].resource_name, null);
  assert.deepEqual((await resourceGroups.removeResource({ id, ...job })).resources, [app]);
  const changed = await resourceGroups.update({ id, name: undefined, description: null, status: "archived" });
  assert.deepEqual(changed, { ...group, status: "archived" });
  assert.deepEqual((await resourceGroups.list({ status: "archived", search: "SEAR" })).items, [changed]);
  const found = await iof.finops.resourceGroups.findByResource({ resource_type: "app", resource_id: "app_1", limit: 1 });
  assert.deepEqual([found.count, found.items], [1, [changed]]);
  assert.deepEqual(await resourceGroups.delete(id), { deleted: true });
  await assert.rejects(resourceGroups.delete({ id }), { code: "not_found", field: "id" });
});

test("cost is allocated by rules, and answers say who bears it", async (t) => {
  const { finops } = await engine(t, { decimals: "string" });
  const { allocation } = finops;
  await finops.importCharges(await billFile(t, [{ cost: "3", service: "Disk" }, { cost: "0.1" }]));
  const center = (name) => finops.createCostCenter({ name, type: "custom", filter: { service: name } });
  const [disk, other] = [await center("Disk"), await center("Other")];
  const targets = [{ cost_center: disk.id, percent: 75 }, { cost_center: other.id, percent: "25" }];
  const params = { name: "queue", source: { service: "Queue" }, method: "fixed", effective_from: new Date("2024-01-01") };
  const rule = await allocation.rules.create({ ...params, targets });
  assert.deepEqual(await allocation.rules.get(rule.id), rule);
  assert.deepEqual((await allocation.rules.list({ limit: 1 })).items, [rule]);
  assert.equal((await allocation.rules.update({ id: rule.id, order: 2, name: undefined })).order, 2);
  const run = await allocation.run({ period: "2024-01", group_by: "service" });
  assert.deepEqual([run.total_in, run.total_out, run.cost_centers[0].cost], ["3.1", "3.1", "3.075"]);
  assert.deepEqual([run.items[1].rule_id, run.items[1].ratio, run.items[1].service], [rule.id, "0.75", "Disk"]);
  const { items } = await allocation.whatIf({ period: "2024-01", rules: [] });
  assert.deepEqual([items[0].cost_center_id, items[0].change], [null, "0.1"]);
  const allocated = await finops.getCostSummary({ period: "2024-01", view: "allocated", group_by: "cost_center" });
  assert.deepEqual([allocated.view, allocated.breakdown[0].cost_center_name], ["allocated", "Disk"]);
  const report = await allocation.report({ period: "2024-01", style: "chargeback", cost_center: disk.id });
  assert.deepEqual([report.status, report.statements[0].shared, report.totals[0].closing], ["open", "0.075", "3.075"]);
  assert.match(report.statements[0].number, /^2024-01-USD-/);
  assert.equal((await allocation.close("2024-01")).lines, 4);
  await assert.rejects(allocation.close({ period: "2024-01" }), { code: "conflict", field: "period" });
  assert.equal((await allocation.report("2024-01")).status, "closed");
  assert.deepEqual(await allocation.rules.delete({ id: rule.id }), { deleted: true });
  assert.deepEqual((await allocation.report("2024-02")).corrections.map(({ amount }) => amount), ["0.1", "-0.025", "-0.075"]);
  assert.equal((await allocation.coverage({ period: "2024-01" })).unattributed[0].service, "Queue");
});

test("a fixed clock moves by tick", async (t) => {
  const { finops } = await engine(t, { now: new Date("2024-02-01T00:00:00Z") });
  assert.deepEqual(await finops.tick(), { now: "2024-02-01T00:00:00Z" });
  assert.deepEqual(await finops.tick(new Date("2024-02-02T00:00:00Z")), { now: "2024-02-02T00:00:00Z" });
  assert.deepEqual(await finops.tick({ now: "2024-02-03T00:00:00Z" }), { now: "2024-02-03T00:00:00Z" });
});

test("what is in a folder is there when it is opened again", async (t) => {
  const location = join(await folder(t), "costs");
  const writer = await Iof.open(location);
  await writer.finops.catalog.upsert({ kind: "user", id: "u", name: "U" });
  await writer.close();
  const reader = await engine(t, { read_only: true }, location);
  assert.equal((await reader.finops.catalog.get({ kind: "user", id: "u" })).name, "U");
});

test("methods and operations are the same, and every field is in the types", async (t) => {
  const { finops } = await engine(t);
  const snake = (name) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  const methods = (object, prefix) =>
    Object.getOwnPropertyNames(Object.getPrototypeOf(object))
      .filter((name) => name !== "constructor")
      .map((name) => prefix + snake(name));
  const within = (object, prefix) =>
    Object.keys(object).flatMap((name) => {
      const inner = `${prefix}${snake(name)}.`;
      return [...methods(object[name], inner), ...within(object[name], inner)];
    });
  const groups = within(finops, "");
  const operations = JSON.parse(native.operations());
  // A recorder is an object, not an answer; a spend runs a function, and functions are no JSON; what ends in Async is
  // there twice.
  const alone = ["recorder", "budgets.spend", "events.subscribe", "events.unsubscribe"];
  const beside = (name) => alone.includes(name) || /^budgets\..*_async$/.test(name);
  const answered = [...methods(finops, ""), ...groups].filter((name) => !beside(name));
  assert.deepEqual(answered.sort(), operations.map(({ name }) => name).sort());
  const parts = ["index", "allocation", "analysis", "anomalies", "audit", "billing", "budgets", "centers", "costs", "forecast",
    "groups", "history", "metering", "statements", "webhooks"];
  const names = parts.map((name) => `../${name}.d.ts`);
  const files = names.map((name) => readFile(new URL(name, import.meta.url), "utf8"));
  const types = (await Promise.all(files)).join("\n");
  for (const { name, fields } of operations) {
    for (const field of fields) assert.match(types, new RegExp(`\\b${field}\\??: `), `${name}: ${field}`);
  }
});
