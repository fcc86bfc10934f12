import { expect, test } from "bun:test";
import { encodeCbor } from "../../../../../src/evaluation/operators/fractional/cbor.ts";

const hex = (value: unknown) => Buffer.from(encodeCbor(value)).toString("hex");

// RFC 8949, appendix A, and the lengths at which the form changes.
test.each([
  [0, "00"],
  [-0, "00"],
  [23, "17"],
  [24, "1818"],
  [255, "18ff"],
  [256, "190100"],
  [65536, "1a00010000"],
  [4294967296, "1b0000000100000000"],
  [2 ** 63, "1b8000000000000000"],
  [-1, "20"],
  [-1000, "3903e7"],
  [-(2 ** 63), "3b7fffffffffffffff"],
  [2 ** 64, "fa5f800000"],
  [1.5, "f93e00"],
  [-4.1, "fbc010666666666666"],
  [100000.5, "fa47c35040"],
  [2 ** -24, "f90001"],
  [65504.5, "fa477fe080"],
  [1e300, "fb7e37e43c8800759c"],
  [false, "f4"],
  [true, "f5"],
  [null, "f6"],
  ["", "60"],
  ["ü", "62c3bc"],
  ["a".repeat(24), `7818${"61".repeat(24)}`],
  [[], "80"],
  [[1, [2, 3]], "8201820203"],
  [{}, "a0"],
  [{ aa: 1, b: 2 }, "a261620262616101"],
] as const)("%j is %s", (value, expected) => {
  expect(hex(value)).toBe(expected);
});

test("members are in the order of their encodings, whatever their order was", () => {
  expect(hex({ "10": 1, b: 2, aa: 3 })).toBe(hex({ b: 2, aa: 3, "10": 1 }));
});
