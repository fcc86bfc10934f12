import type { Json } from "../core/json.ts";
import { preview, visible } from "../core/message-text.ts";
import type { Explanation } from "../evaluation/explain.ts";
import type { Bucket, Step } from "../evaluation/trace.ts";
import type { Answer } from "../runtime/evaluate/ask-daemon.ts";
import type { Palette } from "./io.ts";

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

/** Lines of a tree; nobody reads more. */
const maxLines = 500;
/** Results of a step that are shown if it ran several times. */
const maxResults = 5;

/** A rule as a tree with the value of every step. */
function stepTree(root: Step, to: Palette): string[] {
  const deciding = new Set<Step>();
  for (let step: Step | undefined = root.decidedBy; step; step = step.decidedBy) deciding.add(step);
  const lines: string[] = [];
  let left = 0;

  const add = (step: Step, parent: Step | undefined, first: string, rest: string): void => {
    if (lines.length >= maxLines) {
      left++;
      return;
    }
    const mark = deciding.has(step) ? to.cyan(" ◀ decides") : "";
    lines.push(to.dim(first + roleOf(step, parent)) + lineOf(step, parent, to) + mark);
    if (step.runs === 0) return;
    const notes = [...(step.error === undefined ? [] : []), ...step.notes].map(
      (note) => `! ${visible(note)}`,
    );
    const details = [...(step.bucket ? bucketLines(step.bucket, to) : []), ...notes];
    const shown = partsOf(step);
    const count = details.length + shown.length;
    let place = 0;
    const branch = () => {
      const last = ++place === count;
      return [`${rest}${last ? "└─ " : "├─ "}`, `${rest}${last ? "   " : "│  "}`] as const;
    };
    for (const part of shown) {
      const [own, below] = branch();
      add(part, step, own, below);
    }
    for (const detail of details) lines.push(to.dim(branch()[0]) + detail);
  };

  add(root, undefined, "", "");
  if (left > 0) lines.push(`… and ${left} more steps: --json has them`);
  return lines;
}

/** A variable needs no line for its name, a bucket none for its arms. */
function partsOf(step: Step): readonly Step[] {
  if (step.operator === "var") return step.parts.filter(({ operator }) => operator !== undefined);
  if (step.bucket) return step.parts.filter(({ rule }) => !Array.isArray(rule));
  return step.parts;
}

/** What a part of an `if` is there for. */
function roleOf(part: Step, parent: Step | undefined): string {
  if (parent?.operator !== "if" && parent?.operator !== "?:") return "";
  const place = parent.parts.indexOf(part);
  if (place % 2 === 1) return "then ";
  if (place === parent.parts.length - 1 && place > 0) return "else ";
  return place === 0 ? "if " : "else if ";
}

/** Operators that do not need all of their parts: elsewhere a value that is known is used without being run. */
const choosing = new Set(["if", "?:", "and", "or"]);

function lineOf(step: Step, parent: Step | undefined, to: Palette): string {
  const names = visible(step.references.join(" → "));
  const from = names === "" ? "" : to.cyan(` ($ref ${names})`);
  const reached = step.runs > 0;
  if (step.operator === undefined && step.parts.length === 0) {
    const unused = !reached && choosing.has(parent?.operator ?? "");
    return (unused ? to.dim(`${preview(step.rule)}, not reached`) : preview(step.rule)) + from;
  }
  const name = nameOf(step);
  return (reached ? `${name} ${resultOf(step, to)}` : to.dim(`${name}, not reached`)) + from;
}

function nameOf({ operator, rule }: Step): string {
  if (operator === undefined) return "list";
  if (operator !== "var") return visible(operator);
  const operand = (rule as Readonly<Record<string, Json>>)[operator];
  const name = Array.isArray(operand) ? operand[0] : operand;
  return typeof name === "object" && name !== null ? "var" : `var ${preview(name ?? "")}`;
}

function resultOf({ runs, results, error }: Step, to: Palette): string {
  if (error !== undefined) return to.red(`✗ ${visible(error)}`);
  if (runs === 1) return `→ ${preview(results[0])}`;
  const shown = results.slice(0, maxResults).map((result) => preview(result, 30));
  return `→ ${shown.join(", ")}${runs > shown.length ? ", …" : ""} (${runs} runs)`;
}

/** How `fractional` picked, in lines. */
function bucketLines({ by, hash, bucket, total, arms, won }: Bucket, to: Palette): string[] {
  const [flagKey, targetingKey] = Array.isArray(by) && by.length === 2 ? by : [];
  const key =
    typeof targetingKey === "string"
      ? `flag key ${preview(flagKey)} and targetingKey ${preview(targetingKey)}`
      : preview(by);
  const names = arms.map(({ variant }) => preview(variant, 40));
  const width = Math.max(...names.map((name) => name.length));
  return [
    `by ${key}`,
    `hash ${hash} of 4294967296: bucket ${bucket} of ${total}`,
    ...arms.map(({ from, to: end }, i) => {
      const range = end > from ? `buckets ${from} to ${end - 1}` : "no bucket";
      const line = `${(names[i] ?? "").padEnd(width)}  ${percent(end - from, total).padStart(6)}  ${range}`;
      return i === won ? `${line}${to.cyan(" ◀ won")}` : to.dim(line);
    }),
  ];
}

/** `33.3%` of a whole; a few are not hidden as none, nor nearly all as all. */
export function percent(part: number, whole: number): string {
  const share = whole === 0 ? 0 : (part / whole) * 100;
  if (share > 0 && share < 0.05) return "<0.1%";
  return share < 100 && share >= 99.95 ? ">99.9%" : `${share.toFixed(1)}%`;
}
