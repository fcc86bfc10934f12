import { expect, test } from "bun:test";
import { deadlinesFor } from "../../../../src/sources/redis/connection.ts";

test("a server has ten seconds for an answer and thirty for a document", () => {
  expect(deadlinesFor(30)).toEqual({ answerTimeoutMs: 10_000, documentTimeoutMs: 30_000 });
});

test("a short interval shortens the wait for an answer, but not below three seconds", () => {
  expect(deadlinesFor(5).answerTimeoutMs).toBe(5000);
  expect(deadlinesFor(1).answerTimeoutMs).toBe(3000);
});
