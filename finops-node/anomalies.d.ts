// Days on which costs were other than expected, and who is told of them. All of it is exported by index.d.ts.

import type { QueryOptions } from "./costs";
import type { ForeignSeries, Frequency, SeriesValues } from "./forecast";
import type {
  AsOf, CostView, DataHealth, Decimal, Decimals, Dimension, DimensionKeys, Filter, Numeric, Page, Time, Timestamp,
} from "./index";

/** What an anomaly looks like, as far as is known: a spike that stays becomes a level shift. */
export type AnomalyKind =
  | "spike"
  | "drop"
  | "level_shift"
  | "ramp"
  | "onset"
  | "disappearance"
  | "contextual"
  | "credit";

/** On which side of the expected an anomaly lies. */
export type AnomalyDirection = "up" | "down";

/** Whether the next day may still belong to an anomaly. */
export type AnomalyStatus = "ongoing" | "ended";

/** What somebody thinks of an anomaly. When the like of what was expected comes again, nobody is told. */
export type Feedback = "expected" | "not_useful" | "useful";

// --- Finding them ---

export interface AnomaliesParams<G extends Dimension = never> {
  /** Anomalies that touch the last so many days, 1 to 365, today not counted. By default 30. */
  days?: number | null;
  /**
   * How far from the expected a day must lie, in half-widths of the 95 % band around it: above 0 and up to 100. By default
   * 2, which is about 4 sigma.
   */
  threshold?: Numeric | null;
  /** What an anomaly must cost or save to be told, in the currency of the answer. By default 0. */
  minimum_impact?: Numeric | null;
  /** A dimension, or up to eight of them: each group has anomalies of its own. */
  group_by?: G | readonly G[];
  /** Which charges count. By default all. */
  filter?: Filter | null;
  /** The currency of the answer. By default the one that all charges have. */
  currency?: string | null;
  /** Which cost is looked at. By default `"effective"`. */
  view?: CostView;
  /** What one unit of each other currency is worth in `currency`. */
  exchange_rates?: { readonly [currency: string]: Numeric };
  /** Where days begin. By default `"UTC"`. */
  time_zone?: string;
  /** Only those that go on, or are over. */
  status?: AnomalyStatus | null;
  /** Only those of which that was said; `"none"` are those of which nobody has said anything. */
  feedback?: Feedback | "none" | null;
  /** How many, those of the largest impact, 1 to 100. By default 20. */
  limit?: number | null;
  /** As of which state of the store: its number, or an instant. By default the present one. */
  as_of?: AsOf | null;
}

/** A value of a dimension that cost other than before. */
export interface AnomalyDriver<D extends Decimals = "number"> {
  dimension: Dimension;
  value: string | null;
  /** What the catalogue calls it. */
  name: string | null;
  /** The mean of the same weekdays of the six weeks before, over at most the first 28 days of the anomaly. */
  expected: Decimal<D>;
  actual: Decimal<D>;
  impact: Decimal<D>;
  /** Of the change of all values of the dimension; above 1 where others changed the other way. */
  share: Decimal<D> | null;
}

/** How metered usage of the same scope went during an anomaly. */
export interface AnomalyUsage<D extends Decimals = "number"> {
  /** Whether usage of some meter changed in the same direction, and by at least half as many percent as the cost. */
  changed_with_usage: boolean | null;
  /** The meters that changed most, at most five; `meter` is the key in answers about usage. */
  meters: { meter: string; expected: Decimal<D>; actual: Decimal<D>; change_pct: Decimal<D> | null }[];
}

/** What was said of an anomaly. */
export interface AnomalyFeedback {
  anomaly_id: string;
  feedback: Feedback;
  note: string | null;
  /** The id of a user, or what the host calls itself. */
  given_by: string;
  given_at: Timestamp;
}

/** Days on which a group cost other than expected. */
export interface CostAnomaly<D extends Decimals = "number", G extends Dimension = Dimension> {
  /** The same while it grows, whatever it was asked for with. */
  id: string;
  /** Its first day, such as `"2024-03-20"`. */
  start: string;
  /** Its last day so far. */
  end: string;
  duration_days: number;
  /** The values of its group; nothing without groups. */
  group: DimensionKeys<G>;
  /** An estimate, at four decimals more than the currency has. */
  expected: Decimal<D>;
  /** Exact. */
  actual: Decimal<D>;
  impact: Decimal<D>;
  /** In percent of what was expected; `null` when nothing was. */
  impact_pct: Decimal<D> | null;
  /** How far its farthest day lies from the expected, in half-widths of the 95 % band. */
  score: Decimal<D>;
  direction: AnomalyDirection;
  kind: AnomalyKind;
  ongoing: boolean;
  /** What drove it, the dimension first whose make-up changed most. */
  drivers: AnomalyDriver<D>[];
  /** `null` where nothing is metered, and where usage knows nothing of the group. */
  usage: AnomalyUsage<D> | null;
  feedback: AnomalyFeedback | null;
  /** The anomaly, said to be expected, that this one repeats. */
  recurs: string | null;
}

/** Anomalies of costs. */
export interface CostAnomalies<D extends Decimals = "number", G extends Dimension = Dimension> {
  /** Those of the largest impact first. */
  anomalies: CostAnomaly<D, G>[];
  /** How many there are, with those that the limit leaves out. */
  count: number;
  /** What was looked at. */
  period: { days: number; start: string; end: string; threshold: Decimal<D>; minimum_impact: Decimal<D> };
  groups_judged: number;
  /** How many groups were not judged, because fewer than four weeks of days are known of them. */
  groups_too_short: number;
  /** Who judged. */
  detector: string;
  time_zone: string;
  currency: string | null;
  view: CostView;
  data_health: DataHealth<D>;
  snapshot: number;
}

/** The part of `finops.costs` that finds anomalies. */
export interface Anomalies<D extends Decimals = "number"> {
  /**
   * Days on which costs were other than expected: what was expected and what was paid, and what drove it. Days are looked
   * at up to last night; those that bills do not cover as a whole are no evidence.
   *
   * ```js
   * const { anomalies } = await iof.finops.costs.anomalies({ group_by: "service", minimum_impact: 50 });
   * anomalies[0]?.drivers[0]?.value;
   * ```
   */
  anomalies<const G extends Dimension = never>(
    params?: AnomaliesParams<G>,
    options?: QueryOptions,
  ): Promise<CostAnomalies<D, G>>;

  /**
   * Remembers what somebody says of an anomaly; without feedback, forgets it. A tenant says it for itself. What was
   * expected is announced to nobody any more, and neither is the like of it: an anomaly of the same group and direction
   * that begins whole months later, at most a day off the same day of the month, and is no more than half as large again.
   * Handles that are narrowed in the same way say something of at most 10,000 anomalies; the last word on each counts.
   */
  anomalyFeedback(params: {
    id: string;
    feedback?: Feedback | null;
    /** Why. */
    note?: string | null;
  }): Promise<{ id: string; feedback: AnomalyFeedback | null }>;
}

// --- Being told of them ---

export interface AnomalyMonitorParams {
  /** What people call it. */
  name: string;
  /** Which charges it watches. By default all. */
  filter?: Filter;
  /** What it watches one by one. By default everything together. */
  group_by?: Dimension | readonly Dimension[];
  /** How far from the expected a day must lie, in half-widths of the 95 % band. By default 2. */
  threshold?: Numeric;
  /** What an anomaly must cost or save to be told. By default 0. */
  minimum_impact?: Numeric;
  /** It tells of anomalies that touch the last so many days that bills cover, 1 to 365. By default 7. */
  days?: number;
  /** Which cost it looks at. By default `"effective"`. */
  view?: CostView;
  /** The currency of the amounts. By default the one that all charges have. */
  currency?: string | null;
  /** What one unit of each other currency is worth in `currency`. */
  exchange_rates?: { readonly [currency: string]: Numeric };
  /** Where days begin. By default `"UTC"`. */
  time_zone?: string;
  /** Whether it watches. By default true. */
  enabled?: boolean;
}

/** What is given takes the place of what a monitor says, `null` takes back what it says, what is not given stays. */
export type AnomalyMonitorChanges = { id: string } & {
  [K in keyof AnomalyMonitorParams]?: AnomalyMonitorParams[K] | null;
};

/** Who watches for anomalies, and for which. */
export interface AnomalyMonitor<D extends Decimals = "number"> {
  id: string;
  name: string;
  filter: Filter;
  group_by: Dimension[];
  threshold: Decimal<D>;
  minimum_impact: Decimal<D>;
  days: number;
  view: CostView;
  currency: string | null;
  exchange_rates: { [currency: string]: Decimal<D> };
  time_zone: string;
  enabled: boolean;
  /** Whose costs it watches: what the handle was narrowed to that made it. */
  tenant_id: string | null;
  organization_id: string | null;
  user_id: string | null;
  created_at: Timestamp;
  updated_at: Timestamp;
  /** When this engine last looked for it. */
  looked_at: Timestamp | null;
  /** Why it could not be told anything then. */
  error: string | null;
}

/**
 * Who is told of anomalies. `tick` lets each monitor look when charges have come, and writes an event
 * `finops.anomaly.detected` for each anomaly that it finds, once to each narrowing. On a narrowed handle a monitor
 * watches what is the handle's.
 */
export interface AnomalyMonitors<D extends Decimals = "number"> {
  /**
   * Makes a monitor. A tenant, or else an organization or the platform, has at most 1,000.
   *
   * ```js
   * await iof.finops.anomalyMonitors.create({ name: "Services", group_by: "service", minimum_impact: 100 });
   * ```
   */
  create(params: AnomalyMonitorParams): Promise<AnomalyMonitor<D>>;
  /** Rejects with a `NotFoundError` when there is none. */
  get(id: string): Promise<AnomalyMonitor<D>>;
  get(params: { id: string }): Promise<AnomalyMonitor<D>>;
  /** A page of them, in the order of their making. */
  list(params?: { limit?: number | null; offset?: number | null }): Promise<Page<AnomalyMonitor<D>>>;
  update(params: AnomalyMonitorChanges): Promise<AnomalyMonitor<D>>;
  /** What it announced stays announced. */
  delete(id: string): Promise<{ deleted: true }>;
  delete(params: { id: string }): Promise<{ deleted: true }>;
}

// --- A detector of yours ---

/** An anomaly that a detector of yours found; what its values add up to is not asked. */
export interface ForeignAnomaly {
  /** The place of its first value, counted from 0. */
  start_index: number;
  /** The place of its last value, inclusive. By default the first. */
  end_index?: number;
  /** What was expected of its known values together. */
  expected: number;
  /** How far its farthest value lies from the expected, in half-widths of the 95 % band. */
  score: number;
  /** By default `"spike"` or `"drop"`. */
  kind?: AnomalyKind;
  /** Whether the next value may still belong to it. By default false. */
  ongoing?: boolean;
}

/**
 * Says which values of a series are other than expected. It may give a promise. While it is asked, one of the threads waits on which Node reads files and
 * resolves names (four, unless `UV_THREADPOOL_SIZE` says otherwise), so give an answer without asking this engine, and
 * without waiting for much else.
 */
export type DetectFunction = (
  series: ForeignSeries,
  settings: { threshold: number; minimum_impact: number },
) => { anomalies: readonly ForeignAnomaly[] } | Promise<{ anomalies: readonly ForeignAnomaly[] }>;

/** The same with a name, which answers tell. */
export interface AnomalyDetector {
  readonly name?: string;
  detect: DetectFunction;
}

// --- Plain series, which need no store ---

export interface SeriesAnomalyOptions {
  /** The date of the first value: with it, charges that come every month are learnt. */
  start?: Time | null;
  /** How far apart the values are. By default `"daily"`. */
  frequency?: Frequency | null;
  /** How many values make a season. By default what the frequency suggests, 7 for days. */
  season_length?: number | null;
  /** Multiplies the half-width of the 95 % band around the expected. By default 2, which is about 4 sigma. */
  threshold?: Numeric | null;
  /** What an anomaly must cost or save to be told, in the unit of the series. By default 0. */
  minimum_impact?: Numeric | null;
  /** Whether the last value is of a day that is not over, which is no evidence. By default true. */
  incomplete_last?: boolean | null;
}

/** An anomaly of a plain series, as far as is known. */
export interface SeriesAnomaly {
  /** The place of its first value, counted from 0. It never changes. */
  start_index: number;
  /** The place of its last value, inclusive. */
  end_index: number;
  kind: AnomalyKind;
  direction: AnomalyDirection;
  /** What was expected of its known values together. */
  expected: number;
  actual: number;
  /** `actual - expected`. */
  impact: number;
  /** How far its farthest value lies from the expected, in half-widths of the 95 % band. */
  score: number;
  /** Whether the next value may still belong to it. */
  ongoing: boolean;
}

/** What is unusual in a plain series. */
export interface SeriesAnomalies {
  /** What was expected of each value before it was known; `null` while too little was. */
  expected: (number | null)[];
  /** By their start; no two overlap. */
  anomalies: SeriesAnomaly[];
}

/**
 * Finds what is unusual in a series. The decision about a value uses only it and those before it.
 *
 * @example
 * const { anomalies } = await detectAnomalies([...Array(35).fill(100), 400, 100, 100]);
 * anomalies[0].kind; // "spike"
 */
export function detectAnomalies(values: SeriesValues, options?: SeriesAnomalyOptions): Promise<SeriesAnomalies>;
export function detectAnomalies(asked: SeriesAnomalyOptions & { values: SeriesValues }): Promise<SeriesAnomalies>;
