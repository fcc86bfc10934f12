/**
 * What evaluations may cost. A step is what an operation takes on small values, some 10 to 30 ns. Only
 * work that grows is counted: elements of lists, characters of long texts. A rule without it runs each of
 * its operations at most once, so that its size is its bound and it is not counted at all.
 */
export const evaluationLimits = {
  /** Of one evaluation: a few milliseconds, in which no other request is served. */
  steps: 100_000,
  /** Of all flags of a bulk evaluation together. */
  bulkSteps: 1_000_000,
  /** Operations and lists of one rule, with its references replaced: as many steps if all of them run. */
  operations: 100_000,
} as const;

/** Shorter texts are not counted. */
const longText = 512;
/** Characters that are copied, compared or hashed in a step. */
const charactersPerStep = 16;

/** Evaluations run one after the other and never wait, so that one counter is enough. */
let granted = Number.POSITIVE_INFINITY;
let left = granted;

/** Begins an evaluation that may take `steps`. */
export function grant(steps: number): void {
  granted = steps;
  left = steps;
}

/** Steps of the running or last evaluation so far. */
export function spent(): number {
  return granted - left;
}

/** @throws BudgetError beyond what was granted */
export function charge(steps: number): void {
  left -= steps;
  if (left < 0) throw new BudgetError(granted);
}

/** @throws BudgetError beyond what was granted */
export function chargeText(length: number): void {
  if (length > longText) charge(length / charactersPerStep);
}

/** Whether an operation has to charge for more than itself to work on `value`. */
export function isCostly(value: unknown): boolean {
  return typeof value === "string" ? value.length > longText : typeof value === "object" && !!value;
}

export class BudgetError extends Error {
  constructor(steps: number) {
    super(`the evaluation takes more than ${steps} steps: use shorter lists and texts`);
  }
}
