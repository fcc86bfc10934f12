import { expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { failedFiles, mayRunAgain } from "../../../scripts/failed-files.ts";

test("the files with failed tests are read from the report that bun makes", () => {
  const folder = mkdtempSync(join(tmpdir(), "flagd-report-"));
  const file = (name: string, body: string) =>
    writeFileSync(join(folder, name), `import { describe, expect, test } from "bun:test"; ${body}`);
  file("passes.test.ts", 'test("a", () => expect(1).toBe(1));');
  file("fails.test.ts", 'describe("<b>", () => test("b", () => expect(1).toBe(2)));');
  Bun.spawnSync([process.execPath, "test", "--reporter=junit", "--reporter-outfile=report.xml"], {
    cwd: folder,
  });
  expect(failedFiles(readFileSync(join(folder, "report.xml"), "utf8"))).toEqual(["fails.test.ts"]);
  rmSync(folder, { recursive: true });
});

test.each([
  [["tests/faults/a.test.ts", "tests/integration/b.test.ts"], true],
  [["tests/faults/a.test.ts", "tests/unit/b.test.ts"], false],
  [["1", "2", "3", "4"].map((name) => `tests/faults/${name}.test.ts`), false],
  [[], false],
])("%j may run again: %p", (files, expected) => {
  expect(mayRunAgain(files)).toBe(expected);
});
