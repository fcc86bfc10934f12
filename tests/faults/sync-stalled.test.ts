/** One connection to the sync port of which one stream is not read. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Flagd, startFlagd } from "../support/flagd.ts";
import { RawSession } from "../support/raw-session.ts";
import { until } from "../support/until.ts";

const initialWindow = 65_535;
const sync = "/flagd.sync.v1.FlagSyncService/SyncFlags";
const fetch = "/flagd.sync.v1.FlagSyncService/FetchAllFlags";
const empty = Buffer.alloc(5);
/** Larger than a stream's window, and than what is queued for it at once. */
const size = 400_000;

let folder: string;
let patient: Flagd;
let strict: Flagd;

const path = () => join(folder, "flags.json");
function write(version: string): void {
  const flag = {
    state: "ENABLED",
    variants: { version, filler: "x".repeat(size) },
    defaultVariant: "version",
  };
  writeFileSync(path(), JSON.stringify({ flags: { large: flag } }));
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "flagd-sync-stalled-"));
  write("version-0");
  const source = ["-f", `file:${path()}`];
  [patient, strict] = await Promise.all([
    startFlagd([...source, "--sync-stall-timeout", "60s"]),
    startFlagd([...source, "--sync-stall-timeout", "1s"]),
  ]);
});
afterAll(async () => {
  for (const flagd of [patient, strict]) await flagd?.[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

const versions = (session: RawSession, id: number) =>
  [
    ...session
      .data(id)
      .toString("latin1")
      .matchAll(/version-\d+/g),
  ].map(([version]) => version);

test("delays no other stream and no call, and gets the latest when it is read again", async () => {
  using session = new RawSession(connect(patient.syncPort, "127.0.0.1"));
  session.call(1, sync, empty);
  await session.received(1, initialWindow);

  session.call(3, sync, empty);
  session.widen(3, 1 << 30);
  await session.received(3, size);
  for (let n = 1; n <= 3; n++) {
    write(`version-${n}`);
    await session.received(3, size * (n + 1));
    session.call(3 + 2 * n, fetch, empty);
    session.widen(3 + 2 * n, size * 2);
    await session.answered(3 + 2 * n);
  }
  expect(versions(session, 3)).toEqual([0, 1, 2, 3].map((n) => `version-${n}`));
  expect(session.data(1).length).toBe(initialWindow);

  session.widen(1, 1 << 30);
  await session.received(1, size * 2);
  await until("the latest version", () => versions(session, 1).includes("version-3"));
  expect(versions(session, 1)).toEqual(["version-0", "version-3"]);
});

test("is cut after the stall time, and the others live on", async () => {
  using session = new RawSession(connect(strict.syncPort, "127.0.0.1"));
  session.call(1, sync, empty);
  session.call(3, sync, empty);
  session.widen(3, 1 << 30);
  await session.received(3, size);
  await until("the end of the stream that is not read", () => session.code(1) !== undefined);
  expect(session.code(1)).toBe(8);
  await until("a line of that", () => strict.log().includes("the client has stopped reading"));
  write("version-9");
  await until("the change", () => versions(session, 3).at(-1) === "version-9");
  session.call(5, fetch, empty);
  session.widen(5, size * 2);
  await session.answered(5);
  expect([session.code(3), session.closed]).toEqual([undefined, false]);
});
