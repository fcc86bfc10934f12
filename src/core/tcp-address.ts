/** Where a service listens on TCP. */
export interface TcpAddress {
  readonly port: number;
  /** A name, or an IP address without brackets; undefined: all addresses of this machine. */
  readonly host?: string;
}

/** `[::1]:8013` */
export function showAddress({ host, port }: TcpAddress): string {
  return `${host?.includes(":") ? `[${host}]` : (host ?? "[::]")}:${port}`;
}

/** Whether two listeners would take the same place; a name is compared as it is written, but for `localhost`. */
export function overlap(one: TcpAddress, other: TcpAddress): boolean {
  if (one.port !== other.port || one.port === 0) return false;
  const [a, b] = [hostOf(one), hostOf(other)];
  // `::` takes IPv4 as well (RFC 3493 §5.3).
  if (a === b || a === "::" || b === "::") return true;
  const [ipv6, wildcard] = a === "0.0.0.0" ? [b.includes(":"), true] : [a.includes(":"), false];
  return (wildcard || b === "0.0.0.0") && !ipv6;
}

/** Whether two options name the same listener. */
export function sameAddress(one: TcpAddress, other: TcpAddress): boolean {
  return one.port === other.port && one.port !== 0 && hostOf(one) === hostOf(other);
}

function hostOf({ host = "::" }: TcpAddress): string {
  const lower = host.toLowerCase();
  if (lower === "localhost") return "127.0.0.1";
  // One IPv6 address can be written in many ways.
  return (lower.includes(":") && URL.parse(`http://[${lower}]`)?.hostname.slice(1, -1)) || lower;
}

/**
 * Whether a host is this machine itself. The proxy of `HTTP_PROXY` and the like is not asked for it, as it is not by
 * Go's clients: it could not reach it, and would see what is sent.
 */
export function isLoopback(host: string): boolean {
  return /^(?:localhost|127(?:\.\d{1,3}){3}|::1|\[::1\])$/i.test(host);
}

/**
 * Calls with the host of a URL, without brackets. `localhost` is this machine's own addresses (RFC 6761 §6.3), also in an
 * image without `/etc/hosts`: the second one is tried if nobody is at the first.
 */
export async function atHostOf<Result>(
  { hostname }: URL,
  call: (host: string) => Promise<Result>,
): Promise<Result> {
  if (hostname !== "localhost") return call(hostname.replace(/^\[(.*)\]$/, "$1"));
  try {
    return await call("127.0.0.1");
  } catch (error) {
    if (!isNobodyThere(error)) throw error;
    return await call("::1");
  }
}

/** Whether a connection failed since nobody listens, or, for IPv6, since there is no such address. */
export function isNobodyThere(error: unknown): boolean {
  const { code } = error as { code?: unknown };
  return /^(?:ECONNREFUSED|EADDRNOTAVAIL|EAFNOSUPPORT|ENETUNREACH)$/.test(String(code));
}
