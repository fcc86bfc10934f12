import { ConfigError } from "../../core/errors.ts";
import { quote, quoteUri } from "../../core/message-text.ts";
import type { CollectorTarget } from "../../core/otel-settings.ts";
import type { Environment } from "../../core/process-info.ts";

/** What the command line says of the collector. */
export interface CollectorOptions {
  readonly collectorUri: string | undefined;
  readonly certPath: string | undefined;
  readonly keyPath: string | undefined;
  readonly caPath: string | undefined;
  readonly reloadIntervalMs: number;
}

/** A kind of telemetry that can be exported. */
export type Signal = "metrics" | "traces" | "logs";

/** Whether an option or a variable says where the signal should go. */
export function namesCollector(
  signal: Signal,
  options: CollectorOptions,
  variables: OtelVariables,
): boolean {
  return options.collectorUri !== undefined || endpointVariable(signal, variables) !== undefined;
}

/**
 * OpenTelemetry's own variables win over options, and those of one signal over those of all, as with
 * every flagd.
 * @throws ConfigError naming what cannot be used
 */
export function collectorFor(
  signal: Signal,
  options: CollectorOptions,
  variables: OtelVariables,
): CollectorTarget {
  const find = <T>(read: (name: string) => T | undefined, name: string): T | undefined =>
    read(`OTEL_EXPORTER_OTLP_${signal.toUpperCase()}_${name}`) ??
    read(`OTEL_EXPORTER_OTLP_${name}`);
  const text = (name: string) => find((full) => variables.text(full), name);

  const named = endpointVariable(signal, variables);
  const fromOption = named === undefined ? options.collectorUri : undefined;
  const protocol =
    find((name) => variables.word(name, ["grpc", "http/protobuf", "http/json"]), "PROTOCOL") ??
    (fromOption === undefined ? "http/protobuf" : "grpc");
  const files = tlsFiles({
    caPath: text("CERTIFICATE") ?? options.caPath,
    certPath: text("CLIENT_CERTIFICATE") ?? options.certPath,
    keyPath: text("CLIENT_KEY") ?? options.keyPath,
  });
  const insecure = find((name) => variables.word(name, ["true", "false"]), "INSECURE");
  const secure = insecure === undefined ? Object.keys(files).length > 0 : insecure === "false";
  const port = protocol === "grpc" ? 4317 : 4318;
  const origin = named?.name ?? "--otel-collector-uri";
  const url = parseUrl(named?.value ?? fromOption ?? `localhost:${port}`, secure, origin);
  if (protocol !== "grpc" && !named?.complete) {
    url.pathname = `${url.pathname.replace(/\/$/, "")}/v1/${signal}`;
  }
  return {
    protocol,
    url: url.href,
    headers: {
      ...variables.headers("OTEL_EXPORTER_OTLP_HEADERS"),
      ...variables.headers(`OTEL_EXPORTER_OTLP_${signal.toUpperCase()}_HEADERS`),
    },
    timeoutMs: find((name) => variables.number(name, 1, 600_000), "TIMEOUT") ?? 10_000,
    gzip: find((name) => variables.word(name, ["gzip", "none"]), "COMPRESSION") === "gzip",
    files,
    reloadIntervalMs: options.reloadIntervalMs,
  };
}

interface Endpoint {
  readonly name: string;
  readonly value: string;
  /** The signal's own URL, to be used as it is. */
  readonly complete: boolean;
}

function endpointVariable(signal: Signal, variables: OtelVariables): Endpoint | undefined {
  const candidates = [
    { name: `OTEL_EXPORTER_OTLP_${signal.toUpperCase()}_ENDPOINT`, complete: true },
    { name: "OTEL_EXPORTER_OTLP_ENDPOINT", complete: false },
  ];
  for (const { name, complete } of candidates) {
    const value = variables.text(name);
    if (value !== undefined) return { name, value, complete };
  }
  return undefined;
}

/** Without a scheme (`localhost:4317`): TLS if `secure`, otherwise plaintext. */
function parseUrl(text: string, secure: boolean, origin: string): URL {
  const scheme = secure ? "https" : "http";
  const absolute = /^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `${scheme}://${text}`;
  const url = URL.parse(absolute.replace(/^grpc(s?):/i, "http$1:"));
  if (url && /^https?:$/.test(url.protocol) && url.hostname !== "") return url;
  throw new ConfigError(
    `invalid value for ${origin}: ${quoteUri(text)} is not the address of a collector, such as localhost:4317, http://localhost:4317 or https://collector.example:4317`,
  );
}

function tlsFiles(files: {
  readonly caPath: string | undefined;
  readonly certPath: string | undefined;
  readonly keyPath: string | undefined;
}): CollectorTarget["files"] {
  const { caPath, certPath, keyPath } = files;
  if ((certPath === undefined) !== (keyPath === undefined)) {
    throw new ConfigError("--otel-cert-path and --otel-key-path must be set together");
  }
  return {
    ...(caPath !== undefined && { caPath }),
    ...(certPath !== undefined && { certPath }),
    ...(keyPath !== undefined && { keyPath }),
  };
}

/** What both HTTP and gRPC send as text. */
const headerName = /^(?!.*-bin$)[\w.-]+$/i;
const headerValue = /^[\x20-\x7e]*$/;

/**
 * Reads OpenTelemetry's own variables. As its specification demands, an empty one is as good as
 * none, and one that cannot be used is warned of and ignored.
 */
export class OtelVariables {
  readonly #environment: Environment;
  readonly warn: (message: string) => void;

  constructor(environment: Environment, warn: (message: string) => void) {
    this.#environment = environment;
    this.warn = warn;
  }

  text(name: string): string | undefined {
    return this.#environment[name]?.trim() || undefined;
  }

  /** Lower-cased and one of `words`. */
  word<const Word extends string>(name: string, words: readonly Word[]): Word | undefined {
    const value = this.text(name)?.toLowerCase();
    const found = words.find((word) => word === value);
    if (value !== undefined && found === undefined) {
      this.#ignore(name, value, `is not one of ${words.map(quote).join(", ")}`);
    }
    return found;
  }

  /** A number from `min` to `max`. */
  number(name: string, min: number, max: number): number | undefined {
    const value = this.text(name);
    if (value === undefined) return undefined;
    const number = Number(value);
    if (number >= min && number <= max) return number;
    this.#ignore(name, value, `is not a number from ${min} to ${max}`);
    return undefined;
  }

  /**
   * Headers, as `name=value,name=value`, values percent-encoded (W3C Baggage). Neither names nor values are
   * repeated in warnings: both may be secret if a part is malformed.
   */
  headers(name: string): Readonly<Record<string, string>> {
    const pairs: Record<string, string> = {};
    for (const part of (this.text(name) ?? "").split(",")) {
      if (part.trim() === "") continue;
      const at = part.indexOf("=");
      const key = part.slice(0, at).trim();
      const value = decoded(part.slice(at + 1).trim());
      if (at > 0 && headerName.test(key) && value !== undefined && headerValue.test(value)) {
        pairs[key.toLowerCase()] = value;
      } else {
        this.warn(`${name}: an entry that is not a header (name=value) is ignored`);
      }
    }
    return pairs;
  }

  #ignore(name: string, value: string, why: string): void {
    this.warn(`${name} ignored: ${quote(value)} ${why}`);
  }
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
