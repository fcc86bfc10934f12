import { expect, test } from "bun:test";
import { TokenCache } from "../../../../src/sources/http/oauth.ts";
import { FakeClock } from "../../../support/fake-clock.ts";

const signal = new AbortController().signal;

function setup(lifetimeMs: number | undefined, maxLifetimeMs?: number) {
  const clock = new FakeClock();
  let issued = 0;
  const cache = new TokenCache(
    clock,
    async () => ({ value: `t${++issued}`, lifetimeMs }),
    maxLifetimeMs,
  );
  const at = async (ms: number) => {
    await clock.advance(ms - clock.now());
    return cache.get(signal);
  };
  return { cache, at };
}

test("a token is used until 30 s before its end", async () => {
  const { at } = setup(100_000);
  expect(await at(0)).toBe("t1");
  expect(await at(69_999)).toBe("t1");
  expect(await at(70_000)).toBe("t2");
});

test("a short-lived one until half its life is over", async () => {
  const { at } = setup(20_000);
  expect(await at(0)).toBe("t1");
  expect(await at(9_999)).toBe("t1");
  expect(await at(10_000)).toBe("t2");
});

test("one without a lifetime until it is forgotten", async () => {
  const { cache, at } = setup(undefined);
  expect(await at(0)).toBe("t1");
  expect(await at(1e9)).toBe("t1");
  cache.forget();
  expect(cache.fresh).toBe(false);
  expect(await at(1e9)).toBe("t2");
});

test("none longer than the configuration says", async () => {
  const { at } = setup(undefined, 5_000);
  expect(await at(0)).toBe("t1");
  expect(await at(4_999)).toBe("t1");
  expect(await at(5_000)).toBe("t2");
});
