import type { Json, JsonObject } from "../../../src/core/json.ts";
import type { Outcome } from "../../../src/evaluation/outcomes.ts";
import type { EvaluationContext, PreparedFlag } from "../../../src/evaluation/resolve.ts";
import type { FlagChanges, Selector, SnapshotSource, View } from "../../../src/store/view.ts";
import { stepsTo } from "../../support/steps.ts";

/** Flags, views and a store made by hand, for tests of what services make of them. */

export function outcome(key: string, parts: Partial<Outcome>): Outcome {
  return {
    key,
    reason: "STATIC",
    errorCode: undefined,
    variant: undefined,
    value: undefined,
    metadata: {},
    ...parts,
    memo: [],
  };
}

export interface FlagParts {
  readonly variants: Readonly<Record<string, Json>>;
  readonly defaultVariant?: string;
  readonly metadata?: JsonObject;
}

type Pick = (context: EvaluationContext) => Partial<Outcome>;

/** A flag whose targeting is `pick`, or one without targeting if `pick` is an outcome. */
export function flag(key: string, parts: FlagParts, pick: Pick | Partial<Outcome>): PreparedFlag {
  const { variants, defaultVariant, metadata = {} } = parts;
  const definition = {
    key,
    state: "ENABLED",
    variants: new Map(Object.entries(variants)),
    defaultVariant,
    targeting: undefined,
    metadata,
    flagSetId: undefined,
  };
  const make = (picked: Partial<Outcome>) =>
    outcome(key, {
      metadata,
      ...(picked.variant !== undefined &&
        picked.reason !== "ERROR" && { value: variants[picked.variant] }),
      ...picked,
    });
  if (typeof pick !== "function") {
    const fixed = make(pick);
    return { key, definition, fixed, evaluate: () => fixed, reflecting };
  }
  return {
    key,
    definition,
    fixed: undefined,
    evaluate: (context) => make(pick(context)),
    reflecting,
  };
}

function reflecting(): never {
  throw new Error("no view selects these flags by source");
}

export function staticFlag(key: string, value: Json, metadata: JsonObject = {}): PreparedFlag {
  return flag(key, { variants: { v: value }, defaultVariant: "v", metadata }, { variant: "v" });
}

export function viewOf(flags: readonly PreparedFlag[], reflection: JsonObject = {}): View {
  return {
    flags: new Map(flags.map((flag) => [flag.key, flag])),
    maxFlags: flags.length,
    ordered: stepsTo(flags),
    reflection,
    isLarge: false,
    syncPayload: "",
    syncParts: stepsTo([]),
    memo: [],
  };
}

/** A store whose views are given by the test, and whose changes the test announces. */
export class FakeStore implements SnapshotSource {
  readonly subscribers = new Map<(changes: FlagChanges, view: View) => void, Selector>();
  view: (selector: Selector) => View;

  constructor(view: View | ((selector: Selector) => View)) {
    this.view = typeof view === "function" ? view : () => view;
  }

  get snapshot() {
    return { view: (selector: Selector) => this.view(selector) };
  }

  subscribe(selector: Selector, listener: (changes: FlagChanges, view: View) => void): () => void {
    this.subscribers.set(listener, selector);
    return () => this.subscribers.delete(listener);
  }

  announce(changes: Readonly<Record<string, "write" | "update" | "delete">>): void {
    for (const [listener, selector] of this.subscribers) {
      listener(new Map(Object.entries(changes)), this.view(selector));
    }
  }
}
