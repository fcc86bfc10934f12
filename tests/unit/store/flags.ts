import type { JsonObject } from "../../../src/core/json.ts";
import { atOnce } from "../../../src/core/turns.ts";
import type { Outcome } from "../../../src/evaluation/outcomes.ts";
import type { PreparedFlag } from "../../../src/evaluation/resolve.ts";
import type { FlagDefinition, FlagSet } from "../../../src/flags/model.ts";
import { Store } from "../../../src/store/store.ts";
import type { FlagChanges, Selector } from "../../../src/store/view.ts";

/** A flag whose `revision` tells one definition of it from another. */
export function flag(key: string, revision = "1", flagSetId?: string): FlagDefinition {
  return {
    key,
    state: "ENABLED",
    variants: new Map([[revision, revision]]),
    defaultVariant: revision,
    targeting: undefined,
    metadata: flagSetId === undefined ? undefined : { flagSetId },
    flagSetId,
  };
}

export function flagSet(flags: readonly FlagDefinition[], flagSetId?: string): FlagSet {
  return { flags, flagSetId };
}

/** A prepared flag whose answer's metadata show what it was made from. */
function prepared(definition: FlagDefinition, metadata: JsonObject): PreparedFlag {
  const fixed: Outcome = {
    key: definition.key,
    reason: "STATIC",
    errorCode: undefined,
    variant: definition.defaultVariant,
    value: definition.defaultVariant,
    metadata,
    memo: [],
  };
  return {
    key: definition.key,
    definition,
    fixed,
    evaluate: () => fixed,
    reflecting: (reflection) => prepared(definition, { ...reflection, ...definition.metadata }),
  };
}

/** A store, with what its listeners threw and which flags it prepared. */
export function createStore(...sources: string[]) {
  const errors: unknown[] = [];
  const preparations: string[] = [];
  const store = new Store(sources, {
    prepare: (definition) => {
      preparations.push(definition.key);
      return prepared(definition, definition.metadata ?? {});
    },
    onListenerError: (error) => errors.push(error),
  });
  return { store, errors, preparations };
}

/** What `selector` sees: `key` → `revision`, or `set/key` for flags of a set. */
export function seen(store: Store, selector: Selector = {}): string[] {
  return atOnce(store.snapshot.view(selector).ordered()).map(
    ({ definition: { flagSetId, key, ...rest } }) => {
      const name = flagSetId === undefined ? key : `${flagSetId}/${key}`;
      return `${name}=${rest.defaultVariant}`;
    },
  );
}

/** Collects what a subscriber is told. */
export function listen(store: Store, selector: Selector = {}) {
  const told: Record<string, string>[] = [];
  const unsubscribe = store.subscribe(selector, (changes: FlagChanges) => {
    told.push(Object.fromEntries(changes));
  });
  return { told, unsubscribe };
}
