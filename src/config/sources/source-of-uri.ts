import { ConfigError } from "../../core/config-error.ts";
import { didYouMean } from "../../core/nearest.ts";
import { quoteUri } from "../../core/quote.ts";

/** A source object as `--sources` would have it. */
export interface UriSource {
  readonly provider: string;
  readonly uri: string;
  readonly tls?: boolean;
}

/** In the order of their test: pattern, provider, and whether the matched prefix is dropped. */
const patterns: readonly (readonly [RegExp, string, "drop" | "keep"])[] = [
  [/^file:/, "file", "drop"],
  [/^core\.openfeature\.dev\//, "kubernetes", "drop"],
  [/^https?:\/\//, "http", "keep"],
  [/^grpcs?:\/\//, "grpc", "drop"],
  [/^(envoy|dns|uds|xds|unix):/, "grpc", "keep"],
  [/^(redis|valkey)s?(\+tls)?(\+unix)?:\/\//, "redis", "keep"],
  [/^gs:\/\/[^/]+\/./, "gcs", "keep"],
  [/^azblob:\/\/[^/]+\/./, "azblob", "keep"],
  [/^s3:\/\/[^/]+\/./, "s3", "keep"],
];

const schemes = [
  "redis",
  "rediss",
  "valkey",
  "http",
  "https",
  "grpc",
  "grpcs",
  "gs",
  "azblob",
  "s3",
];

/**
 * The source that one `--uri` stands for.
 * @throws ConfigError listing the prefixes that there are
 */
export function sourceOfUri(uri: string, origin: string): UriSource {
  for (const [pattern, provider, prefix] of patterns) {
    if (!pattern.test(uri)) continue;
    const rest = prefix === "drop" ? uri.replace(pattern, "") : uri;
    return { provider, uri: rest, ...(uri.startsWith("grpcs:") && { tls: true }) };
  }
  throw new ConfigError(
    `invalid sync uri argument: ${quoteUri(uri)} (${origin}), must start with 'redis://', 'file:', ` +
      `'http(s)://', 'grpc(s)://', 'gs://', 'azblob://', 's3://' or 'core.openfeature.dev'${hint(uri)}`,
  );
}

/** Where another URI begins: after what looks like a separator. */
const another = /[,;\s](?:file:|[a-z][a-z0-9+]*:\/\/)/i;

/**
 * Refuses two URIs in the place of one. The second would count as the end of the first, as part of a Redis key
 * for one, and with its password be shown as such.
 * @param advice how more than one is written
 * @throws ConfigError
 */
export function refuseSecondUri(uri: string, where: string, advice: string): void {
  if (!another.test(uri)) return;
  throw new ConfigError(
    `${where}: this URI contains a second one: ${advice}; percent-encode characters that belong to the URI (a comma as %2C)`,
  );
}

function hint(uri: string): string {
  if (/^[./~]|^[^:]*\.(json|ya?ml)$/i.test(uri)) {
    return `; for a file, write ${quoteUri(`file:${uri}`)}`;
  }
  const scheme = /^([a-z][a-z0-9+]*):\//i.exec(uri)?.[1];
  if (["gs", "azblob", "s3"].includes(scheme ?? "")) {
    return `; expected a bucket and an object: ${scheme}://bucket/object`;
  }
  if (scheme !== undefined) return didYouMean(scheme, schemes, (name) => `${name}://`);
  return uri.includes("@") ? "; write a comma within a URI as %2C" : "";
}
