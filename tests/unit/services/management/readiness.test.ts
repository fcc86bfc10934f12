import { expect, test } from "bun:test";
import { Readiness } from "../../../../src/services/management/readiness.ts";
import { SourceStatus } from "../../../../src/sources/source-status.ts";

const isPending = async (promise: Promise<void>) =>
  (await Promise.race([promise.then(() => "done"), Promise.resolve("pending")])) === "pending";

test("readiness is waited for until the last source has delivered an accepted document", async () => {
  const file = new SourceStatus("flags.json", "file");
  const redis = new SourceStatus("redis://localhost/0?key=flags", "redis");
  const readiness = new Readiness([file, redis]);
  const ready = readiness.whenReady();
  file.accepted(1);
  redis.rejected("broken");
  expect(await isPending(ready)).toBe(true);
  redis.accepted(1);
  await ready;
  await readiness.whenReady();
  expect(readiness.state).toBe("ready");
});

test("readiness is there at once if sources have delivered before", async () => {
  const status = new SourceStatus("a", "file");
  status.accepted(1);
  await new Readiness([status]).whenReady();
});
