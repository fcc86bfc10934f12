import { expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
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

test("flagd validate of many flags begins anew and says the same", async () => {
  const folder = mkdtempSync(join(tmpdir(), "flagd-validate-"));
  try {
    const variants = { on: true, off: false };
    const flag = { state: "ENABLED", variants, defaultVariant: "off", targetting: {} };
    const flags = Object.fromEntries(Array.from({ length: 2000 }, (_, i) => [`flag-${i}`, flag]));
    await Bun.write(join(folder, "flags.json"), JSON.stringify({ flags }, null, 4));
    const validate = async (environment: Readonly<Record<string, string>>) => {
      const command = [binary, "validate", "--strict", "--format", "json", "flags.json"];
      const child = Bun.spawn(command, { cwd: folder, env: environment, stderr: "inherit" });
      const [text, status] = await Promise.all([new Response(child.stdout).text(), child.exited]);
      return { report: JSON.parse(text), status };
    };
    const { report, status } = await validate({});
    expect({ warnings: report.warnings, status }).toEqual({ warnings: 2000, status: 1 });
    expect(await validate({ BUN_JSC_useFTLJIT: "0" })).toEqual({ report, status });
  } finally {
    rmSync(folder, { recursive: true });
  }
});
