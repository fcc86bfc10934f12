import type { IncomingHttpHeaders } from "node:http";
import type { RpcError } from "../core/errors.ts";

/**
 * Where a guard writes what a client is confined to, among the headers of its request. No client can send a
 * field of this name.
 */
export const confinedHeader = ":confined-to";

/** Decides who may use a port, from the head of a request alone. */
export interface Guard {
  /**
   * Whether the request may pass; then {@link confinedHeader} is written into its headers. Requests that share
   * their headers are decided once.
   */
  admits(path: string, headers: IncomingHttpHeaders): boolean;
  /**
   * As {@link admits}, for the general path, which has words for who may not: a failed try counts here.
   * @param peer gives the client's address
   * @returns why the request is refused; undefined: it is not
   */
  refusal(
    path: string,
    headers: IncomingHttpHeaders,
    peer: () => string | undefined,
  ): RpcError | undefined;
  /**
   * Calls `end` once if what lets the client in is withdrawn.
   * @param headers of a request that is not refused
   * @returns to be called when the request is over
   */
  hold(headers: IncomingHttpHeaders, end: (reason: RpcError) => void): () => void;
}
