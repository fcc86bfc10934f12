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
try {
  // Each of OFREP's two operations gets so many, from two processes with seeds of their own.
  const examples = Math.ceil(wanted / 4);
  await suite.check("without tokens", async () => {
    await Promise.all([walk(open, examples, 1), walk(open, examples, 2)]);
  });
  for (const [scheme, header] of [
    ["bearer", `Authorization: Bearer ${token}`],
    ["apiKey", `X-API-Key: ${token}`],
  ] as const) {
    await suite.check(`with tokens, as ${scheme}`, async () => {
      // A request that names a state which the daemon does not know waits for it: few of those.
      const options = ["-f", source, "--ofrep-sse", "--tokens-path", tokensPath];
      await using guarded = await startFlagd(options);
      const description = await onlyWith(scheme, guarded);
      // Not so fast that an address is told to wait: the walk also tries without a token.
      await walk(guarded, 30, 3, ["-H", header, "--rate-limit", "5/s"], description);
    });
  }
  await suite.check(`${wanted} requests were sent`, () => {
    if (sent < wanted) throw new Error(`only ${sent}`);
  });
  console.log(`${sent} requests`);
} finally {
  await open.stop();
  rmSync(folder, { recursive: true });
}
suite.finish();

/**
 * The daemon's document with one of its two ways to send a token, in a file. Schemathesis makes up what it sends in the
 * other one, and takes the answer for a mistake, though one of them is enough.
 */
async function onlyWith(scheme: "bearer" | "apiKey", { http }: Flagd): Promise<string> {
  const response = await fetch(`${http}/openapi.json`, { headers: { "X-API-Key": token } });
  const path = join(folder, `${scheme}.json`);
  const other = scheme === "bearer" ? "apiKey" : "bearer";
  const text = JSON.stringify(await response.json(), (name, value) => {
    if (name === "security") return [{ [scheme]: [] }];
    return name === other ? undefined : value;
  });
  writeFileSync(path, text);
  return path;
}

async function walk(
  { http }: Flagd,
  examples: number,
  seed: number,
  more: string[] = [],
  description = `${http}/openapi.json`,
) {
  const text = await output(
    [
      schemathesis,
      ...["--config-file", join(import.meta.dir, "schemathesis.toml")],
      ...["run", description, "--url", http, "--seed", `${seed}`],
      ...["--max-examples", `${examples}`],
      ...["--phases", "examples,coverage,fuzzing", "--continue-on-failure", "--no-color", ...more],
      ...["--suppress-health-check", "all", "--warnings", "off"],
    ],
    // It keeps what it found where it runs.
    { cwd: folder },
  );
  const [, count = "0"] = /(\d+) generated/.exec(text) ?? [];
  sent += Number(count);
}
