// Budgets and their gate: what is special to Node.
import assert from "node:assert/strict";
import { join } from "node:path";
import test from "node:test";
import native from "../native.js";
import { BudgetExhaustedError, ConflictError, ForbiddenError, InvalidArgumentError, Iof, NotFoundError } from "iof";
import { billFile, engine, folder } from "./fixtures/help.mjs";

const SPEND = { tenant_id: "ten_001" };

/** A tenant that may spend 10 a month. */
async function limited(t, options = { now: "2024-02-01T00:00:00Z" }) {
  const iof = await engine(t, options);
  const alert = { name: "Bank", tenant: "ten_001", amount: 10, pause_at_pct: 100 };
  const { budget_id } = await iof.finops.setBudgetAlert(alert);
  const stands = async () => {
    const { reserved, spent } = await iof.finops.getBudgetStatus(budget_id);
    return [reserved, spent];
  };
  return { iof, finops: iof.finops, budgets: iof.finops.budgets, budget_id, stands };
}

test("budgets are made, changed, paused and removed", async (t) => {
  const { finops, budgets, budget_id } = await limited(t);
  const budget = await budgets.get(budget_id);
  assert.deepEqual(await budgets.get({ id: budget_id }), budget);
  assert.deepEqual([budget.budget.amount, budget.thresholds.map(({ percent }) => percent)], [10, [80, 100, 100]]);
  const changed = await budgets.update({ id: budget_id, name: undefined, budget: { amount: "0.3" }, description: "x" });
  assert.deepEqual([changed.name, changed.budget.amount, changed.budget.period], ["Bank", 0.3, "monthly"]);
  assert.equal((await budgets.pause(budget_id)).status, "paused");
  await assert.rejects(budgets.pause({ id: budget_id }), { name: "ConflictError", field: "status" });
  assert.equal((await budgets.resume(budget_id)).enabled, true);
  assert.deepEqual((await budgets.list({ scope_level: "tenant" })).items, [await budgets.get(budget_id)]);
  assert.equal((await finops.getBudgetStatus(budget_id)).period_end, "2024-03-01T00:00:00Z");
  assert.deepEqual(await budgets.delete(budget_id), { deleted: true });
  await assert.rejects(finops.getBudgetStatus({ id: budget_id }), NotFoundError);
});

for (const decimals of ["number", "string"]) {
  test(`the gate answers at once what operations by name answer, with decimals as ${decimals}`, async (t) => {
    const { budgets } = await limited(t, { now: "2024-02-01T00:00:00Z", decimals });
    const whole = await native.Engine.open(":memory:", '{"now": "2024-02-01T00:00:00Z"}');
    const byName = async (name, params) =>
      JSON.parse(await whole.call(name, JSON.stringify(params), decimals === "string", null));
    const alert = { name: "Bank", tenant: "ten_001", amount: 10, pause_at_pct: 100 };
    await byName("set_budget_alert", alert);
    const same = (one, other) => {
      // Ids differ from engine to engine.
      const plain = (answer) => JSON.stringify(answer).replaceAll(/(res|bud)_\w{26}/g, "$1");
      assert.equal(plain(one), plain(other));
    };
    const taken = [];
    for (const amount of ["4", "11", 0.25]) {
      const spend = { ...SPEND, amount, tags: { a: "b" } };
      same(budgets.check(spend), await byName("budgets.check", spend));
      same(await budgets.checkAsync(spend), budgets.check(spend));
      const [one, other] = [budgets.reserve(spend), await byName("budgets.reserve", spend)];
      same(one, other);
      if (one.reservation_id) taken.push([one.reservation_id, other.reservation_id]);
    }
    const [[first, second], [third, fourth]] = taken;
    same(budgets.settle(first, 1.5), await byName("budgets.settle", { reservation_id: second, amount: "1.5" }));
    same(budgets.release(third), await byName("budgets.release", { reservation_id: fourth }));
    const later = await budgets.reserveAsync({ ...SPEND, amount: 1 });
    assert.equal((await budgets.settleAsync({ reservation_id: later.reservation_id, amount: 2n })).overrun, true);
    const last = budgets.reserve({ ...SPEND, amount: 1 }).reservation_id;
    const one = decimals === "string" ? "1" : 1;
    assert.deepEqual(await budgets.releaseAsync({ reservation_id: last }), { released: one });
    await whole.close();
  });
}

test("amounts are exact", async (t) => {
  const { budgets, stands } = await limited(t);
  for (let at = 0; at < 100; at += 1) assert.equal(budgets.reserve({ ...SPEND, amount: 0.1 }).decision, "allow");
  assert.equal(budgets.reserve({ ...SPEND, amount: 1e-18 }).decision, "deny");
  assert.deepEqual(await stands(), [10, 0]);
});

test("each field says what the spend is for", async (t) => {
  const { finops } = await engine(t);
  const { fields } = JSON.parse(native.operations()).find(({ name }) => name === "budgets.check");
  const ids = fields.filter((name) => !["amount", "currency", "on_unknown", "tags"].includes(name));
  assert.equal(ids.length, 21);
  for (const field of ids) {
    const dimension = field === "resource_id" ? field : field.replace(/_id$/, "");
    const { budget_id } = await finops.budgets.create({
      name: field, scope: { level: "platform" }, filter: { [dimension]: "this one" },
      budget: { amount: 1, currency: "USD", type: "one_time" }, thresholds: [{ percent: 100, action: "pause" }],
    });
    assert.equal(finops.budgets.check({ amount: 2, [field]: "this one" }).refused_by?.budget_id, budget_id, field);
    assert.equal(finops.budgets.check({ amount: 2, [field]: "another" }).decision, "allow", field);
  }
});

test("what cannot be a spend is thrown, with its field", async (t) => {
  const { budgets } = await limited(t);
  const wrong = [
    [{ amount: NaN }, "amount"],
    [{ amount: "one" }, "amount"],
    [{ amount: [1] }, "amount"],
    [{ amount: -1 }, "amount"],
    [{ amount: 1, tenant_id: 7 }, "tenant_id"],
    [{ amount: 1, tenant_id: "\ud800" }, "tenant_id"],
    [{ amount: 1, tags: { a: 1 } }, "tags.a"],
    [{ amount: 1, tags: [] }, "tags"],
    [{ amount: 1, currency: "usd!" }, "currency"],
    [{ amount: 1, planet: "x" }, "planet"],
    [{ amount: 1, ttl_seconds: 1 }, "ttl_seconds"],
    [{ on_unknown: "perhaps" }, "on_unknown"],
  ];
  for (const [params, field] of wrong) {
    assert.throws(() => budgets.check(params), { name: "InvalidArgumentError", field }, JSON.stringify(params));
    await assert.rejects(budgets.checkAsync(params), { field });
  }
  assert.throws(() => budgets.check(7), InvalidArgumentError);
  assert.equal(budgets.check({ ...SPEND, amount: 1, tags: { "a\0b": "c\0" }, user_id: "u\0" }).budgets, 1);
  assert.equal(budgets.check({ ...SPEND, on_unknown: { estimate: 11n } }).decision, "deny");
  const { reservation_id } = budgets.reserve({ ...SPEND, amount: 1, user_id: undefined });
  for (const amount of [-1, "x", null, undefined, Infinity, {}]) {
    assert.throws(() => budgets.settle(reservation_id, amount), { name: "InvalidArgumentError", field: "amount" });
  }
  assert.throws(() => budgets.settle("res", 1), { name: "InvalidArgumentError", field: "reservation_id" });
  assert.throws(() => budgets.release({ reservation_id, amount: 1 }), { field: "amount" });
  assert.deepEqual(budgets.release(reservation_id), { released: 1 });
  assert.throws(() => budgets.release(reservation_id), ConflictError);
  assert.throws(() => budgets.settle("res_00000000000000000000000000", 1), NotFoundError);
});

test("a spend holds its amount while its work runs", async (t) => {
  const { budgets, stands } = await limited(t);
  const given = await budgets.spend({ ...SPEND, amount: 8 }, async (spend) => {
    assert.deepEqual([spend.amount, await stands()], [8, [8, 0]]);
    assert.equal((await spend.settle("2.5")).released, 5.5);
    await assert.rejects(spend.settle(1), ConflictError);
    return "given";
  });
  assert.equal(given, "given");
  assert.deepEqual(await stands(), [0, 2.5]);
  await budgets.spend({ ...SPEND, amount: 0.1 }, () => {});
  assert.deepEqual(await stands(), [0, 2.6], "it was probably spent");
  await budgets.spend({ ...SPEND, amount: 1 }, (spend) => assert.deepEqual(spend.release(), { released: 1 }));
  const failing = (work) => assert.rejects(budgets.spend({ ...SPEND, amount: 1 }, work), /out of order/);
  await failing(() => {
    throw new Error("out of order");
  });
  await failing(async () => Promise.reject(new Error("out of order")));
  assert.deepEqual(await stands(), [0, 2.6]);
  await failing(async (spend) => {
    await spend.settle(0.4);
    throw new Error("out of order");
  });
  assert.deepEqual(await stands(), [0, 3], "what was said to be spent is");
  await assert.rejects(budgets.spend({ ...SPEND, amount: 1 }), { field: "work" });
});

test("a refused spend does not run", async (t) => {
  const { iof, budgets, budget_id } = await limited(t);
  const never = () => assert.fail("it ran");
  const error = await budgets.spend({ ...SPEND, amount: "10.01" }, never).catch((raised) => raised);
  assert.ok(error instanceof BudgetExhaustedError);
  assert.deepEqual([error.code, error.reason, error.cause], ["budget_exhausted", "limit", undefined]);
  assert.deepEqual(error.refused_by, {
    budget_id, name: "Bank", limit: 10, threshold_percent: 100, spent: 0, reserved: 0, requested: 10.01,
    until: "2024-03-01T00:00:00Z",
  });
  assert.match(error.message, /'Bank'/);
  await assert.rejects(budgets.spend(SPEND, never), { reason: "unknown_price", refused_by: null });
  await iof.close();
  await assert.rejects(budgets.spend({ ...SPEND, amount: 1 }, never), ConflictError);
});

test("a thousand at the same time reserve as many as there are", async (t) => {
  const { finops } = await engine(t);
  const { budget_id } = await finops.setBudgetAlert({ organization: "o", amount: 1000, pause_at_pct: 100 });
  const spend = (_, at) => ({ amount: 1, organization_id: "o", user_id: `u-${at % 50}` });
  const spends = Array.from({ length: 2000 }, spend);
  const answers = await Promise.all(spends.map((spend) => finops.budgets.reserveAsync(spend)));
  const ids = new Set(answers.map((answer) => answer.reservation_id).filter((id) => id !== null));
  assert.equal(ids.size, 1000);
  const { reserved, remaining } = await finops.getBudgetStatus(budget_id);
  assert.deepEqual([reserved, remaining], [1000, 0]);
});

test("a narrowed engine spends for itself", async (t) => {
  const { iof, finops } = await limited(t);
  await finops.setBudgetAlert({ name: "Whole", scope: { level: "platform" }, amount: 50, pause_at_pct: 100 });
  const tenant = iof.asTenant("ten_001").finops;
  const { reservation_id, budgets } = tenant.budgets.reserve({ amount: 8 });
  assert.deepEqual([budgets, tenant.budgets.check({ amount: 1 }).budgets], [null, null], "it does not see all of them");
  const stranger = iof.asTenant("ten_002").finops.budgets;
  assert.throws(() => stranger.settle(reservation_id, 1), NotFoundError);
  assert.throws(() => stranger.release(reservation_id), NotFoundError);
  assert.equal(finops.budgets.check({ ...SPEND, amount: 3 }).refused_by.name, "Bank");
  tenant.budgets.release(reservation_id);
  const wrong = { name: "ForbiddenError", field: "tenant_id" };
  assert.throws(() => tenant.budgets.check({ amount: 1, tenant_id: "ten_002" }), wrong);
  const other = iof.asTenant("ten_002").finops;
  const { decision, reason, refused_by } = other.budgets.check({ amount: 51 });
  assert.deepEqual([decision, reason, refused_by], ["deny", "limit", null]);
  assert.deepEqual((await other.budgets.list()).items, []);
  await assert.rejects(other.setBudgetAlert({ tenant: "ten_001", amount: 1 }), ForbiddenError);
});

test("opening again releases what was reserved and keeps what was settled, as the cost query says", async (t) => {
  const location = join(await folder(t), "costs");
  const options = { now: "2024-02-01T00:00:00Z", budget_lag_seconds: 0 };
  const first = await Iof.open(location, options);
  const { budget_id } = await first.finops.setBudgetAlert({ tenant: "ten_001", amount: 10, pause_at_pct: 100 });
  const mapping = { tenant_id: "SubAccountId" };
  await first.finops.importCharges(await billFile(t, [{ cost: "1", day: "31" }]), { mapping });
  const [one, other] = [1, 2].map(() => first.finops.budgets.reserve({ ...SPEND, amount: 5 }).reservation_id);
  first.finops.budgets.settle(one, 4);
  await first.close();
  const { finops } = await engine(t, options, location);
  const { spent, reserved } = await finops.getBudgetStatus(budget_id);
  assert.deepEqual([spent, reserved], [4, 0]);
  const { total_cost } = await finops.getCostSummary({ period: "2024-02", filter: { tenant: "ten_001" } });
  assert.equal(total_cost, spent);
  assert.throws(() => finops.budgets.settle(other, 1), NotFoundError);
  const work = async (spend) => spend.settle(6);
  assert.equal((await finops.budgets.spend({ ...SPEND, amount: 6 }, work)).released, 0);
  await assert.rejects(finops.budgets.spend({ ...SPEND, amount: 1 }, work), BudgetExhaustedError);
});

test("a spend of an unknown amount says what it came to", async (t) => {
  const { budgets, stands } = await limited(t);
  const unknown = { ...SPEND, on_unknown: "allow" };
  const silent = budgets.spend(unknown, (spend) => assert.equal(spend.amount, 0));
  const message = /not known, which is not zero/;
  await assert.rejects(silent, { name: "InvalidArgumentError", field: "amount", message });
  await budgets.spend(unknown, (spend) => spend.settle(2.5));
  await budgets.spend(unknown, (spend) => spend.release());
  await budgets.spend({ ...SPEND, on_unknown: { estimate: 1 } }, () => {});
  assert.deepEqual(await stands(), [0, 3.5]);
});
