// Anomalies from Node: detectors of the host, and functions that are told.
import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import test from "node:test";
import { InvalidArgumentError } from "iof";
import { engine, folder } from "./fixtures/help.mjs";

const HEADER = "BilledCost,EffectiveCost,BillingAccountId,BillingCurrency,BillingPeriodStart,BillingPeriodEnd,"
  + "ChargePeriodStart,ChargePeriodEnd,ChargeCategory,ServiceName,ServiceProviderName";

/** An engine with 10 a day of two services, and 110 of one of them on March 20. */
async function billed(t, options = {}) {
  const lines = [HEADER];
  const stamp = (day) => day.toISOString();
  for (let day = new Date("2024-01-01T00:00:00Z"); stamp(day) < "2024-03-25"; day.setUTCDate(day.getUTCDate() + 1)) {
    const [year, month] = [day.getUTCFullYear(), day.getUTCMonth()];
    const period = [new Date(Date.UTC(year, month, 1)), new Date(Date.UTC(year, month + 1, 1))].map(stamp).join();
    const times = `${stamp(day)},${stamp(new Date(day.getTime() + 86_400_000))}`;
    for (const service of ["Compute", "Queue"]) {
      const cost = stamp(day).startsWith("2024-03-20") && service === "Compute" ? 110 : 10;
      lines.push(`${cost},${cost},a,USD,${period},${times},Usage,${service},AWS`);
    }
  }
  const file = join(await folder(t), "bill.csv");
  await writeFile(file, `${lines.join("\n")}\n`);
  const { finops } = await engine(t, { now: "2024-03-25T09:00:00Z", ...options });
  await finops.importCharges(file);
  return finops;
}

test("an anomaly has what drove it, and remembers what is said of it", async (t) => {
  const { costs } = await billed(t);
  const { anomalies: [spike], period, detector } = await costs.anomalies();
  assert.deepEqual([spike.start, spike.impact, spike.drivers[0].value], ["2024-03-20", 100, "Compute"]);
  assert.deepEqual([period.threshold, detector], [2, "robust_baseline"]);
  const kept = await costs.anomalyFeedback({ id: spike.id, feedback: "useful", note: "a load test" });
  assert.equal(kept.feedback.note, "a load test");
  assert.equal((await costs.anomalies({ feedback: "useful" })).count, 1);
  const controller = new AbortController();
  controller.abort();
  await assert.rejects(costs.anomalies({}, { signal: controller.signal }), { code: "cancelled" });
});

const last = (series) => [{ start_index: series.values.length - 3, expected: 10.5, score: 2.25, ongoing: true }];

test("a host brings its own detector", async (t) => {
  const asked = [];
  const detect = (series, settings) => {
    asked.push([series, settings]);
    return { anomalies: last(series) };
  };
  for (const [anomaly_detector, name] of [[detect, "custom"], [{ name: "mine", detect: async (...of) => detect(...of) }, "mine"]]) {
    const { costs } = await billed(t, { anomaly_detector });
    const { anomalies: [anomaly], detector } = await costs.anomalies({ threshold: "2.5" });
    assert.deepEqual([detector, anomaly.start, anomaly.impact, anomaly.score], [name, "2024-03-22", 9.5, 2.25]);
    assert.deepEqual([anomaly.kind, anomaly.direction, anomaly.ongoing], ["spike", "up", true]);
  }
  const [series, settings] = asked[0];
  assert.deepEqual(settings, { threshold: 2.5, minimum_impact: 0 });
  assert.deepEqual([series.start, series.frequency, series.season_length], ["2024-01-01", "daily", 7]);
});

test("what a detector cannot mean is an error", async (t) => {
  const fails = (call, message) => assert.rejects(call, (error) => {
    assert.ok(error instanceof InvalidArgumentError, error.stack);
    assert.equal(error.field, "anomaly_detector");
    assert.match(error.message, message);
    return true;
  });
  const answers = [{ anomalies: [{ start_index: 84, expected: 1, score: 1 }] }, { anomalies: [{ start_index: 1 }] }, {}, 3, undefined];
  for (const answer of answers) {
    const { costs } = await billed(t, { anomaly_detector: () => answer });
    await fails(costs.anomalies(), /'custom'/);
  }
  const broken = () => {
    throw new Error("out of order");
  };
  const { costs } = await billed(t, { anomaly_detector: broken });
  await fails(costs.anomalies(), /'custom' failed: .*out of order/);
  await fails(engine(t, { anomaly_detector: 3 }), /must be a function, or have a method detect/);
});

test("a detector that gives no answer holds up one monitor of a tick", { timeout: 300_000 }, async (t) => {
  let asked = 0;
  const detector = () => {
    asked++;
    return asked <= 2 ? new Promise(() => {}) : { anomalies: [] };
  };
  const finops = await billed(t, { anomaly_detector: detector, model_timeout_seconds: 2 });
  for (const name of ["first", "second", "third"]) await finops.anomalyMonitors.create({ name });
  const errors = async () => (await finops.anomalyMonitors.list()).items.map(({ error }) => error);
  await finops.tick();
  let [first, ...others] = await errors();
  assert.match(first, /gave no answer within 2 s/);
  assert.deepEqual([asked, ...others], [1, null, null], "nobody else is asked in this tick");
  await finops.tick();
  assert.equal(asked, 2);
  [, first, ...others] = await errors();
  assert.match(first, /gave no answer within 2 s/, "the next one has its turn");
  await finops.tick();
  assert.deepEqual([asked, (await finops.anomalyMonitors.list()).items[2].error], [3, null]);
});

test("monitors tell functions", async (t) => {
  const finops = await billed(t, { anomaly_detector: (series) => ({ anomalies: last(series) }) });
  const told = [];
  finops.events.subscribe((event) => told.push([event.type, event.data.impact]));
  await finops.anomalyMonitors.create({ name: "All", group_by: "service" });
  await finops.tick();
  await finops.tick();
  assert.deepEqual(told, [["finops.anomaly.detected", "-0.5"], ["finops.anomaly.detected", "-0.5"]]);
});
