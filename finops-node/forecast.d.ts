// What costs will be, and forecasts of plain series. All of it is exported by index.d.ts.

import type { AnomalyDetector, DetectFunction } from "./anomalies";
import type { QueryOptions } from "./costs";
import type {
  AsOf, CostView, DataHealth, Decimal, Decimals, Dimension, DimensionKeys, Filter, Numeric, Time, Timestamp,
} from "./index";

/** What forecasts of cost have in common. */
export interface ForecastQuery {
  /** Which charges count. By default all. */
  filter?: Filter | null;
  /** The currency of the answer. By default the one that all charges have. */
  currency?: string | null;
  /** Which cost is added up. By default `"effective"`. */
  view?: CostView;
  /** What one unit of each other currency is worth in `currency`. */
  exchange_rates?: { readonly [currency: string]: Numeric };
  /**
   * `"auto"` by default, a model by its name such as `"ets"` or `"dynamic_optimized_theta"`, or the one that was given
   * as `forecaster` when the engine was opened: `"custom"`, or its name.
   */
  model?: string | null;
  /** Where days and months begin. By default `"UTC"`. */
  time_zone?: string;
  /** As of which state of the store: its number, or an instant. By default the present one. */
  as_of?: AsOf | null;
}

/** How long the spans of a forecast are. */
export type ForecastGranularity = "daily" | "monthly";

/** How far ahead, and by what. */
export interface AheadQuery extends ForecastQuery {
  /**
   * How many months, 1 to 36. By default 3. They follow the last whole month, so that the first is usually the one that
   * runs: what it came to and the rest.
   */
  months?: number | null;
  /** With days, how many of them, 1 to 1096. */
  days?: number | null;
  /** By default `"monthly"`. */
  granularity?: ForecastGranularity;
  /** How many months before the one that runs are looked at, 2 to 120. By default 36. */
  history_months?: number | null;
}

export interface ForecastParams<G extends Dimension = never> extends AheadQuery {
  /** A dimension, or up to eight of them: a forecast for each group by itself. */
  group_by?: G | readonly G[];
  /** The share of outcomes that the intervals are to cover, strictly between 0 and 1. By default 0.8. */
  level?: Numeric | null;
  /** How many groups, those that cost most, 1 to 1000. By default 20. */
  limit?: number | null;
}

/** What a day or a month cost. */
export interface PastPoint<D extends Decimals = "number"> {
  date: Timestamp;
  /** The day on which it starts, by the calendar of the time zone: `"2024-09-30"`. */
  day: string;
  /** `null` when it is unknown; of a month also when that of one of its days is. */
  total: Decimal<D> | null;
}

/** What a day or a month will cost. */
export interface ForecastPoint<D extends Decimals = "number"> {
  date: Timestamp;
  /** The day on which it starts, by the calendar of the time zone. */
  day: string;
  predicted: Decimal<D>;
  lower_bound: Decimal<D>;
  upper_bound: Decimal<D>;
  /** Whether it is a day or the sum of days, or follows from the months before. */
  basis: "days" | "months";
}

/** What a forecast is judged by. */
export interface ForecastAnalysis<D extends Decimals = "number"> {
  /** Above a growth of 0.01 a month, within it, below -0.01. */
  trend: "increasing" | "stable" | "decreasing" | null;
  /** By how much of itself the cost of a day grows in a month: 0.02 is two hundredths. */
  monthly_growth_rate: Decimal<D> | null;
  /** `"high"` up to a `relative_width` of 0.1, `"medium"` up to 0.3. */
  confidence: "high" | "medium" | "low";
  /** Half the width of all intervals by what is expected. */
  relative_width: Decimal<D> | null;
  /** The model, with what it chose. */
  model: string;
}

/** The forecast of a group. */
export type GroupForecast<D extends Decimals = "number", G extends Dimension = Dimension> = DimensionKeys<G> & {
  /** What it cost in the time that was looked at. */
  total: Decimal<D>;
  historical: PastPoint<D>[];
  /** Empty when nothing can be told. */
  predictions: ForecastPoint<D>[];
  analysis: ForecastAnalysis<D> | null;
  /** Why nothing can be told. */
  reason: string | null;
};

/** What costs will be. */
export interface CostForecast<D extends Decimals = "number", G extends Dimension = Dimension> {
  granularity: ForecastGranularity;
  time_zone: string;
  currency: string | null;
  view: CostView;
  level: Decimal<D>;
  /** The last day of the history: the last whole one. */
  through: string | null;
  historical: PastPoint<D>[];
  /** Rounded once, half to even, at four decimals more than the currency has. */
  predictions: ForecastPoint<D>[];
  analysis: ForecastAnalysis<D>;
  /** How many groups there are, with those that the limit leaves out. */
  count: number;
  /** Those that cost most first. They need not add up to the forecast of everything. */
  groups: GroupForecast<D, G>[];
  data_health: DataHealth<D>;
  snapshot: number;
}

export interface MonthEndParams extends ForecastQuery {
  /** The share of outcomes that the interval is to cover, strictly between 0 and 1. By default 0.8. */
  level?: Numeric | null;
}

/** What the month that runs will have cost. */
export interface MonthEnd<D extends Decimals = "number"> {
  /** Such as `"2024-09"`. */
  month: string;
  month_start: Timestamp;
  /** Exclusive. */
  month_end: Timestamp;
  time_zone: string;
  currency: string | null;
  view: CostView;
  level: Decimal<D>;
  /** What its known days came to, exact. */
  month_to_date: Decimal<D>;
  /** The last known whole day; it may lie before the month. */
  through: string;
  /** Days of the month before that which are unknown: they count as much as one of the rest is expected to. */
  unknown_days: number;
  remaining_days: number;
  projected: Decimal<D>;
  lower_bound: Decimal<D>;
  upper_bound: Decimal<D>;
  model: string;
  data_health: DataHealth<D>;
  snapshot: number;
}

export interface BacktestParams extends AheadQuery {
  /** Must be left out: filter for one group at a time. */
  group_by?: readonly never[];
  /** The level of the intervals to look at. By default both 0.8 and 0.95. */
  level?: Numeric | null;
  /** From how many points of the past, 1 to 60. By default 6. */
  origins?: number | null;
}

/** How far forecasts were off. */
export interface ForecastScore<D extends Decimals = "number"> {
  /** In percent, 0 to 200. */
  smape: Decimal<D>;
  /** In units of the error of repeating the season before; `null` where that is zero. */
  mase: Decimal<D> | null;
  /** The share of days or months that lay within the intervals of each level. */
  coverage: { level: Decimal<D>; coverage: Decimal<D> }[];
}

/** A forecast as it would have been made. */
export interface BacktestOrigin<D extends Decimals = "number"> extends ForecastScore<D> {
  /** The last day that it knew. */
  through: string;
  predicted: Decimal<D>;
  actual: Decimal<D>;
  model: string;
}

/** How well forecasts would have done. */
export interface Backtested<D extends Decimals = "number"> extends ForecastScore<D> {
  granularity: ForecastGranularity;
  /** How many days or months each forecast looked ahead. */
  horizon: number;
  time_zone: string;
  currency: string | null;
  view: CostView;
  origins: BacktestOrigin<D>[];
  /** From how many further points of the past none was made: too little was known until then, or after it. */
  origins_skipped: number;
  data_health: DataHealth<D>;
  snapshot: number;
}

/** The part of `finops.costs` that looks ahead. */
export interface Forecasts<D extends Decimals = "number"> {
  /**
   * What costs will be, by month or by day, with an interval for each. The history is whole days: the day that runs is
   * left out, days without data are unknown. Too little history is an error that says how much is needed.
   */
  forecast<const G extends Dimension = never>(
    params?: ForecastParams<G>,
    options?: QueryOptions,
  ): Promise<CostForecast<D, G>>;

  /** What the month that runs will have cost when it ends: what is known of it and the forecast of the rest. */
  projectedMonthEnd(params?: MonthEndParams, options?: QueryOptions): Promise<MonthEnd<D>>;
}

/** How good forecasts are, as `finops.forecast`. */
export interface Forecast<D extends Decimals = "number"> {
  /** How well forecasts of cost would have done: made again as of days of the past, and compared with what came. */
  backtest(params?: BacktestParams, options?: QueryOptions): Promise<Backtested<D>>;
}

// --- Plain series ---

/** How far apart the values of a series are. */
export type Frequency = "hourly" | "daily" | "weekly" | "monthly" | "quarterly" | "yearly";

/** Numbers at equal steps of time. `null` is unknown, which is not zero; NaN and infinities are refused. */
export type SeriesValues = Iterable<number | null>;

export interface SeriesForecastOptions {
  /** How many values to forecast, 1 to 10,000. */
  horizon: number;
  /** How many values make a season. By default what `frequency` suggests, and 1, no season, without one. */
  season_length?: number | null;
  /** The shares of outcomes that the intervals are to cover. By default 0.8 and 0.95. */
  levels?: readonly Numeric[] | null;
  /** By default `"auto"`. */
  model?: string | null;
  /** The date of the first value, which calendar models go by. It needs `frequency`. */
  start?: Time | null;
  frequency?: Frequency | null;
  /** Whether values below zero cannot be. By default `false`. */
  non_negative?: boolean;
}

export interface SeriesBacktestOptions extends SeriesForecastOptions {
  /** From how many points of the past, 1 to 1000. By default 6. */
  origins?: number | null;
}

/** The values to come of a plain series. */
export interface SeriesForecast {
  model: string;
  mean: number[];
  /** By level: `{"0.95": [...]}`. */
  lower: { [level: string]: number[] };
  upper: { [level: string]: number[] };
  /** What the model expected of each value one step before. */
  fitted: (number | null)[];
  season_length: number;
}

/** How well a model would have done on a plain series. */
export interface SeriesBacktest {
  origins: number;
  smape: number;
  mase: number | null;
  rmsse: number | null;
  levels: { level: number; coverage: number; msis: number | null }[];
}

/** Forecasts a series. The same values give the same answer on every run and in every language. */
export function forecast(values: SeriesValues, options: SeriesForecastOptions): Promise<SeriesForecast>;
export function forecast(asked: SeriesForecastOptions & { values: SeriesValues }): Promise<SeriesForecast>;

/** How well a model would have done on a series: it forecasts from points of the past. */
export function backtest(values: SeriesValues, options: SeriesBacktestOptions): Promise<SeriesBacktest>;
export function backtest(asked: SeriesBacktestOptions & { values: SeriesValues }): Promise<SeriesBacktest>;

/** A series as a model of yours is given it. */
export interface ForeignSeries {
  /** `null` is unknown. */
  values: (number | null)[];
  season_length: number;
  /** The date of the first value, such as `"2024-09-01"`; `null` where it is not known. */
  start: string | null;
  frequency: Frequency | null;
  /** Whether forecasts are to stop at zero. */
  non_negative: boolean;
}

/** What a model of yours gives: lists of `horizon` numbers, the intervals by level as text, such as `"0.8"`. */
export interface ForeignForecast {
  /** What it is called in answers. */
  model?: string;
  mean: readonly number[];
  lower: { readonly [level: string]: readonly number[] };
  upper: { readonly [level: string]: readonly number[] };
}

/**
 * A model of yours, which gives `null` where the known values are too few for it: a backtest counts that among
 * `origins_skipped` and goes on, a forecast rejects with what to do. It may give a promise. While it is asked, one of
 * the threads waits on which Node reads files and resolves names (four, unless `UV_THREADPOOL_SIZE` says otherwise), so
 * give an answer without asking this engine, and without waiting for much else.
 */
export type ForecastFunction = (
  series: ForeignSeries,
  horizon: number,
  levels: readonly number[],
) => ForeignForecast | null | Promise<ForeignForecast | null>;

/** The same with a name by which forecasts may ask for it. */
export interface Forecaster {
  readonly name?: string;
  forecast: ForecastFunction;
}

/** The models that an engine is opened with, beside its own. */
export interface BroughtModels {
  /** A model of yours: forecasts go by it that ask for the model `"custom"`, or for its name. */
  forecaster?: ForecastFunction | Forecaster | null;
  /**
   * How many seconds `forecaster` and `anomaly_detector` may take for one series, 1 to 3600; by default 60. Where one
   * takes longer, the call rejects with a `CancelledError`, as it does at once when its `signal` is aborted. A tick
   * does not reject: it notes that of the monitor and looks for no others, and the rest of it goes on. A call waits for
   * them on one of the few threads of Node's pool, so that one that itself awaits calls of this engine may wait for a
   * thread that never comes.
   */
  model_timeout_seconds?: number | null;
  /** Who says which days cost other than expected, in place of ours. It is called on this thread, within any call. */
  anomaly_detector?: DetectFunction | AnomalyDetector | null;
}
