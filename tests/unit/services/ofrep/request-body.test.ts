import { describe, expect, test } from "bun:test";
import { createBodyReader } from "../../../../src/services/ofrep/request-body.ts";
import { toHttpRequest } from "../../../support/ask-handler.ts";

describe("a request body", () => {
  const timeoutMs = 40;
  const post = (body: BodyInit) =>
    toHttpRequest(new Request("http://localhost/", { method: "POST", body }));
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
