import { describe, expect, test } from "bun:test";
import type { CallRecord } from "../../src/core/calls.ts";
import type { JsonObject } from "../../src/core/json.ts";
import type { Outcome } from "../../src/evaluation/outcomes.ts";
import { createOfrep, type OfrepOptions } from "../../src/services/ofrep/ofrep-service.ts";
import { askHandler, toHttpRequest } from "../support/ask-handler.ts";
import { fixedContext } from "../support/fixed-context.ts";
import { FakeStore, flag, staticFlag, viewOf } from "../unit/services/fixtures.ts";
import { flags } from "./evaluation-cases.ts";

const FLAGS = "/ofrep/v1/evaluate/flags";

function setUp(options: Partial<OfrepOptions> = {}) {
  const recorded: Outcome[] = [];
  const calls: CallRecord[] = [];
  const { handler } = createOfrep({
    store: new FakeStore(viewOf(flags)),
    context: fixedContext({}),
    contextFromHeader: new Map(),
    corsOrigins: [],
    maxRequestBody: 1_000_000,
    record: (outcome) => recorded.push(outcome),
    onCall: (call) => calls.push(call),
    ...options,
  });
  const send = async (path: string, init: RequestInit = {}) => {
    const response = await askHandler(
      handler,
      new Request(`http://localhost:8014${path}`, { method: "POST", ...init }),
    );
    if (response === undefined) throw new Error(`${path} is not OFREP's`);
    return response;
  };
  return { handler, send, recorded, calls };
}

const { send, handler } = setUp();
const post = (path: string, body?: BodyInit, headers: Record<string, string> = {}) =>
  send(path, { ...(body !== undefined && { body }), headers });

const set = '"metadata":{"setver":3,"team":"core"}';
const general = '"errorCode":"GENERAL","errorDetails":"error processing the flag for evaluation"';
const email = '{"context":{"email":"a@b.c"}}';

const singles: [key: string, body: string, status: number, answer: string][] = [
  [
    "b",
    "",
    200,
    '{"value":true,"key":"b","reason":"STATIC","variant":"on","metadata":{"n":1.5,"ok":true,"owner":"ann","setver":3,"team":"core"}}',
  ],
  ["e", "", 200, `{"value":"","key":"e","reason":"STATIC","variant":"e",${set}}`],
  ["s", "", 200, `{"value":"alpha","key":"s","reason":"STATIC","variant":"v",${set}}`],
  ["z", "", 200, `{"value":0,"key":"z","reason":"STATIC","variant":"v",${set}}`],
  ["f", "", 200, `{"value":-1.75,"key":"f","reason":"STATIC","variant":"v",${set}}`],
  ["huge", "", 200, `{"value":1e+30,"key":"huge","reason":"STATIC","variant":"v",${set}}`],
  ["big", "", 200, `{"value":9007199254740992,"key":"big","reason":"STATIC","variant":"v",${set}}`],
  [
    "o",
    "",
    200,
    `{"value":{"k":"v","l":[1,"2",null],"m":{"x":true},"n":1},"key":"o","reason":"STATIC","variant":"v",${set}}`,
  ],
  ["arr", "", 200, `{"value":[1,2,3],"key":"arr","reason":"STATIC","variant":"v",${set}}`],
  ["nul", "", 400, `{"key":"nul",${general},${set}}`],
  ["t", email, 200, `{"value":true,"key":"t","reason":"TARGETING_MATCH","variant":"on",${set}}`],
  ["t", "{}", 200, `{"value":false,"key":"t","reason":"DEFAULT","variant":"off",${set}}`],
  [
    "mixed",
    "",
    200,
    `{"value":"s","key":"mixed","reason":"TARGETING_MATCH","variant":"str",${set}}`,
  ],
  ["noname", "", 200, `{"value":true,"key":"noname","reason":"STATIC",${set}}`],
  ["dis", "", 200, `{"key":"dis","reason":"DISABLED",${set}}`],
  ["nodef", "", 200, `{"key":"nodef","reason":"DEFAULT",${set}}`],
  ["nodeft", "", 200, `{"key":"nodeft","reason":"DEFAULT",${set}}`],
  [
    "missing",
    "",
    404,
    '{"key":"missing","errorCode":"FLAG_NOT_FOUND","errorDetails":"flag `missing` does not exist","metadata":{}}',
  ],
  [
    "badop",
    "",
    400,
    `{"key":"badop","errorCode":"PARSE_ERROR","errorDetails":"error parsing the flag \`badop\`",${set}}`,
  ],
  ["badvar", "", 400, `{"key":"badvar",${general},${set}}`],
];

describe("single evaluation", () => {
  test.each(singles)("of %s with %j is %i", async (key, body, status, answer) => {
    for (let time = 0; time < 2; time++) {
      const response = await post(`${FLAGS}/${key}`, body);
      expect(await response.text()).toBe(answer);
      expect(response.status).toBe(status);
      expect(response.headers.get("content-type")).toBe("application/json");
      expect(response.headers.get("vary")).toBe("Origin");
    }
  });

  test("writes characters that are special in HTML as escapes", async () => {
    const view = viewOf([staticFlag("<a&b>", "<script>\u2028", { note: "a & b" })]);
    const { send } = setUp({ store: new FakeStore(view) });
    const response = await send(`${FLAGS}/%3Ca&b%3E`);
    expect(await response.text()).toBe(
      '{"value":"\\u003cscript\\u003e\\u2028","key":"\\u003ca\\u0026b\\u003e","reason":"STATIC","variant":"v","metadata":{"note":"a \\u0026 b"}}',
    );
  });

  test.each([
    ["a space", "sp%20ace", "sp ace"],
    ["a slash", "a%2Fb", "a/b"],
    ["other scripts", "%C3%A9%E6%97%A5", "é日"],
  ])("finds a key with %s", async (_, path, key) => {
    const { send } = setUp({ store: new FakeStore(viewOf([staticFlag(key, 1)])) });
    expect(await (await send(`${FLAGS}/${path}`)).json()).toMatchObject({ key, value: 1 });
  });
});

describe("bulk evaluation", () => {
  test("has an element for every flag, in order of keys, errors among them", async () => {
    const response = await post(FLAGS, "{}");
    const expected = singles
      .filter(([key, body]) => key !== "missing" && body !== email)
      .map(([key, , , answer]) => (key === "mixed" ? `{"key":"mixed",${general},${set}}` : answer));
    expected.push(`{"value":1,"key":"i","reason":"STATIC","variant":"v",${set}}`);
    expected.push(`{"value":-1e+30,"key":"low","reason":"STATIC","variant":"v",${set}}`);
    const keyOf = (json: string) => String(JSON.parse(json).key);
    expected.sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
    expect(await response.text()).toBe(`{"flags":[${expected.join(",")}],"metadata":{}}`);
    expect(response.status).toBe(200);
  });

  test("of an empty store is an empty list, also with a final slash", async () => {
    const { send } = setUp({ store: new FakeStore(viewOf([])) });
    for (const path of [FLAGS, `${FLAGS}/`]) {
      expect(await (await send(path)).text()).toBe('{"flags":[],"metadata":{}}');
    }
  });

  test("reflects the selector", async () => {
    const store = new FakeStore(({ source }) =>
      viewOf([staticFlag("a", 1)], source === undefined ? {} : { source }),
    );
    const { send } = setUp({ store });
    const headers = { "Flagd-Selector": "source=flags.json" };
    const answer = await (await send(FLAGS, { headers })).json();
    expect(answer).toMatchObject({ flags: [{ key: "a" }], metadata: { source: "flags.json" } });
    const missing = await (await send(`${FLAGS}/x`, { headers })).json();
    expect(missing).toMatchObject({ metadata: { source: "flags.json" } });
  });
});

describe("conditional bulk evaluation", () => {
  const tagOf = async (body: string) => (await post(FLAGS, body)).headers.get("etag") ?? "";

  test("answers 304 without a body while the answer stays the same", async () => {
    const etag = await tagOf(email);
    expect(etag).toMatch(/^"[0-9a-z]+"$/);
    for (const condition of [etag, `W/${etag}`, `"other", ${etag}`, "*"]) {
      const response = await post(FLAGS, email, { "If-None-Match": condition });
      expect(response.status).toBe(304);
      expect(response.headers.get("etag")).toBe(etag);
      expect(await response.text()).toBe("");
    }
  });

  test("answers in full if the context changes the answer", async () => {
    const etag = await tagOf("{}");
    expect(await tagOf('{"context":{"irrelevant":1}}')).toBe(etag);
    const response = await post(FLAGS, email, { "If-None-Match": etag });
    expect(response.status).toBe(200);
    expect(response.headers.get("etag")).not.toBe(etag);
  });

  test("answers in full if a flag changed", async () => {
    const store = new FakeStore(viewOf([staticFlag("a", 1)]));
    const { send } = setUp({ store });
    const etag = (await send(FLAGS)).headers.get("etag") ?? "";
    store.view = () => viewOf([staticFlag("a", 2)]);
    expect((await send(FLAGS, { headers: { "If-None-Match": etag } })).status).toBe(200);
  });

  test("does not exist for single flags", async () => {
    const response = await post(`${FLAGS}/b`, "", { "If-None-Match": "*" });
    expect(response.status).toBe(200);
    expect(response.headers.has("etag")).toBe(false);
  });
});

describe("requests", () => {
  const invalid = '"errorCode":"INVALID_CONTEXT","errorDetails":"Provider context is not valid"';

  test.each([
    "",
    "  \n\t",
    "{}",
    "null",
    "null trailing",
    "nullx",
    '{"context":null}',
    '{"context":"x"}',
    '{"context":5}',
    '{"context":[1]}',
    '{"context":{}} trailing',
    '{"context":{"a":"}\\"{\\\\"}}{',
    '{"other":1}',
  ])("%j is an empty context", async (body) => {
    expect((await post(`${FLAGS}/b`, body)).status).toBe(200);
    expect((await post(FLAGS, body)).status).toBe(200);
  });

  test.each(["{", "[]", '"x"', "5", "true", '{"context":{}', "{,}", '{"a":"', "[".repeat(99_999)])(
    "%.20j is refused",
    async (body) => {
      const single = await post(`${FLAGS}/b`, body);
      expect(single.status).toBe(400);
      expect(await single.text()).toBe(`{"key":"b",${invalid}}`);
      const bulk = await post(FLAGS, body);
      expect(bulk.status).toBe(400);
      expect(await bulk.text()).toBe(`{${invalid}}`);
    },
  );

  test("the context may be followed by anything, and be named in any case", async () => {
    for (const body of [`${email} trailing {`, email.replace("context", "Context")]) {
      expect(await (await post(`${FLAGS}/t`, body)).json()).toMatchObject({ variant: "on" });
    }
  });

  test.each(["text/plain", "application/x-www-form-urlencoded", "nonsense"])(
    "the content type %s is not looked at",
    async (type) => {
      const response = await post(`${FLAGS}/t`, email, { "Content-Type": type });
      expect(await response.json()).toMatchObject({ variant: "on" });
    },
  );

  test("an invalid selector is named, but not before a bad body", async () => {
    const headers = { "Flagd-Selector": "bogus=1" };
    const details =
      '"errorCode":"GENERAL","errorDetails":"invalid selector: invalid selector key \\"bogus\\", valid keys: \\"flagSetId\\", \\"source\\""';
    const single = await post(`${FLAGS}/b`, "{}", headers);
    expect(single.status).toBe(400);
    expect(await single.text()).toBe(`{"key":"b",${details}}`);
    const bulk = await post(FLAGS, "{}", headers);
    expect(bulk.status).toBe(400);
    expect(await bulk.text()).toBe(`{${details}}`);
    expect(await (await post(FLAGS, "[", headers)).text()).toContain("INVALID_CONTEXT");
  });

  test("headers override fixed members, which override the request", async () => {
    const echo = flag("echo", { variants: { v: "" }, defaultVariant: "v" }, (context) => ({
      reason: "TARGETING_MATCH",
      variant: "v",
      value: context as JsonObject,
    }));
    const { send } = setUp({
      store: new FakeStore(viewOf([echo])),
      context: fixedContext({ region: "eu", tier: "x" }),
      contextFromHeader: new Map([["x-tier", "tier"]]),
    });
    const body = '{"context":{"region":"us","tier":"y","kept":1}}';
    const answered = async (headers: Record<string, string>) =>
      (await (await send(`${FLAGS}/echo`, { body, headers })).json()).value;
    expect(await answered({ "X-Tier": "gold" })).toEqual({ kept: 1, region: "eu", tier: "gold" });
    expect(await answered({ "X-Tier": "" })).toEqual({ kept: 1, region: "eu", tier: "x" });
  });

  const limited = setUp({ maxRequestBody: 20, bodyTimeoutMs: 50 });
  const stream = (...chunks: string[]) =>
    new ReadableStream<Uint8Array>({
      start(controller) {
        for (const chunk of chunks) controller.enqueue(new TextEncoder().encode(chunk));
        controller.close();
      },
    });

  test.each([
    ["of known length", () => `{"a":"${"x".repeat(12)}"}`, () => `{"a":"${"x".repeat(13)}"}`],
    [
      "in pieces",
      () => stream('{"a":"', "x".repeat(12), '"}'),
      () => stream('{"a":"', "x".repeat(13), '"}'),
    ],
  ])("a body %s may have as many bytes as the limit, and no more", async (_, within, beyond) => {
    const fits = await limited.send(`${FLAGS}/b`, { body: within(), headers: lengthOf(within()) });
    expect(fits.status).toBe(200);
    const refused = await limited.send(FLAGS, { body: beyond(), headers: lengthOf(beyond()) });
    expect(refused.status).toBe(413);
    expect(await refused.text()).toBe('{"errorDetails":"request body too large"}');
    expect(refused.headers.get("connection")).toBe("close");
  });

  test.each([
    ["of known length", (text: string) => new TextEncoder().encode(text)],
    ["in pieces", (text: string) => stream(...text)],
  ])("a byte order mark before a body %s is overlooked", async (_, as) => {
    const bom = "\ufeff{}";
    const body = as(bom);
    const headers = body instanceof Uint8Array ? { "Content-Length": `${body.length}` } : {};
    const response = await limited.send(`${FLAGS}/b`, { body, headers });
    expect(response.status).toBe(200);
  });

  test("a body that does not arrive is given up", async () => {
    const body = new ReadableStream<Uint8Array>({ start: (c) => c.enqueue(new Uint8Array([123])) });
    const response = await limited.send(FLAGS, { body });
    expect(response.status).toBe(400);
    expect(response.headers.get("connection")).toBe("close");
    expect(await response.text()).toContain("INVALID_CONTEXT");
  });
});

function lengthOf(body: BodyInit): Record<string, string> {
  return typeof body === "string" ? { "Content-Length": String(body.length) } : {};
}

describe("paths and methods", () => {
  test.each(["GET", "PUT", "DELETE", "HEAD", "OPTIONS"])("%s is not allowed", async (method) => {
    for (const path of [FLAGS, `${FLAGS}/`, `${FLAGS}/b`]) {
      const response = await send(path, { method });
      expect(response.status).toBe(405);
      expect(response.headers.get("allow")).toBe("POST");
      expect(await response.text()).toBe("");
    }
  });

  test.each([
    "/ofrep/v1/configuration",
    "/ofrep/v1/evaluate",
    `${FLAGS}/b/`,
    `${FLAGS}/a/b`,
    `${FLAGS}x`,
  ])("%s is not found", async (path) => {
    const response = await post(path);
    expect(response.status).toBe(404);
    expect(await response.text()).toBe("404 page not found\n");
    expect(response.headers.get("content-type")).toBe("text/plain; charset=utf-8");
    expect(response.headers.get("x-content-type-options")).toBe("nosniff");
  });

  test("a path that is wrongly encoded is a bad request", async () => {
    const response = await post(`${FLAGS}/%zz`);
    expect(response.status).toBe(400);
    expect(await response.text()).toBe("400 Bad Request");
  });

  test("bytes of a key that are no UTF-8 are replaced", async () => {
    const response = await post(`${FLAGS}/a%ffb`);
    expect(response.status).toBe(404);
    expect(await response.json()).toMatchObject({ key: "a\ufffdb", errorCode: "FLAG_NOT_FOUND" });
  });

  test.each([
    ["//ofrep/v1/evaluate//flags?a=b//c", `${FLAGS}?a=b//c`],
    [`${FLAGS}//b`, `${FLAGS}/b`],
    [`${FLAGS}/./b?x=1`, `${FLAGS}/b?x=1`],
    [`${FLAGS}/x/../b`, `${FLAGS}/b`],
    [`${FLAGS}/a/..`, `${FLAGS}/`],
  ])("%s is redirected", async (path, location) => {
    // A URL of the Fetch API would be without dot segments.
    const request = { ...toHttpRequest(new Request("http://h", { method: "POST" })), target: path };
    const response = await askHandler(handler, request);
    expect(response?.status).toBe(301);
    expect(response?.headers.get("location")).toBe(location);
  });

  test("query parameters are not looked at", async () => {
    const response = await post(`${FLAGS}?flagConfigEtag=x&flagConfigLastModified=1`);
    expect(response.status).toBe(200);
  });

  test.each(["/", "/healthz", "/metrics", "/ofrep", "/ofrepx/v1"])(
    "%s is left to others",
    (path) => {
      expect(handler(toHttpRequest(new Request(`http://localhost${path}`)))).toBeUndefined();
    },
  );
});

describe("other origins", () => {
  const origin = "http://a.test";
  const ask = { "Access-Control-Request-Method": "POST", Origin: origin };

  test("may ask and read everything by default", async () => {
    const headers = { ...ask, "Access-Control-Request-Headers": "if-none-match" };
    const preflight = await send(FLAGS, { method: "OPTIONS", headers });
    expect(preflight.status).toBe(204);
    expect(preflight.headers.get("access-control-allow-origin")).toBe("*");
    expect(preflight.headers.get("access-control-allow-headers")).toBe("if-none-match");
    const actual = await post(FLAGS, "", { Origin: origin });
    expect(actual.headers.get("access-control-allow-origin")).toBe("*");
    expect(actual.headers.get("access-control-expose-headers")).toEndWith(", ETag, Retry-After");
  });

  test("are kept to the allowed ones", async () => {
    const { send } = setUp({ corsOrigins: [origin] });
    const allowed = await send(FLAGS, { headers: { Origin: origin } });
    expect(allowed.headers.get("access-control-allow-origin")).toBe(origin);
    const other = await send(FLAGS, { headers: { Origin: "http://b.test" } });
    expect(other.status).toBe(200);
    expect(other.headers.has("access-control-allow-origin")).toBe(false);
  });
});

describe("what is counted", () => {
  test("the outcome that was answered", async () => {
    const { send, recorded } = setUp();
    for (const key of ["b", "nul", "missing", "dis"]) await send(`${FLAGS}/${key}`);
    expect(recorded.map(({ reason, errorCode }) => errorCode ?? reason)).toEqual([
      "STATIC",
      "GENERAL",
      "FLAG_NOT_FOUND",
      "DISABLED",
    ]);
  });

  test("every flag of a bulk evaluation, also if the answer is 304", async () => {
    const { send, recorded } = setUp();
    await send(FLAGS, { headers: { "If-None-Match": "*" } });
    expect(recorded.map(({ key }) => key)).toEqual(flags.map(({ key }) => key));
  });

  test("the call itself, with its size and status", async () => {
    const { send, calls } = setUp();
    const answer = await (
      await send(`${FLAGS}/t?x=1`, { body: email, headers: lengthOf(email) })
    ).text();
    expect(calls).toEqual([
      {
        path: `${FLAGS}/t`,
        protocol: "http",
        httpMethod: "POST",
        httpStatus: 200,
        code: undefined,
        milliseconds: expect.any(Number),
        requestBytes: email.length,
        responseBytes: answer.length,
      },
    ]);
  });
});
