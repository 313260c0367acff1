// The log of changes. All of it is exported by index.d.ts.

import type { Location, Page, Time, Timestamp } from "./index";

/**
 * What a change is about. `usage` are events that were voided or corrected, `statement` closed periods,
 * `allocation_close` closed allocations. Of a `webhook` nothing is told but that it changed.
 */
export type AuditKind =
  | "allocation_close"
  | "allocation_rule"
  | "anomaly_feedback"
  | "anomaly_monitor"
  | "budget"
  | "catalog"
  | "cost_center"
  | "grant"
  | "meter"
  | "model_prices"
  | "price"
  | "resource_group"
  | "statement"
  | "usage"
  | "virtual_dimension"
  | "webhook";

export interface AuditListParams {
  /** Only changes of things of that kind. */
  kind?: AuditKind | null;
  /**
   * Only of what has that key: the id of a price, grant, cost centre or group, the name of a virtual dimension or meter,
   * `"team/t1"` of the catalogue, `"2024-01/ten_001"` of a closed period, `"ten_001/gateway/req-1"` of an event.
   */
  key?: string | null;
  /** Only those that they made. */
  actor?: string | null;
  /** Only those made then or later. */
  since?: Time | null;
  /** Only those made before. */
  until?: Time | null;
  /** How many, 1 to 1000. By default 20. */
  limit?: number | null;
  /** How many to leave out before. */
  offset?: number | null;
}

/** A change, as the log has it. */
export interface AuditEntry {
  /** Its number: the first has 1. */
  seq: number;
  at: Timestamp;
  /** Who made it. */
  actor: string;
  action: "create" | "update" | "delete" | "close" | "void" | "correct";
  kind: AuditKind;
  key: string;
  /**
   * What it was, with amounts and times as text; `null` where it was not there. What is longer than 64 KiB as JSON is
   * `{ omitted: { blake3, bytes } }`.
   */
  before: unknown;
  /** What it became; `null` when it is gone. */
  after: unknown;
  /** The hash of the entry before; zeros before the first. */
  previous: string;
  hash: string;
}

export interface AuditVerifyParams {
  /**
   * The `head` that was noted earlier: the log must still have it. A log that somebody wrote anew from its start is
   * told by nothing else.
   */
  expected_head?: string | null;
  /** A file that `export` wrote, to look at in place of the log of the store. */
  path?: Location | null;
}

/** Whether the log is whole, and where it is not. */
export interface AuditVerdict {
  /** How many entries were found. */
  entries: number;
  ok: boolean;
  /** The hash of its end, to note elsewhere. */
  head: string;
  /** The number of the first entry at which it is not whole; `null` where that cannot be told. */
  broken_at: number | null;
  problem: string | null;
}

/** The log as it was written to a file. */
export interface AuditExportReceipt {
  path: string;
  rows: number;
  bytes: number;
  /** The hash of its end: kept apart from the file it tells whether the last entries are there. */
  head: string;
}

/** The log of changes. Who makes them is said by `actor` on open. */
export interface Audit {
  /**
   * The changes that were made, the latest first.
   *
   * ```js
   * const { items } = await iof.finops.audit.list({ kind: "price", since: "2024-01-01T00:00:00Z" });
   * ```
   */
  list(params?: AuditListParams): Promise<Page<AuditEntry>>;

  /**
   * Whether the log is whole: whether an entry was edited, taken out, put in or moved, and which is the first. A log
   * that is not whole is no error.
   *
   * ```js
   * const { ok, head, broken_at } = await iof.finops.audit.verify();
   * ```
   */
  verify(params?: AuditVerifyParams): Promise<AuditVerdict>;

  /** Writes the log to a file, an entry a line as JSON, the oldest first. It appears complete or not at all. */
  export(path: Location): Promise<AuditExportReceipt>;
  export(params: { path: Location }): Promise<AuditExportReceipt>;
}
