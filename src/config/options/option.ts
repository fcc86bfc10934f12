import type { Kind } from "../kinds/kind.ts";

/** Headings of the help, in its order. */
export const sections = [
  "Flag sources",
  "Ports and sockets",
  "TLS",
  "Evaluation",
  "Simulation",
  "Writing",
  "Sync stream",
  "Notifications",
  "Limits",
  "Logs and telemetry",
  "Output",
  "General",
] as const;

/** One option of a command, as parsing, help, completion and the reference page know it. */
export interface Option<T> {
  readonly kind: Kind<T>;
  readonly default: NoInfer<T>;
  /** The letter of the short form. */
  readonly short?: string;
  readonly section: (typeof sections)[number];
  /** A few sentences for help and reference; completion shows the first. */
  readonly doc: string;
  /** True: has no environment variable, and no place in the configuration file. */
  readonly commandLineOnly?: true;
  /** True: it is a secret, and refused on the command line. */
  readonly variableOnly?: true;
}

/** Options by name. */
export type OptionTable = Readonly<Record<string, Option<unknown>>>;

/** A value for each option. */
export type Values<Table extends OptionTable> = {
  readonly [Name in keyof Table]: Table[Name] extends Option<infer T> ? T : never;
};

/** Lets each entry of a table keep the type of its own values. */
export function option<T>(declaration: Option<T>): Option<T> {
  return declaration;
}

/** `max-request-body` → `FLAGD_MAX_REQUEST_BODY` */
export function environmentName(name: string): string {
  return `FLAGD_${name.toUpperCase().replaceAll("-", "_")}`;
}
