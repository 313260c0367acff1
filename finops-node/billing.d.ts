// What usage costs: prices, bills, grants, and the price lists of language models.

import type { Decimal, Decimals, Location, Numeric, Page, Time, Timestamp } from "./index";

// --- Prices ---

/** The units above the tier before it, up to and including `up_to`, which is `null` in the last. */
export interface Tier<N = Numeric> {
  up_to: N | null;
  unit_price?: N;
  /** What is charged once when the tier is reached. */
  flat?: N;
}

/** How a unit is priced, and on which terms. */
export interface PriceTerms<N = Numeric> {
  /** What a unit costs (`per_unit`), or a billing period (`flat`). */
  unit_price?: N;
  /** Of `tiered` (each unit by its own tier) and `volume` (all by the tier of the last). */
  tiers?: readonly Tier<N>[];
  package?: { size: N; price: N; rounding?: "up" | "down" };
  percentage?: { percent: N; flat?: N };
  /** Prices by the values of dimensions. `missing` is `"unknown"`, `"error"` or a price. */
  matrix?: {
    dimensions: readonly string[];
    cells: readonly { values: readonly string[]; unit_price: N }[];
    missing?: "unknown" | "error" | N;
  };
  /** The first instant that it prices no more. */
  effective_to?: Time | null;
  /** Only for that tenant, before a price for all. */
  scope?: { tenant_id: string } | null;
  /** What a billing period costs at least. */
  minimum?: N | null;
  /** What it costs at most. */
  maximum?: N | null;
  /** How many units of each billing period are free. */
  included?: N | null;
  /** How the metered quantity becomes units. */
  conversion?: { divide_by: N; rounding?: "up" | "down" | "none"; decimals?: number } | null;
  /** Units taken off after conversion. */
  usage_discount?: N | null;
  /** The one rounding of a line. By default `"exact"`: 18 decimals. */
  rounding?:
    | "exact"
    | "currency"
    | { decimals: number; mode: "half_even" | "half_up" | "down" | "up" | "floor" | "ceiling" };
  /** Whether the fee of the first tier is due when nothing was used. By default it is. */
  first_tier_flat_at_zero?: boolean;
  /** Whether it goes on where the price before it stood within a billing period. By default `"carry"`. */
  on_change?: "carry" | "restart";
}

export type PriceModel = "per_unit" | "flat" | "tiered" | "volume" | "package" | "percentage" | "matrix";

export interface PriceParams extends PriceTerms {
  /** The meter that it prices. */
  meter: string;
  model: PriceModel;
  currency: string;
  /** The first instant of usage that it prices: a quarter of an hour in UTC. */
  effective_from: Time;
}

export interface PriceChanges extends PriceTerms {
  id: string;
  model?: PriceModel;
  currency?: string;
  effective_from?: Time;
}

/** A version of a price. What it does not say is left out. */
export interface Price<D extends Decimals = "number"> extends PriceTerms<Decimal<D>> {
  id: string;
  revision: number;
  meter: string;
  model: PriceModel;
  currency: string;
  effective_from: Timestamp;
}

export interface PriceListParams {
  /** Only those of that meter. */
  meter?: string | null;
  /** Only those for that tenant alone. */
  tenant_id?: string | null;
  /** Whether to give earlier versions as well. */
  revisions?: boolean;
  limit?: number | null;
  offset?: number | null;
}

/** What usage costs. A version is never edited: a change adds one. */
export interface Prices<D extends Decimals = "number"> {
  /** Usage from its `effective_from` on is rated by it, also usage that came before it. */
  create(params: PriceParams): Promise<Price<D>>;
  /** Adds a version: what is given takes the place of what the version before says. */
  update(params: PriceChanges): Promise<Price<D>>;
  /** The latest version of each, or all. */
  list(params?: PriceListParams): Promise<Page<Price<D>>>;
  /** Takes a price back with all its versions. */
  delete(id: string): Promise<{ deleted: true }>;
  delete(params: { id: string }): Promise<{ deleted: true }>;
}

// --- Billing ---

export interface StatementLine<D extends Decimals = "number"> {
  meter: string;
  unit: string;
  /** Which part of the price it is: `tier 1`, `packages`, `up to the minimum`, `correction`. */
  tier: string;
  quantity: Decimal<D>;
  unit_price: Decimal<D> | null;
  amount: Decimal<D>;
  currency: string;
  price_id: string | null;
  /** The closed period that it corrects. */
  correction_of: string | null;
}

/** What is billed to a tenant for a billing period. */
export interface Statement<D extends Decimals = "number"> {
  tenant_id: string;
  period: string;
  period_start: Timestamp;
  period_end: Timestamp;
  currency: string | null;
  lines: StatementLine<D>[];
  /** `null` when lines are in several currencies. */
  total: Decimal<D> | null;
  totals: { [currency: string]: Decimal<D> };
  /** What was used without a price: its cost is unknown. */
  unpriced: { meter: string; quantity: Decimal<D> }[];
  /** `null` as long as it may change. */
  closed_at: Timestamp | null;
}

/** What settling did. */
export interface Settlement {
  lines: number;
  charges: number;
  snapshot: number;
  /** Lines that could not be rated; their cost is unknown. */
  failures: { tenant_id: string; meter: string; period_start: Timestamp; code: string; message: string }[];
}

/** What is billed of usage. */
export interface Billing<D extends Decimals = "number"> {
  /** Makes charges of what was used since. Cost queries of the present state do it by themselves. */
  settle(params?: Record<string, never>): Promise<Settlement>;
  /** What is billed for a month, as it stands now or as it was closed. */
  preview(params: { tenant_id: string; period: string }): Promise<Statement<D>>;
  /** Closes a month that has ended. What changes later is billed as a correction in the next one that is open. */
  close(params: { period: string; tenant_id?: string | null }): Promise<{
    period: string;
    statements: Statement<D>[];
    snapshot: number;
  }>;
}

// --- Grants ---

/** Money, which pays for whatever is charged, or units of a meter, which are used without being paid for. */
export type GrantAmount<N = Numeric> = { money: N; currency: string } | { units: N; meter: string };

export interface GrantParams {
  tenant_id: string;
  /** What it holds when it starts. */
  amount: GrantAmount;
  /** The first instant at which it can be used: a quarter of an hour in UTC. */
  effective_from: Time;
  /** Lower ones are used up first. By default 0. */
  priority?: number;
  /** The first instant at which what is left is gone. */
  expires_at?: Time | null;
  /** What is left of it at the start of a month: the balance, at least `min` and at most `max`. By default all. */
  rollover?: { min?: Numeric; max: Numeric } | null;
  /** How often it is refilled, from `effective_from` on. */
  recurrence?: { every: number; unit: "day" | "week" | "month" | "year"; time_zone?: string } | null;
  /** Whether it pays for what was left unpaid in the months before. Only of money. */
  preserve_overage?: boolean;
}

/** What a tenant has to its credit. What it does not say is left out. */
export interface Grant<D extends Decimals = "number"> {
  id: string;
  tenant_id: string;
  amount: GrantAmount<Decimal<D>>;
  priority: number;
  effective_from: Timestamp;
  created_at: Timestamp;
  expires_at?: Timestamp;
  rollover?: { min: Decimal<D>; max: Decimal<D> };
  recurrence?: { every: number; unit: string; time_zone: string };
  preserve_overage: boolean;
}

/** What is left of a tenant's grants, and what none of them covered in the month. */
export interface GrantBalance<D extends Decimals = "number"> {
  tenant_id: string;
  at: Timestamp;
  grants: { id: string; amount: GrantAmount<Decimal<D>>; left: Decimal<D>; expires_at: Timestamp | null }[];
  /** Money in a currency, or units of a meter. The next grant or refill of the month pays for it first. */
  overages: { currency: string | null; meter: string | null; overage: Decimal<D> }[];
}

/** What tenants have to their credit, used up before anything is paid for. */
export interface Grants<D extends Decimals = "number"> {
  /** It counts from its `effective_from` on; what is billed already is corrected. */
  create(params: GrantParams): Promise<Grant<D>>;
  list(params?: { tenant_id?: string | null; limit?: number | null; offset?: number | null }): Promise<Page<Grant<D>>>;
  /** Now, or at an instant that has passed. */
  balance(params: { tenant_id: string; at?: Time | null }): Promise<GrantBalance<D>>;
  /** Takes it back, as if it had never been: what it paid is charged again. */
  delete(id: string): Promise<{ deleted: true }>;
  delete(params: { id: string }): Promise<{ deleted: true }>;
}

// --- Language models ---

/** The tokens of a request, as totals that hold their parts. */
export interface ModelTokens {
  /** All that was sent, cached or not. It decides the tier. */
  input?: number;
  cached_input?: number;
  cache_write?: number;
  /** Written to a cache for an hour or longer. */
  cache_write_long?: number;
  audio_input?: number;
  /** All that was answered, with what was thought. */
  output?: number;
  reasoning?: number;
  audio_output?: number;
}

/** Prices of language models. What meters their calls is in `iof/llm`. */
export interface ModelPrices<D extends Decimals = "number"> {
  /** Loads a list in LiteLLM's format: makes the meters of tokens, and their prices from `effective_from` on. */
  loadPrices(params: {
    path: Location;
    effective_from: Time;
    /** By default `"USD"`. */
    currency?: string | null;
    /** Names under which requests speak of models of the list. */
    aliases?: { readonly [name: string]: string };
    /** Models whose tiers begin at exactly the number of tokens that they name. */
    inclusive?: readonly string[];
    /** What becomes of requests to a model without a price. By default `"error"`: they are rejected. */
    unknown?: "error" | "allow";
  }): Promise<{ models: number; not_by_token: number; rounded: number; left_out: number; effective_from: Timestamp }>;

  /** What a request costs. Rejects with a `NotFoundError` for a model without a price: unknown is not zero. */
  rate(params: { model: string; usage: ModelTokens; at?: Time | null }): Promise<{
    currency: string;
    /** Which tier holds for the whole request: `base`, `above_200k`. */
    tier: string;
    lines: {
      kind: string;
      tokens: number;
      unit_price: Decimal<D> | null;
      priced_as: string | null;
      amount: Decimal<D> | null;
    }[];
    total: Decimal<D> | null;
    /** Parts that were reported as more than their total had left. */
    adjusted: { kind: string; reported: number; counted: number }[];
  }>;
}
