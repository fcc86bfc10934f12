/**
 * Five OpenFeature providers in rpc, in-process and OFREP against `dist/flagd`, over one table of cases.
 * Arguments choose: `npx bun tests/outside/providers/run.ts java go/rpc`; none means all.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { rename } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Flagd, startFlagd } from "../../support/flagd.ts";
import { expectEqual, Suite } from "../suite.ts";
import { cases, changed, changing, commonContext, type Expected, flagDocument } from "./cases.ts";
import { type Language, languages, type Mode, modes } from "./clients.ts";
import { difference } from "./differences.ts";

/** For a change to be seen; the slowest provider that sees changes takes less than a second. */
const patienceMs = 15_000;

const wanted = process.argv.slice(2);
const chosen = (language: Language, mode: Mode): boolean =>
  wanted.length === 0 ||
  [language.name, mode, `${language.name}/${mode}`].some((name) => wanted.includes(name));

const suite = new Suite("Providers");
for (const language of languages) {
  const modesOfLanguage = modes.filter((mode) => chosen(language, mode));
  if (modesOfLanguage.length === 0) continue;
  const command = await language.install();
  for (const mode of modesOfLanguage) {
    console.log(`${language.name}, ${mode} (${language.packages})`);
    await runProvider(language.name, mode, command);
  }
}
suite.finish();

async function runProvider(
  language: string,
  mode: Mode,
  command: readonly string[],
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "flagd-providers-"));
  const file = join(folder, "flags.json");
  await Bun.write(file, JSON.stringify(flagDocument));
  try {
    await using flagd = await startFlagd(["-f", `file:${file}`]);
    const child = Bun.spawn([...command], { stdin: "pipe", stdout: "pipe", stderr: "pipe" });
    const errors = new Response(child.stderr).text();
    const evaluations = cases.map(({ flag, type, fallback, context }) => {
      return { flag, type, fallback, context: { ...commonContext, ...context } };
    });
    const where = { host: "127.0.0.1", port: portOf(flagd, mode) };
    child.stdin.write(`${JSON.stringify({ mode, ...where, evaluations, changing, patienceMs })}\n`);
    await child.stdin.flush();
    const lines: Record<string, unknown>[] = [];
    for await (const line of readLines(child.stdout)) {
      lines.push(line);
      if (line.evaluated) await change(file);
    }
    await child.exited;
    if (lines.length < cases.length + 2) console.log((await errors).slice(-2000));
    for (const [index, asked] of cases.entries()) {
      const { flag, type, context, expected } = asked;
      const over = context ? ` with ${JSON.stringify(context)}` : "";
      const known = difference(`${language}/${mode}`, asked);
      await suite.check(`${language}, ${mode}: ${flag} as ${type}${over}`, () => {
        const line = lines[index];
        if (!line) throw new Error("no answer");
        const due = { ...expected, ...known };
        expectEqual(asComparable(line, due), due);
      });
    }
    await suite.check(`${language}, ${mode}: a change is seen`, () =>
      expectEqual(lines[cases.length + 1]?.value, "after"),
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function portOf(flagd: Flagd, mode: Mode): number {
  if (mode === "ofrep") return flagd.httpPort;
  return mode === "rpc" ? flagd.port : flagd.syncPort;
}

async function change(file: string): Promise<void> {
  const flags = { ...flagDocument.flags, [changing]: changed };
  await Bun.write(`${file}.new`, JSON.stringify({ ...flagDocument, flags }));
  await rename(`${file}.new`, file);
}

/** Providers say nothing, null or "" if there is no variant or error. */
function asComparable(line: Record<string, unknown>, expected: Expected): Record<string, unknown> {
  const { value, variant, reason, errorCode } = line;
  return {
    value,
    reason,
    ...(expected.variant !== undefined && { variant }),
    ...(errorCode ? { errorCode } : {}),
  };
}

async function* readLines(stream: ReadableStream<Uint8Array>) {
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of stream) {
    const lines = (text + decoder.decode(chunk, { stream: true })).split("\n");
    text = lines.pop() ?? "";
    for (const line of lines) {
      if (line.startsWith("{")) yield JSON.parse(line) as Record<string, unknown>;
    }
  }
}
