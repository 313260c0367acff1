// The states of the store. All of it is exported by index.d.ts.

import type { Page, Progress, Signal, Timestamp } from "./index";

export interface SnapshotsParams {
  /** How many, 1 to 1000. By default 20. */
  limit?: number | null;
  /** How many to leave out before. */
  offset?: number | null;
}

/** A state of the store that can still be read. */
export interface StateMark {
  /** Its number, which `as_of` takes. */
  snapshot: number;
  /** Since when it was the present one. */
  at: Timestamp;
  /** What made it. */
  cause: "import" | "compact";
  /** The import that made it; `null` for a compaction. */
  import_id: string | null;
  /** How many charges it holds. */
  charges: number;
}

export interface VacuumParams {
  /** How long a state stays readable after another took its place: `"30d"`, `"12h"`, `"0d"`. By default 30 days. */
  keep?: string | null;
}

/** What a vacuum removed. */
export interface Vacuumed {
  /** How many states can be read no more. */
  snapshots_removed: number;
  /** How many files no remaining state needed. */
  segments_removed: number;
  bytes_freed: number;
  /** The number of the oldest state that can still be read. */
  oldest_snapshot: number;
}

export interface CompactOptions {
  /** Told how far the compaction is, at most every 50 ms and once at its end. What it throws stops it. */
  onProgress?: (progress: Progress) => void;
  /** Stops the compaction: it then rejects with a `CancelledError` whose `cause` is the signal's reason. */
  signal?: Signal;
}

/** What a compaction brought together. */
export interface Compacted {
  /** How many billing accounts' periods were rewritten; the others were in one piece already. */
  scopes: number;
  segments_before: number;
  segments_after: number;
  /** These stay until a vacuum, for those who read earlier states. */
  bytes_before: number;
  bytes_after: number;
  /** The present state: a new one if anything was rewritten. */
  snapshot: number;
}

/** The part of `finops` that is about the states of the store. */
export interface History {
  /**
   * The states that can still be read, newest first.
   *
   * ```js
   * const { items } = await iof.finops.snapshots();
   * const before = await iof.finops.getCostSummary({ period: "2024-01", as_of: items[1].snapshot });
   * ```
   */
  snapshots(params?: SnapshotsParams): Promise<Page<StateMark>>;

  /**
   * Forgets old states, with the files that only they need. The present one stays, however old it is. Rejects with a
   * `ConflictError` when somebody is reading and stays so for some seconds.
   *
   * ```js
   * const { bytes_freed } = await iof.finops.vacuum({ keep: "7d" });
   * ```
   */
  vacuum(params?: VacuumParams): Promise<Vacuumed>;

  /**
   * Brings the charges of each billing account's period into one file, where they came in several. No answer changes.
   *
   * ```js
   * const { scopes } = await iof.finops.compact({ signal: AbortSignal.timeout(60_000) });
   * ```
   */
  compact(options?: CompactOptions): Promise<Compacted>;
}
