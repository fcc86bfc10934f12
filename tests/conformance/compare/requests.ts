/** Requests by every protocol, a good part of them odd. */
import { gzipSync } from "node:zlib";
import type { Json, JsonObject } from "../../../src/flags/model.ts";
import type { PortName } from "./daemon.ts";
import { markerKey } from "./documents.ts";
import type { HttpRequest } from "./http.ts";
import { encode, methods, services } from "./protocol.ts";
import type { Random } from "./random.ts";
import { evaluationContext } from "./rules.ts";

/** What a request asks, where that is to be had from its form. */
export interface Question {
  readonly surface: "ofrep" | "v1" | "v2" | "schema" | "sync";
  /** Of a Resolve method: `Boolean`, `Int` … */
  readonly type?: string;
  /** Absent: all flags. */
  readonly key?: string;
  readonly context: JsonObject;
}

interface Common {
  /** By which differences are grouped. */
  readonly kind: string;
  readonly port: PortName;
  readonly selector: string | undefined;
  readonly question?: Question;
}

export type Request =
  | (Common & { readonly http: HttpRequest })
  | (Common & {
      readonly grpc: {
        readonly path: string;
        readonly message: Uint8Array;
        readonly headers: Readonly<Record<string, string>>;
      };
    });

const types = ["Boolean", "String", "Int", "Float", "Object"];
const surfaces = {
  "flagd.evaluation.v1.Service": "v1",
  "flagd.evaluation.v2.Service": "v2",
  "schema.v1.Service": "schema",
} as const;
const selectors = [
  "flagSetId=A",
  "flagSetId=B",
  "flagSetId=base",
  "flagSetId=",
  "flagSetId=zzz",
  "flagSetId=x=y",
  "source=flags.json",
  "flags.json",
  "source=base.json",
  "source=",
  "zzz",
];
const oddSelectors = [
  "bogus=1",
  "=x",
  "FlagSetId=A",
  "flagSetId =A",
  "flagSetId=A,source=flags.json",
  "source",
  "source=zzz",
  "<x>=1",
  "",
];

/** Flags that answer the same whatever the context is, for requests that are odd otherwise. */
const plainKeys = [markerKey, "low", "nobody"];

/** Some on a connection that is to end, which the daemon may serve by another path. */
export function makeRequest(random: Random, keys: readonly string[]): Request {
  const request = anyRequest(random, keys);
  const close = random.chance(0.4);
  return "http" in request ? { ...request, http: { ...request.http, close } } : request;
}

function anyRequest(random: Random, keys: readonly string[]): Request {
  const key = random.chance(0.06)
    ? random.pick(["nobody", "", "é", "A", "flags", "toString"])
    : random.pick(keys);
  return random.weighted<Request>([
    // Without a key the path is that of all flags.
    [26, () => ofrep(random, key || undefined)],
    [8, () => ofrep(random, undefined)],
    [24, () => resolve(random, key, "json")],
    [14, () => resolve(random, key, "grpc")],
    [3, () => resolve(random, key, "proto")],
    [3, () => resolve(random, key, "grpc-web")],
    [8, () => resolveAll(random)],
    [7, () => oddEvaluation(random, random.pick(plainKeys))],
    [7, () => oddOfrep(random, random.pick(plainKeys))],
    [4, () => fetchAllFlags(random)],
  ]);
}

function selecting(random: Random): { selector: string | undefined; headers: [string, string][] } {
  const selector = random.weighted<string | undefined>([
    [14, () => undefined],
    [6, () => random.pick(selectors)],
    [1, () => random.pick(oddSelectors)],
  ]);
  const headers: [string, string][] = selector === undefined ? [] : [["Flagd-Selector", selector]];
  if (random.chance(0.1)) headers.push(["X-Tier", random.pick(["gold", "on", ""])]);
  if (random.chance(0.1)) headers.push(["Origin", "http://a.test"]);
  return { selector, headers };
}

function tierOf(headers: readonly (readonly string[])[]): JsonObject {
  const tier = headers.find(([name]) => name === "X-Tier")?.[1];
  return tier ? { tier } : {};
}

/** What both daemons make of a request's context. */
function completed(
  context: JsonObject,
  headers: readonly (readonly string[])[],
  surface: string,
): JsonObject {
  return { ...context, static: "fixed", ...(surface === "schema" ? {} : tierOf(headers)) };
}

function ofrep(random: Random, key: string | undefined): Request {
  const { selector, headers } = selecting(random);
  const context = evaluationContext(random);
  const path = key === undefined ? random.pick(["", "/"]) : `/${encodeURIComponent(key)}`;
  return {
    kind: key === undefined ? "OFREP bulk" : "OFREP single",
    port: "ofrep",
    selector,
    question: {
      surface: "ofrep",
      ...(key === undefined ? {} : { key }),
      context: completed(context, headers, "ofrep"),
    },
    http: {
      method: "POST",
      target: `/ofrep/v1/evaluate/flags${path}`,
      headers: [["Content-Type", "application/json"], ...headers],
      body: JSON.stringify({ context }),
    },
  };
}

type Codec = "json" | "grpc" | "proto" | "grpc-web";

function resolve(random: Random, flagKey: string, codec: Codec): Request {
  const service = random.pick(services);
  const type = random.chance(0.6) ? "Boolean" : random.pick(types);
  const { context, ...rest } = call(random, service.typeName, `Resolve${type}`, { flagKey }, codec);
  const surface = surfaces[service.typeName as keyof typeof surfaces];
  return { ...rest, question: { surface, type, key: flagKey, context } };
}

function resolveAll(random: Random): Request {
  const service = random.pick(services);
  const codec = random.pick<Codec>(["json", "json", "grpc", "proto"]);
  const { context, ...rest } = call(random, service.typeName, "ResolveAll", {}, codec);
  const surface = surfaces[service.typeName as keyof typeof surfaces];
  return { ...rest, question: { surface, context } };
}

function call(
  random: Random,
  service: string,
  name: string,
  members: JsonObject,
  codec: Codec,
): Request & { context: JsonObject } {
  const { selector, headers } = selecting(random);
  const said = evaluationContext(random);
  const path = `/${service}/${name}`;
  const value = { ...members, context: said };
  const input = methods.get(path)?.input;
  const message = input === undefined ? new Uint8Array() : encode(input, value);
  const surface = service.startsWith("schema") ? "schema" : "evaluation";
  const common = {
    kind: `${codec} ${name === "ResolveAll" ? name : "Resolve"} of ${service.split(".").at(-2)}`,
    port: "evaluation",
    selector,
    context: completed(said, headers, surface),
  } as const;
  if (codec === "grpc") {
    return { ...common, grpc: { path, message, headers: Object.fromEntries(headers) } };
  }
  const bodies = {
    json: ["application/json", JSON.stringify(value)],
    proto: ["application/proto", message],
    "grpc-web": ["application/grpc-web+proto", envelope(message)],
  } as const;
  const [contentType, body] = bodies[codec];
  return {
    ...common,
    http: {
      method: "POST",
      target: path,
      headers: [["Content-Type", contentType], ...headers],
      body,
    },
  };
}

function envelope(message: Uint8Array): Uint8Array {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
}

function fetchAllFlags(random: Random): Request {
  const selector = random.chance(0.5) ? undefined : random.pick([...selectors, ...oddSelectors]);
  const path = "/flagd.sync.v1.FlagSyncService/FetchAllFlags";
  const input = methods.get(path)?.input;
  if (input === undefined) throw new Error(`${path} is not known`);
  const inBody = random.chance(0.5);
  const message = encode(input, inBody && selector !== undefined ? { selector } : {});
  const headers = inBody || selector === undefined ? {} : { "Flagd-Selector": selector };
  return {
    kind: "sync FetchAllFlags",
    port: "sync",
    selector,
    question: { surface: "sync", context: {} },
    grpc: { path, message, headers },
  };
}

const bodies = (key: string): string[] => [
  "",
  " ",
  "{",
  "[]",
  "null",
  '"x"',
  "5",
  "{}",
  "{} {}",
  '{"context":{}} trailing',
  '{"context":{"a":01}}',
  '{"context":{"a":1,}}',
  '{"context":{"a":1e400}}',
  '{"context":{"a":NaN}}',
  '{"context":{"a":"\u0001"}}',
  '{"context":{"tier":"\\ud800"}}',
  '{"context":"x"}',
  '{"context":[1]}',
  '{"context":5}',
  '{"context":null}',
  '{"Context":{"tier":"gold"}}',
  '{"context":{"tier":"gold"},"context":{"age":5}}',
  '{"context":{"tier":"gold","tier":"on"}}',
  '{"context":{"age":9007199254740993}}',
  '\ufeff{"context":{}}',
  `{"context":${"[".repeat(200)}${"]".repeat(200)}}`,
  `{"context":{"a":${"[".repeat(50)}${"]".repeat(50)}}}`,
  `{"context":{"long":"${"x".repeat(21_000)}"}}`,
  `{"context":{}}${" ".repeat(21_000)}`,
  '{"flagKey":1}',
  '{"flagKey":null}',
  '{"flagKey":["a"]}',
  `{"flag_key":${JSON.stringify(key)}}`,
  `{"flagKey":${JSON.stringify(key)},"flag_key":"a"}`,
  `{"flagKey":${JSON.stringify(key)},"flagKey":"a"}`,
  `{"flagKey":${JSON.stringify(key)},"unknown":{"a":[1]}}`,
  `{"flagKey":${JSON.stringify(key)},"context":null}`,
  `{"flagKey":${JSON.stringify(key)}}x`,
  `\n{ "flagKey" : ${JSON.stringify(key)} }\n`,
];

function oddEvaluation(random: Random, key: string): Request {
  const service = random.pick([
    "flagd.evaluation.v1.Service",
    "flagd.evaluation.v2.Service",
    "schema.v1.Service",
  ]);
  const path = `/${service}/ResolveBoolean`;
  const type: [string, string] = ["Content-Type", "application/json"];
  const good = JSON.stringify({ flagKey: key });
  const post = (
    headers: readonly (readonly [string, string])[],
    body: string | Uint8Array = good,
    target = path,
  ): HttpRequest => ({ method: "POST", target, headers, body });
  const http = random.weighted<HttpRequest>([
    [6, () => post([type], random.pick(bodies(key)))],
    [2, () => post([["Content-Type", random.pick(contentTypes)]])],
    [0.5, () => post([])],
    [2, () => post([type], good, random.pick(evaluationPaths(service)))],
    [
      2,
      () => ({
        method: random.pick(["GET", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH"]),
        target: random.pick([
          path,
          `${path}?connect=v1&encoding=json&message=%7B%7D`,
          "/",
          `/${service}/None`,
        ]),
        headers: random.pick([[], [type]]),
      }),
    ],
    [1, () => post([type, ["Connect-Protocol-Version", random.pick(["1", "2", "", "x"])]])],
    [
      1,
      () =>
        post([
          type,
          [
            "Connect-Timeout-Ms",
            random.pick(["1000", "x", "-1", "", "99999999999", "1.5", "9999999999"]),
          ],
        ]),
    ],
    [
      1,
      () =>
        post(
          [type, ["Content-Encoding", random.pick(["br", "identity", "gzip", ""])]],
          random.pick<string | Uint8Array>([good, gzipSync(good)]),
        ),
    ],
    [
      1,
      () =>
        post([type, ["Content-Encoding", "gzip"], ["Accept-Encoding", "identity"]], gzipSync(good)),
    ],
    [
      1,
      () =>
        post([
          type,
          [
            "Accept-Encoding",
            random.pick(["gzip", "br", "gzip, br", "br, gzip;q=0.5", "identity", "*"]),
          ],
        ]),
    ],
    [
      1,
      () =>
        post(
          [["Content-Type", "application/proto"]],
          random.pick([
            new Uint8Array([255]),
            new Uint8Array(),
            new Uint8Array([10, 1, 0xff]),
            new Uint8Array([8, 1]),
          ]),
        ),
    ],
    [
      1,
      () =>
        post(
          [["Content-Type", "application/grpc-web+proto"]],
          random.pick([
            new Uint8Array(),
            new Uint8Array([0, 0, 0, 0, 9, 1]),
            envelope(new Uint8Array([255])),
            new Uint8Array([0, 0, 0, 0, 0, 0, 0, 0, 0, 0]),
          ]),
        ),
    ],
    [1, () => preflight(random, path)],
    [
      1,
      () => ({
        ...post(
          [
            [
              "Content-Type",
              random.pick(["application/connect+json", "application/connect+proto"]),
            ],
          ],
          "",
          `/${service}/EventStream`,
        ),
      }),
    ],
    [
      0.5,
      () =>
        post(
          [
            ["Content-Type", "application/connect+json"],
            ["Flagd-Selector", "bogus=1"],
          ],
          envelope(Buffer.from("{}")),
          `/${service}/EventStream`,
        ),
    ],
    [
      0.5,
      () =>
        post(
          [["Content-Type", random.pick(["application/json", "text/plain"])]],
          "{}",
          `/${service}/EventStream`,
        ),
    ],
  ]);
  return { kind: "HTTP of evaluation", port: "evaluation", selector: undefined, http };
}

const contentTypes = [
  "application/json; charset=utf-8",
  "application/json;charset=UTF-8",
  "Application/JSON",
  "application/json; charset=latin1",
  "text/plain",
  "application/xml",
  "application/grpc-web-text",
  "application/connect+json",
  "application/grpc-web+thrift",
  "",
  "application/json; x=y",
];
const evaluationPaths = (service: string) => [
  "/",
  "/healthz",
  "/grpc.health.v2.Health/Check",
  `/${service}`,
  `/${service}/`,
  `/${service}/resolveBoolean`,
  `/${service}/ResolveBoolean/`,
  `/${service}/None`,
  `/${service}/ResolveBoolean?x=1`,
  `//${service}/ResolveBoolean`,
  `/x/../${service}/ResolveBoolean`,
  `/${service}/Resolve%42oolean`,
  "/flagd.evaluation.v3.Service/ResolveBoolean",
  "/flagd.evaluation.v2.Service/ResolveAll",
  "*",
];

function preflight(random: Random, target: string): HttpRequest {
  const headers: [string, string][] = [
    ["Origin", random.pick(["http://a.test", "null", "https://x.b.test"])],
  ];
  if (random.chance(0.9))
    headers.push([
      "Access-Control-Request-Method",
      random.pick(["POST", "GET", "DELETE", "TRACE", "post"]),
    ]);
  if (random.chance(0.7))
    headers.push([
      "Access-Control-Request-Headers",
      random.pick([
        "content-type",
        "content-type,flagd-selector",
        "Content-Type, X-A",
        "if-none-match",
      ]),
    ]);
  return { method: "OPTIONS", target, headers };
}

function oddOfrep(random: Random, key: string): Request {
  const flags = "/ofrep/v1/evaluate/flags";
  const single = `${flags}/${encodeURIComponent(key)}`;
  const target = random.chance(0.6) ? single : flags;
  const type: [string, string] = ["Content-Type", "application/json"];
  const http = random.weighted<HttpRequest>([
    [
      6,
      () => ({
        method: "POST",
        target,
        headers: random.chance(0.8) ? [type] : [],
        body: random.pick(bodies(key)),
      }),
    ],
    [
      1,
      () => ({
        method: "POST",
        target,
        headers: [["Content-Type", random.pick(contentTypes)]],
        body: "{}",
      }),
    ],
    [
      1,
      () => ({
        method: "POST",
        target,
        headers: [type, ["Transfer-Encoding", "chunked"]],
        body: random.pick(["2\r\n{}\r\n0\r\n\r\n", "0\r\n\r\n", "zz\r\n"]),
      }),
    ],
    [
      2,
      () => ({
        method: random.pick(["GET", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH"]),
        target,
        headers: [],
      }),
    ],
    [
      3,
      () => ({ method: "POST", target: random.pick(ofrepPaths(key)), headers: [type], body: "{}" }),
    ],
    [1, () => ({ method: "GET", target: random.pick(ofrepPaths(key)), headers: [] })],
    [1, () => preflight(random, target)],
    [
      1,
      () => ({
        method: "POST",
        target,
        headers: [type, ["If-None-Match", random.pick(['"x"', "x"])], ["Accept-Encoding", "gzip"]],
        body: "{}",
      }),
    ],
    [
      1,
      () => ({
        method: "POST",
        target,
        headers: [type, ["Content-Encoding", "gzip"]],
        body: gzipSync("{}"),
      }),
    ],
    [
      1,
      () => ({
        method: "POST",
        target: `${single}?flagConfigEtag=x`,
        headers: [type, ["Flagd-Selector", random.pick(oddSelectors)]],
        body: random.pick(["{}", "{", ""]),
      }),
    ],
  ]);
  // Of all flags one that nothing overrides.
  const selector = http.target === flags ? "flagSetId=base" : undefined;
  const headers =
    selector === undefined
      ? http.headers
      : [...http.headers, ["Flagd-Selector", selector] as const];
  return { kind: "HTTP of OFREP", port: "ofrep", selector, http: { ...http, headers } };
}

const ofrepPaths = (key: string) => {
  const flags = "/ofrep/v1/evaluate/flags";
  const name = encodeURIComponent(key);
  return [
    "/",
    "/ofrep",
    "/ofrep/",
    "/ofrep/v1/configuration",
    `${flags}/${name}/`,
    `${flags}/${name}/b`,
    `${flags}/a/b`,
    `${flags}//${name}`,
    `/${flags}/${name}`,
    `${flags}/./${name}`,
    `${flags}/../flags/${name}`,
    `${flags}/%2e%2e/flags`,
    `${flags}/sp%20ace`,
    `${flags}/%zz`,
    `${flags}/%ff`,
    `${flags}/${name}?x=1`,
    `${flags}//`,
    `${flags}/sp+ace`,
    `/OFREP/v1/evaluate/flags/${name}`,
    "/ofrep/v1/evaluate",
    "/ofrep/v1/evaluate/flag/a",
    `${flags}/%61`,
    `${flags}/a%2Fb`,
    `${flags}/a;b`,
    `${flags}/..`,
    `${flags}/.`,
    `${flags}/..%2f`,
  ];
};

/** For messages to people. */
export function describe(request: Request): Json {
  if ("grpc" in request) {
    const { path, message, headers } = request.grpc;
    const input = methods.get(path)?.input;
    return {
      path,
      headers,
      message: (request.question as unknown as Json) ?? Buffer.from(message).toString("hex"),
      type: input?.typeName ?? "",
    };
  }
  const { method, target, headers, body = "" } = request.http;
  const text = typeof body === "string" ? body : `hex ${Buffer.from(body).toString("hex")}`;
  return {
    request: `${method} ${target}`,
    headers: headers as unknown as Json,
    body: text.slice(0, 1500),
  };
}
