import { ConfigError } from "../../core/config-error.ts";
import { didYouMean, nearest } from "../../core/nearest.ts";
import { quote, quoteUri } from "../../core/quote.ts";
import {
  kindOf,
  type Provider,
  providers,
  type SourceConfig,
  sourceKinds,
} from "../../sources/source-kinds.ts";
import { isObject, readSettings } from "./read-settings.ts";
import { refuseSecondUri } from "./source-of-uri.ts";

/** What an object of `--sources` has whatever its kind. */
export const commonSettings = {
  uri: { type: "text", doc: "Where the flags are. Required." },
  provider: { type: "text", doc: "The kind of source. Required." },
} as const;

/**
 * One source from an object as `--sources` has it.
 * @param where names the object in messages: `--sources[0]`
 * @throws ConfigError naming the setting and what was expected
 */
export function parseSource(
  value: unknown,
  where: string,
  warn: (message: string) => void,
): SourceConfig {
  if (!isObject(value)) throw new ConfigError(`${where}: expected an object`);
  const common = readSettings(value, commonSettings, { where, warn: () => {} });
  const { uri } = common;
  if (!uri) throw new ConfigError(`${where}: uri is missing${meant("uri", value)}`);
  refuseSecondUri(uri, where, separators);
  if (!common.provider) {
    throw new ConfigError(`${where}: provider is missing${meant("provider", value, uri)}`);
  }
  const provider = providers.find((name) => name === common.provider);
  if (provider === undefined) throw new ConfigError(`${where}: ${unknown(common.provider)}`);
  const kind = kindOf(provider);
  const other = sourceKinds.find(({ uriPattern }) => uriPattern.test(uri));
  if (other && other !== kind && ownScheme.test(uri)) {
    throw new ConfigError(
      `${where}: the uri ${quoteUri(uri)} is one of provider ${other.providers[0]}, not of ${provider}: write "provider":"${other.providers[0]}"`,
    );
  }
  const table = { ...commonSettings, ...kind.settings };
  const explainIgnored = (name: string) => ofOtherKind(name, provider);
  const settings = readSettings(value, table, { where, warn, explainIgnored });
  // As its own table reads them.
  return kind.check({ ...settings, provider, uri } as SourceConfig, where);
}

const separators =
  "separate URIs by commas on the command line, by white space in variables and files";

function ofOtherKind(given: string, provider: Provider): string | undefined {
  const names = sourceKinds.flatMap(({ settings }) => Object.keys(settings));
  const name = names.find((candidate) => candidate.toLowerCase() === given.toLowerCase());
  return name && `${name} has no effect on provider ${provider}`;
}

/** Schemes that no other provider can read: `file` reads any path, and `grpc` and `http` targets of several forms. */
const ownScheme = /^(?:file:|(?:redis|valkey)s?(?:\+\w+)*:|https?:|grpcs?:|s3:|gs:|azblob:)/;

/** What seems to stand for a setting that is missing. */
function meant(name: "uri" | "provider", value: object, uri = ""): string {
  const kind = sourceKinds.find(({ uriPattern }) => uriPattern.test(uri));
  if (name === "provider" && kind) return `: write "provider":"${kind.providers[0]}"`;
  const slip = Object.keys(value).find((given) => nearest(given, [name]) === name);
  return slip === undefined ? "" : `: write ${name} instead of ${quote(slip)}`;
}

function unknown(name: string): string {
  const all = providers.map((provider) => `'${provider}'`);
  const hint = didYouMean(name, providers, (guess) => `'${guess}'`);
  // A URI at the wrong place may hold a password.
  return `unknown provider ${quoteUri(name)}: expected ${all.slice(0, -1).join(", ")} or ${all.at(-1)}${hint}`;
}
