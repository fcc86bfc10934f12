/** What was measured, where, when and with what: without it the numbers say nothing. */
import { availableParallelism, cpus, loadavg, release, totalmem, type } from "node:os";
import { basename } from "node:path";
import type { Contender } from "./contender.ts";

/** Paragraphs of Markdown. @param args of the command line */
export async function environment(
  contenders: readonly Contender[],
  args: readonly string[],
): Promise<string> {
  const machine = `${availableParallelism()} × ${cpus()[0]?.model}, ${(totalmem() / 2 ** 30).toFixed(0)} GiB`;
  const versions = await Promise.all(contenders.map(versionOf));
  const generators = [await firstWords(["h2load", "--version"]), await firstWords(["wrk", "-v"])];
  return [
    `\`bun bench/run.ts${args.map((arg) => ` ${arg.includes("/") ? basename(arg) : arg}`).join("")}\`, ` +
      `${new Date().toISOString().slice(0, 10)}, load average ${loadavg()[0]?.toFixed(1)} before it.`,
    `${machine}, ${type()} ${release()}; Bun ${Bun.version}; ${versions.join("; ")}; ${generators.join(", ")}.`,
  ].join("\n");
}

async function versionOf({ name, binary }: Contender): Promise<string> {
  const output = await outputOf([binary, "version"]);
  const [, version = "of an unknown version"] = /flagd:? (v?\d\S*)/.exec(output) ?? [];
  return `${name} ${version}`;
}

/** The name of a program and its version, from the beginning of what it says of itself. */
async function firstWords(command: readonly string[]): Promise<string> {
  return (await outputOf(command)).split(/\s+/, 2).join(" ");
}

async function outputOf(command: readonly string[]): Promise<string> {
  const child = Bun.spawn([...command], { stdout: "pipe", stderr: "ignore" });
  const output = await new Response(child.stdout).text();
  await child.exited;
  return output;
}
