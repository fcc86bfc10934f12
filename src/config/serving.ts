import { ConfigError } from "../core/errors.ts";
import type { Environment } from "../core/process-info.ts";
import { overlap, sameAddress, showAddress, type TcpAddress } from "../core/tcp-address.ts";
import type { ServerTls } from "../core/tls/tls-material.ts";
import type {
  accessOptions,
  globalOptions,
  loadingOptions,
  notifyOptions,
  syncOptions,
  telemetryOptions,
} from "./options/shared-options.ts";
import { type OtelConfig, readOtelConfig } from "./otel/otel-config.ts";
import type { Origin, Resolved } from "./resolve.ts";

/** Whether the page of the management port is served; `auto`: if only this machine can reach it. */
export type PageRule = "auto" | "on" | "off";

/** Where a service listens. */
export type Address = TcpAddress | { readonly socketPath: string };

/** What the configurations of both serving commands have in common. */
export interface ServingConfig {
  /** The least severe entries to log. */
  readonly logLevel: "debug" | "info" | "warn" | "error";
  readonly logFormat: "console" | "json";
  /** The configuration file in use. */
  readonly configFile: string | undefined;
  /** What was ignored, to be logged. */
  readonly warnings: readonly string[];
  /** Reject documents that violate the schema in any way. */
  readonly strict: boolean;
  /** Where the last good flags are kept; undefined: nowhere. */
  readonly stateDir: string | undefined;
  /** Undefined: nobody is asked for a token. */
  readonly tokensPath: string | undefined;
  /** Static evaluation context (`-X`); also the sync context. */
  readonly contextValues: Readonly<Record<string, string>>;
  readonly sync: {
    readonly address: Address;
    readonly tls: ServerTls | undefined;
    readonly disableMetadata: boolean;
    readonly stallTimeoutMs: number;
    readonly keepAlive: { readonly minTimeMs: number; readonly permitWithoutStream: boolean };
  };
  /** Of event and sync streams; 0: none. */
  readonly streamDeadlineMs: number;
  readonly shutdownGraceMs: number;
  readonly page: PageRule;
  /** Undefined: nobody is told of changed flags. */
  readonly notify: NotifyConfig | undefined;
  readonly telemetry: OtelConfig;
}

/** Who is told of changed flags, and by what they know that it is true: a secret or the path of its file. */
export interface NotifyConfig {
  readonly url: URL;
  readonly secret: string | undefined;
  readonly secretPath: string | undefined;
  readonly caPath: string | undefined;
}

type ServingOptions = typeof accessOptions &
  typeof globalOptions &
  typeof loadingOptions &
  typeof notifyOptions &
  typeof syncOptions &
  typeof telemetryOptions;

/**
 * Reads what both serving commands have in common.
 * @param own what each command reads from options of its own
 * @throws ConfigError
 */
export function servingConfig(
  resolved: Resolved<ServingOptions>,
  environment: Environment,
  own: {
    readonly logFormat: "console" | "json";
    readonly address: Address;
    readonly tls: ServerTls | undefined;
    readonly warnings: readonly string[];
    /** Of the evaluations that are sent as events. */
    readonly evaluationRatio?: number;
  },
): ServingConfig {
  const { values, file } = resolved;
  const context = staticContext(resolved);
  const { warnings, ...telemetry } = readOtelConfig(
    {
      metricsExporter: values["metrics-exporter"],
      collectorUri: values["otel-collector-uri"] || undefined,
      certPath: values["otel-cert-path"] || undefined,
      keyPath: values["otel-key-path"] || undefined,
      caPath: values["otel-ca-path"] || undefined,
      reloadIntervalMs: values["otel-reload-interval"],
      evaluationRatio: own.evaluationRatio ?? 0,
    },
    environment,
  );
  return {
    logLevel: values.debug ? "debug" : values["log-level"],
    logFormat: own.logFormat,
    configFile: file,
    warnings: [...resolved.warnings, ...own.warnings, ...context.warnings, ...warnings],
    strict: values.strict,
    stateDir: values["state-dir"] || undefined,
    tokensPath: values["tokens-path"] || undefined,
    contextValues: context.values,
    sync: {
      address: own.address,
      tls: own.tls,
      disableMetadata: values["disable-sync-metadata"],
      stallTimeoutMs: values["sync-stall-timeout"],
      keepAlive: {
        minTimeMs: values["keep-alive-min-time"],
        permitWithoutStream: values["keep-alive-permit-without-stream"],
      },
    },
    streamDeadlineMs: values["stream-deadline"],
    shutdownGraceMs: values["shutdown-grace"],
    page: pageRule(resolved),
    notify: notifyConfig(resolved),
    telemetry,
  };
}

function pageRule({ values, origin }: Resolved<ServingOptions>): PageRule {
  if (origin("page").place === "default") return "auto";
  return values.page ? "on" : "off";
}

function notifyConfig({ values, origin }: Resolved<ServingOptions>): NotifyConfig | undefined {
  const text = values["notify-url"];
  const secret = values["notify-secret"] || undefined;
  const secretPath = values["notify-secret-path"] || undefined;
  const { name } = origin("notify-url");
  if (text === "") {
    const options = ["notify-secret", "notify-secret-path", "notify-ca-path"] as const;
    const alone = options.find((option) => values[option] !== "");
    if (alone === undefined) return undefined;
    throw new ConfigError(`${origin(alone).name} is set without --notify-url`);
  }
  const url = URL.parse(text);
  // Not the URL itself, which may hold a secret.
  if (!url || !/^https?:$/.test(url.protocol)) {
    throw new ConfigError(`${name} is not a URL that begins with http:// or https://`);
  }
  if (url.username !== "" || url.password !== "") {
    throw new ConfigError(`${name} must not name a user or a password: the secret does that`);
  }
  if (secret !== undefined && secretPath !== undefined) {
    throw new ConfigError("set FLAGD_NOTIFY_SECRET or --notify-secret-path, not both");
  }
  if (secret === undefined && secretPath === undefined) {
    throw new ConfigError(
      `${name} requires a secret: set FLAGD_NOTIFY_SECRET or --notify-secret-path`,
    );
  }
  return { url, secret, secretPath, caPath: values["notify-ca-path"] || undefined };
}

/** The keys of a configuration file are read without regard to case, as every flagd does. */
function staticContext({ values, origin }: Resolved<ServingOptions>) {
  const pairs = [...values["context-value"]];
  if (origin("context-value").place !== "file") return { values: record(pairs), warnings: [] };
  const warnings = pairs
    .filter(([key]) => key !== key.toLowerCase())
    .map(
      ([key]) =>
        `${origin("context-value").name}: key ${JSON.stringify(key)} is read as ` +
        `${JSON.stringify(key.toLowerCase())}; use -X or FLAGD_CONTEXT_VALUE to keep its case`,
    );
  return { values: record(pairs.map(([key, value]) => [key.toLowerCase(), value])), warnings };
}

function record(pairs: readonly (readonly [string, string])[]): Readonly<Record<string, string>> {
  return Object.fromEntries(pairs);
}

/** The socket if one is given, else the port. */
export function socketOr(socketPath: string, address: TcpAddress): Address {
  return socketPath === "" ? address : { socketPath };
}

/** The address of an option, at the host of `--listen` if it names none. */
export function listenAt(host: string, address: TcpAddress): TcpAddress {
  return host === "" ? address : { host, ...address };
}

/**
 * The two files of a certificate, by the names of their options; undefined if neither is set.
 * @throws ConfigError if only one is: that must not end in plaintext
 */
export function certificatePair<Name extends string>(
  values: Readonly<Record<Name, string>>,
  origin: (name: NoInfer<Name>) => Origin,
  cert: Name,
  key: Name,
): ServerTls | undefined {
  const [certPath, keyPath] = [values[cert], values[key]];
  if (certPath !== "" && keyPath !== "") {
    return { certPath, keyPath, names: { certPath: origin(cert).name, keyPath: origin(key).name } };
  }
  if (certPath === "" && keyPath === "") return undefined;
  const [given, missing] = certPath === "" ? [key, cert] : [cert, key];
  throw new ConfigError(`${origin(given).name} is set without --${missing}: TLS requires both`);
}

/**
 * The certificate with the CA of the clients, if there is one.
 * @throws ConfigError if there is a CA and no certificate
 */
export function withClientCa(
  tls: ServerTls | undefined,
  clientCaPath: string,
  name: string,
  certificate: string,
): ServerTls | undefined {
  if (clientCaPath === "") return tls;
  if (tls) return { ...tls, clientCaPath, names: { ...tls.names, clientCaPath: name } };
  throw new ConfigError(
    `${name} requires ${certificate}: there are no client certificates without TLS`,
  );
}

/**
 * @param addresses by the names of the options of their ports
 * @param sharing options that may name one listener
 * @throws ConfigError if two of the listeners would take the same one
 */
export function distinctAddresses(
  addresses: Readonly<Record<string, Address>>,
  sharing: readonly string[] = [],
): void {
  const entries = Object.entries(addresses);
  for (const [index, [option, address]] of entries.entries()) {
    for (const [other, earlier] of entries.slice(0, index)) {
      if ("port" in address && "port" in earlier) {
        if (!overlap(earlier, address)) continue;
        if (!sameAddress(earlier, address)) {
          throw new ConfigError(
            `--${other} (${showAddress(earlier)}) and --${option} (${showAddress(address)}) overlap: give both the same host, or different ports`,
          );
        }
        if (sharing.includes(other) && sharing.includes(option)) continue;
        throw new ConfigError(`--${other} and --${option} are both ${placeOf(address)}`);
      }
      if ("port" in address || "port" in earlier) continue;
      if (address.socketPath !== earlier.socketPath) continue;
      // The option of a socket is named after that of the port that it stands for.
      const [one, two] = [other, option].map((name) => name.replace(/port$/, "socket-path"));
      throw new ConfigError(`--${one} and --${two} are both ${address.socketPath}`);
    }
  }
}

function placeOf(address: TcpAddress): string {
  return address.host === undefined ? String(address.port) : showAddress(address);
}
