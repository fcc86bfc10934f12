import { isArray, isObject, type Json, type JsonObject } from "../core/json.ts";
import { parseText } from "./document-text.ts";
import { FindingList } from "./findings.ts";
import { decodeMetadata, flagSetIdOf, mergeMetadata } from "./metadata.ts";
import type { DocumentFormat, FlagDefinition } from "./model.ts";

/** What a document says of one flag, as it is written there. */
export interface FlagOrigin {
  /** With its references. */
  readonly targeting: unknown;
  /** What these refer to. */
  readonly evaluators: Readonly<Record<string, unknown>>;
  /** Names of the metadata that the flag has itself, not from its document. */
  readonly ownMetadata: ReadonlySet<string>;
}

/** Of a flag whose document is not known. */
export const unknownOrigin: FlagOrigin = {
  targeting: undefined,
  evaluators: {},
  ownMetadata: new Set(),
};

/** Finds a flag that was read from a document in that document. */
export function originOf(
  { key, flagSetId }: Pick<FlagDefinition, "key" | "flagSetId">,
  document: Uint8Array | string,
  format: DocumentFormat,
): FlagOrigin {
  const ignored = new FindingList();
  const findings = { problems: ignored, warnings: ignored };
  const root = parseText(document, format, findings)?.value as Json | undefined;
  if (!isObject(root)) return unknownOrigin;
  const inherited = decodeMetadata(root.metadata, [], findings);
  const flag = flagsOf(root, key).findLast(({ metadata }) => {
    const own = decodeMetadata(metadata, [], findings);
    return flagSetIdOf(mergeMetadata(inherited, own)) === flagSetId;
  });
  return {
    targeting: flag?.targeting,
    evaluators: isObject(root.$evaluators) ? root.$evaluators : {},
    ownMetadata: new Set(isObject(flag?.metadata) ? Object.keys(flag.metadata) : []),
  };
}

function flagsOf({ flags }: JsonObject, key: string): readonly JsonObject[] {
  if (isArray(flags))
    return flags.filter((flag) => isObject(flag)).filter((flag) => flag.key === key);
  const flag = isObject(flags) && Object.hasOwn(flags, key) ? flags[key] : undefined;
  return isObject(flag) ? [flag] : [];
}
