// The JavaScript of the README runs.
import assert from "node:assert/strict";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import test from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";
import { billFile, folder } from "./fixtures/help.mjs";

const here = dirname(fileURLToPath(import.meta.url));

test("the JavaScript of the README runs", async (t) => {
  const readme = await readFile(join(here, "../../README.md"), "utf8");
  const blocks = [...readme.matchAll(/```js\n([\s\S]*?)```/g)].map(([, code]) => code);
  assert.equal(blocks.length, 4);
  // As one module, which imports once.
  const once = 'import { Iof } from "iof";\n';
  const code = once + blocks.map((block) => block.replace(once, "")).join("\n");
  const place = await folder(t);
  await mkdir(join(place, "bills"));
  // What a file holds is told by its content, not by its name.
  const bill = await readFile(await billFile(t, [{ cost: "1.5" }]), "utf8");
  await writeFile(join(place, "bills/2024-09.parquet"), bill.replaceAll("2024-01", "2024-09").replaceAll("2024-02", "2024-10"));
  // Beside the tests, so that "iof" is this package.
  const script = join(here, "readme-of-this-run.mjs");
  await writeFile(script, `${code}\nexport { summary, daily, accepted, used, bill, said, status };\n`);
  t.after(() => rm(script, { force: true }));
  const before = process.cwd();
  process.chdir(place);
  t.after(() => process.chdir(before));
  const { summary, daily, accepted, used, bill: owed, said, status } = await import(pathToFileURL(script));
  assert.equal(summary.total_cost, 1.5);
  assert.equal(daily.summary.total_period, 1.5);
  assert.equal(accepted, 1);
  assert.equal(owed.tenant_id, "ten_001");
  assert.deepEqual([said, status.spent, status.reserved], ["what the model said", 0.12, 0]);
  assert.deepEqual(used.items.map(({ resource, api_calls, payments }) => [resource, api_calls, payments]), [
    ["api_calls", 2, null], ["payments", null, 1],
  ]);
});
