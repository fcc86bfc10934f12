import { expect, test } from "bun:test";
import { join } from "node:path";

const createLog = join(import.meta.dir, "../../src/telemetry/log/create-log.ts");

test("a program whose log reader goes away goes on and exits 0", async () => {
  const program = `
    import { createLog } from ${JSON.stringify(createLog)};
    const log = createLog({ format: "json", level: "info" });
    log.info("first");
    process.stdin.on("end", () => {
      for (let i = 0; i < 100; i++) log.info("nobody reads this");
      console.log("alive");
    });
    process.stdin.resume();
  `;
  const child = Bun.spawn([process.execPath, "-e", program], {
    stdin: "pipe",
    stdout: "pipe",
    stderr: "pipe",
  });
  const reader = child.stderr.getReader();
  const { value } = await reader.read();
  expect(JSON.parse(new TextDecoder().decode(value)).msg).toBe("first");
  await reader.cancel();
  await child.stdin.end();
  expect(await new Response(child.stdout).text()).toBe("alive\n");
  expect(await child.exited).toBe(0);
});
