import { describe, expect, test } from "bun:test";
import { FetchSaving } from "../../../../src/sources/redis/change-hint.ts";

const bytes = 10_000_000;
const proxied = { direct: false };
const direct = { direct: true };

/** After a change that the watch told of. */
function trusted(): FetchSaving {
  const saving = new FetchSaving();
  saving.fetched(undefined, { bytes, changed: true });
  saving.fetched("touched", { bytes, changed: true });
  return saving;
}

describe("a fetch is saved", () => {
  test("on a direct connection from the first one on", () => {
    const saving = new FetchSaving();
    saving.fetched(undefined, { bytes, changed: true });
    expect(saving.saves("quiet", direct)).toBe(true);
  });

  test("if the watch has told of a change before, and now of none", () => {
    expect(trusted().saves("quiet", proxied)).toBe(true);
  });

  test("at most eleven times in a row", () => {
    const saving = trusted();
    const polls = () => Array.from({ length: 12 }, () => saving.saves("quiet", proxied));
    expect(polls()).toEqual([...Array.from({ length: 11 }, () => true), false]);
    saving.fetched("quiet", { bytes, changed: false });
    expect(polls().filter(Boolean)).toHaveLength(11);
  });
});

describe("a fetch is not saved", () => {
  test.each(["touched", undefined] as const)("if the hint is %p", (hint) => {
    expect(trusted().saves(hint, proxied)).toBe(false);
  });

  test("before the watch has proven anything", () => {
    const saving = new FetchSaving();
    saving.fetched(undefined, { bytes, changed: true });
    expect(saving.saves("quiet", proxied)).toBe(false);
    saving.fetched("touched", { bytes, changed: false });
    expect(saving.saves("quiet", proxied)).toBe(false);
  });

  test.each([proxied, direct])("ever again after the watch kept a change to itself (%p)", (way) => {
    const saving = trusted();
    saving.fetched("quiet", { bytes, changed: true });
    saving.fetched("touched", { bytes, changed: true });
    expect(saving.saves("quiet", way)).toBe(false);
  });

  test("of a document that is not large", () => {
    const saving = trusted();
    saving.fetched("touched", { bytes: 1000, changed: true });
    expect(saving.saves("quiet", proxied)).toBe(false);
  });

  test("if the last one found no document", () => {
    const saving = trusted();
    saving.failed();
    expect(saving.saves("quiet", proxied)).toBe(false);
  });
});
