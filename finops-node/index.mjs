// The same classes for `import`: `instanceof` holds whichever way a module got them.
import iof from "./index.js";

export const {
  Iof,
  FinopsError,
  InvalidArgumentError,
  NotFoundError,
  ConflictError,
  MixedCurrenciesError,
  MoneyOverflowError,
  StorageError,
  CancelledError,
  ForbiddenError,
  BudgetExhaustedError,
  UnauthorizedError,
  backtest,
  detectAnomalies,
  eventSchema,
  forecast,
  verifyWebhook,
} = iof;
