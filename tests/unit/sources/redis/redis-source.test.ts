import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import type { Connect } from "../../../../src/sources/redis/connection.ts";
import type { RedisAddress } from "../../../../src/sources/redis/redis-address.ts";
import { RedisError } from "../../../../src/sources/redis/redis-errors.ts";
import type { RedisSourceConfig } from "../../../../src/sources/redis/redis-kind.ts";
import { RedisSource } from "../../../../src/sources/redis/redis-source.ts";
import { isPermanent } from "../../../../src/sources/source.ts";
import { FakeClock, settle } from "../../../support/fake-clock.ts";
import { type LogEntry, rememberingLog } from "../../../support/remembering-log.ts";
import { redisConfig } from "../../../support/source-configs.ts";
import { FakeRedis, lost, RecordingSink, redisError } from "./fake-redis.ts";

let clock: FakeClock;
let redis: FakeRedis;
let sink: RecordingSink;
let log: ReturnType<typeof rememberingLog>;
let stop: AbortController;
let running: Promise<unknown>;

const config = redisConfig("redis://h?key=k", { interval: 10, watch: false });
const unreachable = "failed: out of reach";

beforeEach(() => {
  clock = new FakeClock();
  redis = new FakeRedis();
  sink = new RecordingSink();
  log = rememberingLog();
  stop = new AbortController();
  redis.value = "one";
});

afterEach(async () => {
  stop.abort();
  await running;
  expect(clock.sleeping).toBe(0);
});

function run(options: Partial<RedisSourceConfig> = {}): RedisSource {
  const source = new RedisSource(
    { ...config, ...options },
    { clock, log, connect: redis.connect, diagnose: async () => "out of reach" },
  );
  running = source.run(sink, stop.signal).catch((error: unknown) => error);
  return source;
}

describe("polls", () => {
  test("the first at once, the second within the interval, then one in each", async () => {
    run();
    await clock.advance(0);
    expect(redis.count("GET")).toBe(1);
    await clock.advance(10_000);
    expect(redis.count("GET")).toBe(2);
    await clock.advance(50_000);
    expect(redis.count("GET")).toBe(7);
    expect(redis.connectionsTo).toHaveLength(1);
  });

  test("deliver what changed and only say the rest", async () => {
    run();
    await clock.advance(10_000);
    redis.value = "two";
    await clock.advance(20_000);
    expect(sink.events).toEqual(["accepted one", "unchanged", "accepted two", "unchanged"]);
  });

  test("hand a rejected document over once, and the good one again when it comes back", async () => {
    run();
    await clock.advance(0);
    sink.good = false;
    redis.value = "bad";
    await clock.advance(30_000);
    sink.good = true;
    redis.value = "one";
    await clock.advance(10_000);
    expect(sink.events).toEqual([
      "accepted one",
      "rejected bad",
      "unchanged",
      "unchanged",
      "accepted one",
    ]);
  });

  test.each([
    ["missing", null, 'the key "k" does not exist in the database'],
    ["empty", "", 'the key "k" is empty'],
  ] as const)(
    "over a %s key are failures with a reason, over the same connection",
    async (_, value, reason) => {
      run();
      await clock.advance(0);
      redis.value = value;
      await clock.advance(10_000);
      redis.value = "one";
      await clock.advance(10_000);
      expect(sink.events).toEqual(["accepted one", `failed: ${reason}`, "unchanged"]);
      expect(redis.connectionsTo).toHaveLength(1);
    },
  );

  test.each([
    ["LOADING Redis is loading the dataset in memory", "the server is loading its data"],
    ["BUSY Redis is busy running a script", "the server is busy running a script"],
    ["MASTERDOWN Link with MASTER is down", "the server is a replica that has lost"],
    ["CLUSTERDOWN The cluster is down", "the cluster is down"],
    ["TRYAGAIN Multiple keys request during rehashing of slot", "are being migrated"],
    ["ERR some proxy is restarting", "the server returned an error: ERR some proxy"],
  ])("after %s come after 1, 2, 4 … s, over the same connection", async (answer, reason) => {
    clock.chance = 0.999;
    const source = run({ interval: 3600 });
    await clock.advance(0);
    redis.value = redisError(answer);
    source.resync();
    const seen: number[] = [];
    for (let second = 0; second <= 16; second++) {
      await clock.advance(second === 0 ? 0 : 1000);
      seen.push(redis.count("GET"));
    }
    // The first poll, the one that was asked for, and those after 1, 2, 4 and 8 s.
    expect([2, 3, 4, 5, 6].map((count) => seen.indexOf(count))).toEqual([0, 1, 3, 7, 15]);
    redis.value = "two";
    await clock.advance(16_000);
    expect(sink.events.at(-1)).toBe("accepted two");
    expect(sink.events[1]).toContain(reason);
    expect(redis.connectionsTo).toHaveLength(1);
  });

  test("come now on demand", async () => {
    const source = run();
    await clock.advance(0);
    redis.value = "two";
    source.resync();
    await clock.advance(0);
    expect(sink.events).toEqual(["accepted one", "accepted two"]);
  });
});

describe("a failed connection", () => {
  test("is tried again after jittered waits that grow up to the interval", async () => {
    clock.chance = 1;
    redis.refusal = lost();
    run();
    const attempts: number[] = [];
    for (let second = 0; second <= 45; second++) {
      await clock.advance(second === 0 ? 0 : 1000);
      attempts.push(redis.connectionsTo.length);
    }
    const times = [1, 2, 3, 4, 5, 6, 7].map((count) => attempts.indexOf(count));
    expect(times).toEqual([0, 1, 3, 7, 15, 25, 35]);
    expect(new Set(sink.events)).toEqual(new Set([unreachable]));
  });

  test("that was lost between polls is no failure: the next poll makes a new one", async () => {
    run();
    await clock.advance(0);
    redis.cut();
    await settle();
    redis.value = "two";
    await clock.advance(10_000);
    expect(sink.events).toEqual(["accepted one", "accepted two"]);
  });

  test("is tried again on demand, once a demand", async () => {
    redis.refusal = lost();
    const source = run();
    await clock.advance(0);
    source.resync();
    await settle();
    source.resync();
    await settle();
    expect(redis.connectionsTo).toHaveLength(3);
    redis.refusal = undefined;
    source.resync();
    await settle();
    expect(sink.events.at(-1)).toBe("accepted one");
  });
});

describe("what no retry can fix", () => {
  const wrong = redisError("WRONGPASS invalid", "ERR_REDIS_AUTHENTICATION_FAILED");

  test("is fatal at start, with the source and the reason", async () => {
    redis.refusal = wrong;
    run();
    const error = await running;
    expect(error).toSatisfy(isPermanent);
    expect(String(error)).toContain(`source ${config.uri}: the server rejected the password`);
  });

  test("is fatal at start when the key may not be read", async () => {
    redis.value = redisError("NOPERM this user has no permissions to access one of the keys");
    run();
    expect(await running).toSatisfy(isPermanent);
  });

  test("is fatal also after attempts that did not reach the server", async () => {
    redis.refusal = lost();
    run();
    await clock.advance(5000);
    redis.refusal = wrong;
    await clock.advance(10_000);
    expect(await running).toSatisfy(isPermanent);
  });

  test("is a failure like others if the flags of an earlier run are in use", async () => {
    sink.serving = true;
    redis.refusal = redisError("WRONGPASS invalid username-password pair");
    run();
    await clock.advance(500);
    expect(sink.events.at(-1)).toContain("rejected the password");
    redis.refusal = undefined;
    await clock.advance(1_500);
    expect(sink.events.at(-1)).toBe("accepted one");
  });

  test("is a failure like others once the key had been read", async () => {
    run();
    await clock.advance(0);
    redis.refusal = wrong;
    redis.cut();
    await clock.advance(20_000);
    redis.refusal = undefined;
    redis.value = "two";
    await clock.advance(11_000);
    expect(sink.events.filter((event) => event.includes("rejected the password"))).not.toBeEmpty();
    expect(sink.events).toContain("accepted two");
  });
});

describe("the watch", () => {
  const touched = { answer: false };
  beforeEach(() => {
    touched.answer = false;
    redis.answers["CLIENT INFO"] = () => `id=1 flags=${touched.answer ? "d" : "N"} db=0`;
  });

  test("makes a change visible within 100 ms, without further reads in between", async () => {
    run({ watch: true, interval: 3600 });
    await clock.advance(1000);
    expect(redis.count("GET")).toBe(1);
    redis.value = "two";
    touched.answer = true;
    await clock.advance(90);
    expect(sink.events).toEqual(["accepted one", "accepted two"]);
  });

  test("is armed before the read, and anew before each", async () => {
    run({ watch: true, interval: 3600 });
    await clock.advance(0);
    touched.answer = true;
    await clock.advance(70);
    const order = redis.commands.filter((command) => command !== "CLIENT INFO");
    expect(order.slice(0, 6)).toEqual(["UNWATCH", "WATCH", "GET", "UNWATCH", "WATCH", "GET"]);
  });

  test.each(["WATCH", "CLIENT INFO"])(
    "comes back at the next poll after %s was answered BUSY, its loss and return said with the source",
    async (command) => {
      run({ watch: true, interval: 60 });
      await clock.advance(100);
      const good = redis.answers[command];
      for (let time = 0; time < 2; time++) {
        redis.answers[command] = redisError("BUSY Redis is busy running a script");
        if (command === "WATCH") touched.answer = true;
        await clock.advance(1000);
        touched.answer = false;
        redis.answers[command] = good;
        await clock.advance(61_000);
      }
      const source = "redis://h?key=k";
      const lost = {
        level: "info",
        message: "changes are noticed only by polls for now: BUSY Redis is busy running a script",
        fields: { source },
      };
      const back = {
        level: "info",
        message: "changes are noticed at once again",
        fields: { source },
      };
      expect(log.entries).toEqual([lost, back, lost, back] as LogEntry[]);
      redis.value = "two";
      touched.answer = true;
      await clock.advance(100);
      expect(sink.events).toContain("accepted two");
    },
  );

  test.each(["WATCH", "CLIENT INFO"])(
    "is given up if %s is refused, said once",
    async (command) => {
      redis.answers[command] = redisError(`NOPERM no permissions to run the '${command}' command`);
      run({ watch: true });
      await clock.advance(20_000);
      redis.cut();
      await clock.advance(20_000);
      const said = log.entries.filter(({ message }) => message.includes("does not permit WATCH"));
      expect(said).toHaveLength(1);
      expect(sink.events.slice(0, 2)).toEqual(["accepted one", "unchanged"]);
      expect(redis.count("CLIENT INFO")).toBeLessThan(10);
    },
  );

  test("has a new connection a quarter of a second after each loss, though the server was away before and five were lost soon", async () => {
    clock.chance = 0.999;
    run({ watch: "poll", interval: 3600 });
    await clock.advance(5000);
    redis.refusal = lost();
    redis.cut();
    await clock.advance(3000);
    redis.refusal = undefined;
    // As after any outage, up to as long as it has lasted.
    await clock.advance(5000);
    for (let loss = 1; loss <= 5; loss++) {
      const before = redis.connectionsTo.length;
      redis.cut();
      await clock.advance(250);
      expect(redis.connectionsTo).toHaveLength(before + 1);
      await clock.advance(500);
    }
    // Against one that is lost whenever it has come about, the waits grow.
    const before = redis.connectionsTo.length;
    for (let tenth = 0; tenth < 600; tenth++) {
      redis.cut();
      await clock.advance(100);
    }
    expect(redis.connectionsTo.length - before).toBeLessThan(20);
  });

  test("is left out after a proxy has cut the connection for it", async () => {
    redis.answers.UNWATCH = () => {
      redis.cut();
      return lost();
    };
    redis.answers.GET = () => lost();
    run({ watch: true });
    await clock.advance(0);
    redis.value = "one";
    await clock.advance(60_000);
    expect(redis.count("UNWATCH")).toBe(1);
    expect(redis.connectionsTo).toHaveLength(2);
    expect(sink.events.slice(0, 3)).toEqual([unreachable, "accepted one", "unchanged"]);
  });

  test("that hears of the loss of its connection before the connection itself has a new one at once", async () => {
    run({ watch: "poll" });
    await clock.advance(0);
    redis.answers["CLIENT INFO"] = () => {
      redis.value = lost();
      return lost();
    };
    await clock.advance(60);
    redis.answers["CLIENT INFO"] = "id=2 flags=N db=0";
    redis.value = "two";
    await clock.advance(2_000);
    expect(sink.events).toEqual(["accepted one", "accepted two"]);
  });

  test("makes a change visible soon also after a poll that has waited for a server that was away", async () => {
    run({ watch: true, interval: 3600 });
    await clock.advance(1000);
    for (const size of [3, 300 * 1024]) {
      const [two, three] = ["2", "3"].map((digit) => digit.repeat(size));
      redis.answers.GET = () => clock.sleep(3000).then(() => new TextEncoder().encode(two));
      touched.answer = true;
      await clock.advance(60);
      touched.answer = false;
      await clock.advance(3000);
      expect(sink.events.at(-1)).toBe(`accepted ${two}`);
      redis.value = `${three}`;
      touched.answer = true;
      await clock.advance(100);
      expect(sink.events).toContain(`accepted ${three}`);
    }
  });

  test("fetches what is large and changes all the time for a third of the time", async () => {
    const large = new Uint8Array(300 * 1024);
    redis.answers.GET = () => clock.sleep(300).then(() => large);
    touched.answer = true;
    run({ watch: true, interval: 3600 });
    await clock.advance(9000);
    expect(redis.count("GET")).toBeWithin(9, 12);
    stop.abort();
    await clock.advance(300);
  });

  test("does not look if it is turned off", async () => {
    run({ watch: false });
    await clock.advance(60_000);
    expect(redis.count("WATCH") + redis.count("CLIENT INFO")).toBe(0);
  });
});

/** Some servers accept no connection: it fails when its time is over. */
function hanging(connect: Connect, hangs: (asked: RedisAddress) => boolean): Connect {
  return async (options) => {
    if (!hangs(options.address)) return await connect(options);
    redis.connectionsTo.push(options.address);
    await clock.sleep(options.connectTimeoutMs ?? options.answerTimeoutMs, options.signal);
    throw new RedisError("no response", "timeout");
  };
}

describe("in a cluster", () => {
  const cluster = { uri: "redis://:pw@127.0.0.1:7000?key=k" };
  const portOf = ({ endpoint }: RedisAddress) => ("port" in endpoint ? endpoint.port : 0);
  const nodes = () => redis.connectionsTo.map(portOf);

  test("the key is read where the redirection leads, with the same credentials", async () => {
    redis.answers.GET = () =>
      nodes().at(-1) === 7000
        ? redisError("MOVED 1 127.0.0.2:7001")
        : new TextEncoder().encode("one");
    run(cluster);
    await clock.advance(20_000);
    expect(nodes()).toEqual([7000, 7001]);
    expect(redis.connectionsTo[1]).toMatchObject({
      endpoint: { host: "127.0.0.2" },
      password: "pw",
    });
    expect(sink.events[0]).toBe("accepted one");
  });

  test("a node that is cut off from the others is left within a second, though it says nothing of the key", async () => {
    redis.server = { mode: "cluster", json: false };
    let isolated = false;
    const answer = (good: unknown) => (asked: RedisAddress) =>
      isolated && portOf(asked) === 7000 ? redisError("CLUSTERDOWN The cluster is down") : good;
    redis.answers.WATCH = answer("OK");
    redis.answers.GET = answer(new TextEncoder().encode("one"));
    run({ uri: "redis+cluster://h:7000,h:7001?key=k", watch: true, interval: 3600 });
    await clock.advance(5000);
    expect(nodes()).toEqual([7000]);
    isolated = true;
    await clock.advance(1100);
    // Both are asked for the keys, and the one that has them is read.
    expect(nodes()).toEqual([7000, 7000, 7001, 7001]);
    expect(sink.events.at(-1)).toBe("unchanged");
  });

  test("a start with a node that hangs is as fast as the others answer, and one without needs one connection", async () => {
    redis.server = { mode: "cluster", json: false };
    let hung = 7000;
    redis.connect = hanging(redis.connect, (asked) => portOf(asked) === hung);
    run({ uri: "redis+cluster://h:7000,h:7001,h:7002?key=k", interval: 3600 });
    await clock.advance(0);
    expect(sink.events).toEqual([]);
    await clock.advance(500);
    expect(nodes().at(-1)).toBe(7001);
    expect(sink.events).toEqual(["accepted one"]);
    stop.abort();
    await running;
    stop = new AbortController();
    redis.connectionsTo.length = 0;
    hung = 0;
    run({ uri: "redis+cluster://h:7000,h:7001,h:7002?key=k", interval: 3600 });
    await clock.advance(5000);
    expect(nodes()).toEqual([7000]);
  });

  test("a redirection without end is a failure after five hops", async () => {
    redis.answers.GET = () => redisError(`MOVED 1 :${7000 + redis.connectionsTo.length}`);
    redis.answers.WATCH = redisError("CLUSTERDOWN The cluster is down");
    run(cluster);
    await clock.advance(999);
    // Two of them were remembered as nodes of the cluster, and are asked for the keys.
    expect(nodes().slice(0, 9)).toEqual([7000, 7001, 7002, 7003, 7004, 7005, 7000, 7001, 7002]);
    expect(Math.max(...nodes())).toBe(7005);
    expect(sink.events).toEqual([]);
    await clock.advance(1);
    expect(sink.events).toEqual([
      "failed: the cluster redirects too often, the last time to :7006",
    ]);
  });
});

test("the name has no credentials", () => {
  running = Promise.resolve();
  const source = new RedisSource({ ...config, uri: "redis://u:pw@h:1/2?key=k" }, { clock, log });
  expect(source).toMatchObject({ name: "redis://h:1/2?key=k", provider: "redis" });
});

describe("if a Sentinel answers", () => {
  test("the start ends with the URI to use", async () => {
    redis.server = { mode: "sentinel", json: false };
    redis.answers.SENTINEL = [{ name: "mymaster" }];
    run({ uri: "redis://u:secret@h:26379/2?key=k" });
    const error = await running;
    expect(error).toSatisfy(isPermanent);
    expect(String(error)).toContain("redis+sentinel://h:26379/mymaster/2?key=k");
    expect(String(error)).not.toContain("secret");
  });
});

describe("polls of a large document", () => {
  const large = (letter: string) => letter.repeat(300_000);

  /** Runs until the watch has told of a change; returns how many fetches there were. */
  async function proven(): Promise<number> {
    redis.value = large("a");
    run({ watch: true });
    await clock.advance(0);
    redis.value = large("b");
    redis.answers["CLIENT INFO"] = "id=1 flags=Nd db=0";
    await clock.advance(100);
    redis.answers["CLIENT INFO"] = "id=1 flags=N db=0";
    await clock.advance(100);
    return redis.count("GET");
  }

  test("do without a fetch once the watch has told of a change, but for every twelfth", async () => {
    const before = await proven();
    await clock.advance(110_000);
    expect(redis.count("GET")).toBe(before);
    await clock.advance(10_000);
    expect(redis.count("GET")).toBe(before + 1);
    expect(sink.events.at(-1)).toBe("unchanged");
  });

  test("do without a fetch from the first one on if the server is connected to directly", async () => {
    redis.value = large("a");
    redis.answers["CLIENT INFO"] = "id=1 flags=N laddr=h:6379";
    run({ watch: true });
    await clock.advance(105_000);
    expect(redis.count("GET")).toBe(1);
    await clock.advance(10_000);
    expect(redis.count("GET")).toBe(2);
  });

  test("fetch on demand", async () => {
    redis.value = large("a");
    const source = run({ watch: true });
    await clock.advance(0);
    source.resync();
    await clock.advance(0);
    expect(redis.count("GET")).toBe(2);
  });

  test("fetch if another connection answers, as behind a proxy", async () => {
    const before = await proven();
    redis.answers["CLIENT INFO"] = "id=2 flags=N db=0";
    await clock.advance(10_000);
    expect(redis.count("GET")).toBe(before + 1);
  });

  test("find what a proxy hides at the twelfth, and save none from then on", async () => {
    const before = await proven();
    redis.value = large("c");
    await clock.advance(120_000);
    expect(redis.count("GET")).toBe(before + 1);
    expect(sink.events.at(-1)).toBe(`accepted ${large("c")}`);
    await clock.advance(30_000);
    expect(redis.count("GET")).toBe(before + 4);
  });
});
