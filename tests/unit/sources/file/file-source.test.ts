import { test } from "bun:test";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FileSource } from "../../../../src/sources/file/file-source.ts";
import { FakeClock } from "../../../support/fake-clock.ts";
import { rememberingLog } from "../../../support/remembering-log.ts";
import { RunningSource } from "../../../support/running-source.ts";
import { until } from "../../../support/until.ts";

test("resync reads the file at once, not only when the next look at it is due", async () => {
  const folder = await mkdtemp(join(tmpdir(), "flagd-file-"));
  const path = join(folder, "flags.json");
  await writeFile(path, "{}");
  const clock = new FakeClock();
  const waits: number[] = [];
  const sleep = (ms: number, signal?: AbortSignal) => {
    waits.push(ms);
    return clock.sleep(ms, signal);
  };
  const config = { provider: "fileinfo", uri: path } as const;
  const source = new RunningSource(
    new FileSource(config, { clock: { ...clock, sleep }, log: rememberingLog() }),
  );
  try {
    await source.delivers("{}");
    await until("the wait for the next look", () => waits.length === 1);
    source.source.resync();
    // The clock stands still; what is read has to rest before it is believed.
    await until("the file being read again", () => waits.length === 2);
  } finally {
    await source[Symbol.asyncDispose]();
    await rm(folder, { recursive: true });
  }
});
