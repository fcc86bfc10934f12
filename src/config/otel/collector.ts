import { ConfigError } from "../../core/config-error.ts";
import type { CollectorTarget } from "../../core/otel-settings.ts";
import { quoteUri } from "../../core/quote.ts";
import type { OtelVariables } from "./variables.ts";

/** What the command line says of the collector. */
export interface CollectorOptions {
  readonly collectorUri: string | undefined;
  readonly certPath: string | undefined;
  readonly keyPath: string | undefined;
  readonly caPath: string | undefined;
  readonly reloadIntervalMs: number;
}

/** A kind of telemetry that can be exported. */
export type Signal = "metrics" | "traces";

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
