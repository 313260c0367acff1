/// <reference lib="esnext.disposable" />

// Fields are snake_case, as in the files and in the other languages; methods are camelCase.
// In answers `null` always means "not known" or "not there", never zero.

import type {
  Breakdown, BreakdownParams, HistoricalCosts, HistoricalParams, MonthlyCosts, MonthlyParams, QueryOptions, ServiceCosts,
  ServicesParams,
} from "./costs";
import type { Principal } from "./access";
import type { Allocation } from "./allocation";
import type { Analysis, Segments } from "./analysis";
import type { Anomalies, AnomalyMonitors } from "./anomalies";
import type { Audit } from "./audit";
import type { BudgetAlerts, SpendCheck, SpendRefusal } from "./budgets";
import type { Events, Webhooks } from "./webhooks";
import type { CostCenters } from "./centers";
import type { BroughtModels, Forecast, Forecasts } from "./forecast";
import type { ResourceGroups } from "./groups";
import type { History } from "./history";
import type { Metering } from "./metering";

export type * from "./access";
export type * from "./allocation";
export type * from "./centers";
export type * from "./analysis";
export type * from "./anomalies";
export type * from "./audit";
export * from "./webhooks";
export type * from "./billing";
export type * from "./budgets";
export type * from "./costs";
export * from "./forecast";
export type * from "./groups";
export type * from "./history";
export type * from "./metering";
export type * from "./statements";

// --- Values ---

/** How exact decimals come out: as the nearest double, or as text with every digit. */
export type Decimals = "number" | "string";

/** An exact decimal in an answer: money, a quantity, a share. */
export type Decimal<D extends Decimals> = D extends "string" ? string : number;

/**
 * An exact decimal going in. A number counts as the shortest decimal that prints it: `0.1` is one tenth. Write more
 * digits than a double has as text.
 */
export type Numeric = number | bigint | string;

/** A time going in: a `Date`, or RFC 3339 text with its offset, such as `"2024-01-01T00:00:00Z"`. */
export type Time = Date | string;

/** A state of the store: its number, or an instant, which stands for the last state until then. */
export type AsOf = number | Time;

/** A time in an answer: RFC 3339 text in UTC. */
export type Timestamp = string;

/** A path, or a `file:` URL. */
export type Location = string | { readonly protocol: string; readonly href: string; readonly pathname: string };

/** An `AbortSignal`, by what is used of it. */
export interface Signal {
  readonly aborted: boolean;
  readonly reason?: unknown;
  addEventListener(type: "abort", listener: () => void, options?: { once?: boolean }): void;
  removeEventListener(type: "abort", listener: () => void): void;
}

/** A dimension of which answers carry `<dimension>_id` and, from cost centres and the catalogue, `<dimension>_name`. */
export type NamedDimension =
  | "tenant"
  | "workspace"
  | "organization"
  | "user"
  | "component"
  | "team"
  | "cost_center"
  | "resource_group";

/** What costs can be grouped and filtered by: `tag:KEY` is the value of a tag, `virtual:NAME` what rules give. */
export type Dimension =
  | NamedDimension
  | "rail"
  | "resource"
  | "provider"
  | "service"
  | "service_category"
  | "resource_type"
  | "resource_id"
  | "region"
  | "account"
  | "sub_account"
  | "cluster"
  | "namespace"
  | "model"
  | "workflow"
  | "currency"
  | `tag:${string}`
  | `virtual:${string}`;

type KeysOf<G extends Dimension> = {
  [K in Extract<G, NamedDimension> as `${K}_id` | `${K}_name`]: string | null;
} & {
  [K in Exclude<G, NamedDimension>]: string | null;
};

/**
 * The keys that `group_by` gives each item, `null` where charges have no value: `tenant` gives `tenant_id` and
 * `tenant_name`, `service` gives `service`, `tag:team` gives `tag:team`.
 */
export type DimensionKeys<G extends Dimension> = Dimension extends G ? Partial<KeysOf<G>> : KeysOf<G>;

/**
 * Which charges count: all conditions must hold. `null` stands for "has no value".
 *
 * `{ provider: "AWS", "tag:env": ["prod", null], not: { region: "us-east-1" } }`
 */
export type Filter = {
  readonly [K in Dimension]?: string | null | readonly (string | null)[];
} & {
  /** A filter that must not hold. */
  readonly not?: Filter;
  /** Filters of which at least one must hold. */
  readonly any?: readonly Filter[];
};

/** Which of the four costs of a charge is added up. */
export type CostView = "effective" | "billed" | "contracted" | "list";

/** One of the four, or what cost centres bear of the effective one: `cost_center` is then who bears it. */
export type AnyCostView = CostView | "allocated";

/** What an entry of the catalogue is. */
export type Kind =
  | "tenant"
  | "workspace"
  | "organization"
  | "user"
  | "team"
  | "component"
  | "cost_center"
  | "resource_group"
  | "rail"
  | "model"
  | "workflow"
  | "app"
  | "addon"
  | "project"
  | "fine_tuning"
  | "self_hosted_model"
  | "ml_model"
  | "automl";

// --- Import and export ---

/** How far an import or a compaction is. */
export interface Progress {
  /** Rows read so far. */
  rows: number;
  /** Bytes of the files that are behind. */
  bytes_read: number;
  /** Bytes of all files. */
  bytes_total: number;
}

export interface ImportOptions {
  /** What the columns follow; FOCUS 1.0 to 1.4 is what is understood. By default `"auto"`. */
  format?: "auto" | "focus";
  /** Who sells the services, for rows that do not say. */
  provider?: string | null;
  /** Fields to fill from other columns or tags: `{ tenant_id: "SubAccountId", team_id: "tag:team" }`. */
  mapping?: { readonly [field: string]: string };
  /**
   * `"billing_period"`, the default, exchanges the charges of each billing account and period that the files hold;
   * `"nothing"` adds to what is there.
   */
  replace?: "billing_period" | "nothing";
  /** Whether to refuse the files at the first deviation from FOCUS. By default false. */
  strict?: boolean;
  /**
   * Told how far the import is, at most every 50 ms and once at its end. What it throws rejects the call, and stops the
   * import unless that was already through.
   */
  onProgress?: (progress: Progress) => void;
  /** Stops the import: it then rejects with a `CancelledError` whose `cause` is the signal's reason. */
  signal?: Signal;
}

export interface ImportParams extends ImportOptions {
  /** A file, a folder or a glob; CSV, CSV.gz or Parquet, told by the content. */
  path: Location;
}

/** What the charges in one currency add up to. Charges without a value are in no sum, and counted. */
export interface CurrencyTotals<D extends Decimals = "number"> {
  currency: string;
  charges: number;
  billed: Decimal<D>;
  /** `null`, as the next two, when it is unknown in every row. */
  effective: Decimal<D> | null;
  contracted: Decimal<D> | null;
  list: Decimal<D> | null;
  /** Charges whose effective cost is unknown. */
  effective_unknown: number;
  /** Charges whose contracted cost is unknown. */
  contracted_unknown: number;
  /** Charges whose list cost is unknown. */
  list_unknown: number;
}

/** A billing account and period whose charges were exchanged. */
export interface Replaced {
  billing_account_id: string;
  /** Such as `2024-09`. */
  billing_period: string;
  charges_before: number;
  charges_after: number;
}

/** What was mended or looked odd in a column. */
export interface ImportWarning {
  code:
    | "literal_null"
    | "naive_time"
    | "rounded"
    | "lenient_number"
    | "currency_case"
    | "unknown_column"
    | "renamed_column"
    | "missing_column"
    | "missing_value"
    | "unexpected_value"
    | "unreadable_value"
    | "invalid_json";
  /** Whether values were changed. */
  repaired: boolean;
  column: string;
  /** How many cells; 1 for a remark on the column as a whole. */
  count: number;
  /** Counted from 1 without the header, over all files. */
  first_row: number | null;
  /** The value there, cut to 80 characters. */
  example: string | null;
}

/** A row that was set aside. It is in no total. */
export interface QuarantinedRow {
  /** Counted from 1 without the header, over all files. */
  row: number;
  /** The column that makes it unusable; `null` when it is the row as a whole. */
  column: string | null;
  reason: "missing_value" | "unreadable_value" | "out_of_range" | "malformed" | "implausible_period";
  /** The value, cut to 80 characters. */
  value: string | null;
}

/** What an import brought. Nothing in a file is dropped without a line here. */
export interface ImportReceipt<D extends Decimals = "number"> {
  /** A repeated import names the first. */
  import_id: string;
  /** The state of the store that holds the data; it grows with every change. */
  snapshot: number;
  /** Whether the same files were here already, so that nothing changed. */
  unchanged: boolean;
  files: number;
  /** How many files were left out because their charges are here already. */
  files_known: number;
  /** The FOCUS version that the columns ask for, such as `1.2`. */
  focus_version: string;
  /** Rows read. */
  rows: number;
  /** Rows accepted. */
  charges: number;
  /** Rows set aside because they cannot be accounted for. */
  quarantined: number;
  /** Such as `["2024-09"]`. */
  billing_periods: string[];
  /** The currency; `null` when charges have several, and then the sums below are too. */
  currency: string | null;
  total_billed: Decimal<D> | null;
  total_effective: Decimal<D> | null;
  total_list: Decimal<D> | null;
  total_contracted: Decimal<D> | null;
  /** The sums for each currency. */
  totals: CurrencyTotals<D>[];
  replaced: Replaced[];
  warnings: ImportWarning[];
  /** The rows set aside, the first thousand of them. */
  quarantine: QuarantinedRow[];
}

export interface ExportParams {
  /**
   * What the report shows; `"focus"`, the default, gives the charges as FOCUS rows, `"allocation"` who bears a month, a
   * FOCUS row for each line, of a closed month as it was closed: `AllocatedResourceId` is the centre,
   * `AllocatedMethodId` the rule, and `x_AllocationKind` says why.
   */
  type?: "focus" | "allocation";
  /** What it is written as. By default `"parquet"`. */
  format?: "parquet" | "csv";
  /** The file, replaced when it is there. It appears complete or not at all. */
  path: Location;
  /** Only charges whose charge period starts in that period, such as `"2024-01"`, in UTC. An allocation is of a month. */
  period?: string | null;
}

/** A report that was written. */
export interface ExportReceipt {
  path: string;
  rows: number;
  bytes: number;
}

// --- Costs ---

/** What cost queries have in common. */
export interface CostQuery<G extends Dimension = never> {
  /** A period such as `"2024"`, `"2024-Q1"`, `"2024-01"`, `"2024-W05"` or `"2024-01-01/2024-01-15"`. */
  period?: string | null;
  /** Instead, a window such as `"7d"`, `"today"` or `"lastmonth"`. */
  window?: string | null;
  /** Instead, the first day, as a date such as `"2024-01-01"` or an instant. By default thirty days before the end. */
  start_date?: Time | null;
  /** And the end, exclusive. By default tonight. */
  end_date?: Time | null;
  /** A dimension, or up to eight of them. */
  group_by?: G | readonly G[];
  /** Which charges count. By default all. */
  filter?: Filter | null;
  /** Only charges of that organization. */
  org_id?: string | null;
  /** Only charges of that user. */
  user_id?: string | null;
  /** Only charges for resources of that type. */
  resource_type?: string | null;
  /** The currency of the answer, such as `"USD"`. By default the one that all charges have. */
  currency?: string | null;
  /** Which cost is added up. By default `"effective"`. */
  view?: CostView;
  /** What one unit of each other currency is worth in `currency`: `{ EUR: 1.08 }`. */
  exchange_rates?: { readonly [currency: string]: Numeric };
  /** Where days begin and periods lie, such as `"Europe/Berlin"`. By default `"UTC"`. */
  time_zone?: string;
  /** As of which state of the store: its number, or an instant. By default the present one. */
  as_of?: AsOf | null;
}

export interface CostSummaryParams<G extends Dimension = never> extends Omit<CostQuery<G>, "view"> {
  /** Which cost is added up. By default `"effective"`. */
  view?: AnyCostView;
  /** How many items, 1 to 1000. By default all. */
  limit?: number | null;
  /** How many items to leave out before. */
  offset?: number | null;
}

/** How complete the data behind an answer is. */
export interface DataHealth<D extends Decimals = "number"> {
  /** Whether nothing below speaks against the figures. */
  complete: boolean;
  /** Days up to now that no imported bill covers. */
  missing_days: number;
  /**
   * Further days up to now that the bill of some billing account does not reach yet: among them all that are over and
   * that forecasts do not take for whole. This and what else is about all bills is `null` on a narrowed engine;
   * `complete` goes by it.
   */
  partial_days: number | null;
  /** Rows that imports set aside; `null` on a narrowed engine. */
  quarantined_rows: number | null;
  /** Charges without a cost in the chosen view; they are in no sum. */
  unknown_costs: number;
  /** The part of the cost that the provider may still restate; `null` when the cost is zero or unknown. */
  estimated_share: Decimal<D> | null;
  /** Files beside the charges that had to be built again for this answer; `null` on a narrowed engine. */
  rebuilt_segments: number | null;
  /** When the latest of the data came; `null` on a narrowed engine. */
  last_import_at: Timestamp | null;
}

/** What one group cost, with what the platform metered for it. */
export type CostSummaryItem<D extends Decimals = "number", G extends Dimension = Dimension> = DimensionKeys<G> & {
  /** In the currency of the answer; `null` when no charge of it has a cost in the view. */
  cost: Decimal<D> | null;
  /** Its part of the total, 0 to 1; `null` when the total is zero. */
  share: Decimal<D> | null;
  /** How many charges it is made of. */
  charges: number;
  api_calls: Decimal<D> | null;
  ledger_transactions: Decimal<D> | null;
  search_queries: Decimal<D> | null;
  storage_gb: Decimal<D> | null;
  compute_vcpu_seconds: Decimal<D> | null;
  bandwidth_gb: Decimal<D> | null;
};

/** What a period cost. */
export interface CostSummary<D extends Decimals = "number", G extends Dimension = Dimension> {
  /** The period that was asked for; `null` when it was a window. */
  period: string | null;
  window_start: Timestamp;
  /** Exclusive. */
  window_end: Timestamp;
  /** Of every amount; `null` when there is no charge and none was named. */
  currency: string | null;
  view: AnyCostView;
  /** `null` when no imported bill covers any of it. */
  total_cost: Decimal<D> | null;
  /** How many items there are on all pages. */
  count: number;
  /** Largest first. All items add up to the total. */
  breakdown: CostSummaryItem<D, G>[];
  data_health: DataHealth<D>;
  /** The state of the store that was read. */
  snapshot: number;
}

export type DailyParams<G extends Dimension = never> = CostQuery<G>;

/** What a day cost. */
export interface DayCost<D extends Decimals = "number"> {
  /** When the day starts. */
  date: Timestamp;
  /** The day by the calendar of the zone, such as `2024-09-30`. */
  day: string;
  /** `null` when no imported bill reaches the day, or none of its charges has a known cost. */
  total: Decimal<D> | null;
}

/** The days of one group. */
export type GroupSeries<D extends Decimals = "number", G extends Dimension = Dimension> = DimensionKeys<G> & {
  total: Decimal<D> | null;
  days: DayCost<D>[];
};

/** What each day cost. */
export interface DailyCosts<D extends Decimals = "number", G extends Dimension = Dimension> {
  window_start: Timestamp;
  /** Exclusive. */
  window_end: Timestamp;
  time_zone: string;
  currency: string | null;
  view: CostView;
  /** All days, in order. */
  days: DayCost<D>[];
  /** Largest first; on each day the groups add up to the total. */
  groups: GroupSeries<D, G>[];
  summary: {
    /** The sum of the days that are known. */
    total_period: Decimal<D> | null;
    /** That sum by the number of those days. */
    daily_average: Decimal<D> | null;
    /** The second half of the days against the first, within 5 % `"stable"`; `null` with fewer than two days. */
    trend: "increasing" | "stable" | "decreasing" | null;
  };
  data_health: DataHealth<D>;
  snapshot: number;
}

// --- Catalogue ---

/** Which entry of the catalogue. */
export interface CatalogKey {
  kind: Kind;
  /** As charges name it. */
  id: string;
}

export interface CatalogUpsertParams extends CatalogKey {
  /** What answers call it. */
  name: string;
  /** The id of what it belongs to. */
  parent?: string | null;
  /** The id of the user who answers for it. */
  owner?: string | null;
  /** The id of the team that runs it. */
  team?: string | null;
  /** Further properties, at most 64. */
  tags?: { readonly [key: string]: string };
  /** What it may cost a month, in US dollars. */
  budget_usd?: Numeric | null;
}

/** Who or what costs are attributed to. */
export interface CatalogEntry<D extends Decimals = "number"> extends CatalogKey {
  name: string;
  parent: string | null;
  owner: string | null;
  team: string | null;
  tags: { [key: string]: string };
  budget_usd: Decimal<D> | null;
}

export interface CatalogListParams {
  /** Only those of that kind. */
  kind?: Kind | null;
  /** How many, 1 to 1000. By default 20. */
  limit?: number | null;
  /** How many to leave out before. */
  offset?: number | null;
}

export interface Page<T> {
  /** How many there are on all pages. */
  count: number;
  limit: number;
  offset: number;
  items: T[];
}

// --- Virtual dimensions ---

/** A value of a virtual dimension, and which charges have it. */
export interface Rule {
  value: string;
  /** May look at other virtual dimensions, but not in a circle. */
  when: Filter;
}

export interface VirtualDimensionParams {
  /** What it is called in `virtual:NAME`: up to 64 letters, digits, `_`, `.` and `-`. */
  name: string;
  /** The first that matches a charge gives it its value. */
  rules: readonly Rule[];
  /** The value of charges that no rule matches. By default they have none. */
  default?: string | null;
}

/** A dimension made of rules. */
export interface VirtualDimension {
  name: string;
  rules: Rule[];
  default: string | null;
}

// --- The engine ---

export interface Costs<D extends Decimals = "number"> extends Analysis<D>, Anomalies<D>, Forecasts<D> {
  /** What each day cost, with the total, the average and the trend. */
  daily<const G extends Dimension = never>(
    params?: DailyParams<G>,
    options?: QueryOptions,
  ): Promise<DailyCosts<D, G>>;

  /**
   * What a window cost by any dimensions and by date, largest first, in pages.
   *
   * ```js
   * const { items } = await iof.finops.costs.breakdown({ window: "7d", group_by: "service", granularity: "daily" });
   * ```
   */
  breakdown<const G extends Dimension = never, const V extends CostView = never>(
    params?: BreakdownParams<G, V>,
    options?: QueryOptions,
  ): Promise<Breakdown<D, G, V>>;

  /** What each hour, day, week or month cost. */
  historical<const G extends Dimension = never>(
    params?: HistoricalParams<G>,
    options?: QueryOptions,
  ): Promise<HistoricalCosts<D, G>>;

  /** What each service cost, and what of it the bill calls storage and network. */
  services(params?: ServicesParams, options?: QueryOptions): Promise<ServiceCosts<D>>;

  /** What each of the last months cost, or each of a year, with the average, the highest and the lowest. */
  monthly(params?: MonthlyParams, options?: QueryOptions): Promise<MonthlyCosts<D>>;
}

/** Dimensions made of rules, for `virtual:NAME` in `group_by` and `filter`. */
export interface VirtualDimensions {
  /** Defines one, in place of one with the same name, and gives it back. */
  set(params: VirtualDimensionParams): Promise<VirtualDimension>;
  /** Rejects with a `NotFoundError` when there is none. */
  get(name: string): Promise<VirtualDimension>;
  get(params: { name: string }): Promise<VirtualDimension>;
  /** In the order of their names. */
  list(params?: { limit?: number | null; offset?: number | null }): Promise<Page<VirtualDimension>>;
  /** Rejects with a `ConflictError` when the rules of another one look at it. */
  delete(name: string): Promise<{ deleted: true }>;
  delete(params: { name: string }): Promise<{ deleted: true }>;
}

/** The names that answers show, and what belongs to what. */
export interface Catalog<D extends Decimals = "number"> {
  /** Writes an entry, in place of one with the same kind and id, and gives it back. */
  upsert(params: CatalogUpsertParams): Promise<CatalogEntry<D>>;
  /** Rejects with a `NotFoundError` when there is none. */
  get(params: CatalogKey): Promise<CatalogEntry<D>>;
  /** In the order of kind and id. */
  list(params?: CatalogListParams): Promise<Page<CatalogEntry<D>>>;
  /** Charges keep the id; answers then show no name. Rejects with a `NotFoundError` when there is none. */
  delete(params: CatalogKey): Promise<{ deleted: true }>;
}

/**
 * All operations. Each gives a promise that a failure rejects with a {@link FinopsError}, but for the gate of budgets,
 * which answers at once and throws it; a failed call has changed nothing. Counts beyond 2^53 lose digits, as all numbers do there.
 */
export interface Finops<D extends Decimals = "number"> extends BudgetAlerts<D>, CostCenters<D>, History, Metering<D> {
  /** Costs over time. */
  readonly costs: Costs<D>;
  /** Who is told of anomalies. */
  readonly anomalyMonitors: AnomalyMonitors<D>;
  /** How good forecasts are. */
  readonly forecast: Forecast<D>;
  /** Who bears what. */
  readonly allocation: Allocation<D>;
  /** Who and what costs are attributed to. */
  readonly catalog: Catalog<D>;
  /** Resources that somebody looks after together. */
  readonly resourceGroups: ResourceGroups;
  /** Dimensions made of rules. */
  readonly virtualDimensions: VirtualDimensions;
  /** The log of changes. */
  readonly audit: Audit;
  /** Who is told of events. */
  readonly webhooks: Webhooks;
  /** What happened. */
  readonly events: Events;

  /** Imports a bill, all of it or nothing. The same files twice change nothing the second time. */
  importCharges(path: Location, options?: ImportOptions): Promise<ImportReceipt<D>>;
  importCharges(params: ImportParams): Promise<ImportReceipt<D>>;

  /** Writes a report to a file. */
  exportReport(params: ExportParams): Promise<ExportReceipt>;

  /**
   * What a period cost, by any dimensions, largest first.
   *
   * ```js
   * const { breakdown } = await iof.finops.getCostSummary({ period: "2024-01", group_by: ["tenant", "tag:team"] });
   * breakdown[0].tenant_name;
   * ```
   */
  getCostSummary<const G extends Dimension = never>(
    params?: CostSummaryParams<G>,
    options?: QueryOptions,
  ): Promise<CostSummary<D, G>>;

  /**
   * The Parquet files of the present state, for DuckDB and other tools that read such files. Rejects with a
   * `NotFoundError` on a store in memory.
   */
  segments(params?: Record<string, never>): Promise<Segments>;

  /**
   * Lets time pass: a clock that was fixed on open moves to `now`, never back, and what time brings about happens.
   * Budgets start anew, what was held too long is let go of, forecasts are made again, what was settled is written,
   * monitors look for anomalies, and events are told to sinks and webhooks, at most 100 deliveries at a time. Call it every
   * few seconds.
   */
  tick(now?: Time): Promise<{ now: Timestamp }>;
  tick(params: { now?: Time | null }): Promise<{ now: Timestamp }>;
}

export interface OpenOptions<D extends Decimals = "number"> extends BroughtModels {
  /** Fixes the clock; `finops.tick` moves it. By default the system's clock serves. */
  now?: Time | null;
  /** Opens for reading, while another process may write. By default false. */
  read_only?: boolean;
  /** How many groups an answer may be made of, at least 1; a query that makes more is refused. By default 5,000,000. */
  max_groups?: number | null;
  /** How many threads a query may use, 1 to 1024. By default as many as can work at once. */
  threads?: number | null;
  /** How many bytes of what queries read stay in memory for the next ones. By default 1 GiB. */
  cache_bytes?: number | null;
  /**
   * How many bytes of memory may be taken by what knows usage again and by what was counted of it. By default 256 MiB.
   */
  usage_memory_bytes?: number | null;
  /** The currency that usage without a price stands in. By default USD. */
  currency?: string | null;
  /**
   * Whom the log of changes names for what is done here, such as the id of a user. By default `"host"`. A handle of
   * `asPrincipal` names its user instead, one of `asTenant` its tenant: `"tenant:ten_001"`.
   */
  actor?: string | null;
  /** For how many seconds metered usage may wait until the gate of budgets goes by it, 0 to 3600. By default 1. */
  budget_lag_seconds?: Numeric | null;
  /** Whether webhooks may be sent without encryption. By default false. */
  webhook_allow_http?: boolean;
  /** Whether webhooks may reach addresses that are not public: this machine, its network. By default false. */
  webhook_allow_private?: boolean;
  /** How many seconds a receiver may take to answer, 1 to 60. By default 15. */
  webhook_timeout_seconds?: number | null;
  /** How exact decimals come out, in every answer. By default `"number"`. */
  decimals?: D;
}

/** An open engine. Calls run on Node's thread pool and may run at the same time. */
export class Iof<D extends Decimals = "number"> {
  private constructor();

  /**
   * Opens an engine on a folder, which is made when it is not there, or on `":memory:"`, the default, which ends with
   * the engine.
   *
   * ```js
   * const iof = await Iof.open("costs", { decimals: "string" });
   * ```
   */
  static open<D extends Decimals = "number">(location?: Location, options?: OpenOptions<D>): Promise<Iof<D>>;

  /** All operations. */
  readonly finops: Finops<D>;

  /**
   * An engine that reads and writes only what is that tenant's, and shares everything else with this one. Narrowing again
   * only narrows. Throws a `ForbiddenError` when this one is narrowed to another tenant.
   *
   * ```js
   * const tenant = iof.asTenant("ten_001");
   * await tenant.finops.getCostSummary({ period: "2024-01" }); // its own costs
   * ```
   */
  asTenant(tenantId: string): Iof<D>;

  /**
   * An engine that may what a user may, within their tenant or their organization. An admin of neither may everything;
   * anybody else of neither sees what is theirs. Throws a `ForbiddenError` where {@link asTenant} does.
   *
   * ```js
   * const viewer = iof.asPrincipal({ user_id: "u_1", roles: ["viewer"], organization_id: "org_1" });
   * ```
   */
  asPrincipal(principal: Principal): Iof<D>;

  /** Whether `close` was called, here or where it was narrowed from. */
  readonly closed: boolean;

  /**
   * Lets go of the location when the calls under way are done; later ones fail. Closing twice is harmless. It closes what
   * was narrowed from it too; a narrowed engine closes only itself.
   */
  close(): Promise<void>;

  /** For `await using`. */
  [Symbol.asyncDispose](): Promise<void>;
}

// --- Errors ---

/** Why a call failed, as a stable word to act on. */
export type ErrorCode =
  | "invalid_argument"
  | "not_found"
  | "conflict"
  | "mixed_currencies"
  | "overflow"
  | "storage"
  | "cancelled"
  | "forbidden"
  | "budget_exhausted"
  | "unauthorized";

/** A failed call. It changed nothing. */
export class FinopsError extends Error {
  constructor(code: ErrorCode, message: string, field?: string | null, options?: { cause?: unknown });
  readonly code: ErrorCode;
  /** The parameter or column that it is about, where there is one. */
  readonly field: string | null;
  /** What lies underneath: a failure of the system, or the reason of an abort. */
  readonly cause?: unknown;
}

/** An argument cannot be right: correct it and call again. Code `invalid_argument`. */
export class InvalidArgumentError extends FinopsError {}
/** What was named does not exist. Code `not_found`. */
export class NotFoundError extends FinopsError {}
/** The call collides with what is there: a second writer, a closed engine. Code `conflict`. */
export class ConflictError extends FinopsError {}
/** Amounts of several currencies would be added: pass `currency` and `exchange_rates`, or filter. */
export class MixedCurrenciesError extends FinopsError {}
/** An exact result does not fit; money is never cut or wrapped. Code `overflow`. */
export class MoneyOverflowError extends FinopsError {}
/** The disk, the database or a stored file failed or is damaged. Code `storage`. */
export class StorageError extends FinopsError {}
/** The work was asked to stop. Code `cancelled`. */
export class CancelledError extends FinopsError {}
/** The handle may not do this: call with another role or scope, or leave it. Code `forbidden`. */
export class ForbiddenError extends FinopsError {}
/** A budget does not let the spend through: leave it, make it smaller, or wait. Code `budget_exhausted`. */
export class BudgetExhaustedError extends FinopsError {
  /** Why. */
  readonly reason: SpendCheck["reason"];
  /** The budget that refused, with its figures; `null` where there is none to be named. */
  readonly refused_by: SpendRefusal<Decimals> | null;
}

/** Whoever sent this did not prove who they are: answer with 401, and do nothing of it. Code `unauthorized`. */
export class UnauthorizedError extends FinopsError {}
