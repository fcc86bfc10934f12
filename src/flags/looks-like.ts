import { isArray, isObject, type Json } from "../core/json.ts";
import { escapeControls } from "../core/message-text.ts";

/** What else than a flag document a text may be, by how it begins, and what to do. */
const beginnings: readonly (readonly [begins: RegExp, advice: string])[] = [
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the first bytes of gzip data, decoded as UTF-8
  [/^\x1f[\x8b\ufffd]/, "gzip data: store the document itself, not compressed"],
  [/^\(\ufffd\/\ufffd/, "zstd data: store the document itself, not compressed"],
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the first bytes of a zip archive
  [/^PK\x03\x04/, "a zip archive: store the document itself, not compressed"],
  // Every other byte of ASCII text is 0.
  [/^(?:\ufffd\ufffd)?(?:.\0|\0.)/s, "text in UTF-16: store it in UTF-8"],
  [
    /^\s*<(?:!doctype\s+html|html|head|body)\b/i,
    "an HTML page, perhaps of a login or an error: check the address that the document comes from",
  ],
  [/^\s*<[?!a-z]/i, "XML: write the flags as JSON or YAML"],
  [/^\s*\[[\w .-]+\]\s*$/m, "an INI or TOML file: write the flags as JSON or YAML"],
  [/^\s*[\w.-]+[ \t]*=/, "a properties or environment file: write the flags as JSON or YAML"],
  [/^version https:\/\/git-lfs/, "a pointer of Git LFS: fetch the file itself"],
];

const shownCharacters = 40;

/**
 * What a text that is no flag document seems to be, what to do about it, and how it begins; undefined if
 * nothing better is known than what is wrong with it.
 * @param value what its format made of it; undefined: it has no such value
 */
export function looksLike(text: string, value: unknown): string | undefined {
  const advice = value === undefined ? adviceOfText(text) : adviceOfValue(value as Json);
  return advice && `this looks like ${advice}; it begins with ${beginning(text)}`;
}

function beginning(text: string): string {
  const start = text.trimStart().slice(0, shownCharacters).toWellFormed();
  return escapeControls(JSON.stringify(start));
}

function adviceOfText(text: string): string | undefined {
  if (isBase64(text)) return "base64: store the document itself, not encoded";
  for (const [begins, advice] of beginnings) if (begins.test(text.slice(0, 200))) return advice;
  if (
    /^\s*\/[/*]/.test(text) ||
    (/^\s*\{/.test(text) && /(?:^|[{,\s])\/[/*]/m.test(text.slice(0, 500)))
  )
    return "JSON with comments, which JSON does not allow: remove them, or write YAML";
  return undefined;
}

/** Of at least some bytes, for every word is base64. */
function isBase64(text: string): boolean {
  const start = text.trim().slice(0, 100);
  if (!/^[A-Za-z0-9+/\s]{24,}={0,2}$/.test(start)) return false;
  const decoded = Buffer.from(start.replaceAll(/\s/g, ""), "base64").toString("latin1");
  // biome-ignore lint/suspicious/noControlCharactersInRegex: gzip data may be encoded, too
  return /^(?:\s*[{["#$a-z-]|\x1f\x8b)/i.test(decoded);
}

function adviceOfValue(value: Json): string | undefined {
  if (typeof value === "string") {
    if (/^\s*[{[]/.test(value)) return "JSON that was encoded twice: store what the text holds";
    return adviceOfText(value);
  }
  if (isArray(value)) {
    return value.length === 0
      ? 'an empty list: write {"flags":{}} for no flags'
      : 'a list: write {"flags":[…]}, or {"flags":{…}} with the keys as names';
  }
  if (!isObject(value)) return undefined;
  const { apiVersion, kind, flags } = value;
  if (typeof apiVersion === "string" && typeof kind === "string" && flags === undefined) {
    const manifest = `a Kubernetes manifest of kind ${JSON.stringify(kind.slice(0, 40))}`;
    if (kind === "FeatureFlag")
      return `${manifest}: store what is under spec.flagSpec, or apply it and read it with --uri core.openfeature.dev/NAMESPACE/NAME`;
    return kind === "ConfigMap"
      ? `${manifest}: store the text under data, not the manifest`
      : `${manifest}: store the flag document itself`;
  }
  const members = Object.values(value);
  if (flags === undefined && members.length > 0 && members.every(isFlag))
    return 'flags by key, without the member around them: write {"flags":{…}}';
  return undefined;
}

function isFlag(value: Json): boolean {
  return isObject(value) && value.variants !== undefined;
}
