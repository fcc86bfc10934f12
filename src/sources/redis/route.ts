import type { RedisMoved } from "./redis-error.ts";
import type { RedisAddress } from "./redis-uri.ts";

/** Redirections in a row: more than a cluster that is being rearranged needs. */
const mostHops = 5;

/** The way to the key: the server of the URI, or the node of its cluster to which that redirects. */
export class Route {
  readonly #start: RedisAddress;
  #address: RedisAddress;
  #hops = 0;

  constructor(start: RedisAddress) {
    this.#start = start;
    this.#address = start;
  }

  get address(): RedisAddress {
    return this.#address;
  }

  /** @returns false where the redirections seem to have no end */
  follow(moved: RedisMoved): boolean {
    const { endpoint } = this.#address;
    if (this.#hops >= mostHops || "path" in endpoint) return false;
    this.#hops++;
    this.#address = {
      ...this.#address,
      endpoint: { host: moved.host ?? endpoint.host, port: moved.port },
    };
    return true;
  }

  /** The key was here. */
  arrived(): void {
    this.#hops = 0;
  }

  /** Begins again at the server of the URI. */
  restart(): void {
    this.#address = this.#start;
    this.#hops = 0;
  }
}
