// Plain series: the cases that all three languages run.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import test from "node:test";
import { FinopsError, InvalidArgumentError, detectAnomalies, forecast } from "iof";

const read = async (name) => JSON.parse(await readFile(new URL(`../../tests/vectors/series/${name}`, import.meta.url)));

test("a forecast is the same to the last digit", async () => {
  const vectors = await read("forecast.json");
  assert.ok(vectors.length >= 15);
  for (const { about, request, answer } of vectors) {
    const told = await forecast(request).catch((error) => {
      assert.ok(error instanceof FinopsError, error.stack);
      return { code: error.code, field: error.field ?? null, message: error.message };
    });
    // Numbers are equal only if all their bits are.
    assert.deepEqual(told, JSON.parse(answer), about);
  }
});

/** Equal, numbers to six digits. */
function same(told, wanted, about) {
  if (typeof wanted === "number") assert.ok(Math.abs(told - wanted) < 1e-6, `${about}: ${told}, not ${wanted}`);
  else assert.deepEqual(told, wanted, about);
}

test("an anomaly is found", async () => {
  const { cases } = await read("anomalies.json");
  assert.ok(cases.length >= 15);
  for (const { about, params, answer, error: wrong } of cases) {
    if (wrong) {
      await assert.rejects(detectAnomalies(params), (error) => {
        assert.deepEqual([error.code, error.field], [wrong.code, wrong.field], about);
        assert.ok(error.message.includes(wrong.message), error.message);
        return true;
      });
      continue;
    }
    const found = await detectAnomalies(params);
    assert.equal(found.anomalies.length, answer.anomalies.length, about);
    answer.anomalies.forEach((wanted, at) => {
      for (const [name, value] of Object.entries(wanted)) same(found.anomalies[at][name], value, `${about}: ${name}`);
    });
    for (const [place, value] of Object.entries(answer.expected ?? {})) same(found.expected[place], value, about);
  }
});

test("what is no series is refused", async () => {
  for (const values of [[1, Number.NaN], [1, Infinity], ["1"], 7]) {
    await assert.rejects(detectAnomalies(values), (error) => {
      assert.ok(error instanceof InvalidArgumentError, error.stack);
      assert.equal(error.field, "values");
      return true;
    });
  }
});
