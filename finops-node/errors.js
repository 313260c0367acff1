// What goes wrong, as classes. Each has a stable `code`, and the `field` that it is about where there is one.
"use strict";

class FinopsError extends Error {
  constructor(code, message, field = null, options = undefined) {
    super(field === null ? message : `${field}: ${message}`, options);
    this.code = code;
    this.field = field;
  }

  get name() {
    return this.constructor.name;
  }
}

class InvalidArgumentError extends FinopsError {}
class NotFoundError extends FinopsError {}
class ConflictError extends FinopsError {}
class MixedCurrenciesError extends FinopsError {}
class MoneyOverflowError extends FinopsError {}
class StorageError extends FinopsError {}
class CancelledError extends FinopsError {}
class ForbiddenError extends FinopsError {}
class UnauthorizedError extends FinopsError {}

/** Has besides the `reason`, and `refused_by`: the budget that refused, where there is one to be named. */
class BudgetExhaustedError extends FinopsError {
  reason = null;
  refused_by = null;
}

const CLASSES = new Map([
  ["invalid_argument", InvalidArgumentError],
  ["not_found", NotFoundError],
  ["conflict", ConflictError],
  ["mixed_currencies", MixedCurrenciesError],
  ["overflow", MoneyOverflowError],
  ["storage", StorageError],
  ["cancelled", CancelledError],
  ["forbidden", ForbiddenError],
  ["budget_exhausted", BudgetExhaustedError],
  ["unauthorized", UnauthorizedError],
]);

function make(code, message, field, options) {
  const Class = CLASSES.get(code) ?? FinopsError;
  return new Class(code, message, field, options);
}

const invalid = (field, message) => make("invalid_argument", message, field);

const closed = () => make("conflict", "the engine is closed: open its location again");

const cancelled = (cause) => make("cancelled", "the call was cancelled; nothing has changed", null, { cause });

/** The error that the native module describes in its message; any other error as it is. */
function lift(error) {
  let parts;
  try {
    parts = JSON.parse(error.message);
  } catch {
    return error;
  }
  const { code, message, field, source, refused } = parts;
  const made = make(code, message, field, source === null ? undefined : { cause: new Error(source) });
  return refused ? Object.assign(made, { reason: refused.reason, refused_by: refused.refused_by }) : made;
}

const classes = Object.fromEntries([FinopsError, ...CLASSES.values()].map((Class) => [Class.name, Class]));

module.exports = { classes, invalid, closed, cancelled, lift };
