import { expect, test } from "bun:test";
import { Code, RpcError } from "../../../../src/core/errors.ts";
import { ContextAdditions } from "../../../../src/services/context-additions.ts";
import { routeOf } from "../../../../src/services/ofrep/ofrep-route.ts";
import { createPageHandler, PageEvents } from "../../../../src/services/page/page-handler.ts";
import type { Guard } from "../../../../src/transport/guard.ts";
import { askHandler } from "../../../support/ask-handler.ts";
import { fixedContext } from "../../../support/fixed-context.ts";
import { createStore, flag, flagSet } from "../../store/flags.ts";

function setUp({ loopbackOnly = false, guard = undefined as Guard | undefined } = {}) {
  const { store } = createStore("s");
  const events = new PageEvents(store);
  const asked: string[] = [];
  const handler = createPageHandler({
    layers: () => store.layers,
    events,
    loopbackOnly,
    guard,
    additions: new ContextAdditions(fixedContext({ plan: "pro" }), new Map()),
    fractional: "v2",
    status: async () => '{"statusVersion":1}',
    ofrep({ method, target, headers }) {
      asked.push(`${method} ${target}${headers.origin ? ` from ${headers.origin}` : ""}`);
      return { status: 200, headers: [], body: "{}" };
    },
  });
  const get = async (path: string, init: RequestInit = {}) =>
    askHandler(handler, new Request(`http://127.0.0.1${path}`, init));
  return { store, events, asked, get };
}

test("the page and its files are small, refer to each other by relative paths, and are guarded", async () => {
  const { get } = setUp();
  let bytes = 0;
  for (const path of ["/", "/page/page.css", "/page/page.js"]) {
    const response = await get(path);
    expect(response?.status).toBe(200);
    const policy = response?.headers.get("content-security-policy");
    expect(policy).toStartWith("default-src 'none'; script-src 'self';");
    expect(policy).not.toContain("unsafe");
    bytes += (await response?.bytes())?.length ?? 0;
  }
  expect(bytes).toBeLessThan(60_000);
  const html = await (await get("/"))?.text();
  expect(html).not.toMatch(/(?:src|href)="(?:\/|https?:)/);
});

test("with a guard all that shows something needs what it asks for, and streams end with it", async () => {
  const ends: (() => void)[] = [];
  let allowed = false;
  const refused = new RpcError("a token is required", Code.Unauthenticated);
  const { get } = setUp({
    guard: {
      admits: () => allowed,
      refusal: () => (allowed ? undefined : refused),
      hold: (_, end) => {
        ends.push(() => end(refused));
        return () => {};
      },
    },
  });
  for (const path of ["/", "/page/page.css", "/page/page.js"]) {
    expect((await get(path))?.status).toBe(200);
  }
  const shows = ["flags", "status", "events", "try/a", "explain", "nothing"];
  for (const name of shows) {
    for (const method of ["GET", "POST"]) {
      const response = await get(`/page/${name}`, { method });
      expect([name, response?.status]).toEqual([name, 401]);
    }
  }
  allowed = true;
  const stream = (await get("/page/events"))?.body;
  for (const end of ends) end();
  expect(await new Response(stream).text()).toBe("event: tick\ndata:\n\n");
});

test("a flag is explained step by step, with what the daemon adds to the context", async () => {
  const { store, get } = setUp();
  const targeting = { if: [{ "==": [{ var: "plan" }, "pro"] }, "b", "a"] };
  const variants = new Map(Object.entries({ a: "a", b: "b" }));
  store.accept("s", flagSet([{ ...flag("k", "a"), variants, targeting }]));
  const explain = async (body: string) => get("/page/explain", { method: "POST", body });
  const told = await (await explain('{"key":"k","context":{"plan":"free"}}'))?.json();
  expect(told).toMatchObject({
    why: 'the targeting selects the variant "b"',
    targeting: { operator: "if", result: "b", decidedBy: "targeting.if[1]" },
  });
  expect((await explain('{"key":"none"}'))?.status).toBe(404);
  expect((await explain("{}"))?.status).toBe(404);
  expect((await explain("[]"))?.status).toBe(400);
});

test("flags are searched and filtered by the query", async () => {
  const { store, get } = setUp();
  store.accept("s", flagSet([flag("a b"), flag("c")]));
  const found = async (query: string) => {
    const answer = (await (await get(`/page/flags?${query}`))?.json()) as { found: number };
    return answer.found;
  };
  expect(await found("search=a%20b")).toBe(1);
  expect(await found("")).toBe(2);
  expect(await found("search=&source=s&shadowed=false")).toBe(2);
  expect(await found("source=other")).toBe(0);
  expect(await found("shadowed=true")).toBe(0);
});

test("trying is left to OFREP, for one flag and for all", async () => {
  const { asked, get } = setUp();
  const paths = [];
  for (const key of ["a/b", "..", ".", "a b?c#d%2f", "é", ""]) {
    await get(`/page/try?${new URLSearchParams({ key })}`, { method: "POST" });
    const route = routeOf(asked.at(-1)?.replace("POST ", "") ?? "");
    paths.push(route?.kind === "single" ? route.key : route?.kind);
  }
  expect(paths).toEqual(["a/b", "..", ".", "a b?c#d%2f", "é", "bulk"]);
  await get("/page/try", { method: "POST" });
  expect(asked.at(-1)).toBe("POST /ofrep/v1/evaluate/flags");
});

test("nobody else's page may try: the origin is not passed on, so that no other one is allowed", async () => {
  const { asked, get } = setUp();
  const headers = { origin: "https://elsewhere.example" };
  await get("/page/try?key=a", { method: "POST", headers });
  expect(asked).toEqual(["POST /ofrep/v1/evaluate/flags/a"]);
});

test.each([
  ["localhost:8014", 200],
  ["127.0.0.1:8014", 200],
  ["[::1]:8014", 200],
  ["elsewhere.example", 403],
  ["localhost.elsewhere.example:8014", 403],
  ["", 403],
])("a page for this machine only, asked for as %j, is %i", async (host, status) => {
  const { get } = setUp({ loopbackOnly: true });
  for (const path of ["/", "/page/flags", "/page/events", "/page/try?key=a"]) {
    expect((await get(path, { headers: { host } }))?.status).toBe(status);
  }
  expect(await get("/metrics", { headers: { host } })).toBeUndefined();
});

test("an open page is told of a change at once, and what it holds is given back", async () => {
  const { store, events, get } = setUp();
  const reader = (await get("/page/events"))?.body?.getReader();
  const next = async () => new TextDecoder().decode((await reader?.read())?.value);
  expect(await next()).toBe("event: tick\ndata:\n\n");
  store.accept("s", flagSet([flag("a")]));
  expect(await next()).toBe("event: change\ndata:\n\n");
  events.shutdown();
  expect((await reader?.read())?.done).toBe(true);
});

test("the streams of open pages are bounded, and closed ones make room", async () => {
  const { get } = setUp();
  const open = [];
  for (let n = 0; n < 50; n++) open.push(await get("/page/events"));
  expect((await get("/page/events"))?.status).toBe(503);
  await open[0]?.body?.cancel();
  const next = await get("/page/events");
  expect(next?.status).toBe(200);
  for (const each of [...open.slice(1), next]) await each?.body?.cancel();
});

test("it is read-only, and leaves other paths alone", async () => {
  const { get } = setUp();
  expect((await get("/", { method: "POST" }))?.status).toBe(405);
  expect((await get("/page/flags", { method: "DELETE" }))?.status).toBe(405);
  expect(await get("/metrics")).toBeUndefined();
  expect(await get("/page/other")).toBeUndefined();
});
