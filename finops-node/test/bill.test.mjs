// The sums of a published bill, which other tools come to as well.
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { engine } from "./fixtures/help.mjs";

const path = process.env.FINOPS_DATA ? join(process.env.FINOPS_DATA, "focus_sample.csv") : "";
const skip = existsSync(path) ? false : "FINOPS_DATA names no folder with focus_sample.csv of the FOCUS sample data";

test("the published bill adds up", { skip }, async (t) => {
  const { finops } = await engine(t, { decimals: "string" });
  const receipt = await finops.importCharges(path);
  assert.deepEqual([receipt.rows, receipt.charges, receipt.focus_version], [1000, 1000, "1.0"]);
  assert.equal(receipt.total_billed, "20.52022672899");
  assert.equal(receipt.total_effective, "14.97651418586");
  assert.equal(receipt.total_list, "20.39090575119");
  assert.equal(receipt.total_contracted, "14.97626039326");
  assert.equal(receipt.totals[0].contracted_unknown, 7);
  for (const view of ["billed", "effective", "list", "contracted"]) {
    const summary = await finops.getCostSummary({ period: "2024-09", view });
    assert.equal(summary.total_cost, receipt[`total_${view}`], view);
  }
});
