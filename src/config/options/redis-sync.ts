import { boolean, integer, oneOf, path, port, text } from "../kinds/scalars.ts";
import { option } from "./option.ts";
import { globalOptions, loadingOptions, syncOptions, telemetryOptions } from "./shared.ts";

/** Options of `flagd redis-sync`. */
export const redisSyncOptions = {
  "redis-uri": option({
    kind: text("uri"),
    default: "",
    section: "Flag sources",
    doc: "Where the flags are: redis://[password@]host:port/db?key=…, rediss:// for TLS.",
  }),
  "redis-interval": option({
    kind: integer("seconds", 1, 86_400),
    default: 30,
    section: "Flag sources",
    doc: "Seconds between two polls. Changes are usually seen at once; the poll finds them always.",
  }),
  "redis-watch": option({
    kind: boolean,
    default: true,
    section: "Flag sources",
    doc: "Look for changes between the polls.",
  }),
  "redis-cert-path": option({
    kind: path,
    default: "",
    section: "TLS",
    doc: "PEM CA that signed the certificate of Redis, instead of the system's.",
  }),
  "redis-client-cert-path": option({
    kind: path,
    default: "",
    section: "TLS",
    doc: "PEM client certificate for Redis.",
  }),
  "redis-client-key-path": option({
    kind: path,
    default: "",
    section: "TLS",
    doc: "PEM key of the client certificate for Redis.",
  }),
  "redis-server-name": option({
    kind: text("name"),
    default: "",
    section: "TLS",
    doc: "Name that the certificate of Redis must have, where it is not the host's.",
  }),
  "redis-sync-port": option({
    kind: port,
    default: 8016,
    section: "Ports and sockets",
    doc: "gRPC sync stream; 0: a port that is free.",
  }),
  "redis-sync-socket-path": option({
    kind: path,
    default: "",
    section: "Ports and sockets",
    doc: "Unix socket for the sync stream, instead of --redis-sync-port.",
  }),
  "management-port": option({
    kind: port,
    default: 8017,
    section: "Ports and sockets",
    doc: "Health, readiness and metrics; 0 turns them off.",
  }),
  "redis-sync-cert-path": option({
    kind: path,
    default: "",
    section: "TLS",
    doc: "PEM certificate chain of the sync stream; turns TLS on. Read again when it changes.",
  }),
  "redis-sync-key-path": option({
    kind: path,
    default: "",
    section: "TLS",
    doc: "PEM key of the certificate.",
  }),
  "redis-sync-client-ca-path": option({
    kind: path,
    default: "",
    section: "TLS",
    doc: "PEM CA that must have signed the certificates of clients (mutual TLS).",
  }),
  ...loadingOptions,
  ...syncOptions,
  "redis-log-format": option({
    kind: oneOf("console", "json"),
    default: "console",
    section: "Logs and telemetry",
    doc: "Readable lines, or one JSON object a line.",
  }),
  ...telemetryOptions,
  ...globalOptions,
};
