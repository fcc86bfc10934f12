import { lookup } from "node:dns";
import { isIP, type LookupFunction } from "node:net";

/** The addresses of `localhost`, in the order of RFC 6724. */
export const loopback: readonly string[] = ["::1", "127.0.0.1"];

/**
 * Finds the addresses of hosts for a socket of node:net: of `localhost` without a resolver (RFC 6761 §6.3), also in an
 * image without `/etc/hosts`, as Bun's own clients do. A socket tries one after the other.
 * @param local those of `localhost` to try
 */
export function lookupWith(local: readonly string[] = loopback): LookupFunction {
  return (hostname, options, callback) => {
    if (hostname.toLowerCase() !== "localhost") {
      lookup(hostname, options, callback);
      return;
    }
    const found = local.map((address) => ({ address, family: isIP(address) }));
    const { address = "", family } = found.at(-1) ?? {};
    if (options.all) callback(null, found);
    else callback(null, address, family);
  };
}
