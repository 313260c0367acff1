// Usage recorded off the request: nothing lost while the process runs, nothing thrown at those who are metered.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import test from "node:test";
import { Batches, UsageDropped, UsageRejected } from "iof/middleware";
import { Recording, errors, until } from "./fixtures/recording.mjs";

test("events come in batches and in order", async () => {
  const recording = new Recording();
  const batches = new Batches(recording, { flushMs: 60_000, batchMax: 10 });
  for (let id = 0; id < 25; id += 1) batches.recordUsage({ id });
  await batches.flush();
  assert.deepEqual(recording.events.map(({ id }) => id), Array.from({ length: 25 }, (_, id) => id));
  assert.ok(Math.max(...recording.batches) <= 10);
  assert.equal(batches.inFlight, 0);
  await batches.close();
});

test("the timer flushes", async () => {
  const recording = new Recording();
  const batches = new Batches(recording, { flushMs: 5 });
  batches.recordUsage([{ id: 1 }, { id: 2 }]);
  assert.equal(batches.inFlight, 2);
  await until(() => recording.events.length === 2);
});

test("a batch that fails is tried again", async () => {
  const recording = new Recording({ failures: 2 });
  const { told, onError } = errors();
  const batches = new Batches(recording, { onError });
  batches.recordUsage({ id: 1 });
  await batches.flush();
  assert.deepEqual([recording.events.length, told.length], [1, 0]);
  recording.failures = 3;
  batches.recordUsage({ id: 2 });
  await batches.flush();
  assert.deepEqual(told.map(([error, events]) => [error.message, events]), [["disk full", [{ id: 2 }]]]);
});

test("what is too much or rejected is told", async () => {
  const rejected = [{ index: 1, code: "conflict", message: "another event has this id" }];
  const { told, onError } = errors();
  const batches = new Batches(new Recording({ rejected }), { waitingMax: 3, onError });
  batches.recordUsage(["a", "b", "c", "d"].map((id) => ({ id })));
  assert.ok(told[0][0] instanceof UsageDropped);
  assert.deepEqual(told[0][1], [{ id: "d" }]);
  await batches.flush();
  assert.ok(told[1][0] instanceof UsageRejected);
  assert.deepEqual(told[1][1], [{ id: "b" }]);
  await batches.close();
  batches.recordUsage({ id: "e" });
  assert.match(told[2][0].message, /it is closed/);
});

test("limits are checked", () => {
  for (const name of ["flushMs", "batchMax", "waitingMax", "attemptsMax"]) {
    assert.throws(() => new Batches(new Recording(), { [name]: -1 }), new RegExp(`${name}: must be`));
  }
  assert.throws(() => new Batches({}), /recordUsage/);
});

test("a process that ends flushes", () => {
  const script = `
    import { Batches } from "iof/middleware";
    const batches = new Batches({ recordUsage: async (events) => console.log(JSON.stringify(events)) });
    batches.recordUsage({ id: 1 });
  `;
  const cwd = fileURLToPath(new URL("..", import.meta.url));
  const { stdout } = spawnSync(process.execPath, ["--input-type=module", "-e", script], { cwd, encoding: "utf8" });
  assert.equal(stdout, '[{"id":1}]\n');
});
