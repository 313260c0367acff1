// Loads the native module that build.js puts beside this file.
"use strict";

function load() {
  try {
    return require("./iof.node");
  } catch (error) {
    const missing = error.code === "MODULE_NOT_FOUND";
    const what = missing ? "is not built" : `cannot be loaded on ${process.platform}-${process.arch}`;
    const advice = `Run "node build.js" in ${__dirname}; it needs Rust from https://rustup.rs.`;
    throw new Error(`The native module of iof ${what}. ${advice}`, { cause: error });
  }
}

module.exports = load();
