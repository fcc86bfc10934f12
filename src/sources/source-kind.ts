import type { Clock } from "../core/clock.ts";
import type { Log } from "../core/log.ts";
import type { SettingTable, SettingValues } from "./settings.ts";
import type { Source } from "./source.ts";

/** The checked configuration of a source of some kind. */
export interface AnySourceConfig {
  readonly provider: string;
  /** Without a prefix that only chooses the kind: `file:`, `grpc://`, `core.openfeature.dev/`. */
  readonly uri: string;
  /** Only if another source would have the same. */
  readonly name?: string;
}

/** The configuration of a source, from its providers and the table of its settings. */
export type ConfigOf<Provider extends string, Table extends SettingTable> = {
  readonly provider: Provider;
  readonly uri: string;
  readonly name?: string;
} & SettingValues<Table>;

export interface SourceDependencies {
  readonly clock: Clock;
  readonly log: Log;
}

/** A kind of source: all that the configuration and the documentation know of it, and its code. */
export interface SourceKind<Config extends AnySourceConfig = AnySourceConfig> {
  /** What `provider` may be, the usual one first. */
  readonly providers: readonly Config["provider"][];
  /** One sentence for the reference: where the flags are. */
  readonly doc: string;
  /** How its URIs begin, as messages and help list it: `http(s)://`. */
  readonly prefix: string;
  /** A whole URI, for messages and the reference: `s3://bucket/object`. */
  readonly uriForm: string;
  /** The URIs of `--uri` that are of this kind. */
  readonly uriPattern: RegExp;
  /** The schemes of its URIs, for a guess at a mistyped one. */
  readonly schemes: readonly string[];
  readonly settings: SettingTable;
  /** The name of a source in logs, metrics and selectors: its URI, without what may be secret. */
  nameOf(config: Pick<Config, "uri" | "name">): string;
  /**
   * What the table of settings cannot say; takes a prefix that only chooses the kind off the URI.
   * @param where names the settings in messages: `--sources[0]`
   * @throws ConfigError
   */
  check(config: Config, where: string): Config;
  /**
   * Loads the code of this kind, for which the start does not wait otherwise.
   * @throws ConfigError for a URI or setting that cannot be used
   */
  create(config: Config, dependencies: SourceDependencies): Promise<Source>;
}

/** A source as far as its name goes. */
interface Named {
  readonly uri: string;
  readonly name?: string;
}

/**
 * The name of a source, as logs, metrics, selectors and sync clients see it: its URI without user, password, query
 * and fragment, which may be or contain secrets (signatures, tokens).
 */
export function sourceName({ uri, name }: Named): string {
  if (name !== undefined) return name;
  const bare = uri.replace(/[?#].*$/s, "");
  const parts = /^([a-z][a-z0-9+.-]*:\/\/)([^/]*)(.*)$/is.exec(bare);
  if (!parts) return bare;
  const [, scheme = "", authority = "", path = ""] = parts;
  return scheme + authority.slice(authority.lastIndexOf("@") + 1) + path;
}

/**
 * Gives sources of different URIs different names: those that would have the name of an earlier one get a number
 * behind it (`http://host/flags~2`).
 * @param nameOf the name that a source has by itself
 */
export function withDistinctNames<Source extends Named>(
  sources: readonly Source[],
  nameOf: (source: Source) => string,
): Source[] {
  const uris = new Map<string, string[]>();
  return sources.map((source) => {
    const name = nameOf(source);
    const known = uris.get(name) ?? [];
    uris.set(name, known);
    if (!known.includes(source.uri)) known.push(source.uri);
    const position = known.indexOf(source.uri);
    return position === 0 ? source : { ...source, name: `${name}~${position + 1}` };
  });
}
