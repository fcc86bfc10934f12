/**
 * Schemathesis walks /openapi.json of a daemon without tokens and of one with them: no answer may be undocumented,
 * and none 5xx. Run it with `npx bun tests/outside/openapi/run.ts` after `npm run build`. It sends at least 20,000
 * requests, which takes Schemathesis some twenty minutes.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { type Flagd, startFlagd } from "../../support/flagd.ts";
import { python } from "../../support/python.ts";
import { output, Suite } from "../suite.ts";

const wanted = Number(process.env.REQUESTS ?? 20_000);
const schemathesis = join(dirname(await python(["schemathesis==4.32.5"])), "st");
const source = `file:${resolve(import.meta.dir, "../../../examples/flags.json")}`;
const token = "secret-token-of-the-walk";

const suite = new Suite(`Schemathesis: ${wanted} requests`);
const folder = mkdtempSync(join(tmpdir(), "flagd-openapi-"));
const tokensPath = join(folder, "tokens.json");
const surfaces = ["ofrep", "management"];
writeFileSync(tokensPath, JSON.stringify({ tokens: [{ name: "walk", token, surfaces }] }));
let sent = 0;
const open = await startFlagd(["-f", source]);
// A request that names a state which the daemon does not know waits for it: few of those.
const guarded = await startFlagd(["-f", source, "--ofrep-sse", "--tokens-path", tokensPath]);
try {
  // Each of OFREP's two operations gets so many, from two processes with seeds of their own.
  const examples = Math.ceil(wanted / 4);
  await suite.check("without tokens", async () => {
    await Promise.all([walk(open, examples, 1), walk(open, examples, 2)]);
  });
  await suite.check("with tokens", () => walk(guarded, 30, 3, ["-H", `X-API-Key: ${token}`]));
  await suite.check(`${wanted} requests were sent`, () => {
    if (sent < wanted) throw new Error(`only ${sent}`);
  });
  console.log(`${sent} requests`);
} finally {
  await Promise.all([open.stop(), guarded.stop()]);
  rmSync(folder, { recursive: true });
}
suite.finish();

async function walk({ http }: Flagd, examples: number, seed: number, more: string[] = []) {
  const text = await output(
    [
      schemathesis,
      ...["--config-file", join(import.meta.dir, "schemathesis.toml")],
      ...["run", `${http}/openapi.json`, "--seed", `${seed}`, "--max-examples", `${examples}`],
      ...["--phases", "examples,coverage,fuzzing", "--continue-on-failure", "--no-color", ...more],
      ...["--suppress-health-check", "all", "--warnings", "off"],
    ],
    // It keeps what it found where it runs.
    { cwd: folder },
  );
  const [, count = "0"] = /(\d+) generated/.exec(text) ?? [];
  sent += Number(count);
}
