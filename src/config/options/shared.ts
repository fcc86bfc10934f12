import { map } from "../kinds/collections.ts";
import { duration, positiveDuration } from "../kinds/duration.ts";
import { boolean, oneOf, path, text } from "../kinds/scalars.ts";
import { option } from "./option.ts";

/** Options of every command. */
export const globalOptions = {
  config: option({
    kind: path,
    default: "",
    section: "General",
    doc: "YAML or JSON file whose keys are the names of these options. Default: $HOME/.agent.yaml or $HOME/.agent, where one exists.",
    flagOnly: true,
  }),
  debug: option({
    kind: boolean,
    default: false,
    short: "x",
    section: "General",
    doc: "Log debug entries too, and entries about single requests.",
  }),
};

/** Options of every command that loads flags. */
export const loadingOptions = {
  strict: option({
    kind: boolean,
    default: false,
    section: "Flag sources",
    doc: "Reject flag documents that violate the JSON Schema in any way, instead of warning where they can be used.",
  }),
  "context-value": option({
    kind: map("key=value"),
    default: new Map(),
    short: "X",
    section: "Evaluation",
    doc: "Add a static value to the evaluation context; it wins over what requests send. Sync clients get it as sync context.",
  }),
};

/** Options of every command that serves the sync stream. */
export const syncOptions = {
  "stream-deadline": option({
    kind: duration,
    default: 0,
    section: "Limits",
    doc: "End event and sync streams after this time; 0s: never.",
  }),
  "sync-stall-timeout": option({
    kind: positiveDuration,
    default: 30_000,
    section: "Sync stream",
    doc: "Cut off a client that takes nothing from its stream for this long.",
  }),
  "disable-sync-metadata": option({
    kind: boolean,
    default: false,
    section: "Sync stream",
    doc: "Answer the deprecated GetMetadata with UNIMPLEMENTED.",
  }),
  "keep-alive-min-time": option({
    kind: duration,
    default: 30_000,
    section: "Sync stream",
    doc: "Refuse sync clients that send keepalive pings more often than this.",
  }),
  "keep-alive-permit-without-stream": option({
    kind: boolean,
    default: true,
    section: "Sync stream",
    doc: "Allow keepalive pings on sync connections without a stream.",
  }),
  "shutdown-grace": option({
    kind: duration,
    default: 10_000,
    section: "Limits",
    doc: "At SIGTERM or SIGINT, how long calls in flight may take to finish.",
  }),
};

/** Options of every command that is measured. */
export const telemetryOptions = {
  "metrics-exporter": option({
    kind: oneOf("prometheus", "otel"),
    default: "prometheus",
    short: "t",
    section: "Logs and telemetry",
    doc: "Serve metrics at /metrics, or push them to the collector.",
  }),
  "otel-collector-uri": option({
    kind: text("uri"),
    default: "",
    short: "o",
    section: "Logs and telemetry",
    doc: "OpenTelemetry collector (OTLP over gRPC) for traces, and for metrics with --metrics-exporter otel.",
  }),
  "otel-cert-path": option({
    kind: path,
    default: "",
    short: "D",
    section: "Logs and telemetry",
    doc: "PEM client certificate for the collector.",
  }),
  "otel-key-path": option({
    kind: path,
    default: "",
    short: "K",
    section: "Logs and telemetry",
    doc: "PEM key of the client certificate for the collector.",
  }),
  "otel-ca-path": option({
    kind: path,
    default: "",
    short: "A",
    section: "Logs and telemetry",
    doc: "PEM CA that signed the collector's certificate.",
  }),
  "otel-reload-interval": option({
    kind: duration,
    default: 3_600_000,
    short: "I",
    section: "Logs and telemetry",
    doc: "How often the collector's certificate files are read again.",
  }),
};
