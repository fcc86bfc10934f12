import type { Provider } from "./source-config.ts";

/** What a member holds: `seconds` and `bytes` are whole numbers from 0, `texts` is an object of texts. */
type MemberType = "text" | "boolean" | "seconds" | "bytes" | "texts" | "object";

/** How one member of a source object is declared. */
export interface Member {
  readonly type: MemberType;
  /** Providers that use it; it is ignored elsewhere, with a warning. */
  readonly providers: readonly Provider[];
  readonly doc: string;
  /** Largest number that is allowed. */
  readonly max?: number;
}

/** Every provider, in the order in which messages and help list them. */
export const providers = [
  "redis",
  "file",
  "fsnotify",
  "fileinfo",
  "kubernetes",
  "http",
  "grpc",
  "gcs",
  "azblob",
  "s3",
] as const satisfies readonly Provider[];

const polling = ["redis", "http", "gcs", "azblob", "s3"] as const;
const tls = ["redis", "http", "grpc"] as const;

/** Members of the objects of `--sources`. */
export const sourceMembers = {
  uri: { type: "text", providers, doc: "Where the flags are. Required." },
  provider: { type: "text", providers, doc: "The kind of source. Required." },
  interval: {
    type: "seconds",
    max: 86_400,
    providers: polling,
    doc: "Seconds between two polls; default 30 for redis, 5 for the others.",
  },
  intervalSeed: {
    type: "text",
    providers: polling,
    doc: "Any text. It decides in which second of the interval to poll; without it, chance does.",
  },
  watch: {
    type: "boolean",
    providers: ["redis"],
    doc: "Look for changes between polls; default true.",
  },
  tls: { type: "boolean", providers: ["grpc", "redis"], doc: "Use TLS; default false." },
  certPath: {
    type: "text",
    providers: tls,
    doc: "PEM file of the CA to trust instead of the system's; for grpc it also turns on TLS.",
  },
  clientCertPath: { type: "text", providers: tls, doc: "PEM file of the client certificate." },
  clientKeyPath: {
    type: "text",
    providers: tls,
    doc: "PEM file of the client certificate's private key.",
  },
  serverName: {
    type: "text",
    providers: ["redis"],
    doc: "Name that the server's certificate must have, if it is not the host in the URI.",
  },
  selector: {
    type: "text",
    providers: ["grpc"],
    doc: "Which flags to request from the upstream: flagSetId=… or source=….",
  },
  providerID: { type: "text", providers: ["grpc"], doc: "Name to tell the upstream." },
  maxMsgSize: {
    type: "bytes",
    providers: ["grpc"],
    doc: "Largest message to accept, in bytes; default 4194304.",
  },
  incrementalUpdates: {
    type: "boolean",
    providers: ["grpc"],
    doc: "Let each message replace only the flag sets that it mentions; default false.",
  },
  headers: {
    type: "texts",
    providers: ["http", "grpc"],
    doc: "HTTP headers, or gRPC metadata, to send with every request: an object of texts.",
  },
  authHeader: {
    type: "text",
    providers: ["http"],
    doc: "The whole value of the Authorization header.",
  },
  timeoutS: {
    type: "seconds",
    providers: ["http"],
    doc: "Seconds that a request may take. Without it, a request is given up after 30 s of silence.",
  },
  oauth: {
    type: "object",
    providers: ["http"],
    doc: "OAuth client credentials, an object: tokenUrl; clientID and clientSecret, or folder, which contains them as files client-id and client-secret; reloadDelayS, the most seconds that a token is used (default: until it expires).",
  },
} as const satisfies Readonly<Record<string, Member>>;

/** Members of `oauth`. */
export const oauthMembers = {
  clientID: { type: "text", providers: ["http"], doc: "" },
  clientSecret: { type: "text", providers: ["http"], doc: "" },
  tokenUrl: { type: "text", providers: ["http"], doc: "" },
  folder: { type: "text", providers: ["http"], doc: "" },
  reloadDelayS: { type: "seconds", providers: ["http"], doc: "" },
} as const satisfies Readonly<Record<string, Member>>;
