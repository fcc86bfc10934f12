import { expect, test } from "bun:test";
import { atOnce } from "../../../src/core/steps.ts";
import { isFixed, resolve, resolveAll } from "../../../src/evaluation/resolve.ts";
import { stepsTo } from "../../support/steps.ts";
import { prepare } from "./definitions.ts";

const fixed = prepare({ key: "fixed" });
const targeted = prepare({ key: "targeted", targeting: { if: [{ var: "beta" }, "on"] } });
const view = {
  flags: new Map([fixed, targeted].map((flag) => [flag.key, flag])),
  maxFlags: 2,
  ordered: stepsTo([fixed, targeted]),
  reflection: { source: "s" },
};

test("the context is asked for only if targeting has to run", () => {
  const never = () => {
    throw new Error("asked for");
  };
  expect(resolve(view, "fixed", never)).toMatchObject({ reason: "STATIC", variant: "off" });
  expect(resolve(view, "none", never)).toMatchObject({ errorCode: "FLAG_NOT_FOUND", key: "none" });
  expect(resolve(view, "targeted", () => ({ beta: true }))).toMatchObject({ variant: "on" });
});

test("a flag that does not exist carries what the selector says", () => {
  expect(resolve(view, "none", () => ({})).metadata).toEqual({ source: "s" });
});

test("all flags are evaluated in order", () => {
  const seen: unknown[] = [];
  atOnce(resolveAll(view, { beta: true }, (flag, { variant }) => seen.push([flag.key, variant])));
  expect(seen).toEqual([
    ["fixed", "off"],
    ["targeted", "on"],
  ]);
});

test("a view is fixed if none of its flags has targeting", () => {
  expect(atOnce(isFixed(view))).toBe(false);
  expect(atOnce(isFixed({ ...view, ordered: stepsTo([fixed]) }))).toBe(true);
});
