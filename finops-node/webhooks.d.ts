// Events, and who is told of them. All of it is exported by index.d.ts.

import type { Page, Progress, Time, Timestamp } from "./index";

/** What an event is about. */
export type EventType =
  | "finops.budget.warning"
  | "finops.budget.exceeded"
  | "finops.budget.recovered"
  | "finops.anomaly.detected"
  | "finops.report.generated"
  | "finops.recommendation.available"
  | "finops.webhook.test";

/** Something that happened. */
export interface FinopsEvent {
  /** Which: receivers of webhooks get it as `webhook-id`. */
  id: string;
  type: EventType;
  /** When it happened. */
  timestamp: Timestamp;
  /** What happened, as receivers get it: amounts and times are text. */
  data: Record<string, unknown>;
}

export interface EventListParams {
  /** Only those that were written after that one: `after` of the answer before leads on. */
  after?: string | null;
  /** Only those of that type. */
  type?: EventType | null;
  /** How many, 1 to 1000. By default 20. */
  limit?: number | null;
}

/** Events in the order in which they were written. */
export interface EventPage {
  items: FinopsEvent[];
  /** What to give as `after` for those that come next; `null` before the first event. */
  after: string | null;
}

/** What happened. */
export interface Events {
  /**
   * Events in the order in which they were written, of the last 30 days. Rejects with a `NotFoundError` when the event to
   * begin after is not there any more.
   */
  list(params?: EventListParams): Promise<EventPage>;

  /**
   * Has a function told of every event that comes from now on, by `webhooks.deliver` and `tick`, in order and one by one:
   * a promise is waited for. What it throws is in `sink_errors` of the run; it is then told of the same event again by the
   * next run, and others go on meanwhile. Gives the number by which `unsubscribe` ends it. Do not wait in it for `close`,
   * which waits for the run.
   *
   * ```js
   * const subscription = iof.finops.events.subscribe(async (event) => queue.send(event));
   * ```
   */
  subscribe(sink: (event: FinopsEvent) => unknown): number;

  /** Has it told of nothing more; whether it was before. */
  unsubscribe(subscription: number): boolean;
}

export interface WebhookCreateParams {
  /**
   * Where events are sent to: `https` and a public address, unless `webhook_allow_http` or `webhook_allow_private` on open
   * allow more.
   */
  url: string;
  /** What it is told of. By default everything. */
  events?: readonly EventType[] | null;
  /** What people say of it. */
  description?: string | null;
  /** Whether anything is sent there. By default true. */
  enabled?: boolean | null;
  /** `"whsec_..."`, where the receiver has one already. By default one is made. */
  secret?: string | null;
}

export interface WebhookUpdateParams {
  /** Which webhook. */
  id: string;
  url?: string;
  events?: readonly EventType[];
  /** `null` takes it back. */
  description?: string | null;
  enabled?: boolean;
}

/** Where events are sent to, and which. */
export interface Webhook {
  id: string;
  url: string;
  /** What it is told of; everything when empty. */
  events: EventType[];
  description: string | null;
  /** Whether anything is sent there. A receiver that answers 410 switches it off. */
  enabled: boolean;
  created_at: Timestamp;
  updated_at: Timestamp;
}

/** A webhook with its secret, which is shown this once. */
export interface WebhookWithSecret extends Webhook {
  secret: string;
}

export interface WebhookRotateOptions {
  /** The secret, where the receiver has one already. By default one is made. */
  secret?: string | null;
  /** For how many seconds the secret before signs as well, at most 30 days. By default a day. */
  overlap_seconds?: number | null;
}

/**
 * How far a delivery is: not tried yet; to be tried again; taken; failed for the last time; given up, because the receiver
 * wants no more or the webhook is not enabled.
 */
export type DeliveryState = "pending" | "waiting" | "delivered" | "failed" | "disabled";

export interface DeliveryListParams {
  /** Only those to that webhook, also when it was deleted. */
  id?: string | null;
  /** Only those of that event. */
  event_id?: string | null;
  /** Only those in that state. */
  state?: DeliveryState | null;
  /** Only those of events that happened then or later. */
  since?: Time | null;
  /** How many, 1 to 1000. By default 20. */
  limit?: number | null;
  /** How many to leave out before. */
  offset?: number | null;
}

/** One attempt to deliver. */
export interface DeliveryAttempt {
  at: Timestamp;
  /** The status of the answer; `null` where there was none. */
  status: number | null;
  /** Why it failed; `null` where the status says it. */
  error: string | null;
}

/** An event on its way to a webhook. */
export interface Delivery {
  webhook_id: string;
  event_id: string;
  type: EventType;
  state: DeliveryState;
  /** How many were made since it was last pending. */
  attempts: number;
  /** `null` when it is over. */
  next_attempt_at: Timestamp | null;
  created_at: Timestamp;
  updated_at: Timestamp;
  /** The latest 20 attempts, the first of them first. */
  log: DeliveryAttempt[];
}

export interface WebhookRedeliverParams {
  /** To which webhook. */
  id: string;
  /** This event, whatever became of it. */
  event_id?: string | null;
  /** Or all events from then on that were given up: after a long outage. */
  since?: Time | null;
}

export interface WebhookDeliverOptions {
  /** How many deliveries to attempt at most, 1 to 10,000. By default 100. */
  limit?: number | null;
  /** Called now and then; an attempt counts as a row. */
  onProgress?: (progress: Progress) => void;
  /** Stops the run; what was sent is written. */
  signal?: AbortSignal;
}

/** What a run did. */
export interface WebhookRun {
  /** How many attempts were made. */
  attempted: number;
  delivered: number;
  /** How many wait for another attempt. */
  waiting: number;
  /** How many failed for the last time. */
  failed: number;
  /** How many were given up, because their webhook takes no more. */
  disabled: number;
  /** How many are due and were left for the next run. */
  due: number;
  /** How many times a sink was told of an event. */
  told: number;
  /** Why sinks did not take an event. They are told of it again by the next run. */
  sink_errors: string[];
  /** Whether another run was under way already, so that this one did nothing. */
  busy: boolean;
}

/**
 * Webhooks as the Standard Webhooks specification has them. An event is written together with what caused it; `deliver`
 * and `tick` send what is due, and nothing else does.
 */
export interface Webhooks {
  /** Makes a webhook, and shows its secret this once. */
  create(params: WebhookCreateParams): Promise<WebhookWithSecret>;
  /** Without its secret. Rejects with a `NotFoundError` when there is none. */
  get(id: string): Promise<Webhook>;
  get(params: { id: string }): Promise<Webhook>;
  /** In the order of their making, without their secrets. */
  list(params?: { limit?: number | null; offset?: number | null }): Promise<Page<Webhook>>;
  /** Changes what is given. What is due while it is not enabled is given up. */
  update(params: WebhookUpdateParams): Promise<Webhook>;
  /** Removes a webhook with its secrets. What is on its way to it is given up. */
  delete(id: string): Promise<{ deleted: true }>;
  delete(params: { id: string }): Promise<{ deleted: true }>;
  /** Gives a webhook another secret, and shows it this once; for a while the one before signs as well. */
  rotate(id: string, options?: WebhookRotateOptions): Promise<WebhookWithSecret>;
  rotate(params: { id: string } & WebhookRotateOptions): Promise<WebhookWithSecret>;
  /** Writes an event of type `finops.webhook.test` for one webhook. The next run sends it, like any other. */
  test(id: string): Promise<Delivery>;
  test(params: { id: string }): Promise<Delivery>;
  /** With the log of their attempts, those of the latest events first. */
  deliveries(params?: DeliveryListParams): Promise<Page<Delivery>>;
  /** Has deliveries begin anew, with all attempts and under the same ids. The next run sends them. */
  redeliver(params: WebhookRedeliverParams): Promise<{ deliveries: number }>;
  /**
   * Tells subscribers of what they were not told of yet, then sends what is due. Events to one webhook go one after
   * another; when one fails, the others wait for the next run, so that a receiver that is down holds up nobody. Failures
   * are tried again after 5 seconds, 5 and 30 minutes, 2, 5, 10, 14, 20 and 24 hours.
   *
   * ```js
   * setInterval(() => iof.finops.webhooks.deliver(), 5000);
   * ```
   */
  deliver(options?: WebhookDeliverOptions): Promise<WebhookRun>;
}

/** The headers of a request: those of `fetch`, a map, or an object as Node's HTTP server has it. */
export type WebhookHeaders =
  | { forEach(callback: (value: string, name: string) => void): void }
  | { readonly [name: string]: string | readonly string[] | undefined };

/**
 * Lets through what was signed with the secret at most five minutes ago, and gives the body as objects. Throws an
 * `UnauthorizedError` for anything else: answer with 401. `body` is what came, byte for byte: not what a framework made of
 * it.
 *
 * ```js
 * const { type, data } = verifyWebhook(process.env.WEBHOOK_SECRET, request.headers, rawBody);
 * ```
 */
export function verifyWebhook(
  secret: string | readonly string[],
  headers: WebhookHeaders,
  body: string | Uint8Array,
  options?: { now?: Date | string },
): { type: EventType; timestamp: Timestamp; data: Record<string, unknown> };

/** The JSON Schema of the bodies that receivers of webhooks get. */
export function eventSchema(): Record<string, unknown>;
