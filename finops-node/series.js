// Plain series: forecasts and anomalies of numbers that need no store. What they take and give is described in
// forecast.d.ts and anomalies.d.ts.
"use strict";

const { onSeries } = require("./native.js");
const { invalid } = require("./errors.js");
const { isPlain, json } = require("./input.js");
const { rethrow } = require("./session.js");

/** The values as doubles, NaN for what is unknown: so nobody can give NaN himself. */
function doubles(values) {
  if (typeof values?.[Symbol.iterator] !== "function" || typeof values === "string") {
    throw invalid("values", "must be a list of numbers, and null for what is unknown");
  }
  return Float64Array.from(values, (value, place) => {
    if (value === null) return Number.NaN;
    if (typeof value === "number" && !Number.isNaN(value)) return value;
    throw invalid("values", `value ${place} is ${String(value)}: give finite numbers, and null for what is unknown`);
  });
}

async function asked(what, values, options) {
  const given = isPlain(values) && options === undefined ? values : { ...options, values };
  if (options !== undefined && !isPlain(options)) throw invalid(null, "the options must be an object");
  const { values: numbers, ...known } = given;
  return JSON.parse(await onSeries(doubles(numbers), json(known), what).catch(rethrow));
}

/** Forecasts a series. */
function forecast(values, options) {
  return asked("forecast", values, options);
}

/** Tries a model on the past of a series. */
function backtest(values, options) {
  return asked("backtest", values, options);
}

/** Finds what is unusual in a series. */
function detectAnomalies(values, options) {
  return asked("anomalies", values, options);
}

module.exports = { backtest, detectAnomalies, forecast };
