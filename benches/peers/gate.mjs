// The gate of budgets from Node: what a check, a reservation and a settlement take.
//
//     npm install ./finops-node
//     node benches/peers/gate.mjs --calls 20000
//
// Four budgets cover each spend: an organization's, a tenant's, a user's and a team's, out of 400. The forms that give
// a promise are asked one after the other, each awaited. A spend is checked, reserved on all four, and settled for less.
import { parseArgs } from "node:util";

const { values } = parseArgs({
  options: { calls: { type: "string", default: "20000" }, package: { type: "string", default: "iof" } },
});
const calls = Number(values.calls);
const { Iof } = await import(values.package);

const levels = ["organization", "tenant", "user", "team"];
const iof = await Iof.open(":memory:");
const { budgets } = iof.finops;
for (const level of levels) {
  for (let at = 0; at < 100; at += 1) {
    await budgets.create({
      name: `${level} ${at}`, scope: { level, id: `${level}-${at}` },
      budget: { amount: 1e9, currency: "USD", type: "one_time" }, thresholds: [{ percent: 100, action: "pause" }],
    });
  }
}
// Nothing of this one is ever left.
const scope = { level: "tenant", id: "used up" };
const budget = { amount: 1, currency: "USD", type: "one_time" };
await budgets.create({ name: "used up", scope, budget, thresholds: [{ percent: 100, action: "pause" }] });

const spends = Array.from({ length: calls }, (_, at) => {
  const ids = levels.map((level, place) => [`${level}_id`, `${level}-${(at + 7 * place) % 100}`]);
  return { amount: (1 + (at % 999)) / 100, currency: "USD", ...Object.fromEntries(ids) };
});
let held = [];

async function measure(name, each, inputs) {
  const times = [];
  for (const one of inputs) {
    const began = process.hrtime.bigint();
    const answer = each(one);
    if (answer instanceof Promise) await answer;
    times.push(Number(process.hrtime.bigint() - began) / 1e3);
  }
  times.sort((one, other) => one - other);
  const mean = times.reduce((sum, time) => sum + time, 0) / times.length;
  const at = (share) => times[Math.floor(times.length * share)].toFixed(2).padStart(9);
  console.log(`${name.padEnd(16)} ${at(0.5)} ${at(0.99)} ${mean.toFixed(2).padStart(9)}`);
}

const reserve = (spend) => held.push(budgets.reserve(spend).reservation_id);
console.log(`${"us a call".padEnd(16)} ${["p50", "p99", "mean"].map((head) => head.padStart(9)).join(" ")}`);
// Once before it counts, so that the code is compiled and the scopes are known.
for (const spend of spends) budgets.settle(budgets.reserve(spend).reservation_id, 0.5);
for (const spend of spends) budgets.check(spend);
await measure("nothing", () => {}, spends);
await measure("check", (spend) => budgets.check(spend), spends);
await measure("check, refused", (spend) => budgets.check({ ...spend, tenant_id: "used up" }), spends);
await measure("checkAsync", (spend) => budgets.checkAsync(spend), spends);
await measure("reserve", reserve, spends);
await measure("settle", (id) => budgets.settle(id, 0.5), held);
held = [];
spends.forEach(reserve);
await measure("release", (id) => budgets.release(id), held);
await measure("spend", (spend) => budgets.spend(spend, (one) => one.settle(0.5)), spends);
await iof.close();
