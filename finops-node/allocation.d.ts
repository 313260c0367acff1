// Who bears what, and by which rules. All of it is exported by index.d.ts.

import type { AsOf, CostView, DataHealth, Dimension, DimensionKeys } from "./index";
import type { Decimal, Decimals, Filter, Numeric, Page, QueryOptions, Time, Timestamp } from "./index";
import type { Statements } from "./statements";

// --- Rules of allocation ---

/** How what a rule holds is shared out. The source of `idle` is idle cost, which goes first. */
export type AllocationMethod =
  | "direct" | "even" | "weighted" | "fixed" | "fixed_amount" | "tiered" | "proportional" | "idle";

/** What becomes of what cannot be shared out. By default `keep`. */
export type AllocationFallback = "keep" | "even" | "error";

/** Whether who caused idle cost bears it, or it stays apart, which is the default. */
export type AllocationIdle = "share" | "separate";

/** Who bears a part, going in: beside the centre what the method wants, and nothing else. */
export interface AllocationTargetParams {
  cost_center: string;
  /** Of `direct` by a dimension: which values are the centre's. */
  value?: string | readonly string[];
  /** Of `weighted`. */
  weight?: Numeric;
  /** Of `fixed` and `tiered`; those of one list add up to exactly 100. */
  percent?: Numeric;
  /** Of `fixed_amount`, in a calendar month of UTC. */
  amount?: Numeric;
}

/** A part of a pool by its size in a calendar month of UTC. The last one takes the rest and has `up_to: null`. */
export interface AllocationTierParams {
  up_to: Numeric | null;
  targets: readonly AllocationTargetParams[];
}

/** The fields of methods; a rule has those of its own. */
export interface AllocationMethodParams {
  targets?: readonly AllocationTargetParams[] | null;
  /** Of `direct`: the dimension whose values say whose a charge is. Without `targets` they are ids or names. */
  by?: Dimension | null;
  /** Of `proportional`. By default `"direct_cost"`. */
  base?: "direct_cost" | { readonly meter: string } | null;
  /** Of `proportional` to direct cost and `idle`: each cut by these values goes only to cost with the same ones. */
  within?: readonly Dimension[] | null;
  /** Of `proportional` to a meter: how much of it the source could serve in a month; the rest is idle. */
  capacity?: Numeric | null;
  /** Of `tiered`. */
  tiers?: readonly AllocationTierParams[] | null;
  fallback?: AllocationFallback | null;
  /** Of `idle`, and of `proportional` with a capacity. */
  idle?: AllocationIdle | null;
  /** Its stage; lower ones hold charges first. By default 0. */
  order?: number | null;
  /** The first instant that it holds no more: the start of a calendar month in UTC. */
  effective_to?: Time | null;
  /** Of `fixed_amount` and `tiered`: that of the amounts. */
  currency?: string | null;
  /** To how many decimals shares are cut, 0 to 18. What the source has beyond them goes along. */
  decimals?: number | null;
}

export interface AllocationRuleParams extends AllocationMethodParams {
  name: string;
  /** Which charges it holds, unless a rule before it does. */
  source: Filter;
  method: AllocationMethod;
  /** The first instant of charges that it holds: the start of a calendar month in UTC. */
  effective_from: Time;
}

/** What is given takes the place of what a rule says, `null` takes back what it says, what is not given stays. */
export interface AllocationRuleChanges extends AllocationMethodParams {
  id: string;
  name?: string;
  source?: Filter;
  /** With another one, the fields of the one before go. */
  method?: AllocationMethod;
  effective_from?: Time;
}

/** Who bears a part. */
export interface AllocationTarget<D extends Decimals = "number"> {
  cost_center: string;
  value?: string | string[];
  weight?: Decimal<D>;
  percent?: Decimal<D>;
  amount?: Decimal<D>;
}

/** A rule of allocation, with the fields of its method. */
export interface AllocationRule<D extends Decimals = "number"> {
  id: string;
  name: string;
  source: Filter;
  method: AllocationMethod;
  by?: string;
  targets?: AllocationTarget<D>[];
  base?: "direct_cost" | { meter: string };
  within?: string[];
  capacity?: Decimal<D>;
  tiers?: { up_to: Decimal<D> | null; targets: AllocationTarget<D>[] }[];
  fallback?: AllocationFallback;
  idle?: AllocationIdle;
  order: number;
  effective_from: Timestamp;
  effective_to?: Timestamp;
  currency?: string;
  decimals: number;
}

/** The rules by which cost is shared out. */
export interface AllocationRules<D extends Decimals = "number"> {
  /**
   * Makes a rule: it holds the charges that its source matches and no rule before it holds, and shares them out.
   *
   * ```js
   * await iof.finops.allocation.rules.create({
   *   name: "platform", source: { namespace: "platform" }, method: "fixed", effective_from: "2024-01-01T00:00:00Z",
   *   targets: [{ cost_center: shop.id, percent: 60 }, { cost_center: search.id, percent: 40 }],
   * });
   * ```
   */
  create(params: AllocationRuleParams): Promise<AllocationRule<D>>;
  get(id: string): Promise<AllocationRule<D>>;
  get(params: { id: string }): Promise<AllocationRule<D>>;
  /** A page of them, in the order in which they hold charges. */
  list(params?: { limit?: number | null; offset?: number | null }): Promise<Page<AllocationRule<D>>>;
  update(params: AllocationRuleChanges): Promise<AllocationRule<D>>;
  delete(id: string): Promise<{ deleted: true }>;
  delete(params: { id: string }): Promise<{ deleted: true }>;
}

// --- Who bears what ---

/** What questions about allocations have in common. */
export interface AllocationQuery {
  /** A period such as `"2024-01"`. Without any time: the thirty days up to tonight. */
  period?: string | null;
  /** Instead, a window such as `"lastmonth"`. */
  window?: string | null;
  /** Instead, the first day, as a date or an instant. */
  start_date?: Time | null;
  /** And the end, exclusive. */
  end_date?: Time | null;
  /** Which cost is allocated and bases are taken from. By default `"effective"`. */
  view?: CostView;
  /** Only what is charged in that currency. By default each currency by itself; nothing is converted. */
  currency?: string | null;
  /** Where days begin and periods lie. By default `"UTC"`. */
  time_zone?: string;
  /** Charges as of which state of the store: its number, or an instant. By default the present one. */
  as_of?: AsOf | null;
}

export interface AllocationRunParams<G extends Dimension = never> extends AllocationQuery {
  /**
   * Which lines to give, after everything is shared out: by `cost_center`, who bears or caused it, and by the values of
   * the direct cost in whose favour a line is.
   */
  filter?: Filter | null;
  /** What else to tell items apart by: anything but `cost_center`. */
  group_by?: G | readonly G[];
  /** How many items, 1 to 1000. By default all. */
  limit?: number | null;
  /** How many items to leave out before. */
  offset?: number | null;
}

/** Why somebody bears a cost, or that nobody does. */
export type LineKind = "direct" | "shared" | "idle" | "unallocated";

/** What came in and what went out in a currency. */
export interface AllocationTotal<D extends Decimals = "number"> {
  currency: string;
  /** Null when the cost of all charges is unknown, as with the two that follow. */
  total_in: Decimal<D> | null;
  /** The same to the last digit, or there is no answer. */
  total_out: Decimal<D> | null;
  /** What those lines come to that the filter lets through. */
  cost: Decimal<D> | null;
  /** How many charges lack the cost; they are in no sum. */
  unknown_costs: number;
}

/** What a centre bears in a currency; `null` stands for what nobody bears. */
export interface CenterCost<D extends Decimals = "number"> {
  cost_center_id: string | null;
  cost_center_name: string | null;
  currency: string;
  /** The sum of what is known of the four that follow; of each `null` when that of all its charges is unknown. */
  cost: Decimal<D> | null;
  direct: Decimal<D> | null;
  shared: Decimal<D> | null;
  idle: Decimal<D> | null;
  unallocated: Decimal<D> | null;
}

/** What a centre bears by one rule, or as its own; or what nobody bears. */
export type AllocationItem<D extends Decimals = "number", G extends Dimension = never> = DimensionKeys<G> & {
  cost_center_id: string | null;
  cost_center_name: string | null;
  /** Who caused idle cost that nobody bears. */
  caused_by_id: string | null;
  caused_by_name: string | null;
  kind: LineKind;
  currency: string;
  cost: Decimal<D> | null;
  direct: Decimal<D> | null;
  shared: Decimal<D> | null;
  idle: Decimal<D> | null;
  unallocated: Decimal<D> | null;
  billed_cost: Decimal<D> | null;
  effective_cost: Decimal<D> | null;
  contracted_cost: Decimal<D> | null;
  list_cost: Decimal<D> | null;
  rule_id: string | null;
  rule_name: string | null;
  method: AllocationMethod | null;
  /** The rule of the pool that idle cost came by. */
  pool_rule_id: string | null;
  /** Which part of the pool it is; `null` where several stretches of time came together. */
  ratio: Decimal<D> | null;
  /** What the share was weighed by: direct cost, quantity, weight, percentage or amount. */
  base: Decimal<D> | null;
  /** The values by which the pool was cut. */
  source: { [dimension: string]: string | null };
  unknown_costs: number;
};

/** What a run came upon that somebody should know. */
export interface AllocationFinding {
  code: "negative_base" | "unknown_base" | "zero_base" | "over_capacity" | "other_currency" | "unknown_value";
  rule_id: string;
  cost_center_id: string | null;
  message: string;
}

/** Who bears what a period cost. */
export interface AllocationRun<D extends Decimals = "number", G extends Dimension = never> {
  period: string | null;
  window_start: Timestamp;
  /** Exclusive. */
  window_end: Timestamp;
  view: CostView;
  /** `null` with several currencies, as the next two, or without any charge. */
  currency: string | null;
  total_in: Decimal<D> | null;
  total_out: Decimal<D> | null;
  totals: AllocationTotal<D>[];
  /** By currency, the largest first, and last what nobody bears. */
  cost_centers: CenterCost<D>[];
  /** How many items there are, on all pages. */
  count: number;
  items: AllocationItem<D, G>[];
  findings: AllocationFinding[];
  data_health: DataHealth<D>;
  snapshot: number;
}

export interface AllocationWhatIfParams extends AllocationQuery {
  /** The rules in place of all that there are; one may have the `id` that it has. */
  rules: readonly (AllocationRuleParams & { id?: string | null })[];
}

/** What a centre would pay more or less; `null` stands for what nobody bears. */
export interface AllocationChange<D extends Decimals = "number"> {
  cost_center_id: string | null;
  cost_center_name: string | null;
  currency: string;
  before: Decimal<D>;
  after: Decimal<D>;
  /** Above zero it would pay more. */
  change: Decimal<D>;
  change_pct: Decimal<D> | null;
}

/** What other rules would change. */
export interface AllocationWhatIf<D extends Decimals = "number"> {
  period: string | null;
  window_start: Timestamp;
  /** Exclusive. */
  window_end: Timestamp;
  view: CostView;
  currency: string | null;
  /** How many centres would pay more or less. */
  changed: number;
  /** By currency, the largest change first. */
  items: AllocationChange<D>[];
  findings: AllocationFinding[];
  data_health: DataHealth<D>;
  snapshot: number;
}

export interface AllocationCoverageParams<G extends Dimension = never> extends AllocationQuery {
  /** Which lines to look at, after everything is shared out. */
  filter?: Filter | null;
  /** What to tell apart what nobody bears by. By default service and sub-account. */
  group_by?: G | readonly G[] | null;
  /** How many of the largest pieces, 1 to 1000. By default 20. */
  limit?: number | null;
}

/** What of the cost in a currency is borne. */
export interface CurrencyCoverage<D extends Decimals = "number"> {
  currency: string;
  cost: Decimal<D>;
  direct: Decimal<D>;
  shared: Decimal<D>;
  idle: Decimal<D>;
  unallocated: Decimal<D>;
  /** What centres bear. */
  attributed: Decimal<D>;
  /** The part of the cost that is; `null` when the cost is zero. */
  attributed_share: Decimal<D> | null;
}

/** A piece of the cost that nobody bears. */
export type UnattributedPiece<D extends Decimals = "number", G extends Dimension = Dimension> = DimensionKeys<G> & {
  currency: string;
  cost: Decimal<D>;
  /** The part of the cost in that currency. */
  share: Decimal<D> | null;
};

/** How much of the cost somebody bears. */
export interface AllocationCoverage<D extends Decimals = "number", G extends Dimension = Dimension> {
  period: string | null;
  window_start: Timestamp;
  /** Exclusive. */
  window_end: Timestamp;
  view: CostView;
  currencies: CurrencyCoverage<D>[];
  /** How many pieces there are that nobody bears. */
  count: number;
  unattributed: UnattributedPiece<D, G>[];
  data_health: DataHealth<D>;
  snapshot: number;
}

/** Who bears what. */
export interface Allocation<D extends Decimals = "number"> extends Statements<D> {
  /** The rules by which cost is shared out. */
  readonly rules: AllocationRules<D>;
  /**
   * Who bears what a period cost: own charges, shares of pools and of idle cost, and what nobody bears. What comes out
   * is what came in, to the last digit.
   *
   * ```js
   * const { cost_centers } = await iof.finops.allocation.run({ period: "2024-01", group_by: "service" });
   * ```
   */
  run<const G extends Dimension = never>(
    params?: AllocationRunParams<G>,
    options?: QueryOptions,
  ): Promise<AllocationRun<D, G>>;
  /** Who would pay more and who less by other rules. Nothing is changed. */
  whatIf(params: AllocationWhatIfParams, options?: QueryOptions): Promise<AllocationWhatIf<D>>;
  /** How much of the cost somebody bears, and the largest pieces that nobody does. */
  coverage<const G extends Dimension = "service" | "sub_account">(
    params?: AllocationCoverageParams<G>,
    options?: QueryOptions,
  ): Promise<AllocationCoverage<D, G>>;
}
