import { expect, test } from "bun:test";
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
