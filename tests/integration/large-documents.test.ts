/** Documents that are read in a thread of their own, by the built binary. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { FlagSyncService } from "../../src/gen/flagd/sync/v1/sync_pb.ts";
import { type Flagd, startFlagd } from "../support/flagd.ts";
import { RedisServer } from "../support/redis.ts";
import { changedDocument, sampleDocument } from "../support/sample-flags.ts";
import { until } from "../support/until.ts";

setDefaultTimeout(60_000);

let redis: RedisServer;
beforeAll(async () => {
  redis = await RedisServer.start();
});
afterAll(() => redis[Symbol.asyncDispose]());

/** The flags of a small document and so many others, and one of a megabyte. */
function large(small: { readonly flags: object }, flags = 3000): string {
  const other = (i: number) => ({
    state: "ENABLED",
    variants: { on: `on ${i} ${"x".repeat(100)}`, off: "<off>" },
    defaultVariant: "on",
    metadata: { flagSetId: `set-${i % 3}` },
  });
  const persons = Array.from({ length: 60_000 }, (_, i) => `person-${i}`);
  const giant = {
    state: "ENABLED",
    variants: { on: true, off: false },
    defaultVariant: "off",
    targeting: { if: [{ in: [{ var: "targetingKey" }, persons] }, "on", "off"] },
  };
  const others = Array.from({ length: flags }, (_, i) => [`other-${i}`, other(i)]);
  return JSON.stringify({
    ...small,
    flags: { ...small.flags, giant, ...Object.fromEntries(others) },
  });
}

async function evaluate(flagd: Flagd, key: string, context: object = {}): Promise<unknown> {
  const url = `${flagd.http}/ofrep/v1/evaluate/flags/${key}`;
  const body = JSON.stringify({ context });
  const response = await fetch(url, { method: "POST", body, keepalive: false });
  return ((await response.json()) as { value: unknown }).value;
}

const becomes = (flagd: Flagd, key: string, value: unknown) =>
  until(`${key} being ${value}`, async () => (await evaluate(flagd, key)) === value);

async function threadsOf({ pid }: Flagd): Promise<number> {
  const status = await Bun.file(`/proc/${pid}/status`).text();
  return Number(/^Threads:\s+(\d+)/m.exec(status)?.[1]);
}

function start(key: string, ...args: string[]): Promise<Flagd> {
  const uri = `redis://127.0.0.1:${redis.port}?key=${key}`;
  return startFlagd([
    "--sources",
    JSON.stringify([{ provider: "redis", uri, interval: 1 }]),
    ...args,
  ]);
}

describe("a large document", () => {
  test("is served, as are its changes, and a small one after it", async () => {
    await redis.set("flags", large(sampleDocument));
    await using flagd = await start("flags");
    expect(await evaluate(flagd, "bool")).toBe(true);
    expect(await evaluate(flagd, "giant", { targetingKey: "person-59999" })).toBe(true);
    expect(await evaluate(flagd, "giant", { targetingKey: "nobody" })).toBe(false);
    await redis.set("flags", large(changedDocument()));
    await becomes(flagd, "bool", false);
    await redis.set("flags", JSON.stringify(sampleDocument));
    await becomes(flagd, "bool", true);
    await until("its line", () =>
      /flags changed: .*; and 2992 more.*flags=11 added=0 changed=1 removed=3001/.test(flagd.log()),
    );
    expect(await flagd.stop()).toBe(0);
  });

  test("is rejected as a whole with the reasons that a small one would have", async () => {
    await redis.set("rejected", large(sampleDocument));
    await using flagd = await start("rejected");
    const bad = {
      ...sampleDocument,
      flags: { ...sampleDocument.flags, bool: { variants: 1, state: "ENABLED" } },
    };
    await redis.set("rejected", large(bad));
    await until("the rejection", () =>
      /document rejected, serving the last accepted flags: \$\.flags\.bool\.variants: expected an object, found a number/.test(
        flagd.log(),
      ),
    );
    expect(await evaluate(flagd, "bool")).toBe(true);
    await redis.set("rejected", large(changedDocument()));
    await becomes(flagd, "bool", false);
  });

  test("that a small one has grown into takes its place", async () => {
    await redis.set("growing", JSON.stringify(sampleDocument));
    await using flagd = await start("growing");
    const before = await threadsOf(flagd);
    expect(await evaluate(flagd, "bool")).toBe(true);
    await redis.set("growing", large(changedDocument()));
    await becomes(flagd, "bool", false);
    expect(await threadsOf(flagd)).toBeGreaterThan(before);
    const bytes = large(changedDocument()).length;
    const size = new RegExp(`^feature_flag_flagd_source_document_size_bytes.* ${bytes}$`, "m");
    // The flags are in use a moment before the source is told that they were accepted.
    await until("its size in the metrics", async () =>
      size.test(await (await fetch(`${flagd.http}/metrics`)).text()),
    );
  });

  test("reaches every thread that serves", async () => {
    await redis.set("threads", large(sampleDocument));
    await using flagd = await start("threads", "--workers", "3");
    const values = () => Promise.all(Array.from({ length: 30 }, () => evaluate(flagd, "bool")));
    expect(new Set(await values())).toEqual(new Set([true]));
    await redis.set("threads", large(changedDocument()));
    await until("the change in every thread", async () =>
      (await values()).every((value) => value === false),
    );
    expect(await flagd.stop()).toBe(0);
  });

  test("is sent to sync clients as a small one would be", async () => {
    await redis.set("sync", large(sampleDocument));
    await using flagd = await start("sync");
    const baseUrl = `http://127.0.0.1:${flagd.syncPort}`;
    const client = createClient(FlagSyncService, createGrpcTransport({ baseUrl }));
    const fetchAll = async (selector: string) =>
      JSON.parse((await client.fetchAllFlags({ selector })).flagConfiguration);
    const { flags } = await fetchAll("");
    expect(Object.keys(flags)).toHaveLength(3012);
    expect(Object.keys(flags)).toEqual(Object.keys(flags).sort());
    expect(flags["other-7"]).toMatchObject({
      defaultVariant: "on",
      metadata: { flagSetId: "set-1" },
    });
    expect(Object.keys((await fetchAll("flagSetId=set-1")).flags)).toHaveLength(1000);
    const stream = client.syncFlags({})[Symbol.asyncIterator]();
    const next = async () => JSON.parse((await stream.next()).value.flagConfiguration).flags;
    expect(await next()).toEqual(flags);
    await redis.set("sync", large(changedDocument()));
    expect((await next()).bool.defaultVariant).toBe("off");
    await stream.return?.();
  });
});
