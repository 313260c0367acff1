// Builds the native module with Cargo and puts it beside this file: node build.js [--debug]
"use strict";

const { spawnSync } = require("node:child_process");
const { copyFileSync, renameSync } = require("node:fs");
const { join } = require("node:path");

function fail(message) {
  console.error(`iof: ${message}`);
  process.exit(1);
}

function build(profile) {
  const args = ["build", "--message-format=json-render-diagnostics", "--package=finops-node", ...profile];
  const stdio = ["ignore", "pipe", "inherit"];
  const cargo = spawnSync("cargo", args, { cwd: __dirname, encoding: "utf8", maxBuffer: 2 ** 28, stdio });
  if (cargo.error?.code === "ENOENT") fail("cargo is missing: install Rust from https://rustup.rs and run this again");
  if (cargo.error) fail(`cargo does not start: ${cargo.error.message}`);
  if (cargo.status !== 0) fail("cargo could not build the native module; its messages are above");
  return cargo.stdout;
}

/** The library among the messages that Cargo writes, one JSON object a line. */
function library(messages) {
  const parsed = messages.split("\n").filter(Boolean).map((line) => JSON.parse(line));
  const built = parsed.find((message) => message.target?.name === "finops_node" && message.filenames);
  return built?.filenames.find((name) => /\.(so|dylib|dll)$/.test(name)) ?? fail("cargo named no library");
}

const options = process.argv.slice(2);
if (options.some((option) => option !== "--debug")) fail("usage: node build.js [--debug]");

const module_ = join(__dirname, "iof.node");
copyFileSync(library(build(options.length ? [] : ["--release"])), `${module_}.new`);
// A process that has the old module open keeps it whole.
renameSync(`${module_}.new`, module_);
