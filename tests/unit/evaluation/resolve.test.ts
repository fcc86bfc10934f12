import { describe, expect, test } from "bun:test";
import type { Json } from "../../../src/core/json.ts";
import { atOnce } from "../../../src/core/turns.ts";
import { failed, notFound } from "../../../src/evaluation/outcomes.ts";
import {
  bulkOutcome,
  defaultKind,
  isFixed,
  resolve,
  resolveAll,
} from "../../../src/evaluation/resolve.ts";
import { stepsTo } from "../../support/steps.ts";
import { type Parts, prepare } from "./definitions.ts";

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

const values = { boolean: true, string: "", number: 0, object: {}, array: [], null: null };
const kinds = Object.keys(values) as (keyof typeof values)[];

function bulk(parts: Parts) {
  const flag = prepare(parts);
  return bulkOutcome(flag.evaluate({}), flag);
}

describe("among all flags", () => {
  test.each(kinds)("a default variant of kind %s", (kind) => {
    expect(defaultKind(prepare({ variants: values, defaultVariant: kind }))).toBe(kind);
    for (const selected of kinds) {
      const outcome = bulk({ variants: values, defaultVariant: kind, targeting: selected });
      const free = kind === "array" || kind === "null";
      const fits = selected !== "null" && (free || selected === kind);
      expect(outcome.variant).toBe(selected);
      expect(outcome.errorCode).toBe(fits ? undefined : "GENERAL");
      expect(outcome.value).toEqual(fits ? (values[selected] as Json) : undefined);
    }
  });

  test("without default variant every kind but null is right", () => {
    const none = { variants: values, defaultVariant: undefined };
    expect(defaultKind(prepare(none))).toBeUndefined();
    for (const selected of kinds)
      expect(bulk({ ...none, targeting: selected }).errorCode).toBe(
        selected === "null" ? "GENERAL" : undefined,
      );
  });

  test("answers without a value stay as they are", () => {
    for (const parts of [
      { state: "DISABLED" },
      { targeting: { bogus: 1 } },
      { targeting: "nope" },
    ]) {
      const flag = prepare(parts);
      expect(bulkOutcome(flag.evaluate({}), flag)).toBe(flag.evaluate({}));
    }
  });

  test("the error is made once", () => {
    const flag = prepare({ variants: { on: 1, off: "x" }, targeting: "on" });
    const outcome = flag.evaluate({});
    expect(bulkOutcome(outcome, flag)).not.toBe(outcome);
    expect(bulkOutcome(outcome, flag)).toBe(bulkOutcome(outcome, flag));
  });
});

test("a flag that does not exist shows the selector only", () => {
  expect(notFound("k", { source: "s" })).toMatchObject({
    key: "k",
    reason: "ERROR",
    errorCode: "FLAG_NOT_FOUND",
    metadata: { source: "s" },
  });
});

test("a type mismatch keeps variant and metadata, not the value or what was derived", () => {
  const outcome = prepare({ metadata: { a: 1 } }).evaluate({});
  outcome.memo.push("derived");
  expect(failed(outcome, "TYPE_MISMATCH")).toEqual({
    ...outcome,
    reason: "ERROR",
    errorCode: "TYPE_MISMATCH",
    value: undefined,
    memo: [],
  });
});
