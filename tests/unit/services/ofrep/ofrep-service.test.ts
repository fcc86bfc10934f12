import { expect, test } from "bun:test";
import { Code, RpcError } from "../../../../src/core/errors.ts";
import { createOfrep } from "../../../../src/services/ofrep/ofrep-service.ts";
import { askHandler } from "../../../support/ask-handler.ts";
import { fixedContext } from "../../../support/fixed-context.ts";
import { FakeStore, staticFlag, viewOf } from "../fixtures.ts";

const FLAGS = "http://localhost/ofrep/v1/evaluate/flags";

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

test("who is told to wait is told once, and a page of another origin can read for how long", async () => {
  const wait = new RpcError("wait", Code.ResourceExhausted, new Headers({ "retry-after": "1" }));
  const { handler } = createOfrep({
    store: new FakeStore(viewOf([])),
    context: fixedContext({}),
    contextFromHeader: new Map(),
    corsOrigins: [],
    maxRequestBody: 1_000_000,
    record: () => {},
    guard: { admits: () => false, refusal: () => wait, hold: () => () => {} },
  });
  const headers = { origin: "https://shop.example" };
  const answer = await askHandler(handler, new Request(FLAGS, { method: "POST", headers }));
  expect(answer?.status).toBe(429);
  expect(answer?.headers.get("retry-after")).toBe("1");
  expect(answer?.headers.get("access-control-expose-headers")).toContain("Retry-After");
});
