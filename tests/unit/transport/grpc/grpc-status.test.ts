import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { Code, RpcError } from "../../../../src/core/errors.ts";
import { percentEncode, statusOf } from "../../../../src/transport/grpc/grpc-status.ts";

describe("a status", () => {
  test("message survives percent-encoding in printable ASCII", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), (message) => {
        const encoded = percentEncode(message);
        expect(encoded).toMatch(/^[\x20-\x7e]*$/);
        expect(decodeURIComponent(encoded)).toBe(message);
      }),
    );
  });

  test("message may hold half a surrogate pair", () => {
    expect(percentEncode("a\ud800b")).toBe("a%EF%BF%BDb");
  });

  test("is made of an error", () => {
    const error = new RpcError("50 %", Code.NotFound);
    expect(statusOf(error)).toEqual({ "grpc-status": "5", "grpc-message": "50 %25" });
  });
});
