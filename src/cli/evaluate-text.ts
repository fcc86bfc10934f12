import { preview } from "../core/preview.ts";
import { visible } from "../core/visible.ts";
import type { Explanation } from "../evaluation/explain.ts";
import type { Answer } from "../runtime/evaluate/ask-daemon.ts";
import type { Palette } from "./palette.ts";
import { stepTree } from "./step-tree.ts";

/** Characters of a value that are shown. */
const maxValue = 2_000;

/** One answer for people, with what explains it. */
export function answerText(answer: Answer, explanation: Explanation | undefined, to: Palette) {
  const { key, variant, reason, errorCode, errorDetails } = answer;
  const why = explanation?.why ?? errorDetails;
  const outcome = errorCode === undefined ? to.green(reason) : to.red(`${reason} ${errorCode}`);
  const lines = [
    `${to.bold(visible(key))} = ${valueText(answer)}`,
    `  variant   ${variant === undefined ? to.dim("none") : visible(variant)}`,
    `  reason    ${outcome}${why ? `: ${visible(why)}` : ""}`,
    ...metadataLines(answer, explanation, to),
  ];
  if (explanation?.targeting) lines.push("", ...stepTree(explanation.targeting, to));
  return `${lines.join("\n")}\n`;
}

/** Every flag in a line of a table. */
export function answersText(answers: readonly Answer[], to: Palette): string {
  const width = (of: (answer: Answer) => string) =>
    Math.min(60, Math.max(0, ...answers.map((answer) => of(answer).length)));
  const keys = width(({ key }) => visible(key));
  const variants = width(({ variant }) => visible(variant ?? "-"));
  const reasons = width(reasonOf);
  const lines = answers.map((answer) => {
    const reason = reasonOf(answer).padEnd(reasons);
    const columns = [
      to.bold(visible(answer.key).padEnd(keys)),
      visible(answer.variant ?? "-").padEnd(variants),
      answer.errorCode === undefined ? to.green(reason) : to.red(reason),
      answer.value === undefined ? to.dim("caller's default") : preview(answer.value),
    ];
    return columns.join("  ");
  });
  return lines.length === 0 ? "no flags\n" : `${lines.join("\n")}\n`;
}

function reasonOf({ reason, errorCode }: Answer): string {
  return errorCode === undefined ? reason : `${reason} ${errorCode}`;
}

function valueText({ value }: Answer): string {
  return value === undefined ? "the caller's default" : preview(value, maxValue);
}

function metadataLines(
  { metadata }: Answer,
  explanation: Explanation | undefined,
  to: Palette,
): string[] {
  const levels = new Map(explanation?.metadata.map(({ name, level }) => [name, level]));
  return Object.entries(metadata).map(([name, value], i) => {
    const level = levels.get(name);
    const from = level === undefined ? "" : to.dim(` (of the ${level})`);
    return `  ${i === 0 ? "metadata" : "        "}  ${visible(name)}: ${preview(value)}${from}`;
  });
}
