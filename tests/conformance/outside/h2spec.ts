/** h2spec against a port of flagd. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Summary } from "./connect.ts";

/** Long enough for a machine that is busy; only failing cases wait for it. */
const timeoutSeconds = 3;

/** @param tool Path of h2spec. */
export async function runH2spec(tool: string, name: string, port: number): Promise<Summary> {
  const folder = mkdtempSync(join(tmpdir(), "flagd-h2spec-"));
  try {
    const report = join(folder, "report.xml");
    const child = Bun.spawn(
      [tool, "--port", `${port}`, "--timeout", `${timeoutSeconds}`, "--junit-report", report],
      { stdin: "ignore", stdout: "ignore", stderr: "ignore" },
    );
    await child.exited;
    const known = parseKnown(await Bun.file(join(import.meta.dir, "known/h2spec.txt")).text());
    return summarize(name, parseReport(await Bun.file(report).text()), known);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The names in a list of known failures: one a line, `#` before comments. */
export function parseKnown(text: string): ReadonlySet<string> {
  return new Set(text.split("\n").filter((line) => line !== "" && !line.startsWith("#")));
}

/**
 * Reads a JUnit report; what h2spec writes into failures is bytes of the peer and no proper XML.
 * @returns Case, as `section: title`, → what was expected and came, or undefined if it passed.
 */
export function parseReport(xml: string): ReadonlyMap<string, string | undefined> {
  const cases = new Map<string, string | undefined>();
  const pattern =
    /<testcase package="([^"]*)" classname="([^"]*)"[^>]*>\s*(?:<(?:error|failure)>([\s\S]*?)<\/(?:error|failure)>)?/g;
  for (const [, section, title, failure] of xml.matchAll(pattern)) {
    cases.set(`${section}: ${title}`, failure);
  }
  return cases;
}

export function summarize(
  name: string,
  cases: ReadonlyMap<string, string | undefined>,
  known: ReadonlySet<string>,
): Summary {
  const failed = [...cases].filter(([, failure]) => failure !== undefined);
  const complaints = [
    ...failed
      .filter(([title]) => !known.has(title))
      .map(
        ([title, failure]) =>
          `${title} failed; expected one of these, and then what came:\n${failure}`,
      ),
    ...[...known]
      .filter((title) => cases.get(title) === undefined)
      .map(
        (title) => `${title} is known to fail, but ${cases.has(title) ? "passed" : "was not run"}`,
      ),
  ];
  if (cases.size === 0) complaints.push("h2spec wrote no report");
  return {
    name,
    cases: cases.size,
    passed: cases.size - failed.length,
    known: failed.filter(([title]) => known.has(title)).length,
    complaint: complaints.join("\n"),
  };
}
