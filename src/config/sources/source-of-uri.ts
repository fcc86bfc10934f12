import { ConfigError } from "../../core/errors.ts";
import { quoteUri } from "../../core/message-text.ts";
import { didYouMean } from "../../core/nearest.ts";
import { type Provider, sourceKinds } from "../../sources/source-table.ts";

/** A source object as `--sources` would have it. */
export interface UriSource {
  readonly provider: Provider | undefined;
  readonly uri: string;
}

/** `redis://, file:, … or s3://`: how the URIs of sources begin. */
export function uriPrefixes(show = (prefix: string) => prefix): string {
  const shown = sourceKinds.map(({ prefix }) => show(prefix));
  return `${shown.slice(0, -1).join(", ")} or ${shown.at(-1)}`;
}

/**
 * The source that one `--uri` stands for.
 * @throws ConfigError listing the prefixes that there are
 */
export function sourceOfUri(uri: string, origin: string): UriSource {
  const kind = sourceKinds.find(({ uriPattern }) => uriPattern.test(uri));
  if (kind) return { provider: kind.providers[0], uri };
  throw new ConfigError(
    `${origin}: ${quoteUri(uri)} is no URI of a source, which begins with ` +
      `${uriPrefixes((prefix) => `'${prefix}'`)}${hint(uri)}`,
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
  if (scheme === undefined) return uri.includes("@") ? "; write a comma within a URI as %2C" : "";
  const kind = sourceKinds.find(({ schemes }) => schemes.includes(scheme));
  if (kind) return `; expected ${kind.uriForm}`;
  const schemes = sourceKinds.flatMap((kind) => kind.schemes);
  return didYouMean(scheme, schemes, (name) => `${name}://`);
}
