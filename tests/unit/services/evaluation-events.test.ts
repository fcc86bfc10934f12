import { expect, test } from "bun:test";
import { Code, RpcError } from "../../../src/core/errors.ts";
import type { Outcome } from "../../../src/evaluation/outcomes.ts";
import {
  type EventAttributes,
  reportEvaluations,
} from "../../../src/services/evaluation-events.ts";
import type { EvaluatedFlag } from "../../../src/services/evaluation-trace.ts";
import type { SpanContext } from "../../../src/telemetry/tracing/trace-context.ts";

const start = {
  name: "resolveBoolean",
  scope: "x",
  kind: "server",
  traceparent: undefined,
} as const;
const outcome = (members: Partial<Outcome>): Outcome => ({
  key: "a",
  reason: "STATIC",
  errorCode: undefined,
  variant: "on",
  value: true,
  metadata: {},
  memo: {} as Outcome["memo"],
  ...members,
});

function eventOf(
  evaluated: Partial<EvaluatedFlag> & Pick<EvaluatedFlag, "outcome">,
  traceparent?: string,
) {
  const emitted: [EventAttributes, SpanContext | undefined][] = [];
  const trace = reportEvaluations((...event) => emitted.push(event), 1);
  trace({ ...start, traceparent })?.flag({ key: "a", ...evaluated });
  return emitted[0];
}

test.each<[Partial<Outcome>, Partial<EvaluatedFlag>, EventAttributes]>([
  [{}, {}, { "feature_flag.result.reason": "static", "feature_flag.result.variant": "on" }],
  [
    { reason: "TARGETING_MATCH", metadata: { flagSetId: "shop", version: 7, owner: "x" } },
    { context: { targetingKey: "ann", email: "ann@example.com" } },
    {
      "feature_flag.result.reason": "targeting_match",
      "feature_flag.result.variant": "on",
      "feature_flag.context.id": "ann",
      "feature_flag.set.id": "shop",
      "feature_flag.version": "7",
    },
  ],
  [{ reason: "DEFAULT", variant: undefined }, {}, { "feature_flag.result.reason": "default" }],
  [
    { reason: "ERROR", errorCode: "FLAG_NOT_FOUND", variant: undefined },
    { error: new RpcError("Flag not found", Code.NotFound) },
    {
      "feature_flag.result.reason": "error",
      "error.type": "flag_not_found",
      "feature_flag.error.message": "Flag not found",
    },
  ],
])("%j is the event of the conventions", (members, evaluated, attributes) => {
  const [given] = eventOf({ outcome: outcome(members as object), ...evaluated }) ?? [];
  expect(given).toEqual({
    "feature_flag.key": "a",
    "feature_flag.provider.name": "flagd",
    ...attributes,
  });
});

test("an event belongs to the span of its call", () => {
  const [, parent] =
    eventOf({ outcome: outcome({}) }, "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01") ??
    [];
  expect(parent).toMatchObject({ spanId: "b7ad6b7169203331", sampled: true });
});

test("a part of the evaluations is reported, and answers about all flags are not", () => {
  let count = 0;
  let chance = 0;
  const trace = reportEvaluations(
    () => count++,
    0.25,
    () => chance,
  );
  for (chance of [0, 0.24, 0.25, 0.99]) {
    const span = trace(start);
    span?.flags(10);
    span?.flag({ key: "a", outcome: outcome({}) });
  }
  expect(count).toBe(2);
});
