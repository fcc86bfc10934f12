/** The paths of the management port, as its OpenAPI document describes them. */
import {
  type Answer,
  answer,
  array,
  integer,
  nullable,
  number,
  object,
  oneOf,
  reference,
  type Schema,
  string,
  time,
} from "../openapi.ts";

/** How a path is described, and whether it needs a token if tokens guard the port. */
interface ManagementPath {
  readonly guarded: boolean;
  /** Any method is answered like GET, as by Go flagd. */
  readonly anyMethod: boolean;
  readonly summary: string;
  readonly responses: Readonly<Record<string, Answer>>;
}

const json = "application/json";
const sourceState = oneOf("connecting", "synced", "stale", "failed", "restored");

/** Everything that is answered there. */
export const managementPaths = {
  "/healthz": {
    guarded: false,
    anyMethod: true,
    summary: "Is the process alive?",
    responses: { "200": { description: "Yes" } },
  },
  "/readyz": {
    guarded: false,
    anyMethod: true,
    summary: "Has every source delivered flags?",
    responses: {
      "200": answer("Yes. A body says which sources serve the flags of an earlier run", json, {
        ...object({ status: oneOf("ready"), restored: array(reference("RestoredSource")) }),
      }),
      "412": answer(
        "Not yet",
        json,
        object({ status: oneOf("starting"), sources: array(reference("WaitingSource")) }),
      ),
      "503": answer("It is stopping", json, object({ status: oneOf("stopping") })),
    },
  },
  "/metrics": {
    guarded: true,
    anyMethod: true,
    summary: "What is measured, in Prometheus' text format",
    responses: { "200": answer("The metrics", "text/plain", string) },
  },
  "/status": {
    guarded: true,
    anyMethod: false,
    summary: "Sources, listeners, streams, evaluations and changes",
    responses: { "200": answer("The status", json, reference("Status")) },
  },
  "/openapi.json": {
    guarded: true,
    anyMethod: false,
    summary: "This document",
    responses: { "200": answer("An OpenAPI document", json, { type: "object" }) },
  },
} as const satisfies Readonly<Record<string, ManagementPath>>;

export type ManagementPathName = keyof typeof managementPaths;

/** Is it one of the paths above? */
export function isManagementPath(path: string): path is ManagementPathName {
  return Object.hasOwn(managementPaths, path);
}

/** Of the paths above: does it need a token? */
export function isGuardedManagement(path: string): boolean {
  return isManagementPath(path) && managementPaths[path].guarded;
}

/** With the methods that mean something there. */
export const managementPathItems = Object.fromEntries(
  Object.entries(managementPaths).map(([path, { guarded, summary, responses }]) => {
    const name = path.replace(/^\/|\..*/g, "");
    const shared = { summary, tags: ["management"], open: !guarded };
    return [
      path,
      {
        get: { ...shared, operationId: `get-${name}`, responses },
        head: { ...shared, operationId: `head-${name}`, responses: withoutBodies(responses) },
      },
    ];
  }),
);

function withoutBodies(responses: Readonly<Record<string, Answer>>): Record<string, Answer> {
  return Object.fromEntries(
    Object.entries(responses).map(([status, { content: _, ...rest }]) => [status, rest]),
  );
}

const difference = object({
  path: string,
  "before?": string,
  "after?": string,
});

/** Named parts of the answers. docs/reference/status.md says what they mean. */
export const managementSchemas: Readonly<Record<string, Schema>> = {
  RestoredSource: object({
    source: string,
    provider: string,
    savedAt: time,
    "reason?": string,
  }),
  WaitingSource: object({
    source: string,
    provider: string,
    state: sourceState,
    "reason?": string,
  }),
  Status: object({
    statusVersion: { const: 1 },
    version: string,
    commit: string,
    command: oneOf("start", "redis-sync"),
    state: oneOf("starting", "ready", "stopping"),
    startedAt: time,
    uptimeSeconds: number,
    threads: { type: "integer", minimum: 1 },
    sources: array(reference("Source")),
    listeners: array(reference("Listener")),
    streams: array(
      object({
        kind: string,
        client: nullable(string),
        selector: nullable(string),
        open: integer,
      }),
    ),
    evaluations: array(object({ flag: string, variant: string, reason: string, count: integer })),
    changes: array(reference("Change")),
  }),
  Source: object({
    name: string,
    provider: string,
    state: sourceState,
    lastSuccess: nullable(time),
    ageSeconds: nullable(number),
    bytes: integer,
    hash: nullable(string),
    restoredFrom: nullable(time),
    reason: nullable(string),
    documentsAccepted: integer,
    documentsRejected: integer,
    failures: integer,
    flagSets: array(object({ id: string, flags: integer })),
    warnings: array(object({ path: string, reason: string })),
  }),
  Listener: object({
    name: oneOf("evaluation", "sync", "ofrep", "management"),
    address: string,
    "tls?": object({
      clientCertificates: oneOf("required", "none"),
      certificates: array(object({ subject: string, expires: time })),
    }),
  }),
  Change: object({
    time,
    source: string,
    flag: string,
    flagSetId: string,
    kind: oneOf("added", "changed", "removed"),
    differences: array(difference),
    more: integer,
  }),
};
