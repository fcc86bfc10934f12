import { ConfigError } from "../../core/errors.ts";

/** Where the channel connects and what it calls itself there. */
export interface GrpcTarget {
  /** In the syntax of gRPC name resolution: `host:port`, `dns:///host:port`, `unix:/path`. */
  readonly target: string;
  /** Sent as `:authority` instead of the target's own. */
  readonly authority?: string;
  /** The same place for a bare socket; undefined if only a resolver knows it. */
  readonly endpoint?: Endpoint;
}

/** Where a socket connects to. */
export type Endpoint = { readonly host: string; readonly port: number } | { readonly path: string };

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
  if (envoy?.[1] && envoy[2]) {
    return { target: envoy[1], authority: envoy[2], ...endpointOf(envoy[1]) };
  }
  if (uri.startsWith("envoy:")) {
    throw new ConfigError(`gRPC source "${shown(uri)}": expected envoy://host:port/service`);
  }
  const socket = /^(?:unix|uds):(?:\/\/(?=\/))?(.+)$/.exec(uri);
  if (socket?.[1]) {
    return { target: `unix:${socket[1]}`, authority: "localhost", endpoint: { path: socket[1] } };
  }
  const plain = uri.replace(/^grpcs?:\/\//, "");
  if (/^(?:dns|ipv4|ipv6):/.test(plain)) {
    return { target: plain, ...endpointOf(plain.replace(/^(?:dns|ipv4|ipv6):(?:\/\/\/)?/, "")) };
  }
  if (/^(?:\[[0-9a-fA-F:.]+\]|[^/:@\s]+):\d{1,5}$/.test(plain)) {
    return { target: plain, ...endpointOf(plain) };
  }
  throw new ConfigError(`gRPC source "${shown(uri)}": expected ${schemes}`);
}

function endpointOf(text: string): { readonly endpoint?: Endpoint } {
  const parts = /^\[?([^/,\]]+)\]?:(\d{1,5})$/.exec(text);
  return parts?.[1] ? { endpoint: { host: parts[1], port: Number(parts[2]) } } : {};
}

/** Without what somebody may have taken for a place for a password. */
function shown(uri: string): string {
  return uri.replace(/[^/]*@/, "***@");
}
