import { describe, expect, test } from "bun:test";
import { Code, RpcError } from "../../../../src/core/errors.ts";
import { parseGrpcTimeout } from "../../../../src/transport/grpc/grpc-timeout.ts";

function codeOf(action: () => unknown): Code | undefined {
  try {
    action();
    return undefined;
  } catch (error) {
    return error instanceof RpcError ? error.code : Code.Unknown;
  }
}

describe("a timeout", () => {
  test.each([
    ["1H", 3_600_000],
    ["2M", 120_000],
    ["3S", 3000],
    ["250m", 250],
    ["500u", 0.5],
    ["1000000n", 1],
    ["99999999H", 99_999_999 * 3_600_000],
    ["0S", 0],
  ])("%s is %d ms", (value, expected) => {
    expect(parseGrpcTimeout(value)).toBeCloseTo(expected);
  });

  test.each(["", "1", "S", "1s", "-1S", "1.5S", "123456789S", "1 S", "1S ", "0x1S"])(
    "%p is refused",
    (value) => {
      expect(codeOf(() => parseGrpcTimeout(value))).toBe(Code.InvalidArgument);
    },
  );
});
