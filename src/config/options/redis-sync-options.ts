import { integer, oneOf, oneOfOrSwitch, path } from "../kinds/scalars.ts";
import { tcpAddress } from "../kinds/tcp-address.ts";
import { option } from "./option.ts";
import {
  accessOptions,
  globalOptions,
  listenOptions,
  loadingOptions,
  notifyOptions,
  redisServerOptions,
  syncOptions,
  telemetryOptions,
} from "./shared-options.ts";

/** Options of `flagd redis-sync`. */
export const redisSyncOptions = {
  ...redisServerOptions,
  "redis-interval": option({
    kind: integer("seconds", 1, 86_400),
    default: 30,
    section: "Flag sources",
    doc: "Seconds between two polls. Most changes are noticed at once; the poll makes sure that none is missed.",
  }),
  "redis-watch": option({
    kind: { ...oneOfOrSwitch({ true: "push", false: "off" }, "push", "poll", "off"), switch: true },
    default: "push",
    section: "Flag sources",
    doc: "Notice changes between polls: push (or true) has the server push them, poll looks for them all the time, off (or false) does neither.",
  }),
  ...listenOptions,
  ...accessOptions,
  "redis-sync-port": option({
    kind: tcpAddress,
    default: { port: 8016 },
    section: "Ports and sockets",
    doc: "Port for the gRPC sync stream, with a host before it if it is to listen at one address only, as in 127.0.0.1:8016 or [::1]:8016; 0 means any free port.",
  }),
  "redis-sync-socket-path": option({
    kind: path,
    default: "",
    section: "Ports and sockets",
    doc: "Unix socket for the sync stream, instead of --redis-sync-port.",
  }),
  "management-port": option({
    kind: tcpAddress,
    default: { port: 8017 },
    section: "Ports and sockets",
    doc: "Port for health, readiness and metrics; 0 turns them off.",
  }),
  "redis-sync-cert-path": option({
    kind: path,
    default: "",
    section: "TLS",
    doc: "PEM file of the server's certificate chain; turns on TLS for the sync stream. Read again when it changes.",
  }),
  "redis-sync-key-path": option({
    kind: path,
    default: "",
    section: "TLS",
    doc: "PEM file of the certificate's private key.",
  }),
  "redis-sync-client-ca-path": option({
    kind: path,
    default: "",
    section: "TLS",
    doc: "PEM file of the CA that must have signed the clients' certificates (mutual TLS).",
  }),
  ...loadingOptions,
  ...syncOptions,
  ...notifyOptions,
  "redis-log-format": option({
    kind: oneOf("console", "json"),
    default: "console",
    section: "Logs and telemetry",
    doc: "Write log entries as readable lines, or as one JSON object per line.",
  }),
  ...telemetryOptions,
  ...globalOptions,
};
