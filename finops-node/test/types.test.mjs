// The types: what must pass the checker passes, and what must not does not.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import test from "node:test";

// TSC names a checker to run; without it, one that npm knows of here.
const [command, ...before] = process.env.TSC ? [process.env.TSC] : ["npx", "--no-install", "tsc"];
const shell = process.platform === "win32";
const tsc = (...args) => spawnSync(command, [...before, ...args], { encoding: "utf8", shell });

const version = tsc("--version");
const skip = version.status !== 0 && "TypeScript is not installed";

test("the types hold", { skip }, () => {
  const sample = fileURLToPath(new URL("fixtures/types.ts", import.meta.url));
  const options = ["--strict", "--noEmit", "--target", "es2022", "--lib", "esnext,dom", "--module", "nodenext"];
  const { status, stdout } = tsc(...options, sample);
  assert.equal(status, 0, stdout);
});
