/** The requests that load is made of. */
import { create, type JsonObject, toBinary } from "@bufbuild/protobuf";
import {
  ResolveAllRequestSchema,
  ResolveBooleanRequestSchema,
  ResolveStringRequestSchema,
} from "../../src/gen/flagd/evaluation/v1/evaluation_pb.ts";
import { frameMessage } from "../../src/transport/grpc/envelope.ts";
import type { Server } from "./contender.ts";
import { staticFlag, targetedFlag, targetedVariant, tenAttributes } from "./flags.ts";

export interface Workload {
  readonly id: string;
  readonly title: string;
  /** How many times less CPU than Go flagd is wanted, and in parentheses aimed at. */
  readonly target: string;
  readonly http: 1 | 2;
  readonly contentType: string;
  readonly body: Uint8Array;
  /** A text that every right answer contains. */
  readonly expected: string;
  /** Requests per second for latency: what the slower daemon easily does. */
  readonly rate: number;
  url(server: Server): string;
}

const context: JsonObject = { ...tenAttributes };

export const service = "flagd.evaluation.v1.Service";
const flags = "/ofrep/v1/evaluate/flags";

const grpc = (method: string) => ({
  http: 2 as const,
  contentType: "application/grpc",
  url: ({ port }: Server) => `http://127.0.0.1:${port}/${service}/${method}`,
});
const ofrep = (path: string) => ({
  http: 1 as const,
  contentType: "application/json",
  body: json({ context }),
  url: ({ ofrepPort }: Server) => `http://127.0.0.1:${ofrepPort}${path}`,
});

export const workloads: readonly Workload[] = [
  {
    id: "unary",
    title: "gRPC ResolveBoolean, static",
    target: "4× (10×)",
    ...grpc("ResolveBoolean"),
    body: frameMessage(
      toBinary(
        ResolveBooleanRequestSchema,
        create(ResolveBooleanRequestSchema, {
          flagKey: staticFlag,
          context: { targetingKey: "user-4711" },
        }),
      ),
    ),
    expected: "STATIC",
    rate: 1000,
  },
  {
    id: "targeted",
    title: "gRPC ResolveString, rule of 3 conditions, context of 10 attributes",
    target: "4× (10×)",
    ...grpc("ResolveString"),
    body: frameMessage(
      toBinary(
        ResolveStringRequestSchema,
        create(ResolveStringRequestSchema, { flagKey: targetedFlag, context }),
      ),
    ),
    expected: targetedVariant,
    rate: 1000,
  },
  {
    id: "resolve-all",
    title: "gRPC ResolveAll, 100 flags",
    target: "8× (20×)",
    ...grpc("ResolveAll"),
    body: frameMessage(
      toBinary(ResolveAllRequestSchema, create(ResolveAllRequestSchema, { context })),
    ),
    expected: "flag-099",
    rate: 100,
  },
  {
    id: "ofrep-bulk",
    title: "OFREP bulk, 100 flags",
    target: "8× (20×)",
    ...ofrep(flags),
    expected: "flag-099",
    rate: 100,
  },
  {
    id: "connect",
    title: "Connect JSON over HTTP/1.1, static",
    target: "5× (10×)",
    http: 1,
    contentType: "application/json",
    url: ({ port }) => `http://127.0.0.1:${port}/${service}/ResolveBoolean`,
    body: json({ flagKey: staticFlag, context: { targetingKey: "user-4711" } }),
    expected: "STATIC",
    rate: 1000,
  },
  {
    id: "ofrep",
    title: "OFREP single, static",
    target: "5× (10×)",
    ...ofrep(`${flags}/${staticFlag}`),
    body: json({ context: { targetingKey: "user-4711" } }),
    expected: "STATIC",
    rate: 1000,
  },
];

function json(value: unknown): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value));
}
