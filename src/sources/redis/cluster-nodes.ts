import type { RedisAddress } from "./redis-address.ts";

/**
 * The nodes in an answer to CLUSTER SLOTS: `[[first, last, [host, port, …], [host, port, …], …], …]`, the
 * master of each range of slots before its replicas. What is not understood is left out.
 * @param asked the node that answered: a node without a host has the same one
 */
export function clusterNodes(slots: unknown, asked: RedisAddress): RedisAddress[] {
  const { endpoint } = asked;
  if (!Array.isArray(slots) || "path" in endpoint) return [];
  const nodes = new Map<string, RedisAddress>();
  for (const range of slots) {
    for (const node of Array.isArray(range) ? range.slice(2) : []) {
      const [given, port] = Array.isArray(node) ? node : [];
      if (typeof port !== "number" || port < 1) continue;
      const named = typeof given === "string" && given !== "" && given !== "?";
      const host = named ? given : endpoint.host;
      nodes.set(`${host} ${port}`, { ...asked, endpoint: { host, port } });
    }
  }
  return [...nodes.values()];
}
