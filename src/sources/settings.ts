import { readFile } from "node:fs/promises";
import { ConfigError } from "../core/errors.ts";
import { fileErrorText } from "../core/file-error.ts";
import type { ClientTlsFiles } from "../core/tls/tls-material.ts";
import { SourceError } from "./source.ts";

/** What a setting holds. `seconds` and `bytes` are whole numbers from 0, `texts` is an object of texts. */
interface ValueOfType {
  readonly text: string;
  readonly boolean: boolean;
  readonly "boolean or poll": boolean | "poll";
  readonly seconds: number;
  readonly bytes: number;
  readonly texts: Readonly<Record<string, string>>;
}

/** How one setting of a source is declared. 0, an empty text and null count as not set. */
export type Setting = ScalarSetting | GroupSetting;

/** A setting with one value. */
interface ScalarSetting {
  readonly type: keyof ValueOfType;
  readonly doc: string;
  /** The value if it is not set. */
  readonly default?: ValueOfType[keyof ValueOfType];
  /** The largest number that is allowed. */
  readonly max?: number;
}

/** A setting that is an object of settings. */
interface GroupSetting {
  readonly type: "object";
  readonly doc: string;
  readonly settings: SettingTable;
}

/** Settings by name. */
export type SettingTable = Readonly<Record<string, Setting>>;

type ValueOf<S extends Setting> = S extends { readonly settings: infer Table extends SettingTable }
  ? SettingValues<Table>
  : S extends ScalarSetting
    ? ValueOfType[S["type"]]
    : never;

type WithDefault<Table extends SettingTable> = {
  [Name in keyof Table]: Table[Name] extends { readonly default: unknown } ? Name : never;
}[keyof Table];

/** The values of a table's settings, by name; those without a default may be missing. */
export type SettingValues<Table extends SettingTable> = {
  readonly [Name in WithDefault<Table>]: ValueOf<Table[Name]>;
} & {
  readonly [Name in Exclude<keyof Table, WithDefault<Table>>]?: ValueOf<Table[Name]>;
};

/** When a source polls. */
export interface Polling {
  /** Seconds. */
  readonly interval: number;
  /** Fixes the phase of the polls, which is otherwise random. */
  readonly intervalSeed?: string;
}

/** Settings of a source that polls. */
export function pollSettings(seconds: number) {
  return {
    interval: {
      type: "seconds",
      default: seconds,
      max: 86_400,
      doc: "Seconds between two polls.",
    },
    intervalSeed: {
      type: "text",
      doc: "Any text. It decides in which second of the interval to poll; without it, chance does.",
    },
  } as const satisfies SettingTable;
}

/** PEM files of a TLS client. */
export interface ClientTlsSettings {
  /** CA to trust instead of the system's. */
  readonly certPath?: string;
  readonly clientCertPath?: string;
  readonly clientKeyPath?: string;
}

/** The files as they are read, under the names that their settings have in messages. */
export function pemFiles(settings: ClientTlsSettings): ClientTlsFiles {
  const file = (option: keyof ClientTlsSettings) => {
    const path = settings[option];
    return path === undefined ? undefined : { path, option };
  };
  return { ca: file("certPath"), cert: file("clientCertPath"), key: file("clientKeyPath") };
}

/** Settings of a source that connects by TLS. */
export const clientTlsSettings = {
  certPath: {
    type: "text",
    doc: "PEM file of the CA to trust instead of the system's, or of the server's own certificate.",
  },
  clientCertPath: { type: "text", doc: "PEM file of the client certificate." },
  clientKeyPath: { type: "text", doc: "PEM file of the client certificate's private key." },
} as const satisfies SettingTable;

/**
 * Whether a setting asks for TLS.
 * @throws ConfigError if there is a client certificate without its key, or a key without its certificate
 */
export function asksForTls(settings: ClientTlsSettings, where: string): boolean {
  const { certPath, clientCertPath, clientKeyPath } = settings;
  if ((clientCertPath === undefined) !== (clientKeyPath === undefined)) {
    throw new ConfigError(`${where}: clientCertPath and clientKeyPath must be set together`);
  }
  return certPath !== undefined || clientCertPath !== undefined;
}

/**
 * The text of a file that the operator has named or mounted: a certificate, a token, a secret.
 * @param explain makes the error's message of the reason why the file cannot be read
 * @throws SourceError, a permanent one
 */
export async function readTextFile(
  path: string,
  explain = (reason: string) => `cannot read ${path}: ${reason}`,
): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    throw new SourceError(explain(fileErrorText(error)), { retryable: false });
  }
}
