// Forecasts: of cost, of plain series, and by models of the host.
import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import test from "node:test";
import { CancelledError, InvalidArgumentError, backtest, forecast } from "iof";
import { engine, folder } from "./fixtures/help.mjs";

const HEADER = "BilledCost,EffectiveCost,BillingAccountId,BillingCurrency,BillingPeriodStart,BillingPeriodEnd,"
  + "ChargePeriodStart,ChargePeriodEnd,ServiceName";
const DAY = 86_400_000;

/** An engine at noon of 11 March with charges of 10 a day since 1 January, 3 on that day so far. */
async function billed(t, options = {}) {
  const rows = [HEADER];
  const last = Date.UTC(2024, 2, 11);
  for (let day = Date.UTC(2024, 0, 1); day <= last; day += DAY) {
    const [year, month] = [new Date(day).getUTCFullYear(), new Date(day).getUTCMonth()];
    const times = [Date.UTC(year, month), Date.UTC(year, month + 1), day, day + DAY];
    const cost = day === last ? 3 : 10;
    rows.push([cost, cost, "acct-1", "USD", ...times.map((time) => new Date(time).toISOString()), "Disk"].join(","));
  }
  const path = join(await folder(t), "bill.csv");
  await writeFile(path, `${rows.join("\n")}\n`);
  const iof = await engine(t, { now: "2024-03-11T12:00:00Z", ...options });
  await iof.finops.importCharges(path);
  return iof.finops;
}

const fails = (call, field, says) =>
  assert.rejects(call, (error) => {
    assert.ok(error instanceof InvalidArgumentError, error.stack);
    assert.equal(error.field, field, error.message);
    assert.match(error.message, says);
    return true;
  });

test("costs are forecast by month and by day", async (t) => {
  const { costs, forecast: forecasts } = await billed(t);
  const answer = await costs.forecast({ group_by: "service", level: 0.9 });
  const points = answer.predictions.map(({ day, predicted }) => [day, predicted]);
  assert.deepEqual(points, [["2024-03-01", 310], ["2024-04-01", 300], ["2024-05-01", 310]]);
  assert.equal(answer.analysis.confidence, "high");
  assert.equal(answer.groups[0].service, "Disk");
  const days = await costs.forecast({ granularity: "daily", days: 3 });
  assert.deepEqual(days.predictions.map(({ day }) => day), ["2024-03-11", "2024-03-12", "2024-03-13"]);
  const end = await costs.projectedMonthEnd();
  assert.deepEqual([end.month_to_date, end.projected, end.remaining_days, end.through], [100, 310, 21, "2024-03-10"]);
  const tried = await forecasts.backtest({ granularity: "daily", days: 7, origins: 2 });
  assert.deepEqual([tried.smape, tried.origins.length, tried.coverage[0].coverage], [0, 2, 1]);
});

test("a model of the host is asked", async (t) => {
  const asked = [];
  const count = (series, horizon, levels) => {
    asked.push({ series, horizon, levels });
    const mean = Array.from({ length: horizon }, (_, at) => at + 1);
    return { mean, lower: { 0.8: mean.map((one) => one - 1) }, upper: { 0.8: mean.map((one) => one + 1) } };
  };
  const params = { granularity: "daily", days: 2 };
  for (const [forecaster, models] of [
    [count, ["custom"]],
    [{ name: "mine", forecast: async (...given) => ({ ...count(...given), model: "Count" }) }, ["mine", "custom"]],
  ]) {
    const { costs } = await billed(t, { forecaster });
    for (const model of models) {
      const { predictions, analysis } = await costs.forecast({ ...params, model });
      assert.deepEqual(predictions.map(({ predicted, upper_bound }) => [predicted, upper_bound]), [[1, 2], [2, 3]]);
      assert.equal(analysis.model, forecaster === count ? "custom" : "Count");
    }
    assert.equal((await costs.forecast()).predictions[0].predicted, 310, "ours unless it is asked for");
  }
  const [{ series, horizon, levels }] = asked;
  assert.deepEqual([horizon, levels, series.start, series.frequency], [2, [0.8], "2024-01-01", "daily"]);
  assert.deepEqual([series.values.length, series.non_negative], [70, true]);
});

test("a model of the host may fail", async (t) => {
  const one = { mean: [1], lower: { 0.8: [1] }, upper: { 0.8: [1] } };
  const say = (answer) => () => {
    if (answer instanceof Error) throw answer;
    return answer;
  };
  for (const [answer, says] of [
    [new Error("no idea"), /no idea/],
    [undefined, /failed: .*undefined/],
    [null, /gave no forecast of 70 known values, which are too few/],
    [one, /finite numbers/],
    [{ ...one, mean: [1, Number.NaN] }, /failed/],
    [{ ...one, lower: {} }, /no lower and upper of 0.8/],
  ]) {
    const { costs } = await billed(t, { forecaster: say(answer) });
    await fails(costs.forecast({ granularity: "daily", days: 2, model: "custom" }), "model", says);
  }
  await fails(engine(t, { forecaster: 3 }), "forecaster", /must be a function/);
});

test("a model of the host says what is too little for it", async (t) => {
  let raises = false;
  const forecaster = async ({ values }, horizon, levels) => {
    if (values.length < 60) {
      if (raises) throw new Error("needs 60 days");
      return null;
    }
    const mean = Array.from({ length: horizon }, () => 10);
    const bounds = Object.fromEntries(levels.map((level) => [String(level), mean]));
    return { mean, lower: bounds, upper: bounds };
  };
  const { forecast: forecasts } = await billed(t, { forecaster });
  const params = { granularity: "daily", days: 7, model: "custom" };
  // Of the 70 days the six forecasts know 28, 35 and so on to 63.
  const tried = await forecasts.backtest(params);
  assert.deepEqual([tried.origins.length, tried.origins_skipped], [1, 5]);
  raises = true;
  const says = /needs 60 days, in the forecast made after 2024-01-28 of 28 known days: ask for fewer `origins`/;
  await fails(forecasts.backtest(params), "model", says);
});

test("a signal stops a query between the series that are forecast", async (t) => {
  const controller = new AbortController();
  let asked = 0;
  const forecaster = async (_, horizon) => {
    asked++;
    controller.abort();
    // So that the engine sees it before it asks for the next one.
    const mean = Array.from({ length: horizon }, () => 1);
    return { mean, lower: { 0.8: mean }, upper: { 0.8: mean } };
  };
  const { costs } = await billed(t, { forecaster });
  const params = { granularity: "daily", days: 2, group_by: "service", model: "custom" };
  await assert.rejects(costs.forecast(params, { signal: controller.signal }), { code: "cancelled" });
  assert.equal(asked, 1);
});

test("a signal stops a query that waits for a model", { timeout: 300_000 }, async (t) => {
  const controller = new AbortController();
  const forecaster = () => {
    controller.abort(new Error("enough"));
    return new Promise(() => {});
  };
  // Without the signal it would wait for an hour.
  const { costs } = await billed(t, { forecaster, model_timeout_seconds: 3600 });
  const waiting = costs.forecast({ granularity: "daily", days: 2, model: "custom" }, { signal: controller.signal });
  await assert.rejects(waiting, (error) => {
    assert.ok(error instanceof CancelledError, error.stack);
    assert.equal(error.cause?.message, "enough");
    return true;
  });
  assert.equal((await costs.daily()).days.length, 30, "the thread goes on without it");
});

test("models that wait for the engine which asks them are given up", async (t) => {
  let finops = null;
  // Each call waits on a thread of the pool for a model that waits for a call of its own: no thread is left.
  const forecaster = { name: "mine", forecast: async () => finops.costs.daily() };
  finops = await billed(t, { forecaster, model_timeout_seconds: 1 });
  const params = { granularity: "daily", days: 2, model: "mine" };
  const waiting = Array.from({ length: 8 }, () => finops.costs.forecast(params));
  const outcomes = await Promise.allSettled(waiting);
  const late = outcomes.filter(({ reason }) => reason?.code === "cancelled");
  assert.ok(late.length >= 4, `${late.length}`);
  for (const { reason } of late) {
    assert.ok(reason instanceof CancelledError);
    assert.equal(reason.field, "model");
    assert.match(reason.message, /'mine' gave no answer within 1 s.*model_timeout_seconds/);
  }
  assert.equal((await finops.costs.daily()).days.length, 30, "the engine goes on");
  await fails(engine(t, { model_timeout_seconds: 0 }), "model_timeout_seconds", /1 to 3600/);
});

test("a plain series is forecast", async () => {
  const options = { horizon: 3, season_length: 2, model: "SeasonalNaive", levels: [0.95] };
  const answer = await forecast([1, 5, 1, 5, 1, 5], options);
  assert.deepEqual([answer.mean, Object.keys(answer.lower)], [[1, 5, 1], ["0.95"]]);
  assert.deepEqual(await forecast({ values: Float64Array.of(1, 5, 1, 5, 1, 5), ...options }), answer);
  const start = new Date("2024-01-01T00:00:00Z");
  const known = await forecast([1, null, 3, 4], { horizon: 1, model: "naive", start, frequency: "monthly" });
  assert.deepEqual(known.mean, [4]);
  const once = { horizon: 2, season_length: 2, model: "SeasonalNaive", origins: 1 };
  const tried = await backtest([1, 5, 1, 5, 1, 5, 1, 5], once);
  assert.deepEqual([tried.smape, tried.origins], [0, 1]);
});

test("what is no series is refused", async () => {
  await fails(forecast([1, Number.NaN], { horizon: 1 }), "values", /null for what is unknown/);
  await fails(forecast([1, Infinity], { horizon: 1 }), "values", /finite/);
  await fails(forecast([1, "2"], { horizon: 1 }), "values", /value 1 is 2/);
  await fails(forecast("12", { horizon: 1 }), "values", /list of numbers/);
  await fails(forecast([1], { horizon: 1 }), "values", /has 1/);
  await fails(forecast([1, 2, 3], {}), "horizon", /must be given/);
  await fails(forecast([1, 2, 3], { horizon: 0 }), "horizon", /1 to 10000/);
  await fails(forecast([1, 2, 3], { horizon: 1, levels: [95] }), "levels", /0 and 1/);
  await fails(forecast([1, 2, 3], { horizon: 1, model: "oracle" }), "model", /seasonal_naive/);
});
