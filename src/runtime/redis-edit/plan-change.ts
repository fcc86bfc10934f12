import type { Json } from "../../core/json.ts";
import {
  deleted,
  type Edit,
  EditError,
  editText,
  toggled,
  withMembers,
} from "../../flags/edit-document.ts";
import type { HistoryEntry } from "../../sources/redis/flag-history.ts";
import type { Before, StoredChange, StoredFlags } from "../../sources/redis/stored-flags.ts";
import { documentValue, partsOf, storedValue } from "./document-value.ts";

/** A member of a flag with the value that it is to have. */
export interface MemberValue {
  readonly path: readonly string[];
  readonly value: Json;
}

/** What is to be done to flags. */
export type FlagAction =
  | { readonly verb: "push"; readonly document: string }
  | { readonly verb: "set"; readonly key: string; readonly members: readonly MemberValue[] }
  | { readonly verb: "toggle"; readonly key: string }
  | { readonly verb: "delete"; readonly keys: readonly string[] }
  | { readonly verb: "rollback"; readonly changes: number };

const noFlags = '{\n  "flags": {}\n}\n';

/**
 * What an action does to the flags as they are now. Pure.
 * @throws EditError if it cannot be done
 */
export function planChange(
  action: FlagAction,
  flags: StoredFlags,
  history: readonly HistoryEntry[],
): StoredChange {
  if (action.verb === "rollback") return flags.restore(beforeAll(history, action.changes));
  if (action.verb === "push") {
    const value = documentValue(action.document);
    const isText = flags.form === "text" || /^\s*[{[]/.test(action.document);
    return flags.replace(isText ? action.document : JSON.stringify(value), partsOf(value));
  }
  const text = flags.document ?? noFlags;
  const edits = editsOf(action, storedValue(text));
  return flags.edit(edits, editText(text, edits));
}

function editsOf(
  action: Exclude<FlagAction, { readonly verb: "push" | "rollback" }>,
  document: Json,
): readonly Edit[] {
  switch (action.verb) {
    case "toggle":
      return toggled(document, action.key);
    case "delete":
      return deleted(document, action.keys);
    case "set":
      return withMembers(document, action.key, action.members);
  }
}

/** What was there before the last changes: the oldest one of each field counts. */
function beforeAll(history: readonly HistoryEntry[], changes: number): Before {
  if (history.length < changes) {
    const kept =
      history.length === 0 ? "no change is kept" : `only ${history.length} changes are kept`;
    throw new EditError(`${kept}: flagd redis history lists them`);
  }
  const befores = history.slice(0, changes).map(({ before }) => before);
  const last = befores.at(-1);
  if (last && "document" in last) return last;
  const fields = befores.map((before) => ("fields" in before ? before.fields : {}));
  return { fields: Object.assign({}, ...fields) };
}
