import type { Environment } from "../core/environment.ts";
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

/** What `FLAGD_*` variables say about the options of `table`. */
export function readEnvironment(table: OptionTable, environment: Environment): EnvironmentValues {
  const options = new Map<string, string>();
  const warnings: string[] = [];
  for (const name of Object.keys(table)) {
    if (table[name]?.flagOnly) continue;
    const variable = environmentName(name);
    const value = environment[variable];
    if (value === undefined || value === "") continue;
    if (table[name]?.kind.hint === "port" && serviceLink.test(value)) {
      warnings.push(`${variable} is ignored: Kubernetes sets it for a Service of that name`);
    } else {
      options.set(name, value);
    }
  }
  return { options, warnings };
}
