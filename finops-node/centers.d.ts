// Cost centres: who answers for a part of the cost. All of it is exported by index.d.ts.

import type { Decimal, Decimals, Filter, Numeric, Page, Timestamp } from "./index";

/** What a cost centre is for: `custom` is what its dimensions and its filter say. */
export type CenterType = "tenant" | "workspace" | "rail" | "custom";

/** What may be said of a cost centre besides its name and its type. */
export interface CenterDetails {
  /** The id of the tenant; of that type, and of no other. */
  tenant?: string | null;
  /** The id of the workspace; of that type, and of no other. */
  workspace?: string | null;
  /** The name of the product line; of that type, and of no other. */
  rail?: string | null;
  /** What its charges must also be; anything but `cost_center`. */
  filter?: Filter | null;
  /** Values that its charges must also have, by dimension. */
  dimensions?: { readonly [dimension: string]: string } | null;
  /** What it may cost a month. */
  budget_monthly?: Numeric | null;
  /** The currency of the budget. By default that of the engine. */
  currency?: string | null;
  /**
   * At which share of the budget its owner is warned: a fraction above 0.01 up to 1, or a percentage above 1 up to
   * 1000. `0.8` and `80` mean the same, and `1` is 100 %. It comes back as a percentage.
   */
  alert_threshold_pct?: Numeric | null;
  /** The id of the user who answers for it. */
  owner_id?: string | null;
  /** The id of the centre that it is a part of, at most 16 levels deep. */
  parent?: string | null;
}

export interface CostCenterParams extends CenterDetails {
  /** What people call it; no other one has the same but for case and blanks around it. */
  name: string;
  type: CenterType;
}

/** What is given takes the place of what a centre says, `null` takes back what it says, what is not given stays. */
export interface CostCenterChanges extends CenterDetails {
  id: string;
  name?: string;
  /** With another one, the value of the one before goes. */
  type?: CenterType;
}

/** Who answers for a part of the cost. Of `tenant`, `workspace` and `rail` it has the one that its type names. */
export interface CostCenter<D extends Decimals = "number"> {
  id: string;
  name: string;
  type: CenterType;
  tenant?: string;
  workspace?: string;
  rail?: string;
  filter: Filter | null;
  dimensions: { [dimension: string]: string };
  budget_monthly: Decimal<D> | null;
  currency: string | null;
  /** A percentage: 80 for 80 %. */
  alert_threshold_pct: Decimal<D> | null;
  owner_id: string | null;
  parent: string | null;
  created_at: Timestamp;
  updated_at: Timestamp;
}

export interface CostCenterListParams {
  /** Only those of that type. */
  type?: CenterType | null;
  /** Only those that this user answers for. */
  owner_id?: string | null;
  /** Only those that are a part of that one. */
  parent?: string | null;
  /** How many, 1 to 1000. By default 20. */
  limit?: number | null;
  /** How many to leave out before. */
  offset?: number | null;
}

/** The operations that are about cost centres. */
export interface CostCenters<D extends Decimals = "number"> {
  /**
   * Makes a cost centre. Its charges are those for which all holds that it says of them.
   *
   * ```js
   * const center = await iof.finops.createCostCenter({
   *   name: "Trade Finance Operations", type: "rail", rail: "trade-finance", budget_monthly: 5000, currency: "USD",
   *   alert_threshold_pct: 0.8, owner_id: "user_ops_lead_001",
   * });
   * ```
   */
  createCostCenter(params: CostCenterParams): Promise<CostCenter<D>>;
  getCostCenter(id: string): Promise<CostCenter<D>>;
  getCostCenter(params: { id: string }): Promise<CostCenter<D>>;
  /** A page of them, in the order of their making. */
  listCostCenters(params?: CostCenterListParams): Promise<Page<CostCenter<D>>>;
  /** Rejects with an `InvalidArgumentError` when parents would lead in a circle. */
  updateCostCenter(params: CostCenterChanges): Promise<CostCenter<D>>;
  /** Rejects with a `ConflictError` while something depends on it. Charges that carry its id keep it. */
  deleteCostCenter(id: string): Promise<{ deleted: true }>;
  deleteCostCenter(params: { id: string }): Promise<{ deleted: true }>;
}
