import { jsonArray, list, map } from "../kinds/collections.ts";
import { duration } from "../kinds/duration.ts";
import { boolean, integer, oneOf, path, port } from "../kinds/scalars.ts";
import { workers } from "../kinds/workers.ts";
import { option } from "./option.ts";
import { globalOptions, loadingOptions, syncOptions, telemetryOptions } from "./shared.ts";

/** Options of `flagd start`. Names, short forms and defaults are those of every flagd. */
export const startOptions = {
  uri: option({
    kind: list("uri"),
    default: [],
    short: "f",
    section: "Flag sources",
    doc: "URI of a flag source. It starts with redis://, rediss://, file:, http(s)://, grpc(s)://, s3://, gs://, azblob:// or core.openfeature.dev/. Where sources define the same flag, the later one wins.",
  }),
  sources: option({
    kind: jsonArray,
    default: [],
    short: "s",
    section: "Flag sources",
    doc: "Sources with settings of their own, as a JSON array of objects. They come after those of --uri.",
  }),
  port: option({
    kind: port,
    default: 8013,
    short: "p",
    section: "Ports and sockets",
    doc: "Evaluation over gRPC, gRPC-web and Connect. 0 for any of the ports: one that is free.",
  }),
  "management-port": option({
    kind: port,
    default: 8014,
    short: "m",
    section: "Ports and sockets",
    doc: "Health, readiness and metrics.",
  }),
  "ofrep-port": option({
    kind: port,
    default: 8014,
    short: "r",
    section: "Ports and sockets",
    doc: "Evaluation over OFREP (HTTP); may be the management port.",
  }),
  "sync-port": option({
    kind: port,
    default: 8015,
    short: "g",
    section: "Ports and sockets",
    doc: "gRPC sync stream, for in-process providers and other daemons.",
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
    doc: "PEM certificate chain; turns TLS on for evaluation, sync stream and OFREP. Read again when it changes.",
  }),
  "server-key-path": option({
    kind: path,
    default: "",
    short: "k",
    section: "TLS",
    doc: "PEM key of the certificate.",
  }),
  "ofrep-tls": option({
    kind: boolean,
    default: true,
    section: "TLS",
    doc: "Use the certificate for OFREP too; false leaves OFREP in plaintext.",
  }),
  ...loadingOptions,
  "context-from-header": option({
    kind: map("header=key"),
    default: new Map(),
    short: "H",
    section: "Evaluation",
    doc: "Add the value of a request header to the evaluation context under a key.",
  }),
  "cors-origin": option({
    kind: list("origin"),
    default: [],
    short: "C",
    section: "Evaluation",
    doc: "Origins whose pages may call evaluation and OFREP, * as wildcard; none given: every origin.",
  }),
  "ofrep-sse": option({
    kind: boolean,
    default: false,
    section: "Evaluation",
    doc: "Tell OFREP clients of changes by server-sent events: bulk answers name the stream, /ofrep/v1/events.",
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
    doc: "Event streams of OFREP open at once; more are answered 503.",
  }),
  ...syncOptions,
  workers: option({
    kind: workers,
    default: 1,
    section: "Limits",
    doc: "Threads that serve the ports; auto: as many as there are cores. One of them reads the sources for all. Unix sockets are served by one.",
  }),
  "max-request-body": option({
    kind: integer("bytes"),
    default: 1_000_000,
    short: "B",
    section: "Limits",
    doc: "Largest body of an evaluation request, decompressed too; 0 or less: no limit.",
  }),
  "max-request-header": option({
    kind: integer("bytes"),
    default: 1_000_000,
    short: "R",
    section: "Limits",
    doc: "Largest header of an evaluation request; 0: 1 MiB.",
  }),
  "log-format": option({
    kind: oneOf("console", "json"),
    default: "console",
    short: "z",
    section: "Logs and telemetry",
    doc: "Readable lines, or one JSON object a line.",
  }),
  ...telemetryOptions,
  ...globalOptions,
};
