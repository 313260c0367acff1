// Budgets and their gate. All of it is exported by index.d.ts.

import type { CostView, Decimal, Decimals, Filter, Numeric, Page, Timestamp } from "./index";

/** What kind of thing a budget is for. */
export type ScopeLevel =
  | "platform"
  | "organization"
  | "tenant"
  | "workspace"
  | "user"
  | "team"
  | "component"
  | "cost_center"
  | "rail"
  | "provider"
  | "resource_group"
  | "resource"
  | "resource_type"
  | "tag";

/** What a budget is for: `{ level: "team", id: "search" }`; of a tag the id is `"env=prod"`, the platform has none. */
export interface BudgetScope {
  level: ScopeLevel;
  id?: string;
}

/** How often an amount is there anew. */
export type BudgetPeriod = "daily" | "weekly" | "monthly" | "quarterly" | "yearly";

/** Whether a budget lets spending through; a paused one is out of force, and lets everything through. */
export type BudgetLifecycle = "active" | "paused" | "exhausted";

/** How a period stands: below its first alert, from there on, from 100 % on, from 120 % on. */
export type BudgetHealth = "ON_TRACK" | "WARNING" | "EXCEEDED" | "CRITICAL";

/** How much may be spent, and in which period. */
export interface AllowanceParams {
  /** 0 or more. */
  amount: Numeric;
  currency: string;
  /** Whether it comes back; by default it does. */
  type?: "recurring" | "one_time";
  /** How often; of a recurring one. */
  period?: BudgetPeriod | null;
  /** The day on which it starts anew: 1 to 31 of the month, cut to its last; of a weekly one 1 (Monday) to 7. */
  reset_day?: number | null;
  /** Whose days and months are meant. By default UTC. */
  time_zone?: string;
  /** The first day on which it holds, such as `"2026-01-15"`. */
  start_date?: string | null;
  /** The first day on which it holds no more. */
  end_date?: string | null;
}

/** How much may be spent, and in which period. */
export interface Allowance<D extends Decimals = "number"> {
  amount: Decimal<D>;
  currency: string;
  type: "recurring" | "one_time";
  period?: BudgetPeriod;
  reset_day?: number;
  time_zone: string;
  start_date?: string;
  end_date?: string;
}

/** At which share of a budget what happens. */
export interface ThresholdParams {
  /** Above 0 up to 1000; 80 is 80 %. */
  percent: Numeric;
  /** Whether somebody is told, or also nothing more let through. */
  action: "alert" | "pause";
  /** Whether by what was spent, the default, or by what will have been at the end of the period. */
  basis?: "actual" | "forecasted";
}

/** At which share of a budget what happens. */
export interface Threshold<D extends Decimals = "number"> {
  percent: Decimal<D>;
  action: "alert" | "pause";
  basis: "actual" | "forecasted";
}

export interface BudgetParams {
  /** What people call it. */
  name: string;
  /** What it is good for. */
  description?: string | null;
  /** Whose it is; it then covers only what is that organization's. */
  organization_id?: string | null;
  /** What it is for. */
  scope: BudgetScope;
  /** What its charges must also be; no virtual dimensions. */
  filter?: Filter | null;
  /** How much, and in which period. */
  budget: AllowanceParams;
  /** 1 to 20. */
  thresholds: readonly ThresholdParams[];
  /** Which cost of a charge counts. By default `"effective"`. */
  view?: CostView;
  /** What the gate does with a spend of nothing when the budget is used up. By default `"allow"`. */
  zero_cost?: "allow" | "deny";
  /** Whether a threshold that was left by a refund is told of again when it is crossed again. By default false. */
  rearm?: boolean;
  /** What other currencies are worth in that of the budget: `{ EUR: "1.08" }`. */
  exchange_rates?: { readonly [currency: string]: Numeric };
  /** Whether it is in force. By default true. */
  enabled?: boolean;
}

/**
 * What is given takes the place of what a budget says, `null` takes back what it says, what is not given stays, in
 * `budget` too.
 */
export type BudgetChanges = { id: string } & Partial<Omit<BudgetParams, "budget" | "exchange_rates">> & {
  budget?: Partial<AllowanceParams>;
  exchange_rates?: { readonly [currency: string]: Numeric } | null;
};

/** How much may be spent on what in which period, and what happens at which share of it. */
export interface Budget<D extends Decimals = "number"> {
  id: string;
  name: string;
  description: string | null;
  organization_id: string | null;
  scope: BudgetScope;
  filter: Filter | null;
  budget: Allowance<D>;
  /** In ascending order. */
  thresholds: Threshold<D>[];
  view: CostView;
  zero_cost: "allow" | "deny";
  rearm: boolean;
  exchange_rates: { [currency: string]: Decimal<D> };
  status: BudgetLifecycle;
  /** Whether it is not paused. */
  enabled: boolean;
  created_at: Timestamp;
  updated_at: Timestamp;
}

export interface BudgetListParams {
  /** Only those of that level. */
  scope_level?: ScopeLevel | null;
  /** Only those for that one. */
  scope_id?: string | null;
  /** Only those of that organization. */
  organization_id?: string | null;
  /** Only those that are so. */
  status?: BudgetLifecycle | null;
  /** How many, 1 to 1000. By default 20. */
  limit?: number | null;
  /** How many to leave out before. */
  offset?: number | null;
}

/** A budget in few words: an amount a month for one thing, which `scope` or one of the next fields names. */
export interface BudgetAlertParams {
  /** What people call it. By default what it is for and how often. */
  name?: string | null;
  scope?: BudgetScope | null;
  organization?: string | null;
  tenant?: string | null;
  workspace?: string | null;
  rail?: string | null;
  cost_center?: string | null;
  team?: string | null;
  user?: string | null;
  provider?: string | null;
  /** How much. */
  amount: Numeric;
  /** By default that of the engine. */
  currency?: string | null;
  /** How often it starts anew. By default every month. */
  period?: BudgetPeriod | null;
  /** At which share somebody is told, besides 100 %: 80 and 0.8 mean the same. By default 80 %. */
  alert_threshold_pct?: Numeric | null;
  /** At which share the gate lets nothing more through: 100 and 1 mean the same. By default at none. */
  pause_at_pct?: Numeric | null;
}

/** What will have been spent at the end of the period. */
export interface BudgetForecast<D extends Decimals = "number"> {
  expected: Decimal<D>;
  lower: Decimal<D> | null;
  upper: Decimal<D> | null;
  probability_of_exceeding: Decimal<D> | null;
  /** When the amount will be used up; `null` when that is not before the period ends, or when it is already. */
  exhausts_at: Timestamp | null;
}

/** How a budget stands in the period that holds now. */
export interface BudgetStatus<D extends Decimals = "number"> {
  budget_id: string;
  /** `null`, as all that follows from it, when no period holds now. */
  period_start: Timestamp | null;
  period_end: Timestamp | null;
  amount: Decimal<D>;
  currency: string;
  /** What the cost query of the same filter, view and period answers; `null` when it is not known. */
  spent: Decimal<D> | null;
  /** What the gate has let through that is not settled yet. */
  reserved: Decimal<D>;
  /** The amount without what was spent and what is reserved. Below 0 when they are more. */
  remaining: Decimal<D> | null;
  percent: Decimal<D> | null;
  status: BudgetHealth | null;
  lifecycle: BudgetLifecycle;
  forecast: BudgetForecast<D> | null;
  thresholds_crossed: Threshold<D>[];
  /** How many charges of the period lack the cost, and so are not in what was spent. */
  unknown_costs: number;
}

/** A spend: how much, and for whom or what. Budgets cover it by the values that its charge will have. */
export interface SpendParams {
  /** What it costs, or may cost at most; leave it out when that is not known. */
  amount?: Numeric | null;
  /** By default that of the engine. */
  currency?: string | null;
  /** What happens without an amount: `"deny"`, the default, refuses; `"allow"` lets it through with nothing held. */
  on_unknown?: "deny" | "allow" | { estimate: Numeric };
  tenant_id?: string | null;
  workspace_id?: string | null;
  rail?: string | null;
  resource?: string | null;
  provider?: string | null;
  organization_id?: string | null;
  user_id?: string | null;
  service?: string | null;
  service_category?: string | null;
  resource_type?: string | null;
  resource_id?: string | null;
  region?: string | null;
  sub_account?: string | null;
  cluster?: string | null;
  namespace?: string | null;
  component_id?: string | null;
  team_id?: string | null;
  cost_center_id?: string | null;
  resource_group_id?: string | null;
  model?: string | null;
  workflow?: string | null;
  /** The tags that its charge will have. */
  tags?: { readonly [key: string]: string };
}

export interface ReserveParams extends SpendParams {
  /** For how long it holds: above 0, at most a week. By default 300. */
  ttl_seconds?: Numeric | null;
  /** The id of the reservation (`res_...`), where the caller makes it: the same again gets the same answer. */
  id?: string | null;
}

/** The budget that refused a spend, and its figures at that moment. */
export interface SpendRefusal<D extends Decimals = "number"> {
  budget_id: string;
  name: string;
  /** What spent and reserved together may reach; `null` where something else than the amount is the reason. */
  limit: Decimal<D> | null;
  threshold_percent: Decimal<D> | null;
  spent: Decimal<D> | null;
  reserved: Decimal<D>;
  requested: Decimal<D>;
  /** When its period ends. */
  until: Timestamp;
}

/** Whether a spend may happen, as of now. */
export interface SpendCheck<D extends Decimals = "number"> {
  decision: "allow" | "deny";
  /** How many budgets cover it; `null` when one refused, and on a narrowed engine. */
  budgets: number | null;
  reason: "limit" | "forecast" | "spent_unknown" | "unknown_price" | null;
  /** `null` too on a narrowed engine when the budget is not its own. */
  refused_by: SpendRefusal<D> | null;
}

/** A reservation, or why there is none. */
export interface SpendAnswer<D extends Decimals = "number"> extends SpendCheck<D> {
  /** `null` when it was refused. */
  reservation_id: string | null;
  expires_at: Timestamp | null;
  /** Whether the same was asked before, and this is the answer of that time. */
  repeated: boolean;
}

/** What settling did. */
export interface SpendSettled<D extends Decimals = "number"> {
  /** What counts as spent: always the whole amount. */
  posted: Decimal<D>;
  /** What was reserved and not needed. */
  released: Decimal<D>;
  /** More was spent than reserved. */
  overrun: boolean;
  /** The reservation had expired; what was spent counts all the same. */
  late: boolean;
}

/** What releasing did. */
export interface SpendReleased<D extends Decimals = "number"> {
  released: Decimal<D>;
}

/** A spend that is under way. */
export interface Spend<D extends Decimals = "number"> {
  readonly reservationId: string;
  /** What is held. */
  readonly amount: Decimal<D>;
  /** Says what it came to, once. When that fails, the amount is held until its time is over. */
  settle(amount: Numeric): Promise<SpendSettled<D>>;
  /** Lets go of the amount: nothing was spent, or it is metered. */
  release(): SpendReleased<D>;
}

/**
 * Budgets and their gate.
 *
 * The gate answers from memory, in microseconds, on the thread that calls. Once a second at most, after usage came in
 * or a threshold was crossed, it looks at budgets before it answers, which reads the store: the forms that end in
 * `Async` have that done on the thread pool. What was reserved lives in memory only; opening the engine again releases it.
 */
export interface Budgets<D extends Decimals = "number"> {
  /**
   * Makes a budget. What it covers counts from the start of its present period, whenever it came.
   *
   * ```js
   * const { budget_id } = await iof.finops.budgets.create({
   *   name: "Q1 AI spend", scope: { level: "organization", id: "org_xyz" },
   *   budget: { amount: 10000, currency: "USD", type: "recurring", period: "monthly", reset_day: 1 },
   *   thresholds: [{ percent: 75, action: "alert" }, { percent: 100, action: "pause" }],
   * });
   * ```
   */
  create(params: BudgetParams): Promise<{ budget_id: string }>;
  /** A page of them in the order of their making, those of cost centres last. */
  list(params?: BudgetListParams): Promise<Page<Budget<D>>>;
  /** With the status that it has now. Rejects with a `NotFoundError` when there is none. */
  get(id: string): Promise<Budget<D>>;
  get(params: { id: string }): Promise<Budget<D>>;
  /** Changes it; what was spent is compared with it at once. That of a cost centre changes with its centre. */
  update(params: BudgetChanges): Promise<Budget<D>>;
  /** Puts it out of force. Rejects with a `ConflictError` when it is paused already. */
  pause(id: string): Promise<Budget<D>>;
  pause(params: { id: string }): Promise<Budget<D>>;
  /** Puts it into force again; what was spent meanwhile counts. Rejects with a `ConflictError` unless it is paused. */
  resume(id: string): Promise<Budget<D>>;
  resume(params: { id: string }): Promise<Budget<D>>;
  /** What was charged stays; what is reserved is held by the others that cover it. */
  delete(id: string): Promise<{ deleted: true }>;
  delete(params: { id: string }): Promise<{ deleted: true }>;

  /** Whether a spend may happen now. Nothing is held: others may come first, unless it is reserved. */
  check(params: SpendParams): SpendCheck<D>;
  checkAsync(params: SpendParams): Promise<SpendCheck<D>>;
  /** Holds the amount of a spend in every budget that covers it, or in none. */
  reserve(params: ReserveParams): SpendAnswer<D>;
  reserveAsync(params: ReserveParams): Promise<SpendAnswer<D>>;
  /**
   * Says what a reservation came to. The whole amount counts as spent; it becomes a charge of billing account `gate`
   * with the next query. Who meters the same call with `recordUsage` releases the reservation instead: else it counts twice.
   */
  settle(reservationId: string, amount: Numeric): SpendSettled<D>;
  settle(params: { reservation_id: string; amount: Numeric }): SpendSettled<D>;
  settleAsync(reservationId: string, amount: Numeric): Promise<SpendSettled<D>>;
  settleAsync(params: { reservation_id: string; amount: Numeric }): Promise<SpendSettled<D>>;
  /** Lets go of what a reservation held: nothing was spent, or it is metered. */
  release(reservationId: string): SpendReleased<D>;
  release(params: { reservation_id: string }): SpendReleased<D>;
  releaseAsync(reservationId: string): Promise<SpendReleased<D>>;
  releaseAsync(params: { reservation_id: string }): Promise<SpendReleased<D>>;

  /**
   * Holds the amount of a spend while `work` runs, and gives what that gives. `spend.settle(actual)` says what it came
   * to; who returns without has spent what was reserved, and who throws has it released. Where the amount is not known
   * and let through (`on_unknown: "allow"`), who returns without gets an error, and nothing is spent. Rejects with a
   * `BudgetExhaustedError` when the spend is refused.
   *
   * ```js
   * const answer = await iof.finops.budgets.spend({ amount: 0.3, tenant_id: "ten_001" }, async (spend) => {
   *   const { text, cost } = await callTheModel();
   *   await spend.settle(cost);
   *   return text;
   * });
   * ```
   */
  spend<T>(params: ReserveParams, work: (spend: Spend<D>) => T | Promise<T>): Promise<T>;
}

/** The part of `finops` that is about budgets. */
export interface BudgetAlerts<D extends Decimals = "number"> {
  /** How much may be spent, and the gate that goes by it. */
  readonly budgets: Budgets<D>;

  /**
   * Makes a budget in few words.
   *
   * ```js
   * await iof.finops.setBudgetAlert({ rail: "trade-finance", amount: 5000, alert_threshold_pct: 0.8 });
   * ```
   */
  setBudgetAlert(params: BudgetAlertParams): Promise<{ budget_id: string }>;

  /** How a budget stands in the period that holds now. */
  getBudgetStatus(id: string): Promise<BudgetStatus<D>>;
  getBudgetStatus(params: { id: string }): Promise<BudgetStatus<D>>;
}
