import { expect, test } from "bun:test";
import fc from "fast-check";
import {
  formatTraceparent,
  parseTraceparent,
} from "../../../../src/telemetry/tracing/trace-context.ts";

const traceId = "0af7651916cd43dd8448eb211c80319c";
const spanId = "b7ad6b7169203331";

test.each<[string, boolean]>([
  [`00-${traceId}-${spanId}-01`, true],
  [`00-${traceId}-${spanId}-00`, false],
  [`00-${traceId}-${spanId}-03`, true],
  [`cc-${traceId}-${spanId}-01-what-comes-later`, true],
])("%s is a caller, sampled: %p", (header, sampled) => {
  expect(parseTraceparent(header, "a=b")).toEqual({ traceId, spanId, sampled, state: "a=b" });
});

test.each([
  "",
  "nonsense",
  `ff-${traceId}-${spanId}-01`,
  `00-${"0".repeat(32)}-${spanId}-01`,
  `00-${traceId}-${"0".repeat(16)}-01`,
  `00-${traceId.toUpperCase()}-${spanId}-01`,
  `00-${traceId}-${spanId}-01-more`,
  `00-${traceId}-${spanId}`,
])("%p is nobody", (header) => {
  expect(parseTraceparent(header)).toBeUndefined();
});

test("a state that is too long is not passed on", () => {
  expect(parseTraceparent(`00-${traceId}-${spanId}-01`, "x".repeat(513))?.state).toBe("");
});

test("what is written is read back", () => {
  const hex = (length: number) =>
    fc
      .uint8Array({ minLength: length, maxLength: length })
      .filter((bytes) => bytes.some((byte) => byte !== 0))
      .map((bytes) => bytes.toHex());
  const context = fc.record({ traceId: hex(16), spanId: hex(8), sampled: fc.boolean() });
  fc.assert(
    fc.property(context, (part) => {
      const whole = { ...part, state: "" };
      expect(parseTraceparent(formatTraceparent(whole))).toEqual(whole);
    }),
  );
});
