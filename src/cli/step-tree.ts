import type { Json } from "../core/json.ts";
import { preview } from "../core/preview.ts";
import { visible } from "../core/visible.ts";
import type { Step } from "../evaluation/trace.ts";
import { bucketLines } from "./bucket-text.ts";
import type { Palette } from "./palette.ts";

/** Lines of a tree; nobody reads more. */
const maxLines = 500;
/** Results of a step that are shown if it ran several times. */
const maxResults = 5;

/** A rule as a tree with the value of every step. */
export function stepTree(root: Step, to: Palette): string[] {
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
