import { ConfigError } from "../../config/errors.ts";

/** Where the channel connects and what it calls itself there. */
export interface GrpcTarget {
  /** In the syntax of gRPC name resolution: `host:port`, `dns:///host:port`, `unix:/path`. */
  readonly target: string;
  /** Sent as `:authority` instead of the target's own. */
  readonly authority?: string;
}

const schemes =
  "host:port, grpc://host:port, grpcs://host:port, unix:/path, dns:///host:port or envoy://host:port/service";

/**
 * Reads the `uri` of a gRPC source.
 *
 * `envoy://agent:port/service` connects to a local Envoy, which routes by the authority `service`.
 * `unix://`, `uds:` and `unix:` all name a socket.
 * @throws ConfigError
 */
export function parseGrpcTarget(uri: string): GrpcTarget {
  const envoy = /^envoy:\/\/([^/]+:\d+)\/([^/]+)$/.exec(uri);
  if (envoy?.[1] && envoy[2]) return { target: envoy[1], authority: envoy[2] };
  if (uri.startsWith("envoy:")) {
    throw new ConfigError(`gRPC source "${uri}": expected envoy://host:port/service`);
  }
  const socket = /^(?:unix|uds):(?:\/\/(?=\/))?(.+)$/.exec(uri);
  if (socket?.[1]) return { target: `unix:${socket[1]}`, authority: "localhost" };
  const plain = uri.replace(/^grpcs?:\/\//, "");
  if (/^(?:dns|ipv4|ipv6):/.test(plain)) return { target: plain };
  if (/^(?:\[[0-9a-fA-F:.]+\]|[^/:\s]+):\d{1,5}$/.test(plain)) return { target: plain };
  throw new ConfigError(`gRPC source "${uri}": expected ${schemes}`);
}
