import { ConfigError } from "../core/errors.ts";
import type { JsonObject } from "../core/json.ts";
import type { Environment } from "../core/process-info.ts";
import { withDistinctNames } from "../sources/source-kind.ts";
import { kindOf, type SourceConfig } from "../sources/source-table.ts";
import { startOptions } from "./options/start-options.ts";
import { evaluateOptions } from "./options/tool-options.ts";
import { resolveOptions } from "./resolve.ts";
import { sourceOfWord } from "./sources/source-of-word.ts";

/** Everything that `flagd evaluate` is told. */
export interface EvaluateConfig {
  /** Undefined: every flag. */
  readonly key: string | undefined;
  /** Where the flags are: a later source has priority over an earlier one. */
  readonly flags: { readonly sources: readonly SourceInput[] } | { readonly daemon: DaemonAddress };
  readonly selector: string;
  readonly context: JsonObject;
  readonly fractional: "v2" | "v3";
  /** Milliseconds since 1970; undefined: now. */
  readonly at: number | undefined;
  readonly explain: boolean;
  readonly simulation: SimulationConfig | undefined;
  readonly json: boolean;
  readonly watch: boolean;
}

/** A source, or standard input. */
export type SourceInput = SourceConfig | "-";

export interface DaemonAddress {
  /** Of OFREP. */
  readonly url: URL;
  readonly timeoutMs: number;
}

export interface SimulationConfig {
  /** A number of keys, or the file that they are in. */
  readonly keys: number | string;
  /** The attribute that the keys stand for. */
  readonly by: string;
  readonly against: SourceInput | undefined;
}

/**
 * The configuration of `flagd evaluate`; undefined if help was asked for.
 * @param args what follows `evaluate` on the command line
 * @throws ConfigError
 */
export async function readEvaluateConfig(
  args: readonly string[],
  environment: Environment,
): Promise<EvaluateConfig | undefined> {
  const resolved = await resolveOptions(evaluateOptions, args, environment, startOptions, true);
  if (!resolved) return undefined;
  const { values, words } = resolved;
  const input = (word: string): SourceInput => (word === "-" ? "-" : sourceOfWord(word, values));
  const key = values.all ? undefined : words[0];
  const sources = values.all ? words : words.slice(1);
  if (key === undefined && !values.all) throw new ConfigError(`no flag: name its key, or --all`);
  const simulates = values.simulate > 0 || values.keys !== "";
  const { against, addr, explain, watch, all } = values;
  refuse(simulates && values.simulate > 0 && values.keys !== "", "--simulate and --keys");
  refuse(all && explain, "--all and --explain", "name the flag to explain");
  refuse(all && simulates, "--all and --simulate", "name the flag to simulate");
  refuse(watch && simulates, "--watch and --simulate");
  refuse(explain && simulates, "--explain and --simulate");
  refuse(addr !== "" && sources.length > 0, "--addr and a SOURCE", "the daemon has its own");
  refuse(
    addr !== "" && (explain || simulates || values.at !== undefined),
    "--addr and --explain, --simulate, --keys or --at",
    "read the daemon's flags as a source, from its sync port: grpc://localhost:8015",
  );
  if (against !== "" && !simulates) throw new ConfigError("--against needs --simulate or --keys");
  const inputs = sources.map(input);
  refuse(watch && inputs.includes("-"), "--watch and standard input");
  return {
    key,
    flags:
      addr === ""
        ? { sources: atLeastOne(inputs, key) }
        : { daemon: { url: urlOf(addr), timeoutMs: values.timeout } },
    selector: values.selector,
    context: values.context,
    fractional: values.fractional,
    at: values.at,
    explain,
    simulation: simulates
      ? {
          keys: values.keys === "" ? values.simulate : values.keys,
          by: values.by,
          against: against === "" ? undefined : input(against),
        }
      : undefined,
    json: values.json,
    watch,
  };
}

function refuse(wrong: boolean, what: string, advice = ""): void {
  if (wrong) throw new ConfigError(`${what} do not go together${advice && `: ${advice}`}`);
}

function atLeastOne(
  inputs: readonly SourceInput[],
  key: string | undefined,
): readonly SourceInput[] {
  if (inputs.length > 0) {
    // Two that are the same to people have different names in the store.
    const sources = inputs.filter((input) => input !== "-");
    const named = withDistinctNames(sources, (config) => kindOf(config.provider).nameOf(config));
    return inputs.map((input) => (input === "-" ? input : (named.shift() ?? input)));
  }
  const shown = key === undefined ? "--all" : key;
  throw new ConfigError(
    `no SOURCE: name a file, a URI, or a daemon, as in flagd evaluate ${shown} flags.json, or --addr localhost:8014`,
  );
}

function urlOf(addr: string): URL {
  const url = URL.parse(`http://${addr.startsWith(":") ? `localhost${addr}` : addr}/`);
  if (url && url.pathname === "/" && url.port !== "") return url;
  throw new ConfigError(`--addr: ${JSON.stringify(addr)} is not host:port, such as localhost:8014`);
}
