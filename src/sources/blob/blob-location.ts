import { ConfigError } from "../../core/errors.ts";
import { quoteUri } from "../../core/message-text.ts";

/** An object in a bucket, and how to get there. */
export interface BlobLocation {
  readonly bucket: string;
  /** Name of the object, percent-encoding undone. */
  readonly key: string;
  /** From the query of the URI. */
  readonly options: Readonly<Record<string, string>>;
}

/** Options that there are, by name. */
type BlobOptions = Readonly<Record<string, "text" | "boolean">>;

/**
 * Reads `scheme://bucket/path/to/object?option=value`.
 * @throws ConfigError naming what is wrong
 */
export function parseBlobUri(uri: string, scheme: string, known: BlobOptions): BlobLocation {
  const fail = (problem: string): never => {
    throw new ConfigError(`source ${quoteUri(uri)}: ${problem}`);
  };
  const parts = /^([a-z0-9]+):\/\/([^/?#]*)\/?([^?#]*)(?:\?([^#]*))?$/.exec(uri);
  if (parts?.[1] !== scheme) return fail(`expected ${scheme}://bucket/object`);
  const [, , bucket = "", path = "", query = ""] = parts;
  if (!bucket) return fail("no bucket string set");
  if (/[@:]/.test(bucket)) return fail("the URI of a bucket must not contain credentials");
  if (!/^[\w.$-]+$/.test(bucket)) return fail("invalid bucket name");
  if (!path) return fail("no object string set");
  const options = Object.fromEntries(new URLSearchParams(query));
  for (const [name, value] of Object.entries(options)) {
    if (!Object.hasOwn(known, name)) {
      const all = Object.keys(known).join(", ");
      return fail(`unknown option ${JSON.stringify(name.slice(0, 80))}, expected one of ${all}`);
    }
    if (known[name] === "boolean" && !BOOLEAN.test(value)) {
      return fail(`the option ${name} must be true or false`);
    }
  }
  return {
    bucket,
    key: decode(path) ?? fail("invalid percent-encoding in the object's name"),
    options,
  };
}

/** The path of a URL for a key, its slashes kept, everything else encoded that SigV4 encodes. */
export function encodeKey(key: string): string {
  return encodeURIComponent(key)
    .replaceAll("%2F", "/")
    .replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
}

const BOOLEAN = /^(1|t|true|0|f|false)$/i;

/** Whether an option is on: `true`, `1` and the like, as Go reads them. */
export function isOn(value: string | undefined): boolean {
  return /^(1|t|true)$/i.test(value ?? "");
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
