/**
 * Whether a host is this machine itself. The proxy of `HTTP_PROXY` and the like is not asked for it, as it is not by
 * Go's clients: it could not reach it, and would see what is sent.
 */
export function isLoopback(host: string): boolean {
  return /^(?:localhost|127(?:\.\d{1,3}){3}|::1|\[::1\])$/i.test(host);
}
