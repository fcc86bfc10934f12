import { map } from "../kinds/collections.ts";
import { boolean, oneOf, path, text } from "../kinds/scalars.ts";
import { host } from "../kinds/tcp-address.ts";
import { duration, positiveDuration } from "../kinds/time.ts";
import { option } from "./option.ts";

/** Options of every command. */
export const globalOptions = {
  config: option({
    kind: path,
    default: "",
    section: "General",
    doc: "YAML or JSON file whose keys are the names of these options. Default: $HOME/.agent.yaml or $HOME/.agent, if one of them exists.",
    commandLineOnly: true,
  }),
  debug: option({
    kind: boolean,
    default: false,
    short: "x",
    section: "General",
    doc: "The same as --log-level debug.",
  }),
};

/** Options of every command that loads flags. */
export const loadingOptions = {
  strict: option({
    kind: boolean,
    default: false,
    section: "Flag sources",
    doc: "Reject flag documents that violate the JSON Schema in any way, instead of only warning about them if they can be used.",
  }),
  "state-dir": option({
    kind: path,
    default: "",
    section: "Flag sources",
    doc: "Directory in which to keep the last good flags of every source. A daemon that starts while a source is down serves them until the source answers.",
  }),
  "context-value": option({
    kind: map("key=value"),
    default: new Map(),
    short: "X",
    section: "Evaluation",
    doc: "Add a static value to the evaluation context; it overrides what requests send. Sync clients receive it as sync context.",
  }),
};

/** Where every command that serves ports listens. */
export const listenOptions = {
  listen: option({
    kind: host,
    default: "",
    section: "Ports and sockets",
    doc: "Host name or IP address to listen at, for all ports that name none themselves: 127.0.0.1 keeps other machines out. Default: all addresses of this machine.",
  }),
};

/** Who may use the ports. */
export const accessOptions = {
  "tokens-path": option({
    kind: path,
    default: "",
    section: "Ports and sockets",
    doc: "YAML or JSON file of the tokens that clients have to send, with what each may be used for. Probes need none. Read again when it changes.",
  }),
};

/** Who is told of changed flags. */
export const notifyOptions = {
  "notify-url": option({
    kind: text("url"),
    default: "",
    section: "Notifications",
    doc: "Tell this URL of every change of flags, by a signed POST that names them. Needs a secret.",
  }),
  "notify-secret-path": option({
    kind: path,
    default: "",
    section: "Notifications",
    doc: "File that holds the secret that those requests are signed with. It is read again for each; of several secrets each signs.",
  }),
  "notify-secret": option({
    kind: text("secret"),
    default: "",
    section: "Notifications",
    variableOnly: true,
    doc: "The secret itself, instead of a file. Only the variable is read: others can see the command line.",
  }),
  "notify-ca-path": option({
    kind: path,
    default: "",
    section: "Notifications",
    doc: "PEM file of a CA to trust for the URL, instead of the system's.",
  }),
};

/** Options of every command that serves the sync stream. */
export const syncOptions = {
  page: option({
    kind: boolean,
    default: false,
    section: "Ports and sockets",
    doc: "Serve a page at / of the management port that shows sources, flags with their rules, changes and clients, live. Without this option it is served if only this machine can reach the port, or with --tokens-path; =false turns it off.",
  }),
  "stream-deadline": option({
    kind: duration,
    default: 0,
    section: "Limits",
    doc: "End event and sync streams after this time; 0s means never.",
  }),
  "sync-stall-timeout": option({
    kind: positiveDuration,
    default: 30_000,
    section: "Sync stream",
    doc: "Drop a sync client that reads nothing from its stream for this long.",
  }),
  "disable-sync-metadata": option({
    kind: boolean,
    default: false,
    section: "Sync stream",
    doc: "Answer the deprecated call GetMetadata with UNIMPLEMENTED.",
  }),
  "keep-alive-min-time": option({
    kind: duration,
    default: 30_000,
    section: "Sync stream",
    doc: "Disconnect sync clients that send keepalive pings more often than this.",
  }),
  "keep-alive-permit-without-stream": option({
    kind: boolean,
    default: true,
    section: "Sync stream",
    doc: "Allow keepalive pings on sync connections without an open stream.",
  }),
  "shutdown-grace": option({
    kind: duration,
    default: 10_000,
    section: "Limits",
    doc: "Time that calls in flight have to finish after SIGTERM or SIGINT.",
  }),
};

/** Options of every command that is measured. */
export const telemetryOptions = {
  "log-level": option({
    kind: oneOf("info", "debug", "warn", "error"),
    default: "info",
    section: "Logs and telemetry",
    doc: "Least severe entries to log: debug, info, warn or error. With debug, entries about single requests are logged too.",
  }),
  "metrics-exporter": option({
    kind: oneOf("prometheus", "otel"),
    default: "prometheus",
    short: "t",
    section: "Logs and telemetry",
    doc: "Serve metrics at /metrics, or push them to the OpenTelemetry collector.",
  }),
  "otel-collector-uri": option({
    kind: text("uri"),
    default: "",
    short: "o",
    section: "Logs and telemetry",
    doc: "OpenTelemetry collector (OTLP over gRPC) for traces and, with --metrics-exporter otel, for metrics.",
  }),
  "otel-cert-path": option({
    kind: path,
    default: "",
    short: "D",
    section: "Logs and telemetry",
    doc: "PEM file of the client certificate for the collector.",
  }),
  "otel-key-path": option({
    kind: path,
    default: "",
    short: "K",
    section: "Logs and telemetry",
    doc: "PEM file of that certificate's private key.",
  }),
  "otel-ca-path": option({
    kind: path,
    default: "",
    short: "A",
    section: "Logs and telemetry",
    doc: "PEM file of a CA to trust for the collector, besides the system's.",
  }),
  "otel-reload-interval": option({
    kind: duration,
    default: 3_600_000,
    short: "I",
    section: "Logs and telemetry",
    doc: "How often the collector's certificate files are read again; 0s means never.",
  }),
};

/** Who asks Redis servers, beside their URIs. */
export const redisLoginOptions = {
  "redis-username": option({
    kind: text("name"),
    default: "",
    section: "Flag sources",
    doc: "User for Redis servers whose URI has no password.",
  }),
  "redis-password": option({
    kind: text("password"),
    default: "",
    section: "Flag sources",
    variableOnly: true,
    doc: "Password for Redis servers whose URI has none. Only the variable is read: others can see the command line.",
  }),
  "redis-password-file": option({
    kind: path,
    default: "",
    section: "Flag sources",
    doc: "File that holds that password. It is read again for each connection, so a changed password needs no restart.",
  }),
};

/** Where the flags of commands are that have one Redis source. */
export const redisServerOptions = {
  "redis-uri": option({
    kind: { ...text("uri"), completion: ["redis://", "rediss://"] },
    default: "",
    section: "Flag sources",
    doc: "URI of the Redis key that holds the flags. It is redis://[[user]:password@]host[:port][/database]?key=KEY, with rediss:// for TLS. Required.",
  }),
  ...redisLoginOptions,
  "redis-cert-path": option({
    kind: path,
    default: "",
    section: "TLS",
    doc: "PEM file of the CA to trust for Redis, instead of the system's.",
  }),
  "redis-client-cert-path": option({
    kind: path,
    default: "",
    section: "TLS",
    doc: "PEM file of the client certificate for Redis.",
  }),
  "redis-client-key-path": option({
    kind: path,
    default: "",
    section: "TLS",
    doc: "PEM file of that certificate's private key.",
  }),
  "redis-server-name": option({
    kind: text("name"),
    default: "",
    section: "TLS",
    doc: "Name that the certificate of Redis must have, if it is not the host in the URI.",
  }),
};
