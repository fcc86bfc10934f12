import { expect, test } from "bun:test";
import { within } from "../../../src/core/clock.ts";

test("what comes in time is returned, and what fails in time thrown", async () => {
  expect(await within(Promise.resolve("in time"), 60_000)).toBe("in time");
  expect(within(Promise.reject(new Error("failed")), 60_000)).rejects.toThrow("failed");
});

test("what comes too late is undefined", async () => {
  expect(await within(new Promise(() => {}), 1)).toBeUndefined();
});
