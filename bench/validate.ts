/**
 * What a check of 10,000 flags costs as a whole process: `flagd validate`, and Ajv with the schema that `flagd schema`
 * prints. Ajv only knows whether the document has the right form.
 *
 *   bun build.ts && bun bench/validate.ts [--flags 10000] [--rounds 9] [--other "flipt-validate features.yaml"]
 *
 * Needs Node.js and npm, which installs Ajv into a folder that is removed. The sides take turns; times are medians.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { median } from "./side-by-side/statistics.ts";

const ajvVersion = "8.17.1";

const { values } = parseArgs({
  options: {
    flags: { type: "string", default: "10000" },
    rounds: { type: "string", default: "9" },
    /** Another command to measure beside them. */
    other: { type: "string" },
  },
});

const flagd = join(import.meta.dirname, "../dist/flagd");
const folder = await mkdtemp(join(tmpdir(), "flagd-bench-"));
try {
  await prepare();
  const sides: Record<string, readonly string[]> = {
    "flagd validate": [flagd, "validate", "flags.json"],
    "flagd validate --quiet": [flagd, "validate", "--quiet", "flags.json"],
    Ajv: ["node", "ajv.mjs"],
  };
  if (values.other !== undefined) sides[values.other] = values.other.split(" ");
  const times = new Map(Object.keys(sides).map((name) => [name, { wall: [0], cpu: [0] }]));
  for (const kept of times.values()) kept.wall.length = kept.cpu.length = 0;
  for (let round = 0; round < Number(values.rounds); round++) {
    const order = Object.entries(sides);
    for (const [name, command] of round % 2 === 0 ? order : order.reverse()) {
      const { wall, cpu } = await timesOf(command);
      times.get(name)?.wall.push(wall);
      times.get(name)?.cpu.push(cpu);
    }
  }
  const of = (name: string) => times.get(name)?.cpu ?? [];
  console.log("| command | seconds | CPU seconds | CPU, Ajv = 1 |\n|---|---|---|---|");
  for (const [name, { wall, cpu }] of times) {
    const ratio = median(cpu) / median(of("Ajv"));
    console.log(`| ${[name, median(wall), median(cpu), ratio].map(shown).join(" | ")} |`);
  }
} finally {
  await rm(folder, { recursive: true });
}

function shown(value: string | number): string {
  return typeof value === "string" ? `\`${value}\`` : value.toFixed(2);
}

/** Rules that differ, with a comparison, a text operator and a share, as teams write them. */
async function prepare(): Promise<void> {
  const flags = Object.fromEntries(
    Array.from({ length: Number(values.flags) }, (_, i) => {
      const adult = { and: [{ "!=": [{ var: "age" }, null] }, { ">=": [{ var: "age" }, 18 + i] }] };
      const company = { ends_with: [{ var: "email" }, `@company-${i}.com`] };
      const share = {
        fractional: [
          ["red", 50],
          ["blue", 50],
        ],
      };
      return [
        `flag-${i}`,
        {
          state: "ENABLED",
          variants: { red: "#f00", blue: "#00f", green: "#0f0" },
          defaultVariant: "red",
          targeting: { if: [adult, "blue", company, "green", share] },
          metadata: { team: `team-${i % 20}` },
        },
      ];
    }),
  );
  await Bun.write(join(folder, "flags.json"), JSON.stringify({ flags }, null, 2));
  await Bun.write(join(folder, "schema.json"), await Bun.$`${flagd} schema`.quiet().text());
  await Bun.write(
    join(folder, "ajv.mjs"),
    `import { readFileSync } from "node:fs";
import Ajv from "ajv";
const read = (name) => JSON.parse(readFileSync(name, "utf8"));
const validate = new Ajv({ strict: false }).compile(read("schema.json"));
if (!validate(read("flags.json"))) throw new Error(JSON.stringify(validate.errors));
`,
  );
  await Bun.write(join(folder, "package.json"), "{}");
  await Bun.$`npm install --silent --no-audit --no-fund ajv@${ajvVersion}`.cwd(folder).quiet();
}

/** Seconds. @throws Error if the command finds the document wrong */
async function timesOf(command: readonly string[]): Promise<{ wall: number; cpu: number }> {
  const start = performance.now();
  const child = Bun.spawn([...command], { cwd: folder, stdout: "ignore", stderr: "pipe" });
  if ((await child.exited) !== 0)
    throw new Error(`${command.join(" ")}: ${await new Response(child.stderr).text()}`);
  const wall = (performance.now() - start) / 1000;
  return { wall, cpu: Number(child.resourceUsage()?.cpuTime.total ?? 0) / 1e6 };
}
