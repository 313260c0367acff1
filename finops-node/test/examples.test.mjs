// The examples that need no framework run, as a user would run them.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { copyFile, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import test from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const here = dirname(fileURLToPath(import.meta.url));

// By hand: 400 new, 600 cached and 200 written tokens of one model, 500 and 100 of another.
const COSTS = `ten_001 llm_cached_tokens 0.000075
ten_001 llm_input_tokens 0.0005
ten_001 llm_output_tokens 0.002
ten_002 llm_input_tokens 0.0015
ten_002 llm_output_tokens 0.0015
total 0.005575 USD
`;

test("calls of language models are metered and priced", async (t) => {
  // Beside the tests, so that "iof" is this package.
  const script = join(here, "llm-usage-of-this-run.mjs");
  await copyFile(join(here, "../../examples/llm_usage.mjs"), script);
  t.after(() => rm(script, { force: true }));
  const { stdout } = await promisify(execFile)(process.execPath, [script], { timeout: 600_000 });
  assert.equal(stdout, COSTS);
});
