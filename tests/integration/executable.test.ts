import { expect, test } from "bun:test";
import { join, resolve } from "node:path";
import { binary } from "../support/flagd.ts";

const root = resolve(import.meta.dir, "../..");

// Libraries that ask for their folder would take it along.
test("the executable is the same in whatever folder it is built", async () => {
  const bytes = Buffer.from(await Bun.file(binary).arrayBuffer());
  for (const path of [join(root, "node_modules"), join(root, "src")]) {
    expect(bytes.includes(path)).toBe(false);
  }
});
