import { BlockList, isIP } from "node:net";
import type { Environment } from "../../core/process-info.ts";
import { isLoopback } from "../../core/tcp-address.ts";

/**
 * The proxy that a request goes through, by HTTP_PROXY, HTTPS_PROXY and NO_PROXY (or in lower case; upper case wins)
 * as Go's clients read them: ALL_PROXY is not read, and this machine is never called through a proxy.
 * @returns false: none
 */
export function proxyFor(url: URL, env: Environment): string | false {
  const variable = (name: string) => env[name] || env[name.toLowerCase()] || "";
  const proxy = variable(url.protocol === "https:" ? "HTTPS_PROXY" : "HTTP_PROXY").trim();
  const host = url.hostname.toLowerCase().replace(/^\[|\]$/g, "");
  if (proxy === "" || isLoopback(host)) return false;
  const port = url.port || (url.protocol === "https:" ? "443" : "80");
  const excepted = variable("NO_PROXY")
    .split(",")
    .map((entry) => entry.trim().toLowerCase())
    .filter((entry) => entry !== "")
    .some((entry) => matches(entry, host, port));
  if (excepted) return false;
  return proxy.includes("://") ? proxy : `http://${proxy}`;
}

/** `*`, an address, a network (`10.0.0.0/8`), or a domain with its subdomains (`.domain`: without itself). */
function matches(entry: string, host: string, port: string): boolean {
  if (entry === "*") return true;
  const network = /^([0-9a-f.:]+)\/(\d{1,3})$/.exec(entry);
  if (network?.[1] && network[2]) return inNetwork(host, network[1], Number(network[2]));
  const parts = /^(?:\[([^\]]*)\]|([^:]*))(?::(\d+))?$/.exec(entry);
  const name = isIP(entry) ? entry : (parts?.[1] ?? parts?.[2] ?? "");
  if (!isIP(entry) && parts?.[3] !== undefined && parts[3] !== port) return false;
  const domain = name.replace(/^\*(?=\.)/, "");
  if (domain === "") return false;
  if (isIP(domain) || isIP(host)) return domain === host;
  return domain.startsWith(".")
    ? host.endsWith(domain)
    : host === domain || host.endsWith(`.${domain}`);
}

function inNetwork(host: string, network: string, prefix: number): boolean {
  const [version, wanted] = [isIP(host), isIP(network)];
  if (version === 0 || version !== wanted || prefix > (version === 4 ? 32 : 128)) return false;
  const family = version === 4 ? "ipv4" : "ipv6";
  const list = new BlockList();
  list.addSubnet(network, prefix, family);
  return list.check(host, family);
}
