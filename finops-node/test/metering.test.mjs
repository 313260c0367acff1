// Usage: what is special to Node about recording it, asking for it and pricing it.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { dirname } from "node:path";
import test from "node:test";
import { fileURLToPath } from "node:url";
import { ConflictError, InvalidArgumentError } from "iof";
import { Batches } from "../batches.js";
import { engine, folder } from "./fixtures/help.mjs";

const NOW = "2024-02-01T00:00:00Z";
const event = (id, more = {}) => ({ id: String(id), resource: "api_calls", quantity: 1, tenant_id: "ten_001", ...more });
const calls = async (finops) => (await finops.getUsage({ window: "30d" })).items[0]?.api_calls;

test("events come as an object, a list, JSON in a string or in bytes", async (t) => {
  const { finops } = await engine(t);
  const ways = [
    event(1), [event(2), event(3)], JSON.stringify([event(4)]), Buffer.from(JSON.stringify(event(5))),
    new TextEncoder().encode(JSON.stringify(event(6))), { events: event(7) }, [],
  ];
  const accepted = [];
  for (const way of ways) accepted.push((await finops.recordUsage(way)).accepted);
  assert.deepEqual(accepted, [1, 2, 1, 1, 1, 1, 0]);
  assert.equal((await finops.recordUsage(event(1))).duplicates, 1);
  const cloud = { specversion: "1.0", id: "8", source: "s", type: "api_calls", subject: "ten_001", data: { quantity: 5 } };
  assert.equal((await finops.recordUsage(cloud)).accepted, 1);
  assert.equal(await calls(finops), 12);
});

test("numbers are exact: what is written counts, not the double", async (t) => {
  const { finops } = await engine(t, { now: NOW, decimals: "string" });
  const quantities = [0.1, 0.2, 10n ** 17n, "0.000000000000000001", 3];
  await finops.recordUsage(quantities.map((quantity, at) => event(at, { quantity })));
  assert.equal(await calls(finops), "100000000000000003.300000000000000001");
});

test("what stands for nothing rejects its event alone", async (t) => {
  const { finops } = await engine(t);
  const times = { time: new Date("2024-01-30T00:00:00Z") };
  const given = [event(1, times), event(2, { quantity: NaN }), event(3, { time: new Date(NaN) }), event(4, { rail: undefined })];
  const { accepted, rejected } = await finops.recordUsage(given);
  assert.equal(accepted, 2);
  assert.deepEqual(rejected.map(({ index, id, code }) => [index, id, code]), [[1, "2", "invalid"], [2, "3", "invalid"]]);
  assert.match(rejected[0].message, /^quantity: /);
  assert.match(rejected[1].message, /^time: /);
});

test("what is no event at all is refused", async (t) => {
  const { finops } = await engine(t);
  for (const wrong of [undefined, 7, null, () => {}, "{", Buffer.from([0xff]), [event(1), Symbol("x")], new Map(), { events: [], x: 1 }]) {
    await assert.rejects(finops.recordUsage(wrong), InvalidArgumentError, String(wrong?.constructor?.name));
  }
  assert.equal(await calls(finops), undefined);
  const many = Array.from({ length: 100_001 }, (_, at) => event(at));
  await assert.rejects(finops.recordUsage(many), /at most 100000 events/);
});

test("meters, prices and bills", async (t) => {
  const { finops } = await engine(t);
  await finops.meters.create({ slug: "tokens", aggregation: "sum", unit: "token", value_property: "n", group_by: ["model"] });
  assert.equal((await finops.meters.get("tokens")).unit, "token");
  assert.equal((await finops.meters.list()).count, 7);
  const since = "2024-01-01T00:00:00Z";
  const price = { meter: "tokens", model: "per_unit", unit_price: 0.002, currency: "USD", effective_from: since };
  const { id } = await finops.prices.create(price);
  assert.equal((await finops.prices.update({ id, unit_price: "0.003" })).revision, 2);
  assert.equal((await finops.prices.list({ meter: "tokens" })).items[0].unit_price, 0.003);
  const tokens = (at, n, model) => ({ ...event(at), resource: "tokens", quantity: null, time: "2024-01-10T00:00:00Z", properties: { n, model } });
  await finops.recordUsage([tokens(1, 1000, "a"), tokens(2, 500, "b")]);
  const usage = await finops.getUsage({ period: "2024-01", group_by: "model", resource: "tokens", granularity: "monthly" });
  assert.deepEqual(usage.items, [{ model: "a", tokens: 1000 }, { model: "b", tokens: 500 }]);
  assert.equal(usage.series[1].points[0].tokens, 500);
  assert.equal((await finops.billing.preview({ tenant_id: "ten_001", period: "2024-01" })).total, 4.5);
  assert.equal((await finops.getCostSummary({ period: "2024-01" })).total_cost, 4.5);
  const amount = { money: 4, currency: "USD" };
  const grant = await finops.grants.create({ tenant_id: "ten_002", amount, effective_from: since });
  assert.equal((await finops.grants.balance({ tenant_id: "ten_002" })).grants[0].left, 4);
  assert.equal((await finops.grants.list()).count, 1);
  assert.deepEqual(await finops.grants.delete(grant.id), { deleted: true });
  assert.equal((await finops.correctUsage({ id: "1", tenant_id: "ten_001", properties: { n: "2000", model: "a" } })).changed, true);
  assert.equal((await finops.voidUsage({ id: "2", tenant_id: "ten_001" })).changed, true);
  assert.equal((await finops.billing.settle()).lines, 1);
  assert.equal((await finops.billing.close({ period: "2024-01" })).statements[0].total, 6);
  await assert.rejects(finops.meters.delete("tokens"), ConflictError);
  await finops.prices.delete(id);
  assert.deepEqual(await finops.meters.delete("tokens"), { deleted: true });
});

test("a recorder takes events at once and writes them later", async (t) => {
  const { finops } = await engine(t);
  const usage = finops.recorder({ batch: 100, maxInFlight: 1000, flushSeconds: 3600 });
  for (let at = 0; at < 50; at += 1) usage.record(event(at));
  usage.record(event(0, { quantity: 2 }));
  assert.equal(usage.inFlight, 51);
  assert.throws(() => usage.record({ id: "x" }), InvalidArgumentError);
  await usage.flush();
  assert.equal(usage.inFlight, 0);
  assert.equal(await calls(finops), 50);
  usage.record(event(50));
  const closing = usage.close();
  assert.throws(() => usage.record(event(51)), ConflictError);
  await Promise.all([closing, usage.close()]);
  assert.deepEqual(usage.stats(), { accepted: 51, duplicates: 0, rejected: 1, dropped: 0, failures: 0 });
  assert.deepEqual(usage.takeRejected().map(({ id, code }) => [id, code]), [["0", "conflict"]]);
  assert.deepEqual([usage.inFlight, usage.takeRejected(), await usage.flush()], [0, [], undefined]);
});

test("a full recorder drops or fails as it was told, and refuses odd options", async (t) => {
  const { finops } = await engine(t);
  for (const policy of ["drop", "fail"]) {
    const usage = finops.recorder({ batch: 10, maxInFlight: 10, policy, flushSeconds: 3600 });
    // The tenth fills the batch, which the thread writes at some time; until then there is no room.
    let [taken, refused] = [0, 0];
    for (let at = 0; at < 100_000 && refused === 0; at += 1) {
      try {
        usage.record(event(`${policy}-${at}`));
        refused = usage.stats().dropped;
      } catch (error) {
        assert.ok(policy === "fail" && error instanceof ConflictError, error.stack);
        refused = 1;
      }
      taken = at + 1 - refused;
    }
    await usage.close();
    const { accepted, dropped } = usage.stats();
    assert.deepEqual([refused, accepted, dropped], [1, taken, policy === "drop" ? 1 : 0]);
  }
  for (const wrong of [{ batch: 0 }, { policy: "maybe" }, { flushSeconds: 0 }, { colour: 1 }, { maxInFlight: 5 }, 7]) {
    assert.throws(() => finops.recorder(wrong), InvalidArgumentError, JSON.stringify(wrong));
  }
});

test("a recorder flushes by itself, and does not keep the process alive", async (t) => {
  const place = await folder(t);
  const script = `
    const { Iof } = require("iof");
    Iof.open(${JSON.stringify(place)}, { now: "${NOW}" }).then(async ({ finops }) => {
      const usage = finops.recorder({ flushSeconds: 0.02 });
      usage.record(${JSON.stringify(event(1))});
      while (usage.inFlight > 0) await new Promise((resolve) => setTimeout(resolve, 5));
      console.log(usage.stats().accepted);
    });`;
  const cwd = dirname(fileURLToPath(import.meta.url));
  const { status, stdout, stderr } = spawnSync(process.execPath, ["-e", script], { cwd, encoding: "utf8", timeout: 300_000 });
  assert.equal(`${status} ${stdout.trim()}`, "0 1", stderr);
});

test("the batches of the middleware give to the engine", async (t) => {
  const { finops } = await engine(t);
  const told = [];
  const batches = new Batches(finops, { onError: (error, events) => told.push([error.name, events.length]) });
  for (let at = 0; at < 25; at += 1) await batches.recordUsage(event(at));
  await batches.recordUsage([event(0, { quantity: 9 }), event("late", { time: "2020-01-01T00:00:00Z" })]);
  await batches.close();
  assert.equal(await calls(finops), 25);
  assert.deepEqual(told, [["UsageRejected", 2]]);
});

test("a closed engine records nothing, and a call under way is waited for", async (t) => {
  const iof = await engine(t);
  const running = iof.finops.recordUsage(event(1));
  await iof.close();
  assert.equal((await running).accepted, 1);
  await assert.rejects(iof.finops.recordUsage(event(2)), ConflictError);
  assert.throws(() => iof.finops.recorder(), ConflictError);
});
