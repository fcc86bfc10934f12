import {
  inByteOrderThroughout,
  isArray,
  isContainer,
  isObject,
  type Json,
  type JsonObject,
  kindOf,
} from "../core/json.ts";
import { quote } from "../core/message-text.ts";
import { compareBytes } from "../core/order.ts";
import type { Steps } from "../core/turns.ts";
import type { CheckedFlags } from "./checked-flags.ts";
import {
  type CheckRule,
  type CheckTargeting,
  checkDocument,
  checkFlag,
} from "./document-schema.ts";
import { howToDelete, type ParsedText, warnOfRepeatedMembers } from "./document-text.ts";
import type { FindingList, Findings, Path } from "./findings.ts";
import { looksLike } from "./looks-like.ts";
import { decodeMetadata, flagSetIdOf, mergeMetadata } from "./metadata.ts";
import type { FlagDefinition, FlagSet } from "./model.ts";
import { referencesIn, resolveReferences } from "./references.ts";

/** A document whose flags were decoded; its schema is checked on demand. */
interface DecodedFlagSet {
  readonly flagSet: FlagSet;
  /** Adds what can be told of the document beyond decoding it; takes as long as that did. */
  check(): Steps<void>;
}

/**
 * Decodes what a document's text contains.
 * @returns undefined, or something useless, after a problem.
 */
export function decodeFlagSet(
  { text, value: document, sharing }: ParsedText,
  findings: Findings,
  checkTargeting: CheckTargeting,
  checked?: CheckedFlags,
): DecodedFlagSet | undefined {
  const { problems, warnings } = findings;
  if (!isObject(document as Json)) {
    const expected = `expected an object with the member "flags"`;
    const guess = looksLike(text, document) ?? howToDelete;
    problems.add(
      "no-flag-document",
      [],
      `${expected}, found ${kindOf(document as Json)}; ${guess}`,
    );
    return undefined;
  }
  const root = document as JsonObject;
  const { flags, metadata, evaluators } = resolveReferences(root, findings, sharing);
  const inherited = decodeMetadata(metadata, [], findings);
  const found = new Map<string, FlagDefinition>();
  const read: (readonly [value: Json, path: Path])[] = [];
  const add = (key: string, value: Json, path: Path) => {
    read.push([value, path]);
    const flag = decodeFlag(key, value, inherited, path, findings);
    if (flag === undefined) return;
    const id = identity(flag);
    if (found.has(id)) {
      const reason = `the flag ${quote(key)} was there before, and only this one counts: keep one of them`;
      warnings.add("duplicate-flag", path, reason);
    }
    found.set(id, flag);
  };
  if (root.flags === undefined) {
    const other = Object.keys(root).find((name) => name.toLowerCase() === "flags");
    const advice = other === undefined ? "" : `: rename ${quote(other)} to "flags"`;
    const guess = looksLike(text, root) ?? howToDelete;
    problems.add("no-flag-document", [], `the member "flags" is missing${advice}; ${guess}`);
  } else if (isArray(flags)) {
    addEach(flags, findings, add);
  } else if (isObject(flags)) {
    for (const key of Object.keys(flags)) {
      if (key === "") warnings.add("no-key", ["flags"], "a flag with an empty key is ignored");
      add(key, flags[key] ?? null, ["flags", key]);
    }
  } else if (flags !== null) {
    problems.add("type", ["flags"], `expected an object or an array, found ${kindOf(flags)}`);
  }
  return {
    flagSet: { flags: [...found.values()], flagSetId: flagSetIdOf(inherited) || undefined },
    *check() {
      if (!sharing) yield* warnOfRepeatedMembers(text, document, warnings);
      const { information } = findings;
      const shared = new Set([...evaluators.values()].filter(isContainer));
      const checkTo =
        (warnings: FindingList): CheckRule =>
        (rule, path, flag) =>
          checkTargeting(rule, path, { shared, flag, warnings, information });
      const checkRule = checkTo(warnings);
      checkDocument(root, evaluators, checkRule, findings);
      // Nobody asks again for what is only mentioned.
      const known = information === undefined ? checked : undefined;
      known?.begin();
      for (const [value, path] of read) {
        if (known) {
          const check = (warnings: FindingList) =>
            checkFlag(value, path, checkTo(warnings), { warnings, information });
          warnings.addAll(known.findings(value, [shared.size, ...path], check));
        } else checkFlag(value, path, checkRule, findings);
        yield;
      }
      if (information) informOfUnusedEvaluators(root, information);
    },
  };
}

/** A reference beside other members is none, so the names are looked for as they stand in the document. */
function informOfUnusedEvaluators(root: JsonObject, information: FindingList): void {
  const { $evaluators: evaluators = null, flags = null, metadata = null } = root;
  if (!isObject(evaluators)) return;
  const used = new Set(referencesIn([flags, metadata, ...Object.values(evaluators)]));
  for (const name of Object.keys(evaluators)) {
    if (used.has(name)) continue;
    const reason = `nothing refers to the evaluator ${quote(name)}: remove it, or use it by {"$ref": ${quote(name)}}`;
    information.add("unused-evaluator", ["$evaluators", name], reason);
  }
}

function addEach(
  flags: readonly Json[],
  { warnings }: Findings,
  add: (key: string, flag: Json, path: Path) => void,
): void {
  for (const [i, flag] of flags.entries()) {
    const key = isObject(flag) ? (flag.key ?? "") : "";
    if (flag === null || key === "") {
      warnings.add("no-key", ["flags", i], 'a flag without "key" is ignored');
    }
    // One without key is decoded all the same, for it may be wrong in a way that rejects the document.
    if (flag !== null) add(typeof key === "string" ? key : "", flag, ["flags", i]);
  }
}

/** Flags are one and the same if both key and flag set are; of such the last counts. */
function identity({ key, flagSetId = "" }: FlagDefinition): string {
  return `${flagSetId.length} ${flagSetId} ${key}`;
}

/**
 * Decodes one flag; `null` is a flag without anything.
 * @param inherited metadata of the document.
 * @returns undefined if the flag is not to be stored, be it for a problem.
 */
function decodeFlag(
  key: string,
  value: Json,
  inherited: JsonObject | undefined,
  path: Path,
  findings: Findings,
): FlagDefinition | undefined {
  const { problems } = findings;
  if (value !== null && !isObject(value)) {
    problems.add("type", path, `a flag must be an object, found ${kindOf(value)}`);
    return undefined;
  }
  const members: JsonObject = value ?? {};
  text(members.key, "key", path, findings);
  text(members.source, "source", path, findings);
  const state = text(members.state, "state", path, findings);
  const defaultVariant = text(members.defaultVariant, "defaultVariant", path, findings);
  const variants = decodeVariants(members.variants, path, findings);
  if (defaultVariant !== "" && !variants?.has(defaultVariant)) {
    const names = [...(variants?.keys() ?? [])].slice(0, 10).map(quote).join(", ");
    const choice = names === "" ? "the flag has no variants" : `use one of ${names}, or null`;
    const reason = `${quote(defaultVariant)} is not a variant of flag ${quote(key)}: ${choice}`;
    problems.add("default-variant", [...path, "defaultVariant"], reason);
  }
  const own = decodeMetadata(members.metadata, path, findings);
  const metadata = mergeMetadata(inherited, own);
  const flagSetId = flagSetIdOf(metadata);
  if (flagSetId === "" || key === "") return undefined;
  return {
    key,
    state,
    variants,
    defaultVariant: defaultVariant === "" ? undefined : defaultVariant,
    targeting: members.targeting,
    metadata,
    flagSetId,
  };
}

function text(value: Json | undefined, name: string, path: Path, { problems }: Findings): string {
  if (typeof value === "string") return value;
  if (value !== undefined && value !== null) {
    const reason = `expected a string, found ${kindOf(value)}${adviceFor[name] ?? ""}`;
    problems.add("type", [...path, name], reason);
  }
  return "";
}

const adviceFor: Readonly<Record<string, string>> = {
  state: ': write "ENABLED" or "DISABLED"',
  defaultVariant: ": write the name of a variant in quotes",
};

function decodeVariants(
  value: Json | undefined,
  path: Path,
  { problems }: Findings,
): ReadonlyMap<string, Json> | undefined {
  if (value === undefined || value === null) return undefined;
  if (!isObject(value)) {
    problems.add("type", [...path, "variants"], `expected an object, found ${kindOf(value)}`);
    return undefined;
  }
  const variants = new Map<string, Json>();
  for (const name of Object.keys(value).sort(compareBytes)) {
    variants.set(name, inByteOrderThroughout(value[name] ?? null));
  }
  return variants;
}
