// What costs are broken down into, and what is asked for it. All of it is exported by index.d.ts.

import type {
  AnyCostView, AsOf, CostQuery, CostView, DataHealth, Decimal, Decimals, Dimension, DimensionKeys, Filter, Numeric,
  Signal, Time, Timestamp,
} from "./index";

/** How a query is run. */
export interface QueryOptions {
  /** Stops the query: it then rejects with a `CancelledError` whose `cause` is the signal's reason. */
  signal?: Signal;
}

/** How long the spans are that an answer tells apart: elapsed hours, days, weeks from Monday, or months. */
export type Granularity = "hourly" | "daily" | "weekly" | "monthly";

// --- Breakdown ---

export interface BreakdownParams<G extends Dimension = never, V extends CostView = never>
  extends Omit<CostQuery<G>, "view"> {
  /** Which cost stands as `cost`, by default `"effective"`; `"allocated"` goes without `granularity` and `distinct`. */
  view?: AnyCostView;
  /** Makes the date a further dimension. The first and the last span are cut to the window. */
  granularity?: Granularity | null;
  /** Further costs to give beside `cost`, each as `<view>_cost`. */
  views?: readonly V[];
  /** A dimension whose distinct values are counted in each item, such as `"resource_id"`. */
  distinct?: Dimension | null;
  /** How many items, 1 to 1000. By default 20. */
  limit?: number | null;
  /** How many items to leave out before. */
  offset?: number | null;
}

/** What one group cost, on one date where dates are told apart. */
export type BreakdownItem<
  D extends Decimals = "number",
  G extends Dimension = Dimension,
  V extends CostView = CostView,
> = DimensionKeys<G> & {
  /** When its span starts, with `granularity`. */
  date?: Timestamp;
  /** In the currency of the answer; `null` when no charge of it has a cost in the view. */
  cost: Decimal<D> | null;
  /** Its part of the total, below 0 or above 1 where there are credits; `null` when the total is zero. */
  share: Decimal<D> | null;
  /** How many charges it is made of. */
  charges: number;
  /** How many distinct values it has of the dimension `distinct`. */
  distinct?: number;
} & { [K in V as `${K}_cost`]: Decimal<D> | null };

/** What a window cost, broken down; with `views` also their totals. */
export type Breakdown<
  D extends Decimals = "number",
  G extends Dimension = Dimension,
  V extends CostView = never,
> = {
  /** The period that was asked for; `null` when the time was said otherwise. */
  period: string | null;
  window_start: Timestamp;
  /** Exclusive. */
  window_end: Timestamp;
  granularity: Granularity | null;
  time_zone: string;
  /** Of every amount; `null` when there is no charge and none was named. */
  currency: string | null;
  view: AnyCostView;
  /** `null` when no imported bill covers any of it. */
  total_cost: Decimal<D> | null;
  /** How many items there are on all pages. */
  count: number;
  limit: number;
  offset: number;
  /** Largest first, then by their values and their date. All items add up to the total. */
  items: BreakdownItem<D, G, V>[];
  data_health: DataHealth<D>;
  /** The state of the store that was read. */
  snapshot: number;
} & { [K in V as `total_${K}_cost`]: Decimal<D> | null };

// --- Over time ---

export interface HistoricalParams<G extends Dimension = never> {
  /** The first day, as a date such as `"2024-01-01"` or an instant. By default thirty days before the end. */
  start_date?: Time | null;
  /** The end, exclusive. By default tonight. */
  end_date?: Time | null;
  /** A dimension, or up to eight of them: adds `groups`. */
  group_by?: G | readonly G[];
  /** Only charges of that organization. */
  org_id?: string | null;
  /** Only charges of that user. */
  user_id?: string | null;
  /** By default `"daily"`. */
  granularity?: Granularity | null;
  /** Which charges count. By default all. */
  filter?: Filter | null;
  /** The currency of the answer. By default the one that all charges have. */
  currency?: string | null;
  /** Which cost is added up. By default `"effective"`. */
  view?: CostView;
  /** What one unit of each other currency is worth in `currency`. */
  exchange_rates?: { readonly [currency: string]: Numeric };
  /** Where days begin. By default `"UTC"`. */
  time_zone?: string;
  /** As of which state of the store: its number, or an instant. By default the present one. */
  as_of?: AsOf | null;
}

/** What a span cost. */
export interface CostPoint<D extends Decimals = "number"> {
  /** When the span starts. */
  date: Timestamp;
  /** `null` when no imported bill reaches it, or none of its charges has a known cost. */
  total: Decimal<D> | null;
}

/** The spans of one group. */
export type HistoricalGroup<D extends Decimals = "number", G extends Dimension = Dimension> = DimensionKeys<G> & {
  total: Decimal<D> | null;
  series: CostPoint<D>[];
};

/** What each span cost. */
export interface HistoricalCosts<D extends Decimals = "number", G extends Dimension = Dimension> {
  window_start: Timestamp;
  /** Exclusive. */
  window_end: Timestamp;
  granularity: Granularity;
  time_zone: string;
  currency: string | null;
  view: CostView;
  /** The sum of the spans that are known. */
  total_cost: Decimal<D> | null;
  /** All spans, in order; the first and the last are cut to the window. */
  series: CostPoint<D>[];
  /** Largest first; in each span the groups add up to the total. */
  groups: HistoricalGroup<D, G>[];
  data_health: DataHealth<D>;
  snapshot: number;
}

// --- By service ---

export interface ServicesParams {
  /**
   * A period such as `"2024-01"` or a window such as `"30d"`, which is also the default; `"daily"`, `"weekly"` and
   * `"monthly"` stand for `"1d"`, `"7d"` and `"30d"`.
   */
  period?: string | null;
  /** Instead, the first day, as a date or an instant. */
  start_date?: Time | null;
  /** And the end, exclusive. */
  end_date?: Time | null;
  /** Which charges count. By default all. */
  filter?: Filter | null;
  /** The currency of the answer. By default the one that all charges have. */
  currency?: string | null;
  /** Which cost is added up. By default `"effective"`. */
  view?: CostView;
  /** What one unit of each other currency is worth in `currency`. */
  exchange_rates?: { readonly [currency: string]: Numeric };
  /** Where days begin. By default `"UTC"`. */
  time_zone?: string;
  /** As of which state of the store: its number, or an instant. By default the present one. */
  as_of?: AsOf | null;
  /** How many items, 1 to 1000. By default all. */
  limit?: number | null;
  /** How many items to leave out before. */
  offset?: number | null;
}

/** What a service cost. Parts that the bill does not tell are `null`: a machine has one price. */
export interface ServiceCost<D extends Decimals = "number"> {
  /** The service, as charges name it; `null` for charges without one. */
  group_key: string | null;
  name: string | null;
  total_cost: Decimal<D> | null;
  cpu_cost: Decimal<D> | null;
  ram_cost: Decimal<D> | null;
  /** What of it stands under the service category `Storage`; `null` when no charge does. */
  storage_cost: Decimal<D> | null;
  /** What of it stands under the service category `Networking`; `null` when no charge does. */
  network_cost: Decimal<D> | null;
  gpu_cost: Decimal<D> | null;
}

/** What each service cost. */
export interface ServiceCosts<D extends Decimals = "number"> {
  period_start: Timestamp;
  /** Exclusive. */
  period_end: Timestamp;
  currency: string | null;
  view: CostView;
  total_cost: Decimal<D> | null;
  /** How many services there are on all pages. */
  count: number;
  /** Largest first. */
  items: ServiceCost<D>[];
  data_health: DataHealth<D>;
  snapshot: number;
}

// --- By month ---

export interface MonthlyParams {
  /** How many months, 1 to 1200, the last of them the present one. By default 12. */
  months?: number | null;
  /** Instead the months of that year; with fewer than 12 `months` the last of them. */
  year?: number | null;
  /** Which charges count. By default all. */
  filter?: Filter | null;
  /** Which cost is added up. By default `"effective"`. */
  view?: CostView;
  /** The currency of the answer. By default the one that all charges have. */
  currency?: string | null;
  /** What one unit of each other currency is worth in `currency`. */
  exchange_rates?: { readonly [currency: string]: Numeric };
  /** Where months begin. By default `"UTC"`. */
  time_zone?: string;
  /** As of which state of the store: its number, or an instant. By default the present one. */
  as_of?: AsOf | null;
}

/** What a month cost. */
export interface MonthCost<D extends Decimals = "number"> {
  /** When the month starts. */
  date: Timestamp;
  /** The month by the calendar of the zone, such as `2024-09`. */
  month: string;
  /** `null` when no imported bill reaches it, or none of its charges has a known cost. */
  total: Decimal<D> | null;
  /** Whether the month is over; one that still runs will cost more. */
  complete: boolean;
}

/** What each month cost. */
export interface MonthlyCosts<D extends Decimals = "number"> {
  window_start: Timestamp;
  /** Exclusive. */
  window_end: Timestamp;
  time_zone: string;
  currency: string | null;
  view: CostView;
  /** All months, in order. */
  months: MonthCost<D>[];
  /** Over the months that are over, or over the running one where there is nothing else. */
  summary: {
    average_monthly: Decimal<D> | null;
    highest_month: MonthCost<D> | null;
    lowest_month: MonthCost<D> | null;
  };
  data_health: DataHealth<D>;
  snapshot: number;
}
