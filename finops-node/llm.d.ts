// Metering of calls of language models: `import { meteredLlm } from "iof/llm"`.

import type { UsageErrorHandler, UsageRecorder } from "./middleware";

export interface MeteredLlmOptions<Args extends readonly unknown[]> {
  /** Whose call it is; or a function of the call's arguments. Without a tenant the call is not recorded. */
  tenantId: string | ((...args: Args) => string | null | undefined);
  /** The model's name in the price catalogue. By default what the answer says. */
  model?: string;
  /** Who reports; part of the identity of an event. By default `"llm"`. */
  source?: string;
  /** Is told what is not metered. By default a warning of the process, `IofUsage`. */
  onError?: UsageErrorHandler;
  /** The time of an event. By default the present. */
  now?: () => Date;
  workspace_id?: string;
  rail?: string;
  user_id?: string;
  /** Further properties of the event. */
  properties?: { [name: string]: string };
}

/**
 * The same call, which also records an event of `llm_tokens` for each answer: of OpenAI (chat completions, responses),
 * Anthropic or Gemini, whole or as a stream, which is recorded when it ends or is left. OpenAI's chat completions tell
 * the usage of a stream with `stream_options: { include_usage: true }`. The answer's own id is the event's, so that an
 * answer which is reported twice counts once. Without a block of usage nothing is guessed and `onError` is told.
 * The call is never broken, and does not wait for the engine.
 *
 * ```js
 * const create = meteredLlm((body) => client.chat.completions.create(body), iof.finops, { tenantId: "ten_001" });
 * ```
 */
export function meteredLlm<Args extends unknown[], Answer>(
  call: (...args: Args) => Answer,
  finops: UsageRecorder,
  options: MeteredLlmOptions<Args>,
): (...args: Args) => Answer;

/** The properties of an event for a block of usage, by kind of token. Throws where it is none. */
export function tokenProperties(usage: object): { [property: string]: string };
