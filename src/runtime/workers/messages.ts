import type { StartConfig } from "../../config/start.ts";
import type { Payload, ReadPayload } from "../../sources/source.ts";
import type { Collection } from "../../telemetry/metrics/registry.ts";
import type { HttpHandler } from "../../transport/http.ts";

/** What a member is born with. */
export interface Birth {
  readonly number: number;
  /** With the ports that the leader has bound. */
  readonly config: StartConfig;
  /** The leader's sources, in order of priority. */
  readonly sources: readonly { readonly name: string; readonly provider: string }[];
}

/** From the leader to a member. */
export type Order =
  /** All that a source, by its position, has delivered and that was accepted. */
  | {
      readonly kind: "payload";
      readonly source: number;
      readonly payload: Payload | ReadPayload;
    }
  | { readonly kind: "collect"; readonly id: number }
  | { readonly kind: "answer"; readonly id: number; readonly answer: Answer }
  | { readonly kind: "close"; readonly graceMs: number };

/** From a member to the leader. */
export type Report =
  /** Every source's flags are in its store: it serves what the leader serves. */
  | { readonly kind: "ready" }
  | { readonly kind: "collected"; readonly id: number; readonly collection: Collection }
  /** A management request, which only the leader can answer for the whole. */
  | { readonly kind: "ask"; readonly id: number; readonly path: string }
  | { readonly kind: "closed" };

/** An HTTP response. */
export interface Answer {
  readonly status: number;
  readonly headers: readonly (readonly [string, string])[];
  readonly body: string;
}

/** What `handler` answers to a request for `path`. */
export async function answerOf(handler: HttpHandler, path: string): Promise<Answer> {
  const response = await handler(new Request(`http://leader${path}`));
  if (!response) return { status: 404, headers: [], body: "" };
  return { status: response.status, headers: [...response.headers], body: await response.text() };
}
