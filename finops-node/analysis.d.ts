// Where costs go and where they come from, and the files behind them. All of it is exported by index.d.ts.

import type { BreakdownParams, Granularity, QueryOptions } from "./costs";
import type {
  AsOf, CostView, DataHealth, Decimal, Decimals, Dimension, DimensionKeys, Filter, Numeric, Time, Timestamp,
} from "./index";

/** What these queries have in common. */
export interface AnalysisQuery {
  /** A window such as `"30d"` or `"lastmonth"`. */
  window?: string | null;
  /** Instead, a period such as `"2024"` or `"2024-01"`. Without any time, the thirty days up to tonight. */
  period?: string | null;
  /** Which charges count. By default all. */
  filter?: Filter | null;
  /** The currency of the answer. By default the one that all charges have. */
  currency?: string | null;
  /** Which cost is added up. By default `"effective"`. */
  view?: CostView;
  /** What one unit of each other currency is worth in `currency`. */
  exchange_rates?: { readonly [currency: string]: Numeric };
  /** Where days begin and periods lie. By default `"UTC"`. */
  time_zone?: string;
  /** As of which state of the store: its number, or an instant. By default the present one. */
  as_of?: AsOf | null;
}

/** A further way to say the time. */
export interface DatedQuery extends AnalysisQuery {
  /** Instead, the first day, as a date or an instant. */
  start_date?: Time | null;
  /** And the end, exclusive. */
  end_date?: Time | null;
}

// --- Trends ---

export interface TrendsParams<G extends Dimension = never> extends DatedQuery {
  /** How long the points are. By default `"daily"`. */
  granularity?: Granularity | null;
  /** A dimension, or up to eight of them: a series for each group. */
  group_by?: G | readonly G[];
  /** How many groups, those that cost most, 1 to 1000. By default 20. */
  limit?: number | null;
}

/** What an hour, a day, a week or a month cost. */
export interface TrendPoint<D extends Decimals = "number"> {
  date: Timestamp;
  /** `null` when no imported bill reaches it, or none of its charges has a known cost. */
  total: Decimal<D> | null;
  /** Against the point before, in percent; `null` where either is unknown or not complete, or the one before is zero. */
  change_pct: Decimal<D> | null;
  /** Whether the window holds all of it, and it is over. */
  complete: boolean;
}

/** How the costs of a group went. */
export type TrendSeries<D extends Decimals = "number", G extends Dimension = Dimension> = DimensionKeys<G> & {
  total: Decimal<D> | null;
  points: TrendPoint<D>[];
};

/** How costs went. */
export interface Trends<D extends Decimals = "number", G extends Dimension = Dimension> {
  window_start: Timestamp;
  /** Exclusive. */
  window_end: Timestamp;
  granularity: Granularity;
  time_zone: string;
  currency: string | null;
  view: CostView;
  /** How many series there are, with those that the limit leaves out. */
  count: number;
  /** Those that cost most first; without groups the one of everything. */
  series: TrendSeries<D, G>[];
  data_health: DataHealth<D>;
  snapshot: number;
}

// --- Top drivers ---

export interface TopDriversParams<G extends Dimension = "service"> extends AnalysisQuery {
  /** What to compare with: a length such as `"7d"` directly before the window, or another window as seen from now. */
  compare_window?: string | null;
  /** Instead, a period. Without either, the span of equal length directly before; of a month, the month before. */
  compare_period?: string | null;
  /** What a driver is. By default `"service"`. */
  group_by?: G | readonly G[];
  /** By default `"cost"`; `"change"` has those first that changed most, up or down. */
  order?: "cost" | "change";
  /** How many, 1 to 1000. By default 10. */
  limit?: number | null;
}

/** What costs something, and how that changed. */
export type Driver<D extends Decimals = "number", G extends Dimension = Dimension> = DimensionKeys<G> & {
  /** Zero when it is gone. */
  cost: Decimal<D> | null;
  share: Decimal<D> | null;
  /** Zero when it is new; `null` when no bill covers the earlier span. */
  previous_cost: Decimal<D> | null;
  change: Decimal<D> | null;
  /** In percent. */
  change_pct: Decimal<D> | null;
  /** `null` when that cannot be told. */
  status: "new" | "gone" | "changed" | "unchanged" | null;
};

/** What costs most, and how that changed. */
export interface TopDrivers<D extends Decimals = "number", G extends Dimension = Dimension> {
  window_start: Timestamp;
  window_end: Timestamp;
  compare_start: Timestamp;
  compare_end: Timestamp;
  time_zone: string;
  currency: string | null;
  view: CostView;
  order: "cost" | "change";
  total_cost: Decimal<D> | null;
  previous_cost: Decimal<D> | null;
  change: Decimal<D> | null;
  change_pct: Decimal<D> | null;
  /** How many drivers there are, new and gone ones included. */
  count: number;
  items: Driver<D, G>[];
  data_health: DataHealth<D>;
  /** Of the earlier span; its estimated share is not worked out. */
  compare_health: DataHealth<D>;
  snapshot: number;
}

// --- Unit costs ---

/** What the platform meters. */
export type MeteredResource =
  | "api_calls"
  | "ledger_transactions"
  | "search_queries"
  | "storage"
  | "compute"
  | "bandwidth";

export interface UnitParams<G extends Dimension = never> extends DatedQuery {
  /** What the cost is divided by. */
  per: MeteredResource;
  /** Of how many units the cost is given, such as 1000. By default 1. */
  scale?: number | null;
  /** Which charges the quantity is read from. By default all for which the platform metered `per`. */
  per_filter?: Filter | null;
  /** How long the spans are that are told apart. By default the window is one. */
  granularity?: Granularity | null;
  /** A dimension, or up to eight of them. */
  group_by?: G | readonly G[];
}

/** A cost, a quantity, and the one by the other. */
export interface UnitCost<D extends Decimals = "number"> {
  cost: Decimal<D> | null;
  /** What the platform metered; `null` when it metered nothing. */
  quantity: Decimal<D> | null;
  /** Of `scale` units; `null` when the quantity is zero or unknown. */
  cost_per_unit: Decimal<D> | null;
}

/** What something that is metered costs. */
export interface UnitCosts<D extends Decimals = "number", G extends Dimension = Dimension> {
  per: MeteredResource;
  scale: number;
  window_start: Timestamp;
  window_end: Timestamp;
  granularity: Granularity | null;
  time_zone: string;
  currency: string | null;
  view: CostView;
  /** The groups that cost most first, within each the spans in order, with `granularity`. */
  items: (DimensionKeys<G> & UnitCost<D> & { date?: Timestamp })[];
  total: UnitCost<D>;
  data_health: DataHealth<D>;
  snapshot: number;
}

// --- What is behind a figure ---

export interface ExplainParams extends DatedQuery {
  /** How many charges to show, 1 to 1000. By default 10. */
  limit?: number | null;
}

/** An import that charges came with. */
export interface Origin {
  import_id: string;
  imported_at: Timestamp;
}

/** What a bill contributes. */
export interface Source<D extends Decimals = "number"> {
  billing_account_id: string;
  /** Such as `2024-09`. */
  billing_period: string;
  charges: number;
  cost: Decimal<D> | null;
  /** The imports that the bill came with, in the order of their coming; several when files were added. */
  imports: Origin[];
}

/** What a figure came from. */
export interface Explanation<D extends Decimals = "number"> {
  window_start: Timestamp;
  window_end: Timestamp;
  total_cost: Decimal<D> | null;
  currency: string | null;
  view: CostView;
  charges: number;
  /** Charges without a cost in the view; they are in no sum. */
  unknown_costs: number;
  /** They add up to the total. */
  sources: Source<D>[];
  /** The charges with the largest cost, up or down, each with the fields that it has. */
  largest: { [field: string]: string | Decimal<D> }[];
  /** What charges of usage among them came from, as it is counted and rated now; empty for an earlier state. */
  usage: UsageSource<D>[];
  data_health: DataHealth<D>;
  snapshot: number;
}

/** What charges of usage came from: a meter of a tenant in a month. */
export interface UsageSource<D extends Decimals = "number"> {
  tenant_id: string;
  meter: string;
  /** Such as `2024-09`. */
  period: string;
  events: number;
  first_event: Timestamp | null;
  last_event: Timestamp | null;
  quantity: Decimal<D>;
  unit: string;
  amount: Decimal<D>;
  currency: string | null;
  unpriced: Decimal<D>;
  /** The versions that held, in the order of time. */
  prices: {
    id: string | null;
    revision: number;
    model: string;
    rounding: unknown;
    metered: Decimal<D>;
    /** After conversion and what is free. */
    units: Decimal<D>;
  }[];
  /** How the quantity became the amount, step by step, for people. */
  path: string;
}

/** How a question was answered. */
export interface Plan {
  groups: number;
  /** How many charges the groups are made of. */
  rows: number;
  segments: number;
  scanned_segments: number;
  days_from_totals: number;
  rows_from_cube: number;
  rows_from_days: number;
  rows_from_columns: number;
  rows_from_parquet: number;
  bytes_read: number;
  grouping: "none" | "dense" | "hash" | "plain";
  threads: number;
  rebuilt_segments: number;
  snapshot: number;
}

// --- What a restatement changed ---

export interface DiffParams<G extends Dimension = never> extends Omit<AnalysisQuery, "as_of"> {
  /** The number of the earlier state; answers name theirs as `snapshot`. */
  snapshot_a: number;
  /** The number of the later one. */
  snapshot_b: number;
  /** A dimension, or up to eight of them. Without, the totals alone. */
  group_by?: G | readonly G[];
  /** How many items, 1 to 1000. By default all. */
  limit?: number | null;
  offset?: number | null;
}

/** A cost in two states. */
export interface DiffFigures<D extends Decimals = "number"> {
  cost_a: Decimal<D> | null;
  cost_b: Decimal<D> | null;
  change: Decimal<D> | null;
  charges_a: number;
  charges_b: number;
}

/** What differs between two states. */
export interface StateDiff<D extends Decimals = "number", G extends Dimension = Dimension> {
  snapshot_a: number;
  snapshot_b: number;
  /** `null` when all charges are compared. */
  window_start: Timestamp | null;
  window_end: Timestamp | null;
  currency: string | null;
  view: CostView;
  total: DiffFigures<D>;
  count: number;
  /** Only those that differ, the largest change first, up or down. */
  items: (DimensionKeys<G> & DiffFigures<D>)[];
}

// --- Files ---

/** The Parquet files of a state. Together they hold each charge once. */
export interface Segments {
  snapshot: number;
  count: number;
  items: {
    /** Absolute. */
    path: string;
    rows: number;
    bytes: number;
    billing_account_id: string;
    /** Such as `2024-09`. */
    billing_period: string;
  }[];
}

/** The part of `finops.costs` that looks into costs. */
export interface Analysis<D extends Decimals = "number"> {
  /** How costs went by hour, day, week or month, each compared with the one before. */
  trends<const G extends Dimension = never>(params?: TrendsParams<G>, options?: QueryOptions): Promise<Trends<D, G>>;

  /** What costs most, and how that changed: what is new and what is gone is there as well. */
  topDrivers<const G extends Dimension = "service">(
    params?: TopDriversParams<G>,
    options?: QueryOptions,
  ): Promise<TopDrivers<D, G>>;

  /** What something that the platform meters costs: a request, a transaction, a gigabyte. */
  unit<const G extends Dimension = never>(params: UnitParams<G>, options?: QueryOptions): Promise<UnitCosts<D, G>>;

  /** What a figure came from: the bills behind it, and the charges that weigh most. */
  explain(params?: ExplainParams, options?: QueryOptions): Promise<Explanation<D>>;

  /** Which way the question of a breakdown takes through the engine, and what is read on it. */
  explainPlan<const G extends Dimension = never, const V extends CostView = never>(
    params?: BreakdownParams<G, V>,
    options?: QueryOptions,
  ): Promise<Plan>;

  /** What a restatement changed: how two states of the store differ. */
  diff<const G extends Dimension = never>(params: DiffParams<G>, options?: QueryOptions): Promise<StateDiff<D, G>>;
}
