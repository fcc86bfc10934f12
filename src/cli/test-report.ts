import { visible } from "../core/message-text.ts";
import type { CaseResult, FileResult } from "../runtime/test/run-cases.ts";
import type { Palette } from "./io.ts";

/** Writes results in one format. */
export type Report = (files: readonly FileResult[], to: Palette) => string;

const text: Report = (files, to) => {
  const lines: string[] = [];
  for (const { path, cases } of files) {
    const failed = cases.filter(isFailed);
    lines.push(
      `${to.bold(visible(path))}: ${cases.length - failed.length} of ${cases.length} passed`,
    );
    for (const result of failed) {
      lines.push(`  ${to.red("✗")} ${visible(result.name)}`);
      lines.push(...detailsOf(result).map((detail) => `      ${detail}`));
    }
  }
  const all = files.flatMap(({ cases }) => cases);
  const failures = all.filter(isFailed).length;
  const summary = failures === 0 ? to.green(`${all.length} passed`) : to.red(`${failures} failed`);
  return `${[...lines, `${summary}${failures > 0 ? `, ${all.length - failures} passed` : ""}`].join("\n")}\n`;
};

/** https://testanything.org/tap-version-14-specification.html */
const tap: Report = (files) => {
  const all = files.flatMap(({ path, cases }) => cases.map((result) => ({ path, result })));
  const lines = ["TAP version 14", `1..${all.length}`];
  for (const [i, { path, result }] of all.entries()) {
    const name = visible(`${path}: ${result.name}`).replace(/[\\#]/g, "\\$&").replace(/\n */g, " ");
    lines.push(`${isFailed(result) ? "not ok" : "ok"} ${i + 1} - ${name}`);
    if (!isFailed(result)) continue;
    const details = detailsOf(result).map((detail) => `    - ${JSON.stringify(detail)}`);
    lines.push("  ---", "  differences:", ...details, "  ...");
  }
  return `${lines.join("\n")}\n`;
};

/** As https://github.com/testmoapp/junitxml describes what CI servers read. */
const junit: Report = (files) => {
  const counts = (cases: readonly CaseResult[]) =>
    `tests="${cases.length}" failures="${cases.filter(isFailed).length}"`;
  const suites = files.map(({ path, cases }) => {
    const elements = cases.map((result) => {
      const start = `    <testcase name="${xml(result.name)}" classname="${xml(result.flag)}"`;
      if (!isFailed(result)) return `${start}/>`;
      const details = detailsOf(result);
      return `${start}>\n      <failure message="${xml(details[0] ?? "")}">${xml(details.join("\n"))}</failure>\n    </testcase>`;
    });
    return `  <testsuite name="${xml(path)}" ${counts(cases)}>\n${elements.join("\n")}\n  </testsuite>`;
  });
  const all = counts(files.flatMap(({ cases }) => cases));
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites ${all}>\n${suites.join("\n")}\n</testsuites>\n`;
};

export const reports: Readonly<Record<"text" | "junit" | "tap", Report>> = { text, junit, tap };

export function isFailed({ differences }: CaseResult): boolean {
  return differences.length > 0;
}

function detailsOf({ differences, why }: CaseResult): string[] {
  return [
    ...differences.map(
      ({ member, expected, found }) => `${visible(member)}: expected ${expected}, found ${found}`,
    ),
    ...(why === undefined ? [] : [visible(why)]),
  ];
}

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "\n": "&#10;",
};

/** XML 1.0 has no way to write some characters, not even as references. */
function xml(value: string): string {
  return value
    .toWellFormed()
    .replace(/[&<>"\n]/g, (character) => entities[character] ?? "")
    .replace(/[^\t\n\r\x20-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu, "\uFFFD");
}
