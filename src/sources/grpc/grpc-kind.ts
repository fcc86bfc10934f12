import { asksForTls, clientTlsSettings } from "../settings.ts";
import { type ConfigOf, type SourceKind, sourceName } from "../source-kind.ts";

const settings = {
  tls: {
    type: "boolean",
    default: false,
    doc: "Use TLS. `certPath` and `clientCertPath` turn it on as well.",
  },
  ...clientTlsSettings,
  selector: {
    type: "text",
    doc: "Which flags to request from the upstream: flagSetId=… or source=….",
  },
  providerID: { type: "text", doc: "Name to tell the upstream." },
  maxMsgSize: {
    type: "bytes",
    default: 4_194_304,
    doc: "Largest message to accept, in bytes.",
  },
  incrementalUpdates: {
    type: "boolean",
    default: false,
    doc: "Let each message replace only the flag sets that it mentions.",
  },
  headers: {
    type: "texts",
    default: {},
    doc: "gRPC metadata to send with every request: an object of texts.",
  },
} as const;

export type GrpcSourceConfig = ConfigOf<"grpc", typeof settings>;

export const grpcKind: SourceKind<GrpcSourceConfig> = {
  providers: ["grpc"],
  doc: "The sync stream of another flagd.",
  prefix: "grpc(s)://",
  uriForm: "grpc://host:8015",
  uriPattern: /^(?:grpcs?:\/\/|(?:envoy|dns|uds|xds|unix):)/,
  schemes: ["grpc", "grpcs"],
  settings,
  nameOf: sourceName,
  check: (config, where) => ({
    ...config,
    uri: config.uri.replace(/^grpcs?:\/\//, ""),
    tls: asksForTls(config, where) || config.tls || config.uri.startsWith("grpcs:"),
  }),
  async create(config, dependencies) {
    return new (await import("./grpc-source.ts")).GrpcSource(config, dependencies);
  },
};
