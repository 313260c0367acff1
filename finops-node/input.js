// Parameters on their way to the engine, as JSON text. What JSON cannot hold is refused, never bent.
"use strict";

const { types } = require("node:util");
const { fileURLToPath } = require("node:url");
const { invalid } = require("./errors.js");

const DEPTH_MAX = 64;

/** Whether it is an object without a class, of this or another realm. */
function isPlain(value) {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

function checked(text, field) {
  if (!text.isWellFormed()) throw invalid(field, "holds half a surrogate pair, which is no text");
  return text;
}

/** What becomes of a number or a Date that stands for nothing: it is refused. */
function refuse(value, field) {
  throw invalid(field, typeof value === "number" ? `must be a finite number, got ${value}` : "is an invalid Date");
}

/**
 * A whole number that a double holds exactly stays a number. Any other becomes the shortest decimal that prints it, so
 * that 0.1 is one tenth.
 */
function fromNumber(value, field, odd) {
  if (!Number.isFinite(value)) return odd(value, field);
  return Number.isSafeInteger(value) ? value : String(value);
}

function fromUrl(url, field) {
  if (url.protocol !== "file:") throw invalid(field, `must be a path or a file: URL, got ${url.protocol}`);
  return checked(fileURLToPath(url), field);
}

function fromObject(value, field, above, odd) {
  if (above.includes(value)) throw invalid(field, "contains itself");
  if (above.length >= DEPTH_MAX) throw invalid(field, `is nested deeper than ${DEPTH_MAX} levels`);
  const inside = [...above, value];
  if (Array.isArray(value)) {
    return Array.from(value, (item) => {
      if (item === undefined) throw invalid(field, "is a list with an undefined item");
      return convert(item, field, inside, odd);
    });
  }
  if (typeof value.toJSON === "function") return convert(value.toJSON(), field, inside, odd);
  if (!isPlain(value)) throw invalid(field, `must be a plain value, got a ${value.constructor?.name ?? "class"}`);
  return fields(value, (name, item) => convert(item, field, inside, odd), field);
}

/** The fields that are not undefined, on an object that inherits nothing: a field may have any name. */
function fields(object, one, field = null) {
  const out = Object.create(null);
  for (const [name, item] of Object.entries(object)) {
    if (item !== undefined) out[checked(name, field)] = one(name, item);
  }
  return out;
}

function convert(value, field, above, odd = refuse) {
  switch (typeof value) {
    case "string":
      return checked(value, field);
    case "number":
      return fromNumber(value, field, odd);
    case "bigint":
      return String(value);
    case "boolean":
      return value;
    case "object":
      if (value === null) return null;
      if (types.isDate(value)) {
        return Number.isNaN(value.getTime()) ? odd(value, field) : value.toISOString();
      }
      return value instanceof URL ? fromUrl(value, field) : fromObject(value, field, above, odd);
    default:
      throw invalid(field, `must not be a ${typeof value}`);
  }
}

/** An object of parameters as JSON text. Errors name its field. */
function json(params) {
  if (!isPlain(params)) throw invalid(null, "the parameters must be an object such as { period: \"2024-01\" }");
  return JSON.stringify(fields(params, (field, value) => convert(value, field, [params])));
}

/** Events as JSON text. A number or Date that stands for nothing is text, by which the core rejects its event alone. */
function events(value, field) {
  const isObject = typeof value === "object" && value !== null;
  if (!isObject) throw invalid(field, `must be an event or a list, got ${typeof value}`);
  return JSON.stringify(convert(value, field, [], String));
}

/** A path as text, from text or a file: URL. */
function path(value, field) {
  if (typeof value === "string") return checked(value, field);
  if (value instanceof URL) return fromUrl(value, field);
  throw invalid(field, `must be a path or a file: URL, got ${value === null ? "null" : typeof value}`);
}

/** One object out of a first argument that stands by itself or is that object already, and further options. */
function merged(field, first, options) {
  if (!isPlain(options)) throw invalid(null, "the options must be an object");
  if (isPlain(first)) return { ...first, ...options };
  if (field in options) throw invalid(field, "is given twice");
  return { ...options, [field]: first };
}

/** A text. */
function text(value, field) {
  if (typeof value !== "string") throw invalid(field, `must be text, got ${typeof value}`);
  return checked(value, field);
}

module.exports = { events, isPlain, json, merged, path, text };
