import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { run } from "../../../src/cli/run.ts";

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "flagd-validate-"));
  const padding = " ".repeat(600_000);
  for (const name of ["a.json", "b.json"])
    writeFileSync(join(folder, name), `{"flags":{}}${padding}`);
  writeFileSync(join(folder, "large.json"), `{"flags":{}}${padding}${padding}`);
});
afterAll(() => rmSync(folder, { recursive: true }));

/** With what variables the command asked to begin anew. */
async function restarts(environment: Record<string, string>, ...names: readonly string[]) {
  const asked: unknown[] = [];
  await run(["validate", ...names.map((name) => join(folder, name))], {
    environment,
    print: async () => {},
    complain: async (text) => {
      throw new Error(text);
    },
    restart: (variables) => asked.push(variables),
  });
  return asked;
}

test("many flags are checked by a process that compiles less", async () => {
  const once = [{ BUN_JSC_useFTLJIT: "0" }];
  expect(await restarts({}, "large.json")).toEqual(once);
  expect(await restarts({}, "a.json", "b.json")).toEqual(once);
  expect(await restarts({}, ".")).toEqual(once);
  expect(await restarts({}, "a.json")).toEqual([]);
});

test("it begins anew only once", async () => {
  expect(await restarts({ BUN_JSC_useFTLJIT: "0" }, "large.json")).toEqual([]);
});
