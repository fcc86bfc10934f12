import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { mkdtempSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import {
  appendFile,
  chmod,
  mkdir,
  rename,
  rm,
  symlink,
  unlink,
  utimes,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Clock, systemClock } from "../../src/core/clock.ts";
import type { FileSourceConfig } from "../../src/sources/file/file-kind.ts";
import { FileSource } from "../../src/sources/file/file-source.ts";
import { isPermanent, type Payload, type SourceSink } from "../../src/sources/source.ts";
import { createLog } from "../../src/telemetry/log/create-log.ts";
import { until } from "../support/until.ts";

const log = createLog({ format: "json", level: "info", stream: { write: () => {} } });
const text = ({ document }: Payload) =>
  typeof document === "string" ? document : new TextDecoder().decode(document);

let directory: string;
const stops: (() => Promise<void>)[] = [];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "flagd-file-"));
});

afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
  await rm(directory, { recursive: true, force: true });
});

class RecordingSink implements SourceSink {
  readonly payloads: Payload[] = [];
  readonly failures: string[] = [];
  unchangedCalls = 0;

  async accept(payload: Payload): Promise<boolean> {
    this.payloads.push(payload);
    return true;
  }
  unchanged(): void {
    this.unchangedCalls++;
  }
  failed(reason: string): void {
    this.failures.push(reason);
  }
  get last(): string | undefined {
    const payload = this.payloads.at(-1);
    return payload && text(payload);
  }
  arrived(document: string): Promise<true> {
    return until(`the arrival of ${document}`, () => this.last === document);
  }
}

/** Waits as the system's clock does, but never longer than 50 ms: no test has to wait for a look. */
const hastyClock: Clock = {
  ...systemClock,
  sleep: (ms, signal) => systemClock.sleep(Math.min(ms, 50), signal),
};

/** Never looks by itself: what arrives was noticed by an event. */
const eventClock: Clock = {
  ...systemClock,
  sleep: (ms, signal) => systemClock.sleep(ms >= 1000 ? 3_600_000 : ms, signal),
};

async function run(
  path: string,
  {
    provider = "fileinfo",
    clock = hastyClock,
  }: { provider?: FileSourceConfig["provider"]; clock?: Clock } = {},
) {
  const sink = new RecordingSink();
  const source = new FileSource({ uri: path, provider }, { clock, log });
  const stopping = new AbortController();
  const ended = source.run(sink, stopping.signal);
  const stop = async () => {
    stopping.abort();
    await ended;
  };
  stops.push(stop);
  await until("the first look", () => sink.payloads.length + sink.failures.length > 0);
  return { source, sink, stop };
}

/** How many watches this process holds. */
function watches(): number {
  let count = 0;
  for (const fd of readdirSync("/proc/self/fd")) {
    try {
      if (!readlinkSync(`/proc/self/fd/${fd}`).includes("inotify")) continue;
    } catch {
      continue;
    }
    const info = readFileSync(`/proc/self/fdinfo/${fd}`, "utf8");
    count += info.split("\n").filter((line) => line.startsWith("inotify")).length;
  }
  return count;
}

describe("format", () => {
  test.each([
    ["flags.json", "json"],
    ["flags.JSON", "json"],
    ["flags.yaml", "yaml"],
    ["flags.Yml", "yaml"],
    ["flags.txt", "any"],
    ["flags", "any"],
  ] as const)("%s is %s", async (name, format) => {
    const path = join(directory, name);
    await writeFile(path, "{}");
    const { sink } = await run(path);
    expect(sink.payloads[0]).toMatchObject({ format, origin: name });
    expect(sink.last).toBe("{}");
  });
});

describe.each([
  ["looking", { provider: "fileinfo", clock: hastyClock }],
  ["listening", { provider: "fsnotify", clock: eventClock }],
] as const)("%s", (_how, options) => {
  let path: string;
  beforeEach(async () => {
    path = join(directory, "flags.json");
    await writeFile(path, '{"flags":1}');
  });

  test("a file written in place arrives", async () => {
    const { sink } = await run(path, options);
    for (const document of ["two", "three", "four"]) {
      await writeFile(path, document);
      await sink.arrived(document);
    }
  });

  test("a file renamed over it arrives, an older one too, and so does the one after", async () => {
    const { sink } = await run(path, options);
    for (const document of ["two", "three"]) {
      const next = join(directory, "next");
      await writeFile(next, document);
      await utimes(next, 1000, 1000);
      await rename(next, path);
      await sink.arrived(document);
    }
    await writeFile(path, "in place");
    await sink.arrived("in place");
  });

  test("a file deleted and created again arrives", async () => {
    const { sink } = await run(path, options);
    await unlink(path);
    await until("the loss being noticed", () => sink.failures.length > 0);
    expect(sink.failures[0]).toBe(`cannot read ${path}: no such file`);
    await writeFile(path, "again");
    await sink.arrived("again");
    await writeFile(path, "and again");
    await sink.arrived("and again");
  });

  test("a ConfigMap is noticed when its link is swapped", async () => {
    const mount = join(directory, "mount");
    for (const version of ["..1", "..2", "..3"]) {
      await mkdir(join(mount, version), { recursive: true });
      await writeFile(join(mount, version, "flags.json"), `version ${version}`);
    }
    await symlink("..1", join(mount, "..data"));
    await symlink("..data/flags.json", join(mount, "flags.json"));
    const { sink } = await run(join(mount, "flags.json"), options);
    expect(sink.last).toBe("version ..1");
    for (const version of ["..2", "..3"]) {
      await symlink(version, join(mount, "..data_tmp"));
      await rename(join(mount, "..data_tmp"), join(mount, "..data"));
      await sink.arrived(`version ${version}`);
    }
  });

  test("a file emptied is a failure that says how to delete flags, and comes back", async () => {
    const { sink } = await run(path, options);
    await writeFile(path, "");
    await until("the complaint", () => sink.failures.length > 0);
    expect(sink.failures[0]).toBe(`${path} is empty; to delete all flags, write {"flags":{}}`);
    expect(sink.payloads).toHaveLength(1);
    await writeFile(path, "full");
    await sink.arrived("full");
  });

  test("the same content again is not handed over, and resync looks at once", async () => {
    const { sink, source } = await run(path, options);
    await writeFile(path, '{"flags":1}');
    const before = sink.unchangedCalls;
    source.resync();
    await until("the file being read again", () => sink.unchangedCalls > before);
    expect(sink.payloads).toHaveLength(1);
  });

  test("stopping ends it at once and leaves no watch", async () => {
    const before = watches();
    const { stop } = await run(path, options);
    if (options.provider === "fsnotify") expect(watches()).toBe(before + 1);
    await stop();
    await until("the watch being gone", () => watches() === before);
  });
});

test("a change long after a deletion arrives although the whole directory was replaced", async () => {
  const inner = join(directory, "inner");
  const path = join(inner, "flags.json");
  await mkdir(inner);
  await writeFile(path, "one");
  const { sink } = await run(path, { provider: "file" });
  await rm(inner, { recursive: true });
  await until("several looks in vain", () => sink.failures.length > 3);
  await mkdir(inner);
  await writeFile(path, "two");
  await sink.arrived("two");
  await writeFile(path, "three");
  await sink.arrived("three");
});

test("two writes of one size within one tick of the clock both arrive", async () => {
  const path = join(directory, "flags.json");
  for (let i = 0; i < 5; i++) {
    await writeFile(path, "a");
    const { sink, stop } = await run(path, { provider: "fileinfo" });
    await writeFile(path, "b");
    await sink.arrived("b");
    await stop();
  }
});

test("the beginnings of a file that is still being written are not handed over", async () => {
  const path = join(directory, "flags.json");
  await writeFile(path, "old");
  const parts = ["", "a", "b", "c", "d"];
  // While the source waits for the file to rest, the writer goes on.
  const clock: Clock = {
    ...systemClock,
    async sleep(ms, signal) {
      const part = ms < 1000 ? parts.shift() : undefined;
      if (part === undefined) return systemClock.sleep(Math.min(ms, 50), signal);
      await (part === "" ? writeFile(path, "") : appendFile(path, part));
    },
  };
  const { sink } = await run(path, { clock });
  await sink.arrived("abcd");
  expect(sink.payloads.map(text)).toEqual(["old", "abcd"]);
  expect(sink.failures).toEqual([]);
});

test("an unchanged file is reported as reached", async () => {
  const path = join(directory, "flags.json");
  await writeFile(path, "{}");
  const { sink } = await run(path);
  await until("several looks", () => sink.unchangedCalls > 5);
  expect(sink.payloads).toHaveLength(1);
  expect(sink.failures).toEqual([]);
});

test("a mere change of mode delivers nothing", async () => {
  const path = join(directory, "flags.json");
  await writeFile(path, "{}");
  const { sink } = await run(path);
  await chmod(path, 0o600);
  const before = sink.unchangedCalls;
  await until("several looks", () => sink.unchangedCalls > before + 3);
  expect(sink.payloads).toHaveLength(1);
});

describe("at start", () => {
  const attempt = (path: string) =>
    new FileSource({ uri: path, provider: "file" }, { clock: systemClock, log }).run(
      new RecordingSink(),
      new AbortController().signal,
    );

  test.each([
    ["a missing file", "none.json", "no such file"],
    ["a missing directory", "none/flags.json", "no such file"],
    ["a directory", ".", "it is a directory"],
    ["a path through a file", "plain/flags.json", "part of the path is not a directory"],
    ["a link to itself", "loop", "too many levels of symbolic links"],
  ])("%s is fatal", async (_what, name, reason) => {
    await writeFile(join(directory, "plain"), "");
    await symlink("loop", join(directory, "loop"));
    const path = join(directory, name);
    const before = watches();
    const error = await attempt(path).catch((thrown) => thrown);
    expect(error).toSatisfy(isPermanent);
    expect(error.message).toBe(`source ${path}: cannot read the flag file: ${reason}`);
    await until("the watch being gone", () => watches() === before);
  });

  test("an empty file is waited for", async () => {
    const path = join(directory, "flags.json");
    await writeFile(path, "");
    const { sink } = await run(path);
    expect(sink.failures[0]).toContain("is empty");
    await writeFile(path, "filled");
    await sink.arrived("filled");
  });
});
