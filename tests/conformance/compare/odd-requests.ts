/** Requests that no client of flagd would send. */
import { gzipSync } from "node:zlib";
import { markerKey } from "./documents.ts";
import type { HttpRequest } from "./http.ts";
import type { Random } from "./random.ts";
import { envelope, type Request } from "./request.ts";
import { oddSelectors } from "./selectors.ts";

/** Flags that answer the same whatever the context is, for requests that are odd otherwise. */
export const plainKeys = [markerKey, "low", "nobody"];

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

export function oddEvaluation(random: Random, key: string): Request {
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

export function oddOfrep(random: Random, key: string): Request {
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
    `${flags}/lo%77%20`,
    `${flags}/%zz`,
    `${flags}/%ff`,
    `${flags}/${name}?x=1`,
    `${flags}//`,
    `${flags}/low+x`,
    `/OFREP/v1/evaluate/flags/${name}`,
    "/ofrep/v1/evaluate",
    "/ofrep/v1/evaluate/flag/a",
    `${flags}/%6cow`,
    `${flags}/a%2Fb`,
    `${flags}/a;b`,
    `${flags}/..`,
    `${flags}/.`,
    `${flags}/..%2f`,
  ];
};
