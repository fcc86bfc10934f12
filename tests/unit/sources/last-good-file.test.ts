import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { checkTargeting } from "../../../src/evaluation/rule/check.ts";
import { parseDocument } from "../../../src/flags/document.ts";
import { LastGoodFile, useStateDir } from "../../../src/sources/last-good-file.ts";
import { read } from "../../../src/sources/thread/run-source-thread.ts";
import { rememberingLog } from "../../support/remembering-log.ts";

const source = { name: "redis://localhost:6379/0?key=flags", provider: "redis" };
const document = '{"flags":{"x":{"state":"ENABLED","variants":{"on":true},"defaultVariant":"on"}}}';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "flagd-state-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

function open(name = source) {
  const log = rememberingLog();
  return { file: new LastGoodFile(folder, name, name.name, log), log };
}

async function save(payload: Parameters<LastGoodFile["save"]>[0] = { document, format: "json" }) {
  const { file } = open();
  file.save(payload);
  await file.flush();
  const [name = ""] = await readdir(folder);
  return join(folder, name);
}

describe("the last good flags of a source", () => {
  test("are read as they were saved, with their hash, context and time", async () => {
    const before = Date.now();
    await save({ document: "flags: {}", format: "yaml", context: { region: "eu" } });
    const saved = await open().file.read();
    expect(saved?.payload).toMatchObject({ format: "yaml", context: { region: "eu" } });
    expect(Buffer.from(saved?.payload.document ?? "").toString()).toBe("flags: {}");
    expect(saved?.payload.hash).toMatch(/^[0-9a-f]{64}$/);
    expect(saved?.savedAt).toBeGreaterThanOrEqual(before);
  });

  test("are one file that only its owner may read, and nothing is left beside it", async () => {
    const path = await save();
    await save({ document: "{}", format: "json" });
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(await readdir(folder)).toHaveLength(1);
  });

  test("are written once if they stay the same", async () => {
    const path = await save();
    const { mtimeMs } = await stat(path);
    const { file } = open();
    await file.read();
    file.save({ document, format: "json" });
    await file.flush();
    expect((await stat(path)).mtimeMs).toBe(mtimeMs);
  });

  test("are the last of several that come at once", async () => {
    const { file } = open();
    for (const text of ["a: 1", "b: 1", "c: 1"]) file.save({ document: text, format: "yaml" });
    await file.flush();
    expect(Buffer.from((await open().file.read())?.payload.document ?? "").toString()).toBe("c: 1");
  });

  test("of another thread define the same flags, several sets with one key included", async () => {
    const flag = fc.record({
      state: fc.constantFrom("ENABLED", "DISABLED"),
      variants: fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 1 })),
      metadata: fc.record({ flagSetId: fc.constantFrom("a", "b", "é") }),
      key: fc.constantFrom("k", "\u2603", 'quote"', "<x>"),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(flag), async (flags) => {
        const text = JSON.stringify({ flags });
        const { reading } = read(
          { document: text, format: "json" },
          { strict: false, source: "s" },
        );
        await save({ reading, bytes: text.length });
        const saved = await open().file.read();
        if (!saved) throw new Error("nothing was saved");
        const restored = parseDocument(saved.payload.document, {
          format: "json",
          strict: false,
          checkTargeting,
        });
        const before = parseDocument(text, { format: "json", strict: false, checkTargeting });
        expect(byIdentity(restored)).toEqual(byIdentity(before));
      }),
      { numRuns: 50 },
    );
  });

  test("that were never saved are none, without a word", async () => {
    const { file, log } = open();
    expect(await file.read()).toBeUndefined();
    expect(log.entries).toEqual([]);
  });

  test.each([
    ["a byte of the document differs", (text: string) => text.replace("true", "null"), "damaged"],
    ["it ends early", (text: string) => text.slice(0, -5), "damaged"],
    ["it is empty", () => "", "not a file of saved flags"],
    ["it is something else", () => "hello\nworld", "not a file of saved flags"],
    ["it is of a later form", (text: string) => text.replace('"flagd":1', '"flagd":2'), "not a"],
    [
      "its source is another one",
      (text: string) => text.replace("key=flags", "key=other"),
      "key=other",
    ],
  ])("are not used if %s: one warning, and no more", async (_, change, reason) => {
    const path = await save();
    await writeFile(path, change(await readFile(path, "utf8")));
    const { file, log } = open();
    expect(await file.read()).toBeUndefined();
    expect(log.entries).toHaveLength(1);
    expect(log.entries[0]).toMatchObject({ level: "warn" });
    expect(log.entries[0]?.message).toContain("saved flags are not used");
    expect(log.entries[0]?.message).toContain(reason);
    file.save({ document, format: "json" });
    await file.flush();
    expect(await open().file.read()).toBeDefined();
  });

  test("that cannot be written are told of once, and saved when they can be", async () => {
    const { file, log } = open();
    await rm(folder, { recursive: true });
    await writeFile(folder, "in the way");
    for (const text of ["a: 1", "b: 1"]) {
      file.save({ document: text, format: "yaml" });
      await file.flush();
    }
    expect(log.entries.map(({ level }) => level)).toEqual(["warn"]);
    await rm(folder);
    file.save({ document: "c: 1", format: "yaml" });
    await file.flush();
    expect(await open().file.read()).toBeDefined();
  });
});

describe("--state-dir", () => {
  test("is made if it is not there, for its owner only", async () => {
    const path = join(folder, "a", "b");
    await useStateDir(path);
    expect((await stat(path)).mode & 0o777).toBe(0o700);
  });

  test("that is a file, or below one, is refused with what to do", async () => {
    const path = join(folder, "file");
    await writeFile(path, "");
    await chmod(path, 0o600);
    for (const wrong of [path, join(path, "below")]) {
      await expect(useStateDir(wrong)).rejects.toThrow(/--state-dir .*file.* cannot be used/);
    }
  });
});

function byIdentity(parsed: ReturnType<typeof parseDocument>): unknown {
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  return Object.fromEntries(
    parsed.flagSet.flags.map((flag) => [JSON.stringify([flag.flagSetId, flag.key]), flag]),
  );
}
