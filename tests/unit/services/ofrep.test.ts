import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { createBodyReader } from "../../../src/services/ofrep/body.ts";
import { KnownRoutes, routeOf } from "../../../src/services/ofrep/route.ts";
import { createOfrep } from "../../../src/services/ofrep/service.ts";
import { askHandler, toHttpRequest } from "../../support/ask-handler.ts";
import { fixedContext } from "../../support/fixed-context.ts";
import { FakeStore, staticFlag, viewOf } from "./fixtures.ts";

const FLAGS = "http://localhost/ofrep/v1/evaluate/flags";

test("a known route is the one that the URL has, whatever was asked before", () => {
  const piece = fc.constantFrom("a", "b", "/", "//", "%2F", "%zz", "?q", "é", "x".repeat(600));
  const url = fc
    .tuple(
      fc.constantFrom("/ofrep/v1/evaluate/flags", "/ofrep/v1/events", "/ofrep", "/"),
      piece,
      piece,
    )
    .map((parts) => parts.join(""));
  fc.assert(
    fc.property(fc.array(url), (urls) => {
      const routes = new KnownRoutes();
      for (const url of [...urls, ...urls]) expect(routes.of(url)).toEqual(routeOf(url));
    }),
  );
});

test("more URLs than are kept have their routes too", () => {
  const routes = new KnownRoutes();
  for (let i = 0; i < 2_500; i++) {
    expect(routes.of(`/ofrep/v1/evaluate/flags/${i}`)).toMatchObject({
      kind: "single",
      key: String(i),
    });
  }
});

describe("a request body", () => {
  const timeoutMs = 40;
  const post = (body: BodyInit) => toHttpRequest(new Request(FLAGS, { method: "POST", body }));
  const readBody = createBodyReader({ maxBytes: 100, timeoutMs });
  test("that comes too late is used once, as incomplete", async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const start = (controller: ReadableStreamDefaultController) => {
      void promise.then(() => controller.close());
    };
    const used: unknown[] = [];
    await readBody(post(new ReadableStream({ start })), (body) => used.push(body));
    resolve();
    await Bun.sleep(0);
    expect(used).toEqual([{ refused: "incomplete" }]);
  });

  test("that breaks off is incomplete", async () => {
    const body = new ReadableStream({ start: (controller) => controller.error(new Error("cut")) });
    const request = post(body);
    expect(await readBody(request, (body) => body)).toEqual({ refused: "incomplete" });
  });

  test("whose use throws rejects", async () => {
    const request = post("{}");
    const reading = async () =>
      readBody(request, () => {
        throw new Error("broken");
      });
    await expect(reading()).rejects.toThrow("broken");
  });
});

test("a request whose evaluation throws is no longer open", async () => {
  let open = 0;
  const { handler } = createOfrep({
    store: new FakeStore(viewOf([staticFlag("b", true)])),
    context: fixedContext({}),
    contextFromHeader: new Map(),
    corsOrigins: [],
    maxRequestBody: 1_000_000,
    record: () => {
      throw new Error("broken");
    },
    onOpen: (_method, _path, change) => {
      open += change;
    },
  });
  const ask = async (body: string | null) =>
    askHandler(handler, new Request(`${FLAGS}/b`, { method: "POST", body }));
  for (const body of ["{}", null]) await expect(ask(body)).rejects.toThrow("broken");
  await Bun.sleep(0);
  expect(open).toBe(0);
});
