/** A daemon whose flags come from another daemon, both the built binary. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { status } from "@grpc/grpc-js";
import { type Flagd, runFlagd, startFlagd } from "../support/flagd.ts";
import { changedDocument, sampleDocument } from "../support/sample-flags.ts";
import { type Asked, ScriptedSyncServer } from "../support/scripted-sync-server.ts";
import { until } from "../support/until.ts";

let folder: string;
const cleanups: (() => Promise<unknown> | unknown)[] = [];
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "flagd-grpc-source-"));
});
afterAll(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
  await rm(folder, { recursive: true, force: true });
});

async function value(flagd: Flagd, key = "bool", context = {}): Promise<unknown> {
  const response = await fetch(`${flagd.http}/ofrep/v1/evaluate/flags/${key}`, {
    method: "POST",
    body: JSON.stringify({ context }),
  });
  return ((await response.json()) as { value?: unknown }).value;
}

async function scriptedServer(onCall: (asked: Asked) => void) {
  const server = await ScriptedSyncServer.start(onCall);
  cleanups.push(() => server[Symbol.dispose]());
  return server;
}

const sources = (...list: object[]) => ["--sources", JSON.stringify(list)];

describe("from a daemon with a file", () => {
  let file: string;
  let upstream: Flagd;

  beforeAll(async () => {
    file = join(folder, "flags.json");
    await writeFile(file, JSON.stringify(sampleDocument));
    upstream = await startFlagd(["--uri", `file:${file}`, "-X", "region=north", "-X", "tier=up"]);
    cleanups.push(() => upstream[Symbol.asyncDispose]());
  });

  test.each([
    ["host:port", (port: number) => `localhost:${port}`],
    ["dns:///", (port: number) => `dns:///localhost:${port}`],
    ["ipv4:", (port: number) => `ipv4:127.0.0.1:${port}`],
    ["envoy://", (port: number) => `envoy://localhost:${port}/flags.service`],
  ])("%s names the server", async (_, uri) => {
    const source = { uri: uri(upstream.syncPort), provider: "grpc" };
    await using flagd = await startFlagd(sources(source));
    expect(await value(flagd)).toBe(true);
  });

  test("flags and changes arrive, also at a third in the chain", async () => {
    await using second = await startFlagd(["--uri", `grpc://localhost:${upstream.syncPort}`]);
    await using third = await startFlagd(["--uri", `grpc://localhost:${second.syncPort}`]);
    expect(await value(third)).toBe(true);
    await writeFile(file, JSON.stringify(changedDocument()));
    await until("the change", async () => (await value(third)) === false);
    await writeFile(file, JSON.stringify(sampleDocument));
    await until("the change back", async () => (await value(third)) === true);
  });

  test("the upstream's context lies beneath -X, and goes on downstream", async () => {
    const source = `grpc://localhost:${upstream.syncPort}`;
    await using second = await startFlagd(["--uri", source, "-X", "tier=own"]);
    await using third = await startFlagd(["--uri", `grpc://localhost:${second.syncPort}`]);
    const document = structuredClone(sampleDocument);
    Object.assign(document.flags.text, {
      variants: { a: "alpha", "north own": "both", "north up": "upstream" },
      targeting: { cat: [{ var: "region" }, " ", { var: "tier" }] },
    });
    await writeFile(file, JSON.stringify(document));
    await until("both at the second", async () => (await value(second, "text")) === "both");
    await until("both at the third", async () => (await value(third, "text")) === "both");
    expect(await value(upstream, "text")).toBe("upstream");
    await writeFile(file, JSON.stringify(sampleDocument));
  });
});

/** What one client of the scripted server asked for. */
const flag = (variant: string) => ({
  state: "ENABLED",
  variants: { [variant]: variant },
  defaultVariant: variant,
});

test("selector, providerID and headers go to the server; secrets are not in the log", async () => {
  const calls: Asked[] = [];
  const { port } = await scriptedServer((asked) => {
    calls.push(asked);
    asked.send({ flags: { a: flag("one") } });
  });
  const source = {
    uri: `127.0.0.1:${port}`,
    provider: "grpc",
    selector: "flagSetId=team",
    providerID: "edge-7",
    headers: { Authorization: "Bearer hidden-token", "x-tenant": "t1" },
  };
  await using flagd = await startFlagd([...sources(source), "--debug"]);
  expect(calls[0]).toMatchObject({
    selector: "flagSetId=team",
    providerId: "edge-7",
    headers: { authorization: "Bearer hidden-token", "x-tenant": "t1" },
  });
  flagd.signal("SIGHUP");
  await until("a second stream", () => calls.length === 2);
  expect(flagd.log()).not.toContain("hidden-token");
});

test("incrementalUpdates: a message replaces only the flag sets that it names", async () => {
  let asked: Asked | undefined;
  const { port } = await scriptedServer((call) => {
    asked = call;
    call.send({ metadata: { flagSetId: "A" }, flags: { a1: flag("one"), a2: flag("two") } });
  });
  const source = { uri: `127.0.0.1:${port}`, provider: "grpc", incrementalUpdates: true };
  await using flagd = await startFlagd(sources(source));
  asked?.send({ metadata: { flagSetId: "B" }, flags: { b1: flag("three") } });
  await until("set B", async () => (await value(flagd, "b1")) === "three");
  expect(await value(flagd, "a2")).toBe("two");
  asked?.send({ metadata: { flagSetId: "A" }, flags: { a1: flag("four") } });
  await until("set A", async () => (await value(flagd, "a1")) === "four");
  expect(await value(flagd, "a2")).toBeUndefined();
  expect(await value(flagd, "b1")).toBe("three");
});

test("a message that is no flag document is said once, and the stream goes on", async () => {
  let asked: Asked | undefined;
  const { port } = await scriptedServer((call) => {
    asked = call;
    call.send({ flags: { a: flag("one") } });
  });
  await using flagd = await startFlagd(["--uri", `grpc://127.0.0.1:${port}`]);
  asked?.send({ flags: { a: { state: "ENABLED", variants: [] } } });
  await until("the error", () => flagd.log().includes("$.flags.a.variants"));
  expect(await value(flagd, "a")).toBe("one");
  asked?.send({ flags: { a: flag("two") } });
  await until("the next good one", async () => (await value(flagd, "a")) === "two");
});

test.each([
  [status.UNAUTHENTICATED, "who are you"],
  [status.PERMISSION_DENIED, "not for you"],
  [status.INVALID_ARGUMENT, "no such selector"],
])("status %i at the start ends the daemon with the server's words", async (code, details) => {
  const { port } = await scriptedServer(({ call }) => {
    call.emit("error", { code, details });
  });
  const { code: exit, stderr } = await runFlagd([
    ...["start", "-p", "0", "-m", "0", "-r", "0", "-g", "0"],
    ...["--uri", `grpc://127.0.0.1:${port}`],
  ]);
  expect(exit).toBe(1);
  expect(stderr).toContain(`${status[code]}: ${details}`);
});

test("the same status after flags have arrived is a warning, and the flags stay", async () => {
  let calls = 0;
  const { port } = await scriptedServer(({ call, send }) => {
    if (calls++ > 0) {
      call.emit("error", { code: status.UNAUTHENTICATED, details: "expired" });
      return;
    }
    send({ flags: { a: flag("one") } });
    setTimeout(() => call.end(), 300);
  });
  await using flagd = await startFlagd(["--uri", `grpc://127.0.0.1:${port}`]);
  await until("the warning", () =>
    flagd.log().includes("UNAUTHENTICATED: expired; serving the last accepted flags"),
  );
  expect(await value(flagd, "a")).toBe("one");
  expect((await fetch(`${flagd.http}/readyz`)).status).toBe(200);
});

test.each([
  [{ uri: "ftp://somewhere" }, 'gRPC source "ftp://somewhere": expected host:port'],
  [{ uri: "envoy://localhost:9211" }, "expected envoy://host:port/service"],
  [{ uri: "user:secret@localhost:1" }, 'gRPC source "***@localhost:1": expected'],
  [{ uri: "localhost:1", headers: { "a b": "secret" } }, 'the header "a b" cannot be sent'],
])("%j is refused at the start", async (source, message) => {
  const { code, stderr } = await runFlagd(["start", ...sources({ ...source, provider: "grpc" })]);
  expect(code).toBe(1);
  expect(stderr).toContain(message);
  expect(stderr).not.toContain("secret");
});
