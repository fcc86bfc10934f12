import { expect, test } from "bun:test";
import fc from "fast-check";
import { Code } from "../../../../src/core/errors.ts";
import { Access, FailedTries } from "../../../../src/services/access/access.ts";
import { parseTokens } from "../../../../src/services/access/token-file.ts";
import { Registry } from "../../../../src/telemetry/metrics/registry.ts";
import { rememberingLog } from "../../../support/remembering-log.ts";

const token = "a-long-enough-token";
const tokens = parseTokens(
  JSON.stringify({ tokens: [{ name: "a", token, surfaces: ["sync"], selector: "flagSetId=x" }] }),
);
const access = () =>
  new Access({ tokens, registry: new Registry(), log: rememberingLog(), now: () => 0 });
/** By hand: ACCESS_RUNS=100000 */
const numRuns = Number(process.env.ACCESS_RUNS ?? 2_000);

test("no header but the right one opens a port", () => {
  const guard = access().guard("sync");
  const near = fc.constantFrom(
    "Bearer",
    "bearer ",
    "Basic ",
    token,
    token.slice(1),
    ", ",
    "\t",
    " ",
    ":",
    "=",
  );
  const header = fc.oneof(
    fc.array(fc.oneof(near, fc.string()), { maxLength: 6 }).map((parts) => parts.join("")),
    fc.string({ unit: "binary" }),
  );
  fc.assert(
    fc.property(header, header, (authorization, key) => {
      const right = /^bearer +/i.test(authorization)
        ? authorization.replace(/^bearer +/i, "") === token || key === token
        : key === token;
      const headers = { authorization, "x-api-key": key };
      // A Bearer token that could be one counts alone.
      if (guard.admits("/p", headers)) expect(right).toBe(true);
      else
        expect(guard.refusal("/p", { ...headers }, () => "h")?.code).toBeOneOf([
          Code.Unauthenticated,
          Code.ResourceExhausted,
        ]);
    }),
    { numRuns },
  );
});

test("a client cannot say itself what it is confined to, and no token may be used elsewhere", () => {
  const headers = { authorization: `Bearer ${token}`, ":confined-to": "flagSetId=y" };
  expect(access().guard("sync").admits("/p", headers)).toBe(true);
  expect(headers[":confined-to"]).toBe("flagSetId=x");
  const refusal = access()
    .guard("ofrep")
    .refusal("/p", { "x-api-key": token }, () => "h");
  expect([refusal?.code, refusal?.message]).toEqual([
    Code.PermissionDenied,
    "the token a is not for ofrep",
  ]);
});

test("what is remembered of a head ends with its token, and what is open as well", () => {
  const own = access();
  const guard = own.guard("sync");
  const headers = { "x-api-key": token };
  expect(guard.admits("/p", headers)).toBe(true);
  const ended: number[] = [];
  guard.hold(headers, ({ code }) => ended.push(code));
  guard.hold(headers, () => ended.push(-1))();
  own.replace(tokens);
  expect(ended).toEqual([]);
  own.replace(parseTokens('{"tokens":[]}'));
  expect(ended).toEqual([Code.Unauthenticated]);
  expect(guard.admits("/p", headers)).toBe(false);
});

test("an address that fails too often is told to wait, others are not, and a right token passes", () => {
  const guard = access().guard("sync");
  const fail = (peer: string) => guard.refusal("/p", { "x-api-key": "x" }, () => peer)?.code;
  const codes = Array.from({ length: 30 }, () => fail("a"));
  expect(codes.slice(0, 20)).toEqual(Array(20).fill(Code.Unauthenticated));
  expect(codes.slice(20)).toEqual(Array(10).fill(Code.ResourceExhausted));
  const last = guard.refusal("/p", { "x-api-key": "x" }, () => "a");
  expect(last?.metadata.get("retry-after")).toBe("1");
  expect(fail("b")).toBe(Code.Unauthenticated);
  expect(guard.refusal("/p", { "x-api-key": token }, () => "a")).toBeUndefined();
});

test("so many addresses are remembered at most", () => {
  const tries = new FailedTries();
  for (let i = 0; i < 20_000; i++) tries.take(`${i}`, 0);
  expect(tries.size).toBe(10_000);
});
