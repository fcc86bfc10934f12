import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { hasManifest } from "../../flags/manifest.ts";
import type { SourceConfig } from "../../sources/source-table.ts";
import { readSource, readStandardInput, type SourceDocument } from "../read-source.ts";
import type { Candidate } from "./validate.ts";

/**
 * What words of a command line name: files, folders with all the flag documents in them, `-` for standard input,
 * URIs.
 * @param sourceOf the source of a word that is no folder
 * @param show a word without what may be secret
 */
export async function candidatesOf(
  words: readonly string[],
  sourceOf: (word: string) => SourceConfig,
  show: (word: string) => string,
): Promise<{ readonly candidates: readonly Candidate[]; readonly skipped: number }> {
  const candidates: Candidate[] = [];
  let skipped = 0;
  for (const word of words) {
    const found = word === "-" ? undefined : await stat(word).catch(() => undefined);
    if (found?.isDirectory()) {
      for (const file of await documentsIn(word)) {
        if (await mayBeFlags(file)) candidates.push(fileAt(file, true));
        else skipped++;
      }
    } else if (word === "-") {
      const read = () => readStandardInput();
      candidates.push({ source: "standard input", file: undefined, oneOfMany: false, read });
    } else if (found) {
      candidates.push(fileAt(word, false));
    } else {
      const config = sourceOf(word);
      const file = /^file:(?!\/\/)/.test(word) ? word.slice("file:".length) : undefined;
      const read = () => readSource(config);
      candidates.push({ source: show(word), file, oneOfMany: false, read });
    }
  }
  return { candidates, skipped };
}

function fileAt(path: string, oneOfMany: boolean): Candidate {
  const file = Bun.file(path);
  const read = async (): Promise<SourceDocument> => {
    const document = await file.bytes();
    const format = /\.ya?ml$/i.test(path) ? "yaml" : /\.json$/i.test(path) ? "json" : "any";
    return { document, format, name: path, provider: "file" };
  };
  return { source: path, file: path, oneOfMany, size: file.size, read };
}

const notOurs: ReadonlySet<string> = new Set(["node_modules", "vendor"]);
/** Deeper folders are not looked into: links may lead in a circle. */
const maxDepth = 32;

async function documentsIn(folder: string, levels = maxDepth): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  const found: string[] = [];
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const path = join(folder, entry.name);
    if (entry.name.startsWith(".") || notOurs.has(entry.name)) continue;
    if (entry.isDirectory() && levels > 1) found.push(...(await documentsIn(path, levels - 1)));
    else if (entry.isFile() && /\.(?:json|ya?ml)$/i.test(entry.name)) found.push(path);
  }
  return found;
}

/** A folder has other files, too: only what has flags is meant. Files of cases name a document in that member. */
async function mayBeFlags(path: string): Promise<boolean> {
  const text = await Bun.file(path).text();
  if (hasManifest(text)) return true;
  // Other manifests, JSON Schemas of flags, and the flags of other products.
  if (/^kind:\s*\w/m.test(text)) return false;
  if (/"\$schema"\s*:\s*"https?:\/\/json-schema\.org/.test(text)) return false;
  if (!/\b(?:variants|defaultVariant)\b|flags["']?\s*:\s*\{\s*\}/.test(text)) return false;
  return /"flags"\s*:\s*[^\s"]/.test(text) || /^flags\s*:\s*(?:[{[&#]|$)/m.test(text);
}
