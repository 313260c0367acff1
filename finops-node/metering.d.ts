// Usage: recording it, asking for it, the meters that count it.

import type { Billing, Grants, ModelPrices, Prices } from "./billing";
import type { Granularity } from "./costs";
import type {
  Decimal, Decimals, Dimension, DimensionKeys, ExportReceipt, Filter, Location, Numeric, Page, Time, Timestamp,
} from "./index";

// --- Recording ---

/** Something that was used. Its identity is `tenant_id`, `source` and `id`. */
export interface UsageEvent {
  /** 1 to 256 bytes. */
  id: string;
  /** Who reports it; the same id from another source is another event. */
  source?: string | null;
  /** When it happened. By default now. */
  time?: Time | null;
  /** What was used: the meters that name it count it. */
  resource: string;
  /** How much of it; not where meters take what they count from a property. */
  quantity?: Numeric | null;
  /** Who used it. */
  tenant_id: string;
  workspace_id?: string | null;
  rail?: string | null;
  user_id?: string | null;
  /** Whatever else is known of it, at most 64 values. */
  properties?: { readonly [name: string]: string | number | bigint | boolean | null | undefined } | null;
}

/** An event as CloudEvents 1.0 has it: the type is the resource, the data has the quantity and the properties. */
export interface CloudEvent {
  specversion: "1.0";
  id: string;
  source: string;
  type: string;
  /** The tenant, unless the data or the attribute `tenantid` names it. */
  subject?: string | null;
  time?: Time | null;
  data?: { readonly [name: string]: unknown } | null;
  readonly [attribute: string]: unknown;
}

/** One event or a list of them; as objects, or as JSON in a string or in UTF-8. */
export type UsageEvents = UsageEvent | CloudEvent | readonly (UsageEvent | CloudEvent)[] | string | Uint8Array;

/** An event that does not count. */
export interface RejectedUsage {
  /** Its place in the call, from 0. */
  index: number;
  id: string | null;
  /** `"conflict"`: another content came with that id before, and stays. */
  code: "conflict" | "too_late" | "future" | "forbidden" | "invalid";
  /** The field, and what to do. */
  message: string;
}

/** What became of events. */
export interface UsageReceipt {
  /** How many are durable and counted now. */
  accepted: number;
  /** How many had been counted before, with the same content. */
  duplicates: number;
  rejected: RejectedUsage[];
}

export interface RecorderOptions {
  /** How many events are written together, 1 to 100,000. By default 10,000. */
  batch?: number;
  /** How many may wait to be written, at least a batch. By default 100,000. */
  maxInFlight?: number;
  /**
   * What happens to an event for which there is no room: `record` waits (`"wait"`, the default; that holds up the event
   * loop), drops and counts it (`"drop"`), or throws a `ConflictError` (`"fail"`).
   */
  policy?: "wait" | "drop" | "fail";
  /** How many events that did not count are kept for `takeRejected`. By default 1,000. */
  maxRejected?: number;
  /** How often its own thread flushes, in seconds, 0.001 to 3600. By default 1. It does not keep the process alive. */
  flushSeconds?: number;
}

/**
 * Takes events one by one on hot paths, and writes them in batches.
 *
 * An event that was taken is in memory only until it is flushed: a crash loses what `inFlight` counts, and so does a
 * process that ends without `close`. Events carry ids, so those that may be lost can be recorded again.
 */
export interface Recorder {
  /** Takes an event. Throws an `InvalidArgumentError` for what is none. */
  record(event: UsageEvent | CloudEvent): void;
  /** Fulfilled when all that was taken before is durable. When it rejects, the events wait for the next flush. */
  flush(): Promise<void>;
  /** How many events were taken and are not written yet. */
  readonly inFlight: number;
  /** What it did so far. */
  stats(): {
    accepted: number;
    duplicates: number;
    rejected: number;
    /** For want of room. */
    dropped: number;
    /** How often writing failed; what was to be written waits. */
    failures: number;
  };
  /** Takes what is known of events that did not count, each with its place in the batch that it was written in. */
  takeRejected(): RejectedUsage[];
  /** Flushes, and takes no more. Close it before the engine: until then the engine keeps its folder. */
  close(): Promise<void>;
}

// --- Asking ---

export interface UsageParams<G extends Dimension = "tenant"> {
  /** A period such as `"2024-01"`; without any time, the thirty days up to tonight. Ends lie on quarters of an hour. */
  period?: string | null;
  /** Instead, a window such as `"7d"`. */
  window?: string | null;
  /** Instead, the first day, as a date or an instant. */
  start_date?: Time | null;
  /** And the end, exclusive. */
  end_date?: Time | null;
  /** By default `"tenant"`; also a property that a meter groups by, as `tag:NAME`. An empty list: one item of all. */
  group_by?: G | readonly G[];
  /** Only the meter of that name. */
  resource?: string | null;
  /** Which usage counts. */
  filter?: Filter | null;
  /** Adds `series`: the same for each span. */
  granularity?: Granularity | null;
  /** Where days begin and periods lie. By default `"UTC"`. */
  time_zone?: string;
  /** How many items, 1 to 1000. By default all. */
  limit?: number | null;
  /** How many items to leave out before. */
  offset?: number | null;
}

/** What each meter comes to, `null` where nothing was used; meters of your own under their names. */
export interface UsageNumbers<D extends Decimals = "number"> {
  api_calls?: Decimal<D> | null;
  ledger_transactions?: Decimal<D> | null;
  search_queries?: Decimal<D> | null;
  /** The mean level over the span. */
  storage_gb?: Decimal<D> | null;
  compute_vcpu_seconds?: Decimal<D> | null;
  bandwidth_gb?: Decimal<D> | null;
  readonly [meter: string]: unknown;
}

/** How much was used. */
export interface Usage<D extends Decimals = "number", G extends Dimension = Dimension> {
  period: string | null;
  window_start: Timestamp;
  /** Exclusive. */
  window_end: Timestamp;
  /** How many items there are on all pages. */
  count: number;
  /** In the order of their values. */
  items: (DimensionKeys<G> & UsageNumbers<D>)[];
  /** With `granularity`. */
  series?: (DimensionKeys<G> & { points: ({ date: Timestamp; day: string } & UsageNumbers<D>)[] })[];
}

/** Which event. */
export interface UsageKey {
  id: string;
  tenant_id: string;
  /** Who reported it, where it said so. */
  source?: string | null;
}

/** What an event should have said. What is left out stays as it is; `null` takes one away. */
export interface UsageCorrection extends UsageKey {
  time?: Time;
  resource?: string;
  quantity?: Numeric;
  workspace_id?: string | null;
  rail?: string | null;
  user_id?: string | null;
  /** All of its properties. */
  properties?: { readonly [name: string]: string };
}

// --- Meters ---

/** How the events of a window become one number; `time_weighted` is the mean level, of which values are changes. */
export type Aggregation = "sum" | "count" | "unique_count" | "max" | "min" | "avg" | "latest" | "time_weighted";

export interface MeterParams {
  /** Its name, by which prices and answers speak of it: lower-case letters, digits and `_`. */
  slug: string;
  aggregation: Aggregation;
  /** What the number is in. */
  unit: string;
  /** Which events it reads, by their `resource`. By default those with its own name. */
  event?: string | null;
  /** The property that holds the value. By default it is the quantity. */
  value_property?: string | null;
  /** Only events whose property has one of these values. */
  filter?: { readonly [property: string]: readonly string[] };
  /** Properties that its numbers can be told apart by. */
  group_by?: readonly string[];
}

/** What counts events of a resource. */
export interface Meter {
  slug: string;
  aggregation: Aggregation;
  unit: string;
  event: string | null;
  value_property: string | null;
  filter: { [property: string]: string[] };
  group_by: string[];
}

/** What counts usage. */
export interface Meters {
  /** Adds a meter. It counts all events that are kept, not only those from now on. */
  create(params: MeterParams): Promise<Meter>;
  /** Rejects with a `NotFoundError` when there is none. */
  get(slug: string): Promise<Meter>;
  get(params: { slug: string }): Promise<Meter>;
  /** The six that are built in, then the others in the order of their making. */
  list(params?: { limit?: number | null; offset?: number | null }): Promise<Page<Meter>>;
  /** Puts another definition in its place. The events that are kept are counted again. */
  update(params: MeterParams): Promise<Meter>;
  /** Events stay, and so do charges of them. Rejects with a `ConflictError` while a price is for it. */
  delete(slug: string): Promise<{ deleted: true }>;
  delete(params: { slug: string }): Promise<{ deleted: true }>;
}

// --- How usage is kept ---

/** What was dropped or brought together. */
export interface UsageTidied {
  batches: number;
  /** How many events were in them. */
  events: number;
}

/** The events that are kept. */
export interface KeptUsage {
  /** Writes events to a Parquet file, as they are counted now; of a period in UTC, or all. */
  export(path: Location, options?: { period?: string | null }): Promise<ExportReceipt>;
  export(params: { path: Location; period?: string | null }): Promise<ExportReceipt>;
  /** How usage is kept. `events_behind` is how many opening would count again after a crash. */
  status(params?: Record<string, never>): Promise<{
    events: number;
    batches: number;
    events_behind: number;
    memory_bytes: number;
    checkpoint_failed: string | null;
  }>;
  /** Brings small batches together. No answer changes. */
  compact(params?: Record<string, never>): Promise<UsageTidied>;
  /**
   * Drops events that happened before an instant, batch by batch. What was counted of them stays; they can be neither
   * corrected nor counted by a new meter any more.
   */
  drop(before: Time): Promise<UsageTidied>;
  drop(params: { before: Time }): Promise<UsageTidied>;
}

/** The part of `finops` that is about usage. */
export interface Metering<D extends Decimals = "number"> {
  /** What counts usage. */
  readonly meters: Meters;
  /** What usage costs. */
  readonly prices: Prices<D>;
  /** What is billed of usage. */
  readonly billing: Billing<D>;
  /** What tenants have to their credit. */
  readonly grants: Grants<D>;
  /** The events that are kept. */
  readonly usage: KeptUsage;
  /** Prices of language models. */
  readonly llm: ModelPrices<D>;

  /**
   * Counts events: durably, and each once, however often it comes. One that is wrong is rejected by itself. At most
   * 100,000 at once; calls at the same time share a commit.
   *
   * ```js
   * await iof.finops.recordUsage({ id: "req-1", resource: "api_calls", quantity: 1, tenant_id: "ten_001" });
   * ```
   */
  recordUsage(events: UsageEvents): Promise<UsageReceipt>;
  recordUsage(params: { events: UsageEvents }): Promise<UsageReceipt>;

  /** Something that takes events one by one, without waiting for the disk. */
  recorder(options?: RecorderOptions): Recorder;

  /**
   * How much was used, by tenant or by any other group, also over time.
   *
   * ```js
   * const { items } = await iof.finops.getUsage({ period: "2024-01", group_by: "rail", granularity: "daily" });
   * ```
   */
  getUsage<const G extends Dimension = "tenant">(params?: UsageParams<G>): Promise<Usage<D, G>>;

  /** Takes an event out of everything that counted it, and out of what it cost. */
  voidUsage(params: UsageKey): Promise<{ changed: boolean }>;

  /** Has an event say something else; everything that counted it follows, and what it cost. */
  correctUsage(params: UsageCorrection): Promise<{ changed: boolean }>;
}
