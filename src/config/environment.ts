import { didYouMean } from "../core/nearest.ts";
import type { Environment } from "../core/process-info.ts";
import { tcpAddress } from "./kinds/tcp-address.ts";
import { environmentName, type OptionTable } from "./options/option.ts";

/** What the environment says about the options of a command. */
export interface EnvironmentValues {
  /** Option name → text. An empty variable is as good as none. */
  readonly options: ReadonlyMap<string, string>;
  readonly warnings: readonly string[];
}

/**
 * Kubernetes gives every container variables for the Services of its namespace: one named `flagd`
 * makes `FLAGD_PORT=tcp://10.0.0.1:8013`. Nobody meant that as a port to listen on.
 */
const serviceLink = /^(tcp|udp|sctp):\/\//;

/** The others that it makes for a Service whose name begins with `flagd`. */
const serviceVariable = /_SERVICE_(HOST|PORT(_.*)?)$|_PORT_\d+_(TCP|UDP|SCTP)(_.*)?$/;

/**
 * What `FLAGD_*` variables say about the options of `table`.
 * @param others options of other commands, for which there may be variables too
 */
export function readEnvironment(
  table: OptionTable,
  environment: Environment,
  others: OptionTable = {},
): EnvironmentValues {
  const options = new Map<string, string>();
  const warnings: string[] = [];
  for (const name of Object.keys(table)) {
    if (table[name]?.commandLineOnly) continue;
    const variable = environmentName(name);
    // A secret that was made with `echo` ends with a line break.
    const value = environment[variable]?.trim();
    if (value === undefined || value === "") continue;
    if (table[name]?.kind === tcpAddress && serviceLink.test(value)) {
      warnings.push(`${variable} is ignored: Kubernetes sets it for a Service of that name`);
    } else {
      options.set(name, value);
    }
  }
  return { options, warnings: [...warnings, ...slips(table, others, environment)] };
}

/** Variables that are no option's, but nearly. Others may be somebody else's: the clients of flagd have some. */
function slips(table: OptionTable, others: OptionTable, environment: Environment): string[] {
  const variables = (options: OptionTable) =>
    Object.keys(options)
      .filter((name) => !options[name]?.commandLineOnly)
      .map(environmentName);
  const own = variables(table);
  const known = new Set([...own, ...variables(others)]);
  return Object.entries(environment).flatMap(([variable, value]) => {
    if (!variable.startsWith("FLAGD_") || !value || known.has(variable)) return [];
    if (serviceVariable.test(variable) || serviceLink.test(value)) return [];
    const hint = didYouMean(
      variable.slice("FLAGD_".length),
      own.map((name) => name.slice("FLAGD_".length)),
      (name) => `FLAGD_${name}`,
    );
    return hint === "" ? [] : [`unknown variable ${variable} ignored${hint}`];
  });
}
