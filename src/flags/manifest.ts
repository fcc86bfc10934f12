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

const ofKind = /^(?:kind:\s*["']?FeatureFlag["']?|\s*"kind"\s*:\s*"FeatureFlag"\s*,?)\s*$/m;
const separator = /^---(?=\s)/m;

/** Whether a text has such a manifest. */
export function hasManifest(text: string): boolean {
  return ofKind.test(text);
}

/**
 * A text in which other manifests stand before or behind this one, without these: their lines are empty, so that
 * those of this one keep their numbers.
 */
export function onlyManifest(document: Uint8Array | string): Uint8Array | string {
  const start = typeof document === "string" ? document.trimStart().charCodeAt(0) : document[0];
  // JSON is one document.
  if (start === 0x7b || start === 0x5b) return document;
  const text = typeof document === "string" ? document : new TextDecoder().decode(document);
  if (!separator.test(text) || !hasManifest(text)) return document;
  const parts = text.split(separator);
  const index = parts.findIndex(hasManifest);
  const before = parts.slice(0, index).join("---").replace(/[^\n]/g, "");
  return before + (parts[index] ?? "");
}

/** A document as it is, or the one within a manifest. Of no use where places in the text are wanted. */
export function withoutManifest<
  Document extends { readonly document: Uint8Array | string; readonly format: DocumentFormat },
>(from: Document): Document {
  const document = onlyManifest(from.document);
  const text = typeof document === "string" ? document : new TextDecoder().decode(document);
  if (!/FeatureFlag/.test(text)) return from;
  const ignored = new FindingList();
  const parsed = parseText(text, from.format, { problems: ignored, warnings: ignored });
  const flagSpec = flagSpecOf(parsed?.value);
  if (flagSpec === undefined) return from;
  return { ...from, document: JSON.stringify(flagSpec), format: "json" };
}
