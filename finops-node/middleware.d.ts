// Metering of HTTP requests: `import { usageMiddleware, fastifyUsage } from "iof/middleware"`.

/** What every request of Node has. Frameworks add to it what only they know: name their type in its place. */
export interface IncomingRequest {
  method?: string;
  url?: string;
  headers: { [name: string]: string | string[] | undefined };
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- whatever the framework adds
  [field: string]: any;
}

/** An event as `recordUsage` takes it. */
export interface RecordedEvent {
  id: string;
  source: string;
  time: Date;
  resource: string;
  quantity?: number;
  tenant_id: string;
  properties: { [name: string]: string };
  [field: string]: unknown;
}

/** What events are given to: `iof.finops`, or anything else with this method. */
export interface UsageRecorder {
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- whoever records takes what it takes
  recordUsage(events: any): unknown;
}

/** Is told what went wrong, and the events that are not counted because of it. What it throws is ignored. */
export type UsageErrorHandler = (error: unknown, events: readonly RecordedEvent[]) => void;

export interface BatchesOptions {
  /** The longest that an event waits, in milliseconds. By default 1000. */
  flushMs?: number;
  /** The largest batch. By default 1000. */
  batchMax?: number;
  /** How many events may wait; further ones are dropped and reported. By default 100,000. */
  waitingMax?: number;
  /** How often a batch is tried before it is dropped and reported. By default 3. */
  attemptsMax?: number;
  /** By default a warning of the process, `IofUsage`. */
  onError?: UsageErrorHandler;
}

/**
 * Gives events to a recorder in batches. What waits is lost when the process is killed or calls `process.exit`; a
 * process that simply ends flushes it. Events carry their ids, so that a batch which is tried again counts once.
 */
export class Batches implements UsageRecorder {
  constructor(finops: UsageRecorder, options?: BatchesOptions);
  /** How many events are not yet recorded. */
  readonly inFlight: number;
  /** Adds an event or several. It never fails. */
  recordUsage(events: RecordedEvent | readonly RecordedEvent[]): Promise<void>;
  /** Settled when all that was added is recorded or reported. */
  flush(): Promise<void>;
  /** Flushes, and takes no further events. */
  close(): Promise<void>;
}

/** Events were dropped because too many wait already. */
export class UsageDropped extends Error {}

/** The engine did not count some events: a conflict, too late, or invalid. */
export class UsageRejected extends Error {
  readonly rejected: readonly { index: number; code: string; message: string }[];
}

export interface UsageOptions<Request> extends BatchesOptions {
  /**
   * Whose request it is, asked when the response is over, so that it can see what the application found out. Without
   * a tenant (`null` or `undefined`) the request is not recorded.
   */
  tenant: (request: Request) => string | null | undefined;
  /** What the events are of. By default `"api_calls"`. */
  resource?: string;
  /** Who reports; part of the identity of an event. By default `"express"` or `"fastify"`. */
  source?: string;
  /** The route of a request, where the framework does not say it; else the path, of at most 256 characters. */
  route?: (request: Request) => string | null | undefined;
  /** Further properties of a request. */
  properties?: (request: Request) => { [name: string]: string };
  /** The time of an event. By default the present. */
  now?: () => Date;
}

/** What `app.use` takes, and what flushes it. */
export interface UsageMiddleware<Request> {
  (request: Request, response: object, next?: (error?: unknown) => void): void;
  readonly batches: Batches;
  flush(): Promise<void>;
  /** Call it when the server has closed. */
  close(): Promise<void>;
}

/**
 * Middleware of Express, Connect and plain servers: an event of `resource` with the quantity 1 for each request, with
 * the properties `route`, `method`, `status`, `bytes_in`, `bytes_out`, `duration_ms`, and `aborted` when the response
 * did not come to its end. Metering never breaks a request. Put it first, so that it sees every request.
 *
 * ```js
 * const usage = usageMiddleware(iof.finops, { tenant: (request) => request.user?.tenant });
 * app.use(usage);
 * server.on("close", () => usage.close());
 * ```
 */
export function usageMiddleware<Request extends object = IncomingRequest>(
  finops: UsageRecorder,
  options: UsageOptions<Request>,
): UsageMiddleware<Request>;

/**
 * The same as a plugin of Fastify, which flushes when the server closes:
 * `app.register(fastifyUsage, { finops: iof.finops, tenant: (request) => request.headers["x-tenant"] })`.
 */
export function fastifyUsage(
  fastify: any,
  options: UsageOptions<any> & { finops: UsageRecorder },
): Promise<void>;
