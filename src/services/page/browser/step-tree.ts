import { element, shown } from "./dom.ts";

/** A step of an explanation, as `explanationJson` writes it. */
export interface Step {
  readonly path: string;
  readonly operator?: string;
  readonly value?: unknown;
  readonly reached: boolean;
  readonly result?: unknown;
  readonly runs?: number;
  readonly results?: readonly unknown[];
  readonly error?: string;
  readonly decidedBy?: string;
  readonly notes?: readonly string[];
  readonly parts?: readonly Step[];
  readonly bucket?: Bucket;
}

interface Bucket {
  readonly by: unknown;
  readonly hash: number;
  readonly bucket: number;
  readonly total: number;
  readonly arms: readonly {
    readonly variant: unknown;
    readonly from: number;
    readonly to: number;
  }[];
  readonly won: number;
}

export interface Explanation {
  readonly why: string;
  readonly targeting?: Step;
}

/** The sentence, and below it each step with what it came to. */
export function explanationView({ why, targeting }: Explanation): HTMLElement {
  const sentence = element("p", "", why);
  if (!targeting) return element("div", "", sentence);
  const deciding = new Set<string>();
  const steps = new Map<string, Step>();
  const index = (step: Step): void => {
    steps.set(step.path, step);
    step.parts?.forEach(index);
  };
  index(targeting);
  for (let at = targeting.decidedBy; at !== undefined && !deciding.has(at); ) {
    deciding.add(at);
    at = steps.get(at)?.decidedBy;
  }
  const tree = element("ul", "tree", node(targeting, undefined, deciding));
  tree.setAttribute("aria-label", "Steps of the rule");
  return element("div", "", sentence, tree);
}

function node(step: Step, parent: Step | undefined, deciding: ReadonlySet<string>): HTMLElement {
  const { operator, parts = [], reached, error, notes = [], bucket } = step;
  const made = element("li", "", element("span", "dim", role(step, parent)));
  if (operator === undefined && parts.length === 0) made.append(code(step.value));
  else made.append(element("strong", "", operator ?? "list"));
  if (operator === "var") made.append(" ", code(parts[0]?.value));
  if (error !== undefined) made.append(" ", element("span", "bad", error));
  else if (operator !== undefined && reached) made.append(" → ", ...results(step));
  if (!reached && (operator !== undefined || isChoice(parent))) {
    made.append(element("span", "dim", " not reached"));
  }
  if (deciding.has(step.path)) made.append(element("em", "good", " decides"));
  const below = operator === "var" ? parts.filter((part) => part.operator !== undefined) : parts;
  const items = [
    ...below.map((part) => node(part, step, deciding)),
    ...(bucket ? bucketItems(bucket) : []),
    ...notes.map((note) => element("li", "bad", note)),
  ];
  if (reached && items.length > 0) made.append(element("ul", "tree", ...items));
  return made;
}

function results({ runs = 1, result, results: several = [] }: Step): (Node | string)[] {
  if (runs === 1) return [code(result)];
  const first = several.slice(0, 5).flatMap((each) => [code(each), " "]);
  return [...first, `(${runs} runs)`];
}

function bucketItems({ by, hash, bucket, total, arms, won }: Bucket): HTMLElement[] {
  const text = `bucket ${bucket} of ${total}, by the hash ${hash} of `;
  return [
    element("li", "", text, code(by)),
    ...arms.map(({ variant, from, to }, index) =>
      element(
        "li",
        index === won ? "" : "dim",
        code(variant),
        to > from ? ` buckets ${from} to ${to - 1}` : " no bucket",
        ...(index === won ? [element("em", "good", " won")] : []),
      ),
    ),
  ];
}

function isChoice(parent: Step | undefined): boolean {
  return /^(?:if|\?:|and|or)$/.test(parent?.operator ?? "");
}

/** What a part of an `if` is there for. */
function role(step: Step, parent: Step | undefined): string {
  if (parent?.operator !== "if" && parent?.operator !== "?:") return "";
  const parts = parent.parts ?? [];
  const place = parts.indexOf(step);
  if (place % 2 === 1) return "then ";
  if (place === parts.length - 1 && place > 0) return "otherwise ";
  return place === 0 ? "when " : "or when ";
}

function code(value: unknown): HTMLElement {
  return element("code", "", shown(JSON.stringify(value) ?? "null"));
}
