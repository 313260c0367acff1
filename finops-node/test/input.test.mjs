// Parameters on their way in: what is converted, what is refused.
import assert from "node:assert/strict";
import test from "node:test";
import vm from "node:vm";
import { InvalidArgumentError } from "iof";
import input from "../input.js";
import { billFile, engine } from "./fixtures/help.mjs";

const sent = (value) => JSON.parse(input.json({ value })).value;

test("numbers are what they print", () => {
  for (const [given, want] of [
    [0.1, "0.1"], [1e-7, "1e-7"], [1e21, "1e+21"], [2 ** 53, "9007199254740992"], [-0, 0], [20, 20],
    [2 ** 53 - 1, 9007199254740991], [10n ** 30n, "1000000000000000000000000000000"], [1.5, "1.5"],
  ]) {
    assert.equal(sent(given), want);
  }
});

test("times, URLs and nested values are converted, undefined is left out", () => {
  assert.equal(sent(new Date(0)), "1970-01-01T00:00:00.000Z");
  assert.equal(sent(vm.runInNewContext("new Date(0)")), "1970-01-01T00:00:00.000Z");
  assert.equal(sent(new URL("file:///tmp/a%20b")), "/tmp/a b");
  assert.equal(sent({ toJSON: () => "0.10" }), "0.10");
  assert.deepEqual(sent({ a: [1.5, { b: null, c: undefined }], d: true }), { a: ["1.5", { b: null }], d: true });
  assert.equal(input.json({ a: undefined }), "{}");
  assert.deepEqual(sent(vm.runInNewContext("({ a: [1] })")), { a: [1] });
  assert.equal(input.json(Object.assign(Object.create(null), { a: 1 })), '{"a":1}');
  assert.equal(input.json(JSON.parse('{"__proto__": 1}')), '{"__proto__":1}');
});

test("the same object twice is no cycle", () => {
  const shared = { a: 1 };
  assert.deepEqual(sent([shared, shared]), [shared, shared]);
});

test("what JSON cannot hold is refused by name", () => {
  const cycle = {};
  cycle.again = [cycle];
  const nested = (levels) => (levels === 0 ? 0 : [nested(levels - 1)]);
  assert.deepEqual(sent(nested(63)), nested(63));
  for (const [value, message] of [
    [NaN, /finite/], [Infinity, /finite/], [new Date(NaN), /invalid Date/], [() => 1, /function/],
    [Symbol("s"), /symbol/],
    [cycle, /itself/], [nested(64), /deeper than 64/], [new Map(), /Map/], [new (class Cost {})(), /Cost/],
    [[undefined], /undefined/], [new Array(1), /undefined/], ["\ud800", /surrogate/], [{ "\udc00": 1 }, /surrogate/],
    [new URL("https://x.org"), /https:/], [{ a: { b: [NaN] } }, /finite/],
  ]) {
    assert.throws(() => sent(value), (error) => {
      assert.ok(error instanceof InvalidArgumentError);
      assert.equal(error.field, "value");
      assert.match(error.message, message);
      return true;
    });
  }
  for (const params of [null, [], "x", 1, new Date()]) assert.throws(() => input.json(params), InvalidArgumentError);
});

test("a number in a decimal place is exactly what was written", async (t) => {
  const { finops } = await engine(t, { now: "2024-02-01T00:00:00Z", decimals: "string" });
  const budget = async (budget_usd) =>
    (await finops.catalog.upsert({ kind: "team", id: "t", name: "T", budget_usd })).budget_usd;
  assert.equal(await budget(0.1), "0.1");
  assert.equal(await budget(1e-7), "0.0000001");
  assert.equal(await budget(12n), "12");
  assert.equal(await budget("0.000000000000000001"), "0.000000000000000001");
  await finops.importCharges(await billFile(t, [{ cost: "3", currency: "EUR" }]));
  const query = { period: "2024-01", currency: "USD", exchange_rates: { EUR: 1.1 } };
  assert.equal((await finops.getCostSummary(query)).total_cost, "3.3");
});
