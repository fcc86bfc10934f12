/** Finds the route of a request's path; undefined: not one of ours. */
export type RouteOf = (path: string) => string | undefined;

/** Paths that are their own routes, such as RPC methods: `/package.Service/Method`. */
export function exactRoutes(paths: Iterable<string>): RouteOf {
  const known = new Set(paths);
  return (path) => (known.has(path) ? path : undefined);
}

const OFREP = "/ofrep/v1/evaluate/flags";

const OFREP_SLASH = `${OFREP}/`;
const OFREP_EVENTS = "/ofrep/v1/events";

const OFREP_FLAG = `${OFREP}/{key}`;

/** OFREP's routes; those of evaluation as Go flagd's router writes them. */
export function ofrepRoute(path: string): string | undefined {
  if (path === OFREP_EVENTS) return path;
  if (path === OFREP || path === OFREP_SLASH) return "/ofrep/v1/evaluate/{path:flags\\/|flags}";
  return path.startsWith(OFREP_SLASH) ? OFREP_FLAG : undefined;
}
