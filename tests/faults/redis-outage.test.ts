import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { type Flagd, startFlagd } from "../support/flagd.ts";
import { RedisServer } from "../support/redis.ts";
import { changedDocument, sampleDocument } from "../support/sample-flags.ts";
import { until } from "../support/until.ts";

const on = JSON.stringify(sampleDocument);
const off = JSON.stringify(changedDocument());

describe("evaluation goes on while Redis is", () => {
  let redis: RedisServer;
  let flagd: Flagd;

  beforeAll(async () => {
    redis = await RedisServer.start({ password: "first" });
    await redis.set("flags", on);
    const uri = `redis://first@127.0.0.1:${redis.port}/0?key=flags`;
    const source = { uri, provider: "redis", interval: 1 };
    flagd = await startFlagd(["--sources", JSON.stringify([source])]);
  });

  afterAll(async () => {
    await flagd[Symbol.asyncDispose]();
    await redis[Symbol.asyncDispose]();
  });

  const value = async (): Promise<unknown> => {
    const response = await fetch(`${flagd.http}/ofrep/v1/evaluate/flags/bool`, { method: "POST" });
    expect(response.status).toBe(200);
    return ((await response.json()) as { value: unknown }).value;
  };

  /** Both the values during the outage and readiness stay what they were. */
  const unmoved = async (expected: boolean, ms: number) => {
    const end = Date.now() + ms;
    while (Date.now() < end) {
      expect(await value()).toBe(expected);
      expect((await fetch(`${flagd.http}/readyz`)).status).toBe(200);
      await Bun.sleep(50);
    }
  };

  const said = (text: string) => flagd.log().split(text).length - 1;

  test("killed, and restarted with other flags", async () => {
    await redis.kill();
    await unmoved(true, 1500);
    await redis.start({ password: "first" });
    await redis.set("flags", off);
    await until("the flags of the restarted Redis", async () => (await value()) === false);
  });

  test("hung", async () => {
    redis.pause();
    await unmoved(false, 2500);
    redis.resume();
    await redis.set("flags", on);
    await until("the flags after the pause", async () => (await value()) === true);
  });

  test("emptied: the missing key is said once", async () => {
    const before = said('the key "flags" does not exist');
    await redis.command("FLUSHALL");
    await until("its line", () => said('the key "flags" does not exist') > before);
    await unmoved(true, 2500);
    expect(said('the key "flags" does not exist')).toBe(before + 1);
    await redis.set("flags", off);
    await until("the flags set again", async () => (await value()) === false);
  });

  test("holding what is no flag document: said once, with the place", async () => {
    await redis.set("flags", '{"flags":{"bool":{"state":"ENABLED","variants":[1]}}}');
    await until("its line", () => said("$.flags.bool.variants") > 0);
    await unmoved(false, 2500);
    expect(said("$.flags.bool.variants")).toBe(1);
    await redis.set("flags", on);
    await until("good flags again", async () => (await value()) === true);
  });

  test("refusing the password, and taking it again", async () => {
    await redis.kill();
    await redis.start({ password: "second" });
    await redis.set("flags", off);
    await until("its line", () => said("password") > 0);
    await unmoved(true, 2500);
    expect(flagd.log()).not.toMatch(/first@|second/);
    await redis.kill();
    await redis.start({ password: "first" });
    await redis.set("flags", off);
    await until("the flags behind the right password", async () => (await value()) === false);
  });
});
