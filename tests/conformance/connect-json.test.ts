/**
 * Connect's JSON over HTTP/1.1 has a fast path that answers from a request's bytes. To the byte,
 * dates aside, its answers are those of a listener that has the general path only.
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { CallRecord } from "../../src/core/calls.ts";
import type { Outcome } from "../../src/evaluation/outcomes.ts";
import { createEvaluationService } from "../../src/services/evaluation/evaluation-service.ts";
import type { Timeouts } from "../../src/transport/limits.ts";
import { listen } from "../../src/transport/listen.ts";
import type { Listener } from "../../src/transport/listener.ts";
import { fixedContext } from "../support/fixed-context.ts";
import { converse } from "../support/raw-client.ts";
import { rememberingLog } from "../support/remembering-log.ts";
import { FakeStore, flag, staticFlag, viewOf } from "../unit/services/fixtures.ts";
import { flags } from "./evaluation-cases.ts";

const long = { en: "x".repeat(3000) };
const store = new FakeStore(
  viewOf([
    ...flags,
    staticFlag("long", long),
    staticFlag("grüße", "Ü"),
    flag("echo", { variants: {} }, (context) => ({ variant: "v", value: JSON.stringify(context) })),
  ]),
);

interface Path {
  readonly listener: Listener;
  readonly calls: CallRecord[];
  readonly outcomes: Outcome[];
  /** Requests that were answered from their bytes. */
  answeredFast: number;
}

async function start(fast: boolean, tuned: Partial<Timeouts> = {}): Promise<Path> {
  const outcomes: Outcome[] = [];
  const calls: CallRecord[] = [];
  const service = createEvaluationService({
    store,
    context: fixedContext({ region: "north" }),
    contextFromHeader: new Map([["x-user", "user"]]),
    whenReady: Promise.resolve(),
    streamDeadlineMs: 0,
    record: (outcome) => outcomes.push(outcome),
  });
  const path = { calls, outcomes, answeredFast: 0 };
  const listener = await listen(
    {
      name: "evaluation",
      address: { port: 0, host: "127.0.0.1" },
      routes: service.routes,
      unary: fast
        ? service.unary.map((method) => ({
            ...method,
            callJson: (message, headers) => {
              path.answeredFast++;
              return method.callJson?.(message, headers);
            },
          }))
        : [],
      web: true,
      corsOrigins: ["https://one.example"],
      maxRequestBody: 20_000,
      maxRequestHeader: 8192,
      log: rememberingLog(),
      onCall: (call) => calls.push(call),
    },
    tuned,
  );
  return Object.assign(path, { listener });
}

let paths: { readonly fast: Path; readonly general: Path };
beforeAll(async () => {
  paths = { fast: await start(true), general: await start(false) };
});
afterAll(() => Promise.all([paths.fast.listener.drain(0), paths.general.listener.drain(0)]));

const service = "/flagd.evaluation.v1.Service";

function request(
  body: string,
  headers: Readonly<Record<string, string>> = {},
  line = `POST ${service}/ResolveString HTTP/1.1`,
): string {
  const fields = {
    Host: "flagd",
    "Content-Type": "application/json",
    "Content-Length": String(Buffer.byteLength(body)),
    ...headers,
  };
  const head = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`);
  return `${line}\r\n${head.join("")}\r\n${body}`;
}

/** One answer, the headers in order of their names. */
interface Answer {
  readonly status: string;
  readonly headers: readonly string[];
  readonly body: string;
}

function parseAnswers(received: string): Answer[] {
  const answers: Answer[] = [];
  for (let rest = received; rest.length > 0; ) {
    const end = rest.indexOf("\r\n\r\n");
    if (end < 0) break;
    const [status = "", ...fields] = rest.slice(0, end).split("\r\n");
    const headers = fields
      .map((field) => field.replace(/^[^:]+/, (name) => name.toLowerCase()))
      .filter((field) => !field.startsWith("date:"))
      .sort();
    const length = Number(
      /^content-length: (\d+)$/.exec(
        headers.find((f) => f.startsWith("content-length")) ?? "",
      )?.[1],
    );
    const bodyEnd = end + 4 + (length || 0);
    if (rest.length < bodyEnd) break;
    const body = unpacked(rest.slice(end + 4, bodyEnd), headers);
    answers.push({
      status,
      headers: headers.filter((field) => !packedLength(field, headers)),
      body,
    });
    rest = rest.slice(bodyEnd);
  }
  return answers;
}

const isGzip = (headers: readonly string[]) => headers.includes("content-encoding: gzip");
/** Two compressors make different bytes of the same text. */
const packedLength = (field: string, headers: readonly string[]) =>
  isGzip(headers) && field.startsWith("content-length");

function unpacked(body: string, headers: readonly string[]): string {
  if (!isGzip(headers)) return Buffer.from(body, "latin1").toString();
  return Buffer.from(Bun.gunzipSync(Buffer.from(body, "latin1"))).toString();
}

async function ask(
  path: Path,
  parts: readonly string[],
  count: number,
  pauseMs = 5,
): Promise<Answer[]> {
  const { address } = path.listener;
  if (!("port" in address)) throw new Error("no port");
  const bytes = parts.map((part) => Buffer.from(part));
  const enough = (received: string) => parseAnswers(received).length >= count;
  return parseAnswers((await converse(address.port, bytes, { enough, pauseMs })).received);
}

const json = (value: unknown) => JSON.stringify(value);
const known = json({ flagKey: "s" });

const alike: Record<string, string> = {
  "a flag": request(known),
  "a flag of another type": request(json({ flagKey: "b" })),
  "no such flag": request(json({ flagKey: "none" })),
  "an empty request": request("{}"),
  "a context": request(
    json({ flagKey: "echo", context: { email: "a@b.c", list: [1, { deep: "ü" }] } }),
  ),
  "a flag beyond ASCII": request(json({ flagKey: "grüße" })),
  "a header for the context": request(json({ flagKey: "echo" }), { "X-User": "u" }),
  "a selector that is wrong": request(known, { "Flagd-Selector": "bogus=1" }),
  "an origin that is allowed": request(known, { Origin: "https://one.example" }),
  "an origin that is not": request(known, { Origin: "https://two.example" }),
  "a charset": request(known, { "Content-Type": "application/json; charset=utf-8" }),
  "the protocol's version": request(known, { "Connect-Protocol-Version": "1" }),
  ResolveAll: request(
    json({ context: { email: "a@b.c" } }),
    {},
    `POST ${service}/ResolveAll HTTP/1.1`,
  ),
  "an answer worth compressing": request(
    json({ flagKey: "long" }),
    { "Accept-Encoding": "deflate, gzip" },
    `POST ${service}/ResolveObject HTTP/1.1`,
  ),
};

const others: Record<string, string> = {
  "JSON that is none": request('{"flagKey":'),
  "JSON of another shape": request("[1]"),
  "a member nobody knows": request(json({ flagKey: "s", other: 1 })),
  "a name in the other form": request(json({ flag_key: "s" })),
  "a key that is null": request(json({ flagKey: null })),
  "a key that is no text": request(json({ flagKey: 5 })),
  "a context that is no object": request(json({ flagKey: "s", context: [] })),
  "a number beyond doubles": request('{"flagKey":"echo","context":{"n":1e999}}'),
  "half a character": request('{"flagKey":"echo","context":{"email":"\\ud800"}}'),
  "a version from the future": request(known, { "Connect-Protocol-Version": "2" }),
  "a deadline": request(known, { "Connect-Timeout-Ms": "5000" }),
  "a deadline that is none": request(known, { "Connect-Timeout-Ms": "soon" }),
  "a compression nobody knows": request(known, { "Content-Encoding": "br" }),
  "another content type": request(known, { "Content-Type": "text/plain" }),
  "another method": request("", {}, `GET ${service}/ResolveString HTTP/1.1`),
  "another path": request(known, {}, `POST ${service}/Resolve HTTP/1.1`),
  "a query": request(known, {}, `POST ${service}/ResolveString?x=1 HTTP/1.1`),
  "ResolveAll of a flag": request(known, {}, `POST ${service}/ResolveAll HTTP/1.1`),
  "a connection that is to close": request(known, { Connection: "close" }),
  "HTTP/1.0": request(known, {}, `POST ${service}/ResolveString HTTP/1.0`),
  "no host": request(known).replace("Host: flagd\r\n", ""),
  "two lengths": request(known, { "content-length": "3" }),
  "a length that is none": request(known, { "Content-Length": "+5" }),
  "two framings": request(known, { "Transfer-Encoding": "chunked" }),
  chunks: request("", { "Transfer-Encoding": "chunked" })
    .replace("Content-Length: 0\r\n", "")
    .concat(`${known.length.toString(16)}\r\n${known}\r\n0\r\n\r\n`),
  "a folded header": request(known, { "X-Long": "a\r\n b" }),
  "a space before the colon": request(known, { "X-Long ": "a" }),
  "a bare line feed": request(known).replace("\r\nHost", "\nHost"),
  "more than the limit": request(json({ flagKey: "s", context: { x: "x".repeat(20_000) } })),
  "more headers than the limit": request(known, { "X-Long": "x".repeat(20_000) }),
};

describe.each(["fast", "general"] as const)("what the %s path takes", (kind) => {
  test.each(Object.entries(kind === "fast" ? alike : others))("%s", async (_, text) => {
    const before = paths.fast.answeredFast;
    const [fast, general] = await Promise.all([
      ask(paths.fast, [text], 1),
      ask(paths.general, [text], 1),
    ]);
    expect(general).toHaveLength(1);
    expect(fast).toEqual(general);
    if (kind === "fast") expect(paths.fast.answeredFast).toBe(before + 1);
  });
});

test("calls and outcomes are counted alike", async () => {
  const counted = async (path: Path) => {
    const [calls, outcomes] = [path.calls.length, path.outcomes.length];
    for (const text of Object.values(alike)) await ask(path, [text], 1);
    return {
      calls: path.calls.slice(calls).map(({ milliseconds: _, requestBytes: __, ...call }) => ({
        ...call,
        responseBytes: call.code === 0,
      })),
      outcomes: path.outcomes.slice(outcomes).map(({ memo: _, ...outcome }) => outcome),
    };
  };
  const fast = await counted(paths.fast);
  expect(fast.calls).toHaveLength(Object.keys(alike).length);
  expect(fast).toEqual(await counted(paths.general));
});

describe("one connection", () => {
  test("takes many requests, one after another and all at once", async () => {
    const parts = [
      request(known),
      request(known) + request(json({ flagKey: "none" })) + request(known),
    ];
    const answers = await ask(paths.fast, parts, 4);
    expect(answers.map(({ status }) => status.slice(9, 12))).toEqual(["200", "200", "404", "200"]);
  });

  test("may send head and body apart, or everything in single bytes", async () => {
    const text = request(known);
    const middle = text.indexOf("\r\n\r\n") + 4;
    const [whole] = await ask(paths.fast, [text], 1);
    const before = paths.fast.answeredFast;
    expect(await ask(paths.fast, [text.slice(0, middle), text.slice(middle)], 1)).toEqual([
      whole as Answer,
    ]);
    expect(paths.fast.answeredFast).toBe(before + 1);
    expect(await ask(paths.fast, [...text], 1, 0)).toEqual([whole as Answer]);
  });

  test("goes on by the general path after a request that only this can answer", async () => {
    const parts = [request(known), request(json({ flag_key: "s" })), request(known)];
    const answers = await ask(paths.fast, [parts.join("")], 3);
    expect(answers.map(({ body }) => body)).toEqual(Array(3).fill(answers[0]?.body));
  });

  test.each([
    ["half a head is closed", request(known).slice(0, 60), ""],
    ["half a body is told so", request(known).slice(0, -3), '"code":"deadline_exceeded"'],
  ])("that stops after %s", async (_, text, expected) => {
    const path = await start(true, { headersMs: 200, requestMs: 300, keepAliveMs: 200 });
    const { address } = path.listener;
    if (!("port" in address)) throw new Error("no port");
    const { closed, received } = await converse(address.port, [text]);
    await path.listener.drain(0);
    expect(closed).toBe(true);
    expect(received).toContain(expected);
    expect(received).not.toContain("200 OK");
  });
});
