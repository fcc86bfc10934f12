import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { followFiles } from "../../../src/core/follow-files.ts";
import { until } from "../../support/until.ts";

const folder = mkdtempSync(join(tmpdir(), "flagd-follow-"));
afterAll(() => rmSync(folder, { recursive: true }));

test("files that are written, replaced, removed or made are noticed, until it is ended", async () => {
  const [first, second] = [join(folder, "first"), join(folder, "second")];
  writeFileSync(first, "a");
  let changes = 0;
  const end = followFiles([first, undefined, second], 5, () => changes++);
  const noticed = async (what: string, act: () => void) => {
    const before = changes;
    act();
    await until(what, () => changes > before);
  };
  await noticed("the file that was written", () => writeFileSync(first, "longer"));
  await noticed("the file that was made", () => writeFileSync(second, "b"));
  await noticed("the file that was replaced", () => {
    writeFileSync(join(folder, "new"), "c");
    renameSync(join(folder, "new"), first);
  });
  await noticed("the file that was removed", () => rmSync(second));
  end();
  const atEnd = changes;
  writeFileSync(first, "after the end");
  await Bun.sleep(50);
  expect(changes).toBe(atEnd);
});
