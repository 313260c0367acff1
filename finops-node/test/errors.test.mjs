// Failures: always a rejection, of a class to catch, with code and field.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { join } from "node:path";
import test from "node:test";
import * as iof from "iof";
import { billFile, engine, folder } from "./fixtures/help.mjs";

const { Iof } = iof;

/** Wants that the call gives a promise, and that it rejects so. */
async function rejects(call, Class, code, field) {
  const promise = call();
  assert.ok(promise instanceof Promise);
  await assert.rejects(promise, (error) => {
    assert.ok(error instanceof Class && error instanceof iof.FinopsError && error instanceof Error);
    assert.deepEqual([error.name, error.code, error.field], [Class.name, code, field]);
    assert.match(error.stack, new RegExp(`^${Class.name}: `));
    return true;
  });
}

test("each kind of failure has its class", async (t) => {
  const { finops } = await engine(t);
  const invalid = [iof.InvalidArgumentError, "invalid_argument"];
  await rejects(() => finops.getCostSummary({ limit: -5 }), ...invalid, "limit");
  await rejects(() => finops.getCostSummary({ limit: NaN }), ...invalid, "limit");
  await rejects(() => finops.getCostSummary({ colour: 1 }), ...invalid, "colour");
  await rejects(() => finops.getCostSummary("2024-01"), ...invalid, null);
  await rejects(() => finops.costs.daily({ start_date: "2024-01-01T00:00:00" }), ...invalid, "start_date");
  await rejects(() => finops.importCharges("nowhere.csv"), ...invalid, "path");
  await rejects(() => finops.importCharges(), ...invalid, "path");
  await rejects(() => finops.importCharges("a.csv", "b"), ...invalid, null);
  await rejects(() => finops.importCharges("a.csv", { path: "b.csv" }), ...invalid, "path");
  await rejects(() => finops.importCharges("a.csv", { onProgress: 1 }), ...invalid, "onProgress");
  await rejects(() => finops.importCharges("a.csv", { signal: {} }), ...invalid, "signal");
  await rejects(() => finops.tick(new Date(NaN)), ...invalid, "now");
  await rejects(() => finops.catalog.get({ kind: "team", id: "x" }), iof.NotFoundError, "not_found", "id");
  const rows = [{ cost: "1" }, { cost: "1", currency: "EUR" }];
  await finops.importCharges(await billFile(t, rows));
  await assert.rejects(finops.getCostSummary({ period: "2024-01" }), iof.MixedCurrenciesError);
});

test("opening refuses what it cannot use", async (t) => {
  const invalid = [iof.InvalidArgumentError, "invalid_argument"];
  await rejects(() => Iof.open(""), ...invalid, "location");
  await rejects(() => Iof.open(5), ...invalid, "location");
  await rejects(() => Iof.open(":memory:", null), ...invalid, null);
  await rejects(() => Iof.open(":memory:", { decimals: "text" }), ...invalid, "decimals");
  await rejects(() => Iof.open(":memory:", { readOnly: true }), ...invalid, "readOnly");
  await rejects(() => Iof.open(":memory:", { now: "2024-01-01T00:00:00" }), ...invalid, "now");
  assert.throws(() => new Iof(), TypeError);
  const location = join(await folder(t), "costs");
  await engine(t, {}, location);
  await assert.rejects(Iof.open(location), iof.ConflictError);
});

test("more groups than an engine was opened for are refused, and so are limits out of range", async (t) => {
  const { finops } = await engine(t, { max_groups: 1, threads: 1, cache_bytes: 0 });
  await finops.importCharges(await billFile(t, [{ cost: "1" }, { cost: "2", service: "Disk" }]));
  assert.equal((await finops.getCostSummary({ period: "2024-01" })).total_cost, 3);
  await assert.rejects(finops.getCostSummary({ period: "2024-01", group_by: "service" }), (error) => {
    assert.deepEqual([error.code, error.field], ["invalid_argument", "group_by"]);
    assert.match(error.message, /more than 1 groups: filter, .* higher max_groups/);
    return true;
  });
  const wrong = [["max_groups", 0], ["threads", 1025], ["cache_bytes", -1], ["threads", 1.5]];
  for (const [field, value] of [...wrong, ["usage_memory_bytes", -1], ["currency", "usd"], ["actor", " "]]) {
    await assert.rejects(Iof.open(":memory:", { [field]: value }), { code: "invalid_argument", field });
  }
});

test("a closed engine refuses, calls under way finish, and closing twice is harmless", async (t) => {
  const opened = await engine(t, {}, join(await folder(t), "costs"));
  const running = opened.finops.catalog.upsert({ kind: "team", id: "t", name: "T" });
  const closing = opened.close();
  assert.equal(opened.closed, true);
  await rejects(() => opened.finops.tick(), iof.ConflictError, "conflict", null);
  assert.equal((await running).name, "T");
  await closing;
  await opened.close();
});

test("a folder is free as soon as its engine is closed", async (t) => {
  const location = join(await folder(t), "costs");
  const first = await Iof.open(location);
  const running = first.finops.catalog.upsert({ kind: "team", id: "t", name: "T" });
  await first.close();
  await running;
  const second = await engine(t, {}, location);
  assert.equal((await second.finops.catalog.list()).count, 1);
});

test("engines are disposed of", { skip: !Symbol.asyncDispose && "no Symbol.asyncDispose here" }, async () => {
  const opened = await Iof.open();
  await opened[Symbol.asyncDispose]();
  assert.equal(opened.closed, true);
});

test("require and import give the same classes, all of them", () => {
  const required = createRequire(import.meta.url)("iof");
  assert.deepEqual(Object.keys(iof).filter((name) => name !== "default").sort(), Object.keys(required).sort());
  for (const name of Object.keys(required)) assert.equal(iof[name], required[name], name);
});

test("what lies underneath an error is its cause", () => {
  const error = new iof.StorageError("storage", "cannot write", null, { cause: new Error("disk full") });
  assert.equal(error.cause.message, "disk full");
  assert.equal(String(error), "StorageError: cannot write");
  assert.equal(String(new iof.FinopsError("conflict", "is taken", "id")), "FinopsError: id: is taken");
});
