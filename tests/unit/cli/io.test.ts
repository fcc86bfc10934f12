import { expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

const io = resolve(import.meta.dir, "../../../src/cli/io.ts");

test("a command begins anew in the same process, with its words, its input and further variables", async () => {
  const folder = mkdtempSync(join(tmpdir(), "flagd-io-"));
  try {
    const script = join(folder, "script.ts");
    writeFileSync(
      script,
      `import { processIo } from ${JSON.stringify(io)};
const { AGAIN, KEPT } = process.env;
if (AGAIN === undefined) {
  console.log(process.pid);
  processIo.restart?.({ AGAIN: "yes" });
}
console.log(process.pid, AGAIN, KEPT, JSON.stringify(process.argv.slice(2)), await Bun.stdin.text());`,
    );
    const child = Bun.spawn([process.execPath, script, "a b", "--c=*"], {
      env: { ...process.env, KEPT: "kept" },
      stdin: Buffer.from("input"),
    });
    const text = await new Response(child.stdout).text();
    expect(text).toBe(`${child.pid}\n${child.pid} yes kept ["a b","--c=*"] input\n`);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
