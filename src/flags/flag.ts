import {
  inByteOrderThroughout,
  isObject,
  type Json,
  type JsonObject,
  kindOf,
} from "../core/json.ts";
import { compareBytes } from "../core/order.ts";
import { type Findings, type Path, quote } from "./findings.ts";
import { decodeMetadata, flagSetIdOf, mergeMetadata } from "./metadata.ts";
import type { FlagDefinition } from "./model.ts";

/**
 * Decodes one flag; `null` is a flag without anything.
 * @param inherited metadata of the document.
 * @returns undefined if the flag is not to be stored, be it for a problem.
 */
export function decodeFlag(
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
    problems.add("type", [...path, name], `expected a string, found ${kindOf(value)}`);
  }
  return "";
}

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
