import { jsonArray, list, map, uriList } from "../kinds/collections.ts";
import { boolean, integer, oneOf, oneOfOrSwitch, path, workers } from "../kinds/scalars.ts";
import { tcpAddress } from "../kinds/tcp-address.ts";
import { duration } from "../kinds/time.ts";
import { uriPrefixes } from "../sources/source-of-uri.ts";
import { option } from "./option.ts";
import {
  accessOptions,
  globalOptions,
  listenOptions,
  loadingOptions,
  redisLoginOptions,
  syncOptions,
  telemetryOptions,
} from "./shared-options.ts";

/** Options of `flagd start`. Names, short forms and defaults are those of every flagd. */
export const startOptions = {
  uri: option({
    kind: { ...uriList, completion: "uri" },
    default: [],
    short: "f",
    section: "Flag sources",
    doc: `URI of a flag source. It starts with ${uriPrefixes()}. If several sources define the same flag, the later one wins.`,
  }),
  sources: option({
    kind: jsonArray,
    default: [],
    short: "s",
    section: "Flag sources",
    doc: "Sources with more settings, as a JSON array of objects. Their settings are listed below. They come after those of --uri.",
  }),
  ...redisLoginOptions,
  ...listenOptions,
  ...accessOptions,
  port: option({
    kind: tcpAddress,
    default: { port: 8013 },
    short: "p",
    section: "Ports and sockets",
    doc: "Port for evaluation over gRPC, gRPC-web and Connect. For this and the other ports, a host before it is the address to listen at, as in 127.0.0.1:8013 or [::1]:8013, and 0 means any free port.",
  }),
  "management-port": option({
    kind: tcpAddress,
    default: { port: 8014 },
    short: "m",
    section: "Ports and sockets",
    doc: "Port for health, readiness and metrics.",
  }),
  "ofrep-port": option({
    kind: tcpAddress,
    default: { port: 8014 },
    short: "r",
    section: "Ports and sockets",
    doc: "Port for evaluation over OFREP (HTTP); may have the same address as --management-port.",
  }),
  "sync-port": option({
    kind: tcpAddress,
    default: { port: 8015 },
    short: "g",
    section: "Ports and sockets",
    doc: "Port for the gRPC sync stream, which in-process providers and other daemons use.",
  }),
  "socket-path": option({
    kind: path,
    default: "",
    short: "d",
    section: "Ports and sockets",
    doc: "Unix socket for evaluation, instead of --port.",
  }),
  "sync-socket-path": option({
    kind: path,
    default: "",
    short: "e",
    section: "Ports and sockets",
    doc: "Unix socket for the sync stream, instead of --sync-port.",
  }),
  "server-cert-path": option({
    kind: path,
    default: "",
    short: "c",
    section: "TLS",
    doc: "PEM file of the server's certificate chain; turns on TLS for evaluation, sync stream and OFREP. Read again when it changes.",
  }),
  "server-key-path": option({
    kind: path,
    default: "",
    short: "k",
    section: "TLS",
    doc: "PEM file of the certificate's private key.",
  }),
  "client-ca-path": option({
    kind: path,
    default: "",
    section: "TLS",
    doc: "PEM file of the CA that must have signed the clients' certificates for evaluation, sync stream and OFREP (mutual TLS). OFREP is then answered over TLS only; probes and metrics in plaintext as well.",
  }),
  "ofrep-tls": option({
    kind: oneOfOrSwitch({ true: "optional", false: "off" }, "optional", "required", "off"),
    default: "optional",
    section: "TLS",
    doc: "With a certificate, answer OFREP in plaintext and over TLS (optional, or true), over TLS only (required), or in plaintext only (off, or false). Probes and metrics are answered both ways, always.",
  }),
  ...loadingOptions,
  fractional: option({
    kind: oneOf("v2", "v3"),
    default: "v2",
    section: "Evaluation",
    doc: "How fractional puts users into buckets: v2 as flagd up to 0.16 and its clients; v3 as flagd from 1.0 on and providers that have moved. A change gives most users another variant.",
  }),
  "context-from-header": option({
    kind: map("header=key"),
    default: new Map(),
    short: "H",
    section: "Evaluation",
    doc: "Add the value of a request header to the evaluation context, under the given key.",
  }),
  "cors-origin": option({
    kind: list("origin"),
    default: [],
    short: "C",
    section: "Evaluation",
    doc: "Origin whose web pages may call evaluation and OFREP, with * as a wildcard; without this option every origin may.",
  }),
  "ofrep-sse": option({
    kind: boolean,
    default: false,
    section: "Evaluation",
    doc: "Tell OFREP clients about changes by server-sent events. Bulk answers name the stream, /ofrep/v1/events.",
  }),
  "ofrep-sse-window": option({
    kind: duration,
    default: 1_000,
    section: "Evaluation",
    doc: "Spread the events of one change over this time, so that clients do not all ask again at once.",
  }),
  "ofrep-sse-streams": option({
    kind: integer("count", 1, 1_000_000),
    default: 10_000,
    section: "Limits",
    doc: "OFREP event streams that may be open at once; further ones are answered with 503.",
  }),
  ...syncOptions,
  workers: option({
    kind: workers,
    default: 1,
    section: "Limits",
    doc: "Number of threads that serve the ports; auto means one per core. One of them reads the sources for all. Unix sockets are served by one thread only.",
  }),
  "max-request-body": option({
    kind: integer("bytes"),
    default: 1_000_000,
    short: "B",
    section: "Limits",
    doc: "Largest body of an evaluation request, also after decompression; 0 or less means no limit.",
  }),
  "max-request-header": option({
    kind: integer("bytes"),
    default: 1_000_000,
    short: "R",
    section: "Limits",
    doc: "Largest header of an evaluation request; 0 means 1 MiB.",
  }),
  "log-format": option({
    kind: oneOf("console", "json"),
    default: "console",
    short: "z",
    section: "Logs and telemetry",
    doc: "Write log entries as readable lines, or as one JSON object per line.",
  }),
  ...telemetryOptions,
  ...globalOptions,
};
