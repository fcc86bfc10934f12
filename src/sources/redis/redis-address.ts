/** Where a server listens. */
export type Endpoint = { readonly host: string; readonly port: number } | { readonly path: string };

/** How one asks there. */
export interface Login {
  readonly tls: boolean;
  readonly username: string | undefined;
  readonly password: string | undefined;
  readonly database: number;
}

/** Where a Redis server is and who asks. */
export interface RedisAddress extends Login {
  readonly endpoint: Endpoint;
}

/** `host:port`, or the path of the socket. */
export function serverName({ endpoint }: Pick<RedisAddress, "endpoint">): string {
  if ("path" in endpoint) return endpoint.path;
  return endpoint.host.includes(":")
    ? `[${endpoint.host}]:${endpoint.port}`
    : `${endpoint.host}:${endpoint.port}`;
}
