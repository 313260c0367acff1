// The vectors that every language runs, through the public methods.
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import test from "node:test";
import { FinopsError } from "iof";
import { engine, folder } from "./fixtures/help.mjs";

const VECTORS = new URL("../../tests/vectors/", import.meta.url);
const names = existsSync(VECTORS) ? readdirSync(VECTORS).filter((name) => name.endsWith(".json")) : [];

/** The method for an operation: `costs.daily` is `finops.costs.daily`, `import_charges` is `finops.importCharges`. */
function method(finops, operation) {
  const path = operation.split(".").map((word) => word.replace(/_([a-z])/g, (_, letter) => letter.toUpperCase()));
  const owner = path.slice(0, -1).reduce((object, name) => object[name], finops);
  // What the gate of budgets answers or throws at once is awaited like everything else.
  return async (params) => owner[path.at(-1)](params);
}

/** The value with the folder in place of `$DIR`, and what was kept in place of its names. */
function placed(value, known) {
  if (typeof value === "string") {
    // From the end, so that a name goes before another one that it starts with.
    const names = Object.keys(known).sort().reverse();
    return names.reduce((text, name) => text.replaceAll(name, () => known[name]), value);
  }
  if (Array.isArray(value)) return value.map((item) => placed(item, known));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, placed(item, known)]));
}

/** Objects must have the fields that are wanted; everything else must be equal. */
function matches(got, want, where) {
  if (Array.isArray(want)) {
    assert.ok(Array.isArray(got), `${where}: got ${JSON.stringify(got)}`);
    assert.equal(got.length, want.length, `${where}: got ${JSON.stringify(got)}`);
    want.forEach((item, at) => matches(got[at], item, `${where}[${at}]`));
  } else if (typeof want === "object" && want !== null) {
    assert.ok(typeof got === "object" && got !== null, `${where}: got ${JSON.stringify(got)}`);
    for (const [name, item] of Object.entries(want)) {
      assert.ok(Object.hasOwn(got, name), `${where}.${name} is missing`);
      matches(got[name], item, `${where}.${name}`);
    }
  } else {
    assert.equal(got, want, where);
  }
}

function fails(error, { code, field, says }, where) {
  assert.ok(error instanceof FinopsError, `${where}: ${error.stack}`);
  assert.equal(error.code, code, `${where}: ${error.message}`);
  if (field !== undefined) assert.equal(error.field, field, `${where}: ${error.message}`);
  const said = says === undefined || error.message.includes(says);
  assert.ok(said, `${where}: "${error.message}" does not say "${says}"`);
}

test("vectors are there", { skip: names.length === 0 && "no vectors in tests/vectors" }, () => {});

for (const name of names) {
  const vector = JSON.parse(readFileSync(new URL(name, VECTORS), "utf8"));
  test(`${name}: ${vector.about}`, async (t) => {
    const here = await folder(t);
    for (const [file, content] of Object.entries(vector.files ?? {})) {
      const path = join(here, file);
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, content);
    }
    const { finops } = await engine(t, { now: vector.now, decimals: "string" });
    const known = { $DIR: here };
    for (const [at, { call, params = {}, answer, error, keep = {} }] of vector.steps.entries()) {
      const where = `step ${at + 1}, ${call}`;
      const [outcome] = await Promise.allSettled([method(finops, call)(placed(params, known))]);
      if (error !== undefined) {
        assert.equal(outcome.status, "rejected", `${where}: no error, but ${JSON.stringify(outcome.value)}`);
        fails(outcome.reason, error, where);
      } else {
        if (outcome.status === "rejected") throw outcome.reason;
        matches(outcome.value, placed(answer, known), where);
        for (const [name, field] of Object.entries(keep)) known[`$${name}`] = outcome.value[field];
      }
    }
  });
}
