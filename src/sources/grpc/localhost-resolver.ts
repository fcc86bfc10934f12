import { experimental } from "@grpc/grpc-js";
import { loopback } from "../localhost.ts";

const scheme = "loopback";

/** The target of a port of this machine, for which no resolver is asked (RFC 6761 §6.3). */
export function localTarget(port: number): string {
  return `${scheme}:${port}`;
}

/** Resolves `loopback:8016` to all addresses of `localhost`. */
class LocalhostResolver implements experimental.Resolver {
  #told = false;

  constructor(
    readonly target: experimental.GrpcUri,
    readonly listener: experimental.ResolverListener,
  ) {}

  updateResolution(): void {
    if (this.#told) return;
    this.#told = true;
    const port = Number(this.target.path);
    const endpoints = loopback.map((host) => ({ addresses: [{ host, port }] }));
    process.nextTick(() => {
      if (this.#told) this.listener(experimental.statusOrFromValue(endpoints), {}, null, "");
    });
  }

  destroy(): void {
    this.#told = false;
  }

  static getDefaultAuthority({ path }: experimental.GrpcUri): string {
    return `localhost:${path}`;
  }
}

experimental.registerResolver(scheme, LocalhostResolver);
