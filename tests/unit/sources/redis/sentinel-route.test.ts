import { beforeEach, describe, expect, test } from "bun:test";
import { type RedisAddress, serverName } from "../../../../src/sources/redis/redis-address.ts";
import type { MasterReport } from "../../../../src/sources/redis/sentinel.ts";
import { SentinelRoute } from "../../../../src/sources/redis/sentinel-route.ts";
import { FakeClock } from "../../../support/fake-clock.ts";
import { rememberingLog } from "../../../support/remembering-log.ts";
import { addressOf } from "./fake-redis.ts";

const at = (host: string) => addressOf(`redis://${host}?key=k`);

let clock: FakeClock;
/** What the Sentinel says when it is asked. */
let report: MasterReport;
let announce: {
  report: (report: MasterReport) => void;
  candidate: (replica: RedisAddress) => void;
};
let promotion: PromiseWithResolvers<boolean>;
let switches: number;

const naming = (master: string, epoch: number): MasterReport => ({
  master: at(master),
  replicas: [],
  sentinels: [],
  epoch,
});

function routeTo(role: "master" | "replica"): SentinelRoute {
  return new SentinelRoute({
    sentinels: [at("s:1")],
    role,
    clock,
    log: rememberingLog(),
    name: "source",
    promoted: () => promotion.promise,
    onSwitch: () => switches++,
    open: ({ onReport, onCandidate }) => {
      announce = { report: onReport, candidate: onCandidate };
      return { ask: async () => report, close: () => {} };
    },
  });
}

const next = async (route: SentinelRoute) =>
  serverName((await route.next(new AbortController().signal)).address);

beforeEach(() => {
  clock = new FakeClock();
  report = naming("a:1", 5);
  promotion = Promise.withResolvers();
  switches = 0;
});

describe("a replica that the Sentinels choose", () => {
  test("is the master as soon as it says so itself, though the Sentinels still name the old one", async () => {
    const route = routeTo("master");
    expect(await next(route)).toBe("a:1");
    announce.candidate(at("b:1"));
    announce.candidate(at("b:1"));
    expect(await next(route)).toBe("a:1");
    announce.report(naming("a:1", 5));
    promotion.resolve(true);
    await Bun.sleep(0);
    expect(switches).toBe(1);
    expect(await next(route)).toBe("b:1");
    announce.report(naming("b:1", 6));
    expect(switches).toBe(1);
    announce.report(naming("a:1", 5));
    expect(await next(route)).toBe("b:1");
  });

  test("is followed no longer if the Sentinels do not confirm it", async () => {
    const route = routeTo("master");
    await next(route);
    announce.candidate(at("b:1"));
    promotion.resolve(true);
    await Bun.sleep(0);
    expect(await next(route)).toBe("b:1");
    await clock.advance(11_000);
    expect(await next(route)).toBe("a:1");
  });

  test.each<["master" | "replica", boolean]>([
    ["master", false],
    ["replica", true],
  ])("changes nothing for the role %s, if it is promoted: %p", async (role, promoted) => {
    const route = routeTo(role);
    await next(route);
    announce.candidate(at("b:1"));
    promotion.resolve(promoted);
    await Bun.sleep(0);
    expect(switches).toBe(0);
    expect(await next(route)).toBe("a:1");
  });
});

test("what belongs to an earlier failover does not count", async () => {
  const route = routeTo("master");
  await next(route);
  announce.report(naming("b:1", 6));
  expect(switches).toBe(1);
  expect(await next(route)).toBe("b:1");
});

test("Sentinels that name different masters in one epoch do not make it go to and fro", async () => {
  const route = routeTo("master");
  await next(route);
  for (let n = 0; n < 5; n++) {
    announce.report(naming("b:1", 6));
    announce.report(naming("a:1", 6));
  }
  expect(switches).toBe(1);
  expect(await next(route)).toBe("b:1");
});

test.each([
  [["a:1", "a:1", "b:1"], undefined],
  [["a:1", "b:1", "b:1"], "only 1 of 3 Sentinels name a:1 as the master"],
  [["a:1", "a:1"], undefined],
  [["a:1", "silent"], "only 1 of 2 Sentinels name a:1 as the master"],
])("a write needs most of the Sentinels: %j", async (masters, refusal) => {
  const [first = at("s:1"), ...others] = masters.map((_, i) => at(`s:${i + 1}`));
  const route = new SentinelRoute({
    sentinels: [first, ...others],
    role: "master",
    clock,
    log: rememberingLog(),
    name: "source",
    promoted: async () => false,
    onSwitch: () => {},
    open: ({ address }) => {
      const master = masters[Number(serverName(address).slice(2)) - 1] ?? "";
      const ask = async () => {
        if (master === "silent") throw new Error("no answer");
        return naming(master, 5);
      };
      return { ask, close: () => {} };
    },
  });
  expect(await next(route)).toBe("a:1");
  const outcome = await route.confirm().then(
    () => undefined,
    (error: Error) => error.message,
  );
  if (refusal === undefined) expect(outcome).toBeUndefined();
  else expect(outcome).toStartWith(refusal);
});
