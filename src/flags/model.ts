import type { Json, JsonObject } from "../core/json.ts";
import type { Steps } from "../core/turns.ts";

/** One flag as its document defines it, checked and with every `$ref` replaced. */
export interface FlagDefinition {
  readonly key: string;
  /** As written; `""` if the document has none. Only the exact text `DISABLED` disables. */
  readonly state: string;
  /** In byte order of their names; undefined if the document has none. */
  readonly variants: ReadonlyMap<string, Json> | undefined;
  /** A key of `variants`; undefined if absent, null or empty. */
  readonly defaultVariant: string | undefined;
  /** undefined if absent; `null` and `{}` are kept, for they are passed on to sync clients. */
  readonly targeting: Json | undefined;
  /** Document metadata overlaid by flag metadata, keys in byte order, null values kept. */
  readonly metadata: JsonObject | undefined;
  /** `metadata.flagSetId` if it is a non-empty string: the flag set that the flag belongs to. */
  readonly flagSetId: string | undefined;
}

/** Everything that one payload of one source defines. */
export interface FlagSet {
  readonly flags: readonly FlagDefinition[];
  /** `flagSetId` of the document's own metadata. */
  readonly flagSetId: string | undefined;
}

/** One thing wrong with a document. */
export interface Problem {
  /** Where, as a JSON path: `$.flags.banner.variants`; `$` for the document itself. */
  readonly path: string;
  /** What is wrong and what is expected. */
  readonly reason: string;
}

/** A document that was read: what it defines, or everything that is wrong with it. */
export type ParsedDocument =
  | {
      readonly ok: true;
      readonly flagSet: FlagSet;
      /** Looks for what is wrong but does no harm to other flags, which takes as long as reading did. */
      warnings(): Steps<readonly Problem[]>;
      /** What the same search found that is no warning, if that was asked for. */
      information(): readonly Problem[];
    }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/** `any`: JSON if the text begins with `{` or `[`, else YAML. */
export type DocumentFormat = "json" | "yaml" | "any";
