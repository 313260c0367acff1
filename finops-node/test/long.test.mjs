// Long work: the event loop goes on, progress is seen, and it can be stopped.
import assert from "node:assert/strict";
import test from "node:test";
import { CancelledError } from "iof";
import { billFile, engine, manyRows } from "./fixtures/help.mjs";

/** Nothing of a stopped import is there. */
async function isEmpty({ finops }) {
  const { total_cost, data_health } = await finops.getCostSummary({ period: "2024-01" });
  assert.deepEqual([total_cost, data_health.last_import_at], [null, null]);
}

test("the event loop ticks and sees progress while a bill is read", async (t) => {
  const path = await billFile(t, manyRows());
  let [ticks, seen] = [0, []];
  const ticking = setInterval(() => ticks++, 1);
  t.after(() => clearInterval(ticking));
  // On a busy machine the event loop may have no turn while an import runs, though it could.
  for (let tries = 0; tries < 20 && (ticks < 5 || seen.length < 2); tries += 1) {
    const { finops } = await engine(t);
    [ticks, seen] = [0, []];
    const receipt = await finops.importCharges(path, { onProgress: (progress) => seen.push(progress) });
    assert.equal(receipt.charges, 100_000);
    assert.deepEqual(Object.keys(seen[0]).sort(), ["bytes_read", "bytes_total", "rows"]);
    assert.ok(seen.every(({ rows }, at) => at === 0 || rows > seen[at - 1].rows));
    assert.equal(seen.at(-1).rows, 100_000);
  }
  assert.ok(ticks >= 5, `${ticks} ticks`);
  assert.ok(seen.length >= 2, `${seen.length} calls`);
});

test("a signal stops an import, with its reason", async (t) => {
  const iof = await engine(t);
  const path = await billFile(t, manyRows());
  const controller = new AbortController();
  const { signal } = controller;
  const reason = new Error("enough");
  const running = iof.finops.importCharges(path, { signal });
  controller.abort(reason);
  await assert.rejects(running, (error) => {
    assert.ok(error instanceof CancelledError);
    assert.deepEqual([error.code, error.cause], ["cancelled", reason]);
    return true;
  });
  await isEmpty(iof);
});

test("an aborted signal stops an import before it starts", async (t) => {
  const { finops } = await engine(t);
  const signal = AbortSignal.abort("no");
  await assert.rejects(finops.importCharges("nowhere.csv", { signal }), (error) => {
    assert.ok(error instanceof CancelledError && error.cause === "no");
    return true;
  });
});

test("an aborted signal stops every query before it starts, and options are nothing else", async (t) => {
  const { finops } = await engine(t);
  const { costs } = finops;
  const names = ["daily", "breakdown", "historical", "services", "monthly", "trends", "topDrivers", "explain", "explainPlan"];
  const queries = names.map((name) => costs[name].bind(costs));
  for (const query of [...queries, finops.getCostSummary.bind(finops)]) {
    await assert.rejects(query({}, { signal: AbortSignal.abort("no") }), (error) => {
      assert.ok(error instanceof CancelledError && error.cause === "no");
      return true;
    });
    await assert.rejects(query({}, { period: "2024-01" }), { code: "invalid_argument", field: "period" });
    await assert.rejects(query({}, { signal: 7 }), { code: "invalid_argument", field: "signal" });
    assert.equal((await query({}, { signal: new AbortController().signal })).snapshot, 0);
  }
});

test("a signal stops a query that runs", async (t) => {
  const { finops } = await engine(t);
  await finops.importCharges(await billFile(t, manyRows()));
  // It reads every charge; what only adds up is through before anybody could abort it.
  const controller = new AbortController();
  const running = finops.costs.explain({ period: "2024-01" }, { signal: controller.signal });
  controller.abort();
  await assert.rejects(running, CancelledError);
  assert.equal((await finops.costs.explain({ period: "2024-01" })).charges, 100_000);
});

test("a signal that is never used does no harm", async (t) => {
  const { finops } = await engine(t);
  const { signal } = new AbortController();
  assert.equal((await finops.importCharges(await billFile(t, [{ cost: "1" }]), { signal })).charges, 1);
  await assert.rejects(finops.importCharges("nowhere.csv", { signal }), { code: "invalid_argument" });
});

test("what onProgress throws stops the import and comes out", async (t) => {
  const iof = await engine(t);
  const thrown = new RangeError("mine");
  const onProgress = () => {
    throw thrown;
  };
  const path = await billFile(t, manyRows());
  await assert.rejects(iof.finops.importCharges(path, { onProgress }), (error) => error === thrown);
  await isEmpty(iof);
});

test("a compaction is stopped by its signal and by what onProgress throws", async (t) => {
  const { finops } = await engine(t);
  for (const rows of [manyRows(), [{ cost: "1" }]]) {
    await finops.importCharges(await billFile(t, rows), { replace: "nothing" });
  }
  await assert.rejects(finops.compact({ signal: AbortSignal.abort("no") }), { code: "cancelled", cause: "no" });
  const controller = new AbortController();
  const running = finops.compact({ signal: controller.signal });
  controller.abort();
  await assert.rejects(running, CancelledError);
  assert.equal((await finops.snapshots()).count, 2, "nothing has changed");
  const seen = [];
  const { snapshot } = await finops.compact({ onProgress: (progress) => seen.push(progress) });
  assert.deepEqual([snapshot, seen.at(-1).rows], [3, 100_001]);
  await finops.importCharges(await billFile(t, [{ cost: "2" }]), { replace: "nothing" });
  const thrown = new RangeError("mine");
  const onProgress = () => {
    throw thrown;
  };
  await assert.rejects(finops.compact({ onProgress }), (error) => error === thrown);
  await assert.rejects(finops.compact(7), { code: "invalid_argument" });
});

test("closing waits for an import", async (t) => {
  const iof = await engine(t);
  const order = [];
  const running = iof.finops.importCharges(await billFile(t, manyRows())).then(() => order.push("imported"));
  await iof.close().then(() => order.push("closed"));
  await running;
  assert.deepEqual(order, ["imported", "closed"]);
});
