import { afterAll, describe, expect, test } from "bun:test";
import {
  create,
  type DescMethodUnary,
  fromBinary,
  fromJson,
  type JsonObject,
  type Message,
  toBinary,
  toJson,
} from "@bufbuild/protobuf";
import { Code, ConnectError, createConnectRouter, type Transport } from "@connectrpc/connect";
import { createAsyncIterable, readAllBytes } from "@connectrpc/connect/protocol";
import {
  createConnectTransport,
  createGrpcTransport,
  createGrpcWebTransport,
} from "@connectrpc/connect-node";
import type { Json } from "../../src/core/json.ts";
import type { Outcome } from "../../src/evaluation/outcomes.ts";
import { Service as V1 } from "../../src/gen/flagd/evaluation/v1/evaluation_pb.ts";
import { Service as V2 } from "../../src/gen/flagd/evaluation/v2/evaluation_pb.ts";
import { Service as SchemaV1 } from "../../src/gen/schema/v1/schema_pb.ts";
import { createEvaluationService } from "../../src/services/evaluation/evaluation-service.ts";
import { listen } from "../../src/transport/listen.ts";
import type { Listener } from "../../src/transport/listener.ts";
import { fixedContext } from "../support/fixed-context.ts";
import { rememberingLog } from "../support/remembering-log.ts";
import { FakeStore, flag, staticFlag, viewOf } from "../unit/services/fixtures.ts";
import { bulkFlags, cases, type Expected, flags, type Service } from "./evaluation-cases.ts";

const descriptors = {
  "flagd.evaluation.v1": V1,
  "flagd.evaluation.v2": V2,
  "schema.v1": SchemaV1,
};
const services = Object.keys(descriptors) as Service[];

type Call = (
  service: Service,
  method: string,
  request: JsonObject,
  headers?: Record<string, string>,
) => Promise<unknown>;

function methodOf(service: Service, name: string): DescMethodUnary {
  const method = descriptors[service].methods.find((method) => method.name === name);
  if (method?.methodKind !== "unary") throw new Error(`no unary ${service}.${name}`);
  return method as DescMethodUnary;
}

/** A message as Connect writes it: with zero values, without what is unset. */
const asJson = (method: DescMethodUnary, message: Message) =>
  toJson(method.output, message, { alwaysEmitImplicit: true });

async function setUp(store: FakeStore, additions = {}, headers = new Map<string, string>()) {
  const recorded: Outcome[] = [];
  const service = createEvaluationService({
    store,
    context: fixedContext(additions),
    contextFromHeader: headers,
    whenReady: Promise.resolve(),
    streamDeadlineMs: 0,
    record: (outcome) => recorded.push(outcome),
  });
  const listener = await listen({
    name: "evaluation",
    address: { port: 0, host: "127.0.0.1" },
    routes: service.routes,
    unary: [],
    web: true,
    corsOrigins: [],
    maxRequestBody: 1 << 20,
    maxRequestHeader: 8192,
    log: rememberingLog(),
  });
  listeners.push(listener);
  const { address } = listener;
  if (!("port" in address)) throw new Error("no port");
  const at = { baseUrl: `http://127.0.0.1:${address.port}` };
  const fast: Call = async (name, methodName, request, headers = {}) => {
    const method = methodOf(name, methodName);
    const path = `/${name}.Service/${methodName}`;
    const unary = service.unary.find((unary) => unary.path === path);
    if (unary === undefined) throw new Error(`no fast path ${path}`);
    const bytes = toBinary(method.input, fromJson(method.input, request));
    return asJson(method, fromBinary(method.output, await unary.call(bytes, headers)));
  };
  const json: Call = async (name, methodName, request, headers = {}) => {
    const path = `/${name}.Service/${methodName}`;
    const { callJson } = service.unary.find((unary) => unary.path === path) ?? {};
    if (callJson === undefined) return general(name, methodName, request, headers);
    const answer = callJson(Buffer.from(JSON.stringify(request)), headers);
    return answer === undefined
      ? general(name, methodName, request, headers)
      : JSON.parse(Buffer.from(answer).toString());
  };
  const over =
    (transport: Transport): Call =>
    async (name, methodName, request, headers = {}) => {
      const method = methodOf(name, methodName);
      const init = fromJson(method.input, request);
      const answer = await transport.unary(method, undefined, undefined, headers, init);
      return asJson(method, answer.message);
    };
  const general = over(createConnectTransport({ ...at, httpVersion: "1.1" }));
  const paths = {
    fast,
    json,
    general,
    "general binary": over(
      createConnectTransport({ ...at, httpVersion: "2", useBinaryFormat: true }),
    ),
    "general gRPC": over(createGrpcTransport(at)),
    "general gRPC-Web": over(
      createGrpcWebTransport({ ...at, httpVersion: "1.1", useBinaryFormat: false }),
    ),
  };
  return { service, recorded, paths };
}

async function check(answer: Promise<unknown>, expected: Expected): Promise<void> {
  if (!("code" in expected)) {
    expect(await answer).toEqual(expected);
    return;
  }
  const error = await answer.then(
    () => undefined,
    (error: unknown) => error,
  );
  expect(error).toBeInstanceOf(ConnectError);
  expect(ConnectError.from(error).code).toBe(expected.code as Code);
  expect(ConnectError.from(error).rawMessage).toBe(String(expected.message));
}

const listeners: Listener[] = [];
afterAll(() => Promise.all(listeners.map((listener) => listener.drain(0))));

const { paths } = await setUp(new FakeStore(viewOf(flags)));

describe.each(Object.entries(paths))("by the %s path", (_, call) => {
  describe.each(services)("%s", (service) => {
    for (const { method, key, context = {}, expected } of cases) {
      test(`Resolve${method} of ${key || "no key"} ${JSON.stringify(context)}`, async () => {
        const one = (service in expected ? expected[service as never] : expected) as Expected;
        const request = { flagKey: key, context };
        await check(call(service, `Resolve${method}`, request), one);
        // Again, from what the first call left behind.
        await check(call(service, `Resolve${method}`, request), one);
      });
    }

    test("an invalid selector is named", async () => {
      const headers = { "flagd-selector": "bogus=1" };
      const message = 'invalid selector key "bogus", valid keys: "flagSetId", "source"';
      const answer = call(service, "ResolveBoolean", { flagKey: "b" }, headers);
      await check(answer, { code: Code.InvalidArgument, message });
    });
  });

  test("v1 ResolveAll gives every flag that has a typed default", async () => {
    const answer = await call("flagd.evaluation.v1", "ResolveAll", {});
    expect(answer).toEqual({ flags: bulkFlags, metadata: {} });
  });

  test("schema.v1 ResolveAll gives the same without metadata", async () => {
    const answer = await call("schema.v1", "ResolveAll", { context: {} });
    const bare = Object.entries(bulkFlags).map(([key, { metadata: _, ...rest }]) => [key, rest]);
    expect(answer).toEqual({ flags: Object.fromEntries(bare) });
  });

  test.each(["flagd.evaluation.v1", "schema.v1"] as const)(
    "%s ResolveAll includes a flag without default variant when targeting hits",
    async (service) => {
      const context = { email: "a@b.c" };
      const answer = (await call(service, "ResolveAll", { context })) as { flags: JsonObject };
      expect(answer.flags.nodeft).toMatchObject({ reason: "TARGETING_MATCH", boolValue: true });
      expect(answer.flags.t).toMatchObject({ reason: "TARGETING_MATCH", boolValue: true });
      expect(Object.keys(answer.flags)).toHaveLength(Object.keys(bulkFlags).length + 1);
    },
  );
});

const pathNames = Object.keys(paths) as (keyof typeof paths)[];

describe.each(pathNames)("by the %s path", (path) => {
  test.each(["flagd.evaluation.v1", "schema.v1"] as const)(
    "%s ResolveAll gives many flags, whether they depend on the context or not",
    async (service) => {
      const many = Array.from({ length: 300 }, (_, n) => staticFlag(`f${n}`, `${n} `.repeat(200)));
      const own = flag("own", { variants: { v: 1 }, defaultVariant: "v" }, () => ({
        variant: "v",
      }));
      for (const flags of [many, [...many, own]]) {
        const call = (await setUp(new FakeStore(viewOf(flags)))).paths[path];
        const answer = (await call(service, "ResolveAll", {})) as { flags: JsonObject };
        expect(Object.keys(answer.flags)).toEqual(flags.map(({ key }) => key));
        expect(answer.flags.f299).toMatchObject({ stringValue: "299 ".repeat(200) });
      }
    },
  );

  test("the selector header chooses the view and is reflected in v1's ResolveAll", async () => {
    const selected = viewOf([staticFlag("a", 1)], { flagSetId: "A" });
    const store = new FakeStore((s) => (s.flagSetId === "A" ? selected : viewOf([])));
    const call = (await setUp(store)).paths[path];
    const headers = { "flagd-selector": "flagSetId=A" };
    expect(await call("flagd.evaluation.v1", "ResolveAll", {}, headers)).toMatchObject({
      flags: { a: { doubleValue: 1 } },
      metadata: { flagSetId: "A" },
    });
    expect(await call("flagd.evaluation.v1", "ResolveAll", {})).toEqual({
      flags: {},
      metadata: {},
    });
  });

  test.each(["flagd.evaluation.v1", "schema.v1"] as const)(
    "%s ResolveAll has a flag whose default is an array or null if targeting hits another",
    async (service) => {
      const targeted = (key: string, off: Json) =>
        flag(key, { variants: { on: true, off }, defaultVariant: "off" }, ({ hit }) =>
          hit === true
            ? { reason: "TARGETING_MATCH", variant: "on" }
            : { reason: "DEFAULT", variant: "off" },
        );
      const store = new FakeStore(viewOf([targeted("list", [1]), targeted("none", null)]));
      const call = (await setUp(store)).paths[path];
      const flagsFor = async (context: JsonObject) =>
        ((await call(service, "ResolveAll", { context })) as { flags: JsonObject }).flags;
      const hit = { reason: "TARGETING_MATCH", variant: "on", boolValue: true };
      expect(await flagsFor({ hit: true })).toMatchObject({ list: hit, none: hit });
      expect(await flagsFor({})).toEqual({});
    },
  );

  test("a flag named __proto__ is a flag like any other", async () => {
    const call = (await setUp(new FakeStore(viewOf([staticFlag("__proto__", true)])))).paths[path];
    const answer = (await call("flagd.evaluation.v1", "ResolveAll", {})) as { flags: object };
    expect(Object.keys(answer.flags)).toEqual(["__proto__"]);
    expect(
      await call("flagd.evaluation.v1", "ResolveBoolean", { flagKey: "__proto__" }),
    ).toMatchObject({ value: true });
  });

  describe("evaluation context", () => {
    const echo = flag("echo", { variants: { v: "" }, defaultVariant: "v" }, (context) => ({
      reason: "TARGETING_MATCH",
      variant: "v",
      value: JSON.stringify(context),
    }));
    const seen = async (service: Service, context: JsonObject, headers: Record<string, string>) => {
      const fixed = { region: "eu", tier: "x" };
      const mapped = new Map([["x-tier", "tier"]]);
      const call = (await setUp(new FakeStore(viewOf([echo])), fixed, mapped)).paths[path];
      const request = { flagKey: "echo", context };
      const answer = (await call(service, "ResolveString", request, headers)) as JsonObject;
      return JSON.parse(String(answer.value));
    };

    test.each(["flagd.evaluation.v1", "flagd.evaluation.v2"] as const)(
      "%s: headers override fixed members, which override the request",
      async (service) => {
        const context = { region: "us", tier: "y", kept: [1, { a: null }] };
        const expected = { region: "eu", kept: [1, { a: null }] };
        expect(await seen(service, context, { "x-tier": "gold" })).toEqual({
          ...expected,
          tier: "gold",
        });
        expect(await seen(service, context, { "x-tier": "" })).toEqual({ ...expected, tier: "x" });
        expect(await seen(service, context, {})).toEqual({ ...expected, tier: "x" });
      },
    );

    test("schema.v1 takes no context from headers", async () => {
      expect(await seen("schema.v1", {}, { "x-tier": "gold" })).toEqual({
        region: "eu",
        tier: "x",
      });
    });
  });

  describe("what is counted", () => {
    const counted = async (service: Service, method: string, flagKey?: string) => {
      const { recorded, paths } = await setUp(new FakeStore(viewOf(flags)));
      const request = flagKey === undefined ? {} : { flagKey };
      await paths[path](service, method, request).catch(() => {});
      return recorded;
    };

    test.each([
      ["ResolveBoolean", "b", { key: "b", reason: "STATIC", errorCode: undefined, variant: "on" }],
      ["ResolveString", "b", { reason: "ERROR", errorCode: "TYPE_MISMATCH" }],
      ["ResolveBoolean", "missing", { reason: "ERROR", errorCode: "FLAG_NOT_FOUND" }],
      ["ResolveBoolean", "nodef", { reason: "ERROR", errorCode: "FLAG_NOT_FOUND" }],
      ["ResolveBoolean", "badop", { reason: "ERROR", errorCode: "PARSE_ERROR" }],
    ])("%s of %s", async (method, key, expected) => {
      const recorded = await counted("flagd.evaluation.v1", method, key);
      expect(recorded).toHaveLength(1);
      expect(recorded[0]).toMatchObject(expected);
    });

    test("every flag of a ResolveAll that the answer has", async () => {
      const recorded = await counted("flagd.evaluation.v1", "ResolveAll");
      expect(recorded.map((outcome) => outcome.key)).toEqual(Object.keys(bulkFlags));
    });

    test("nothing if the selector is refused", async () => {
      const { recorded, paths } = await setUp(new FakeStore(viewOf(flags)));
      const headers = { "flagd-selector": "=x" };
      const call = paths[path]("flagd.evaluation.v1", "ResolveBoolean", { flagKey: "b" }, headers);
      await call.catch(() => {});
      expect(recorded).toEqual([]);
    });
  });
});

describe("the fast path", async () => {
  const { service } = await setUp(new FakeStore(viewOf([staticFlag("on", true)])));
  const method = service.unary.find(
    ({ path }) => path === "/flagd.evaluation.v1.Service/ResolveAll",
  );

  test("refuses what is no message", () => {
    expect(() => method?.call(Uint8Array.of(0x0a, 0x05), {})).toThrow("unmarshal message: ");
  });

  test("reads a context only if targeting runs", async () => {
    const resolve = (await setUp(new FakeStore(viewOf(flags)))).service.unary.find(
      ({ path }) => path === "/flagd.evaluation.v1.Service/ResolveBoolean",
    );
    const withBrokenContext = (key: string) => Buffer.from(`\n\u0001${key}\u0012\u0001\n`);
    expect(resolve?.call(withBrokenContext("b"), {})).toBeInstanceOf(Uint8Array);
    expect(() => resolve?.call(withBrokenContext("t"), {})).toThrow("unmarshal message: ");
  });

  test("answers a view without targeting by the same bytes every time", () => {
    const request = toBinary(
      V1.method.resolveAll.input,
      create(V1.method.resolveAll.input, { context: { a: 1 } }),
    );
    const first = method?.call(request, {});
    expect(first).toBeDefined();
    expect(method?.call(new Uint8Array(0), {})).toBe(first);
  });

  test("makes a large answer in turns, and drops one that nobody wants", async () => {
    let evaluated = 0;
    const counting = (key: string) => ({
      ...staticFlag(key, true),
      fixed: undefined,
      evaluate: () => {
        evaluated++;
        const end = performance.now() + 0.05;
        while (performance.now() < end);
        return staticFlag(key, true).fixed as Outcome;
      },
    });
    const keys = Array.from({ length: 1000 }, (_, n) => `flag-${1000 + n}`);
    const { service } = await setUp(new FakeStore(viewOf(keys.map(counting))));
    const large = service.unary.find(
      ({ path }) => path === "/flagd.evaluation.v1.Service/ResolveAll",
    );
    const answer = large?.call(new Uint8Array(0), {});
    expect(answer).toBeInstanceOf(Promise);
    expect(evaluated).toBeLessThan(keys.length);
    const { output } = V1.method.resolveAll;
    const { flags } = fromBinary(output, (await answer) ?? new Uint8Array());
    expect(Object.keys(flags)).toEqual(keys);
    evaluated = 0;
    const dropped = large?.call(new Uint8Array(0), {}, () => evaluated > 0);
    const failure = await Promise.resolve(dropped).catch(({ message }) => message);
    expect(failure).toBe("the result is wanted no more");
    expect(evaluated).toBeLessThan(keys.length);
  });

  test("has every unary method of every service", () => {
    const unary = Object.values(descriptors).flatMap((service) =>
      service.methods
        .filter((method) => method.methodKind === "unary")
        .map((method) => `/${service.typeName}/${method.name}`),
    );
    expect(service.unary.map(({ path }) => path).sort()).toEqual(unary.sort());
  });
});

describe("JSON by Connect", () => {
  async function ask(path: string, body: string): Promise<string> {
    const router = createConnectRouter();
    const { service } = await setUp(new FakeStore(viewOf(flags)));
    (await service.routes())(router);
    const handler = router.handlers.find(({ requestPath }) => requestPath === path);
    if (handler === undefined) throw new Error(`no handler for ${path}`);
    const answer = await handler({
      httpVersion: "1.1",
      url: `http://localhost${path}`,
      method: "POST",
      header: new Headers({ "Content-Type": "application/json" }),
      body: createAsyncIterable([new TextEncoder().encode(body)]),
      signal: new AbortController().signal,
    });
    if (answer.body === undefined || !(Symbol.asyncIterator in answer.body)) return "";
    return new TextDecoder().decode(await readAllBytes(answer.body, 1 << 20));
  }

  test.each([
    [
      "flagd.evaluation.v1.Service/ResolveBoolean",
      '{"flagKey":"dis"}',
      '{"value":false,"reason":"DISABLED","variant":"","metadata":{"setver":3,"team":"core"}}',
    ],
    [
      "flagd.evaluation.v1.Service/ResolveInt",
      '{"flag_key":"z","unknown":1}',
      '{"value":"0","reason":"STATIC","variant":"v","metadata":{"setver":3,"team":"core"}}',
    ],
    [
      "flagd.evaluation.v2.Service/ResolveBoolean",
      '{"flagKey":"nodef","context":null}',
      '{"reason":"DEFAULT","metadata":{"setver":3,"team":"core"}}',
    ],
    [
      "flagd.evaluation.v1.Service/ResolveBoolean",
      '{"flagKey":"missing"}',
      '{"code":"not_found","message":"Flag not found"}',
    ],
  ])("%s of %s", async (method, request, expected) => {
    expect(await ask(`/${method}`, request)).toBe(expected);
  });
});
