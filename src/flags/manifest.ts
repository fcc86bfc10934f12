import { isObject, type Json } from "../core/json.ts";
import { parseText } from "./document-text.ts";
import { FindingList, type Path } from "./findings.ts";
import type { DocumentFormat } from "./model.ts";

/** Where a manifest of the OpenFeature operator has its flag document. */
export const flagSpecPath: Path = ["spec", "flagSpec"];

/** The flag document in a Kubernetes manifest of kind FeatureFlag; undefined: the value is none. */
export function flagSpecOf(value: unknown): Json | undefined {
  const manifest = value as Json;
  if (!isObject(manifest) || manifest.kind !== "FeatureFlag") return undefined;
  const { spec } = manifest;
  if (!isObject(spec ?? null)) return undefined;
  return (spec as Readonly<Record<string, Json>>).flagSpec;
}

const mayBeManifest = /kind["']?\s*:\s*["']?FeatureFlag\b/;

/** Whether a text looks like such a manifest. */
export function looksLikeManifest(text: string): boolean {
  return mayBeManifest.test(text);
}

/** A document as it is, or the one within a manifest. Of no use where places in the text are wanted. */
export function withoutManifest<
  Document extends { readonly document: Uint8Array | string; readonly format: DocumentFormat },
>(from: Document): Document {
  const { document, format } = from;
  const text = typeof document === "string" ? document : new TextDecoder().decode(document);
  if (!looksLikeManifest(text)) return from;
  const ignored = new FindingList();
  const parsed = parseText(text, format, { problems: ignored, warnings: ignored });
  const flagSpec = flagSpecOf(parsed?.value);
  if (flagSpec === undefined) return from;
  return { ...from, document: JSON.stringify(flagSpec), format: "json" };
}
