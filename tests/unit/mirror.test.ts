/** A unit test stands where its source does: `tests/unit/PATH/NAME.test.ts` is about `src/PATH/NAME.ts`. */
import { expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { Glob } from "bun";

/** What is about the whole, or holds laws that several files keep together. */
const exceptions: readonly string[] = [
  "architecture.test.ts",
  "mirror.test.ts",
  "flags/laws.test.ts",
  "store/model.test.ts",
];
/** Folders that are about a folder of that name beside `src`. */
const beside = /^(?:bench|docs|release|scripts)\//;

const root = join(import.meta.dir, "../..");
const tests = [...new Glob("**/*.test.ts").scanSync(import.meta.dir)].toSorted();

test.each(tests.filter((path) => !exceptions.includes(path) && !beside.test(path)))(
  "%s mirrors a source",
  (path) => {
    const source = join(root, "src", path.replace(/\.test\.ts$/, ""));
    expect([`${source}.ts`, source].some((file) => existsSync(file))).toBe(true);
  },
);

test("every exception is there", () => {
  expect(exceptions.filter((path) => !tests.includes(path))).toEqual([]);
});
