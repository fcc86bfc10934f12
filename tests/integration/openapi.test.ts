/** Every answer that /openapi.json describes is given as it is described. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Ajv from "ajv/dist/2020";
import { type Flagd, startFlagd } from "../support/flagd.ts";

const secret = (name: string) => `secret-token-of-${name}`;
const token = (name: string, surfaces: string[]) => ({ name, token: secret(name), surfaces });
const everything = { "X-API-Key": secret("whole") };
const flag = (members: object) => ({
  state: "ENABLED",
  variants: { on: true, off: false },
  ...members,
});
const flags = {
  $schema: "https://flagd.dev/schema/v0/flags.json",
  flags: {
    on: flag({ defaultVariant: "on", metadata: { team: "x" } }),
    none: flag({}),
    disabled: { ...flag({ defaultVariant: "on" }), state: "DISABLED" },
    split: flag({
      defaultVariant: "off",
      targeting: {
        if: [
          { var: "admin" },
          "on",
          {
            fractional: [
              ["on", 50],
              ["off", 50],
            ],
          },
        ],
      },
    }),
    broken: flag({ defaultVariant: "off", targeting: { if: [true, "no-such-variant"] } }),
  },
};

let folder: string;
let flagd: Flagd;
let document: OpenApi;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "flagd-openapi-"));
  writeFileSync(join(folder, "flags.json"), JSON.stringify(flags));
  const tokens = [token("whole", ["ofrep", "management"]), token("sync", ["sync"])];
  writeFileSync(join(folder, "tokens.json"), JSON.stringify({ tokens }));
  flagd = await startFlagd([
    ...["-f", `file:${join(folder, "flags.json")}`],
    ...["--tokens-path", join(folder, "tokens.json")],
    ...["--ofrep-sse", "--ofrep-sse-streams", "1", "--max-request-body", "1000"],
  ]);
  document = (await (await ask("GET", "/openapi.json", everything)).json()) as OpenApi;
});
afterAll(async () => {
  await flagd?.stop();
  rmSync(folder, { recursive: true });
});

interface OpenApi {
  readonly paths: Readonly<Record<string, Readonly<Record<string, OpenApiOperation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, object>> };
}
interface OpenApiOperation {
  readonly responses: Readonly<
    Record<
      string,
      {
        readonly content?: Readonly<Record<string, { readonly schema: object }>>;
        readonly headers?: Readonly<Record<string, unknown>>;
      }
    >
  >;
}

const FLAGS = "/ofrep/v1/evaluate/flags";
const EVENTS = "/ofrep/v1/events";

function ask(method: string, target: string, headers: Record<string, string>, body?: string) {
  return fetch(flagd.http + target, {
    method,
    headers,
    redirect: "manual",
    ...(body !== undefined && { body }),
    signal: AbortSignal.timeout(20_000),
  });
}

/** Requests and the status that each is answered with, by the operation that describes them. */
const requests: Readonly<Record<string, readonly AskedRequest[]>> = {
  [`post ${FLAGS}/{key}`]: [
    ...["on", "none", "disabled", "split"].map((key) => [200, `${FLAGS}/${key}`] as const),
    [200, `${FLAGS}/split`, { body: '{"context":{"admin":true}}' }],
    [400, `${FLAGS}/broken`],
    [400, `${FLAGS}/on`, { body: "[]" }],
    [400, `${FLAGS}/on`, { headers: { "Flagd-Selector": "no=selector" } }],
    [400, `${FLAGS}/%zz`],
    [301, `${FLAGS}//on`],
    [404, `${FLAGS}/no-such-flag`],
    [404, `${FLAGS}/two/parts`],
    [413, `${FLAGS}/on`, { body: " ".repeat(1001) }],
  ],
  [`post ${FLAGS}`]: [
    [200, FLAGS],
    [304, FLAGS, { headers: { "If-None-Match": "*" } }],
    [400, FLAGS, { body: "[]" }],
    [413, FLAGS, { body: " ".repeat(1001) }],
  ],
  [`get ${EVENTS}`]: [
    [400, `${EVENTS}?selector=no%3Dselector`],
    [200, EVENTS],
    // The one before is open.
    [503, EVENTS],
  ],
  ...Object.fromEntries(
    ["/healthz", "/readyz", "/metrics", "/status", "/openapi.json"].flatMap((path) =>
      ["get", "head"].map((method) => [`${method} ${path}`, [[200, path]]]),
    ),
  ),
};

type AskedRequest = readonly [status: number, target: string, parts?: RequestParts];

interface RequestParts {
  readonly headers?: Record<string, string>;
  readonly body?: string;
}

/** Described, and made to happen in the tests of the handlers. */
const elsewhere = (operation: string, status: string) =>
  operation.endsWith(" /readyz") && (status === "412" || status === "503");

test("every answer that is described is given, with the content that is described", async () => {
  const streams: Response[] = [];
  for (const [path, item] of Object.entries(document.paths)) {
    for (const [method, operation] of Object.entries(item)) {
      const name = `${method} ${path}`;
      const wanted = requests[name] ?? [];
      const refusals: readonly AskedRequest[] = operation.responses["401"]
        ? [
            [401, wanted[0]?.[1] ?? path, { headers: { "X-API-Key": "" } }],
            [403, wanted[0]?.[1] ?? path, { headers: { "X-API-Key": secret("sync") } }],
          ]
        : [];
      const seen = new Set<string>();
      for (const [status, target, { headers = {}, body } = {}] of [...refusals, ...wanted]) {
        const given = { ...everything, ...headers };
        const response = await ask(method.toUpperCase(), target, given, body);
        expect([name, target, response.status]).toEqual([name, target, status]);
        await checkContent(response, operation, method);
        if (response.headers.get("content-type") === "text/event-stream") streams.push(response);
        seen.add(String(status));
      }
      const missing = Object.keys(operation.responses).filter(
        (status) => !seen.has(status) && status !== "429" && !elsewhere(name, status),
      );
      expect([name, missing]).toEqual([name, []]);
    }
  }
  for (const stream of streams) await stream.body?.cancel();
});

test("every path that a request may name is described", () => {
  expect(Object.keys(document.paths).sort()).toEqual(
    [
      `${FLAGS}/{key}`,
      FLAGS,
      EVENTS,
      "/healthz",
      "/metrics",
      "/openapi.json",
      "/readyz",
      "/status",
    ].sort(),
  );
});

async function checkContent(response: Response, operation: OpenApiOperation, method: string) {
  const described = operation.responses[String(response.status)];
  if (!described) throw new Error(`${response.url}: ${response.status} is not described`);
  for (const header of Object.keys(described.headers ?? {})) {
    expect(response.headers.get(header)).not.toBeNull();
  }
  const type = response.headers.get("content-type")?.split(";")[0] ?? "";
  if (type === "text/event-stream") return expect(described.content).toHaveProperty([type]);
  const text = await response.text();
  if (method === "head" || text === "") return;
  const schema = described.content?.[type]?.schema;
  if (!schema) throw new Error(`${response.url}: ${response.status} in ${type} is not described`);
  if (type !== "application/json") return;
  const ajv = new Ajv({ strict: false, validateFormats: false });
  const strict = closed({ ...schema, components: document.components });
  const valid = ajv.validate(strict, JSON.parse(text));
  if (!valid) throw new Error(`${response.url}: ${ajv.errorsText()} in ${text}`);
}

/** With nothing in objects but what is described: what is given is described, too. */
function closed(schema: unknown): object {
  return JSON.parse(JSON.stringify(schema), (_, value) =>
    typeof value === "object" && value !== null && typeof value.properties === "object"
      ? { ...value, additionalProperties: false }
      : value,
  );
}
