// Resource groups: resources of the platform that somebody looks after together. All of it is exported by index.d.ts.

import type { Page, Timestamp } from "./index";

/** What a resource of the platform is. */
export type ResourceType =
  | "app"
  | "workflow"
  | "addon"
  | "workspace"
  | "project"
  | "fine_tuning"
  | "self_hosted_model"
  | "ml_model"
  | "automl";

/** What tells a resource from all others. */
export interface ResourceKey {
  resource_type: ResourceType;
  resource_id: string;
}

/** A resource that comes into a group. */
export interface GroupedResourceParams extends ResourceKey {
  /** What people call it. */
  resource_name?: string | null;
}

/** A resource in a group. */
export interface GroupedResource extends ResourceKey {
  resource_name: string | null;
}

export interface ResourceGroupParams {
  /** What people call it; several groups may have the same. */
  name: string;
  /** What it is for. */
  description?: string | null;
  /** What is in it from the start, each resource once, at most 10,000. */
  resources?: readonly GroupedResourceParams[] | null;
  /** The id of the user who owns it. By default the one whose handle it is. */
  owner_id?: string | null;
  /** The organization whose admins see it too. By default that of a narrowed handle. */
  organization_id?: string | null;
}

/**
 * What is given takes the place of what a group says, `null` takes back what it says, what is not given stays. Whose it
 * is changes who is not narrowed.
 */
export interface ResourceGroupChanges {
  id: string;
  name?: string;
  description?: string | null;
  status?: GroupStatus;
  owner_id?: string;
  organization_id?: string | null;
}

/** Whether a group is in use. */
export type GroupStatus = "active" | "archived";

/** Resources that somebody looks after together. */
export interface ResourceGroup {
  id: string;
  name: string;
  description: string | null;
  status: GroupStatus;
  owner_id: string;
  organization_id: string | null;
  /** In the order in which they were added. */
  resources: GroupedResource[];
  created_at: Timestamp;
  /** When it, or what is in it, was last changed. */
  updated_at: Timestamp;
}

export interface ResourceGroupListParams {
  /** Only those of that status. */
  status?: GroupStatus | null;
  /** Only those with this text in their name or description, whatever the case. */
  search?: string | null;
  /** Only those that this user owns. */
  owner_id?: string | null;
  /** Only those of that organization. */
  organization_id?: string | null;
  /** How many, 1 to 1000. By default 20. */
  limit?: number | null;
  /** How many to leave out before. */
  offset?: number | null;
}

export interface ResourceGroupSearchParams extends ResourceKey {
  /** How many, 1 to 1000. By default 20. */
  limit?: number | null;
  /** How many to leave out before. */
  offset?: number | null;
}

/**
 * The operations on resource groups. A group is its owner's: who is not narrowed sees all, an admin of an organization
 * those in it, and everybody else their own; operators and admins change what they see.
 */
export interface ResourceGroups {
  /**
   * Makes a group. There are at most 10,000, and 1,000,000 resources in all of them.
   *
   * ```js
   * const group = await iof.finops.resourceGroups.create({
   *   name: "Search", owner_id: "usr_1", resources: [{ resource_type: "app", resource_id: "app_1" }],
   * });
   * ```
   */
  create(params: ResourceGroupParams): Promise<ResourceGroup>;
  /** Rejects with a `NotFoundError` when there is none. */
  get(id: string): Promise<ResourceGroup>;
  get(params: { id: string }): Promise<ResourceGroup>;
  /** A page of them, in the order of their making. */
  list(params?: ResourceGroupListParams): Promise<Page<ResourceGroup>>;
  /** Changes what a group says of itself; what is in it changes by `addResource` and `removeResource`. */
  update(params: ResourceGroupChanges): Promise<ResourceGroup>;
  /** Rejects with a `ConflictError` while something goes by it. Charges that carry its id keep it. */
  delete(id: string): Promise<{ deleted: true }>;
  delete(params: { id: string }): Promise<{ deleted: true }>;
  /** Gives the group. Rejects with a `ConflictError` when the resource is in it already, by whatever name. */
  addResource(params: { id: string } & GroupedResourceParams): Promise<ResourceGroup>;
  /** Gives the group. Rejects with a `NotFoundError` when the resource is not in it. */
  removeResource(params: { id: string } & ResourceKey): Promise<ResourceGroup>;
  /** A page of the groups that a resource is in, in the order of their making. */
  findByResource(params: ResourceGroupSearchParams): Promise<Page<ResourceGroup>>;
}
