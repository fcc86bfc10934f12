/** Where two answers to one request differ. */
import type { Json } from "../../../src/core/json.ts";
import type { Answer } from "./answers.ts";
import type { Layers } from "./model.ts";
import { type Part, partsOf } from "./parts.ts";
import type { Request } from "./request.ts";

export interface Difference {
  readonly request: Request;
  /** `status`, `body`, `header vary`, `flag welcome` … */
  readonly part: string;
  readonly key: string | undefined;
  /** `""` if there is no such part. */
  readonly ours: string;
  readonly theirs: string;
  /** Of both answers. */
  readonly statuses: readonly [ours: number | string, theirs: number | string];
  readonly layers: Layers;
}

const uuid = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}";
const leak = new RegExp(`,"flagSetId":"${uuid}"|"flagSetId":"${uuid}",?`, "g");

/**
 * An answer without the random UUID that Go gives away if `flagSetId=` selects the flags of no
 * set. All else about such an answer is to be compared as ever.
 */
export function withoutLeak(request: Request, answer: Answer): Answer {
  if (request.selector !== "flagSetId=") return answer;
  return { ...answer, body: answer.body.replace(leak, "") };
}

export function differencesOf(
  request: Request,
  a: Answer,
  b: Answer,
  layers: Layers,
): readonly Difference[] {
  const [ours, theirs] = [partsOf(request, a), partsOf(request, b)];
  const statuses = [a.status, b.status] as const;
  const difference = (part: string, mine: Part | undefined, other: Part | undefined) => ({
    request,
    part,
    key: request.question?.key ?? mine?.key ?? other?.key,
    ours: mine?.text ?? "",
    theirs: other?.text ?? "",
    statuses,
    layers,
  });
  const found = [...new Set([...ours.keys(), ...theirs.keys()])]
    .map((part) => difference(part, ours.get(part), theirs.get(part)))
    .filter((each) => each.ours !== each.theirs);
  if (found.length > 0 || a.body === b.body) return found;
  // The same parts, but for the order or the form of something.
  const whole = ({ body }: Answer): Part => ({ key: undefined, text: body });
  return [difference("text", whole(a), whole(b))];
}

/** What two event streams said of one change of the flags, key by key. */
export function eventDifferences(
  ours: Readonly<Record<string, Json>>,
  theirs: Readonly<Record<string, Json>>,
): readonly { readonly key: string; readonly ours: string; readonly theirs: string }[] {
  return [...new Set([...Object.keys(ours), ...Object.keys(theirs)])]
    .map((key) => ({
      key,
      ours: JSON.stringify(ours[key] ?? null),
      theirs: JSON.stringify(theirs[key] ?? null),
    }))
    .filter((each) => each.ours !== each.theirs);
}
