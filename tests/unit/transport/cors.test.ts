import { describe, expect, test } from "bun:test";
import { createCors } from "../../../src/transport/cors.ts";

const preflight = (
  origin: string,
  requestMethod = "POST",
  requestHeaders = "content-type,x-a",
) => ({
  method: "OPTIONS",
  origin,
  requestMethod,
  requestHeaders,
});
const named = (headers: readonly (readonly [string, string])[] | undefined) =>
  Object.fromEntries(headers ?? []);

describe("without configured origins", () => {
  const cors = createCors([]);

  test("every origin may call and read the answer", () => {
    const headers = named(cors.actual("http://a.test"));
    expect(headers["Access-Control-Allow-Origin"]).toBe("*");
    expect(headers["Access-Control-Expose-Headers"]).toContain("Grpc-Status-Details-Bin");
    expect(headers.Vary).toBe("Origin");
  });

  test("a preflight repeats what was asked for", () => {
    expect(named(cors.preflight(preflight("http://a.test")))).toEqual({
      Vary: "Origin, Access-Control-Request-Method, Access-Control-Request-Headers",
      "Access-Control-Allow-Origin": "*",
      "Access-Control-Allow-Methods": "POST",
      "Access-Control-Allow-Headers": "content-type,x-a",
    });
  });

  test("a preflight for a method that is not allowed gets no permission", () => {
    expect(named(cors.preflight(preflight("http://a.test", "TRACE")))).toEqual({
      Vary: "Origin, Access-Control-Request-Method, Access-Control-Request-Headers",
    });
  });

  test("OPTIONS that asks for no method is no preflight", () => {
    const request = { method: "OPTIONS", origin: "http://a.test", requestHeaders: undefined };
    expect(cors.preflight({ ...request, requestMethod: undefined })).toBeUndefined();
    expect(cors.preflight({ ...preflight("http://a.test"), method: "POST" })).toBeUndefined();
  });

  test("an answer to a request without origin varies by origin and allows nothing", () => {
    expect(named(cors.actual(undefined))).toEqual({ Vary: "Origin" });
  });
});

describe("with configured origins", () => {
  const cors = createCors(["http://a.test", "https://*.b.test"]);

  test.each([
    ["http://a.test", true],
    ["HTTP://A.test", true],
    ["https://x.b.test", true],
    ["https://x.y.b.test", true],
    ["https://b.test", false],
    ["http://x.b.test", false],
    ["https://x.b.test.evil", false],
    ["http://a.test.evil", false],
  ])("%s allowed: %p", (origin, allowed) => {
    expect(named(cors.actual(origin))["Access-Control-Allow-Origin"]).toBe(
      allowed ? origin : undefined,
    );
    expect(named(cors.preflight(preflight(origin)))["Access-Control-Allow-Origin"]).toBe(
      allowed ? origin : undefined,
    );
  });

  test("a wildcard does not match if its two ends would overlap", () => {
    const overlapping = createCors(["https://ab*ba"]);
    expect(named(overlapping.actual("https://aba"))["Access-Control-Allow-Origin"]).toBeUndefined();
  });

  test("`*` among the origins allows every origin", () => {
    const all = createCors(["http://a.test", "*"]);
    expect(named(all.actual("http://z.test"))["Access-Control-Allow-Origin"]).toBe("*");
  });
});
