// Who an engine is narrowed for.

/** What somebody may do: read; also report usage and change what is theirs; everything. */
export type Role = "viewer" | "operator" | "admin";

/** What a token is for: calls that change nothing, and those that change something. */
export type Scope = "finops:read" | "finops:write";

/** Somebody on whose behalf the engine is called. You have found out who that is: the engine trusts what it is told. */
export interface Principal {
  user_id: string;
  /** Without any the principal may do nothing. */
  roles: Role[];
  /** By default roles alone decide; with an empty list the principal may do nothing. */
  scopes?: Scope[] | null;
  /** The organization to narrow to. */
  organization_id?: string | null;
  /** The tenant to narrow to. */
  tenant_id?: string | null;
}
