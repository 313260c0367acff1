// Statements of who bears a month, and closing it. All of it is exported by index.d.ts.

import type { AllocationFinding, LineKind } from "./allocation";
import type { CostView, Decimal, Decimals, Timestamp } from "./index";

/** What a report is for: to see, or to be paid. */
export type ReportStyle = "showback" | "chargeback";

export interface AllocationReportParams {
  /** A calendar month of UTC such as `"2024-01"`. */
  period: string;
  /** By default `"showback"`: everything, also what nobody bears. `"chargeback"`: what centres bear, numbered. */
  style?: ReportStyle;
  /** Only the statements of that centre. */
  cost_center?: string | null;
  /** Only those in that currency. Nothing is converted. */
  currency?: string | null;
  /** Which of the four costs is told. All are shared out by the weights of the effective one, which is the default. */
  view?: CostView;
}

/** The amounts of a statement: `closing` is the sum of all others. */
export interface StatementBalance<D extends Decimals = "number"> {
  /** What closed months before it come to. */
  opening: Decimal<D>;
  /** Charges of its own. */
  charges: Decimal<D>;
  shared: Decimal<D>;
  idle: Decimal<D>;
  /** What corrects closed months. */
  corrections: Decimal<D>;
  closing: Decimal<D>;
}

/** What a centre bears in a month in one currency. */
export interface AllocationStatement<D extends Decimals = "number"> extends StatementBalance<D> {
  /** Only where it is charged back; the same whenever it is asked for. */
  number: string | null;
  cost_center_id: string;
  cost_center_name: string | null;
  parent: string | null;
  owner_id: string | null;
  currency: string;
  /** How many charges of the month lack the cost; they are in no amount. */
  unknown_costs: number;
  /** Where it is in this currency. */
  budget_monthly: Decimal<D> | null;
  alert_threshold_pct: Decimal<D> | null;
  /** What the month adds, in percent of the budget. */
  budget_used_pct: Decimal<D> | null;
  /** Whether that reaches the threshold. */
  over_threshold: boolean | null;
  /** The centre and all below it together; `null` where nothing is a part of it. */
  with_children: StatementBalance<D> | null;
}

/** What nobody bears in a month in one currency. */
export interface UnallocatedStatement<D extends Decimals = "number"> {
  currency: string;
  opening: Decimal<D>;
  unallocated: Decimal<D>;
  /** Idle cost that is kept apart. */
  idle: Decimal<D>;
  corrections: Decimal<D>;
  closing: Decimal<D>;
  unknown_costs: number;
}

/** What all statements of a currency come to, and what nobody bears. */
export interface StatementTotal<D extends Decimals = "number"> extends StatementBalance<D> {
  currency: string;
  unallocated: Decimal<D>;
  unknown_costs: number;
}

/** A correction of a closed month. */
export interface StatementCorrection<D extends Decimals = "number"> {
  /** The month that it corrects. */
  period: string;
  /** `null` for what nobody bears. */
  cost_center_id: string | null;
  cost_center_name: string | null;
  currency: string;
  amount: Decimal<D>;
  kind: LineKind;
  rule_id: string | null;
}

/** The statements of a month. */
export interface AllocationReport<D extends Decimals = "number"> {
  period: string;
  period_start: Timestamp;
  /** Exclusive. */
  period_end: Timestamp;
  style: ReportStyle;
  view: CostView;
  status: "open" | "closed";
  /** Whether the amounts may still change. */
  estimated: boolean;
  closed_at: Timestamp | null;
  /** What the statements come to, by currency; of a showback with what nobody bears. */
  totals: StatementTotal<D>[];
  /** By currency, those to whom the month adds most first. */
  statements: AllocationStatement<D>[];
  /** Empty in a chargeback, and when a centre is asked for. */
  unallocated: UnallocatedStatement<D>[];
  /** By month and currency, the largest first. */
  corrections: StatementCorrection<D>[];
  snapshot: number;
}

/** What was closed. */
export interface AllocationClosed<D extends Decimals = "number"> {
  period: string;
  period_start: Timestamp;
  /** Exclusive. */
  period_end: Timestamp;
  closed_at: Timestamp;
  /** How many lines are kept of it. */
  lines: number;
  /** In effective cost. */
  totals: StatementTotal<D>[];
  /** What was booked with it for months that were closed before. */
  corrections: StatementCorrection<D>[];
  findings: AllocationFinding[];
  snapshot: number;
}

/** The statements of months. */
export interface Statements<D extends Decimals = "number"> {
  /**
   * Who bears a month, as a statement for each cost centre and currency. A closed month is told as it was closed, an
   * open one as it is now. A handle that is narrowed gets the statements of the centres that its user answers for.
   *
   * ```js
   * const { statements } = await iof.finops.allocation.report({ period: "2024-01", style: "chargeback" });
   * ```
   */
  report(period: string): Promise<AllocationReport<D>>;
  report(params: AllocationReportParams): Promise<AllocationReport<D>>;
  /**
   * Closes a month that has ended: who bears what of it stays as it is now. What changes later corrects it in the next
   * month that is open. Rejects with a conflict when it has not ended or is closed already.
   */
  close(period: string): Promise<AllocationClosed<D>>;
  close(params: { period: string }): Promise<AllocationClosed<D>>;
}
