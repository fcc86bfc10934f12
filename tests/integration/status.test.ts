/** `/status` of the built binary. */
import { expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { FlagSyncService } from "../../src/gen/flagd/sync/v1/sync_pb.ts";
import type { StatusDocument } from "../../src/services/management/status.ts";
import { root } from "../support/documentation.ts";
import { startFlagd } from "../support/flagd.ts";
import { RedisServer } from "../support/redis.ts";
import { RedisSync } from "../support/redis-sync.ts";
import { changedDocument, sampleDocument } from "../support/sample-flags.ts";
import { until } from "../support/until.ts";

const statusOf = async (http: string) =>
  (await (await fetch(`${http}/status`, { keepalive: false })).json()) as StatusDocument;

test("every thread answers for the whole: changes, evaluations, streams, warnings", async () => {
  const folder = mkdtempSync(join(tmpdir(), "flagd-status-"));
  const file = join(folder, "flags.json");
  const odd = { ...sampleDocument, flags: { ...sampleDocument.flags, odd: { state: "ENABLED" } } };
  writeFileSync(file, JSON.stringify(odd));
  {
    await using flagd = await startFlagd(["--uri", `file:${file}`, "--workers", "3"]);
    const sync = createClient(
      FlagSyncService,
      createGrpcTransport({ baseUrl: `http://127.0.0.1:${flagd.syncPort}` }),
    );
    const end = new AbortController();
    const request = { providerId: "cart" };
    const stream = sync.syncFlags(request, { signal: end.signal })[Symbol.asyncIterator]();
    await stream.next();
    for (let n = 0; n < 12; n++) {
      const url = `${flagd.http}/ofrep/v1/evaluate/flags/bool`;
      await fetch(url, { method: "POST", body: "{}", keepalive: false });
    }
    writeFileSync(file, JSON.stringify(changedDocument()));
    await until("the change", async () => (await statusOf(flagd.http)).changes.length > 0);

    for (let n = 0; n < 6; n++) {
      const status = await statusOf(flagd.http);
      expect(status).toMatchObject({
        statusVersion: 1,
        command: "start",
        state: "ready",
        threads: 3,
        streams: [{ kind: "sync", client: "cart", selector: null, open: 1 }],
      });
      const count = status.evaluations.find(({ flag }) => flag === "bool")?.count;
      expect(count).toBe(12);
      const change = status.changes.find(({ flag }) => flag === "bool");
      expect(change?.kind).toBe("changed");
      expect(change?.differences.length).toBeGreaterThan(0);
      expect(status.changes.some(({ flag, kind }) => flag === "odd" && kind === "removed")).toBe(
        true,
      );
      expect(status.listeners.map(({ name }) => name)).toEqual([
        "evaluation",
        "sync",
        "ofrep",
        "management",
      ]);
    }
    end.abort();
    await until("the stream being gone", async () => {
      return (await statusOf(flagd.http)).streams.length === 0;
    });
  }
  rmSync(folder, { recursive: true });
});

test("redis-sync answers as well", async () => {
  await using redis = await RedisServer.start();
  await redis.set("flags", JSON.stringify(sampleDocument));
  await using sync = await RedisSync.start(redis, ["--redis-interval", "1"]);
  const status = await statusOf(sync.management);
  expect(status).toMatchObject({ command: "redis-sync", state: "ready", streams: [] });
  expect(status.sources[0]).toMatchObject({ provider: "redis", state: "synced", reason: null });
  expect(status.sources[0]?.hash).toMatch(/^[0-9a-f]{64}$/);
});

test("the reference names every member", async () => {
  await using flagd = await startFlagd(["--uri", `file:${join(root, "examples/flags.json")}`]);
  const page = readFileSync(join(root, "docs/reference/status.md"), "utf8");
  const status = await statusOf(flagd.http);
  for (const name of [...Object.keys(status), ...Object.keys(status.sources[0] ?? {})]) {
    expect(page).toContain(`\`${name}\``);
  }
});
