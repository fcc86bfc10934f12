import { type Findings, type Path, quote } from "./findings.ts";
import { inByteOrderThroughout, isObject, kindOf } from "./json.ts";
import { decodeMetadata, flagSetIdOf, mergeMetadata } from "./metadata.ts";
import type { FlagDefinition, Json, JsonObject } from "./model.ts";
import { compareBytes } from "./order.ts";

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
    problems.add(path, `a flag is an object, found ${kindOf(value)}`);
    return undefined;
  }
  const members: JsonObject = value ?? {};
  const text = (name: string): string => {
    const member = members[name] ?? "";
    if (typeof member === "string") return member;
    problems.add([...path, name], `expected a string, found ${kindOf(member)}`);
    return "";
  };
  text("key");
  text("source");
  const state = text("state");
  const defaultVariant = text("defaultVariant");
  const variants = decodeVariants(members.variants, path, findings);
  if (defaultVariant !== "" && !variants?.has(defaultVariant)) {
    const names = [...(variants?.keys() ?? [])].slice(0, 10).map(quote).join(", ");
    const choice = names === "" ? "the flag has no variants" : `use one of ${names}, or null`;
    const reason = `${quote(defaultVariant)} is not a variant of flag ${quote(key)}: ${choice}`;
    problems.add([...path, "defaultVariant"], reason);
  }
  const own = decodeMetadata(members.metadata, [...path, "metadata"], findings);
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

function decodeVariants(
  value: Json | undefined,
  path: Path,
  { problems }: Findings,
): ReadonlyMap<string, Json> | undefined {
  if (value === undefined || value === null) return undefined;
  if (!isObject(value)) {
    problems.add([...path, "variants"], `expected an object, found ${kindOf(value)}`);
    return undefined;
  }
  const sorted = Object.entries(value).sort(([a], [b]) => compareBytes(a, b));
  return new Map(sorted.map(([name, variant]) => [name, inByteOrderThroughout(variant)]));
}
