/** Finds the route of a request's path; undefined: not one of ours. */
export type RouteOf = (path: string) => string | undefined;

/** Paths that are their own routes, such as RPC methods: `/package.Service/Method`. */
export function exactRoutes(paths: Iterable<string>): RouteOf {
  const known = new Set(paths);
  return (path) => (known.has(path) ? path : undefined);
}

const flagsPath = "/ofrep/v1/evaluate/flags";

const flagsPathSlash = `${flagsPath}/`;
const eventsPath = "/ofrep/v1/events";

const flagRoute = `${flagsPath}/{key}`;

/** OFREP's routes; those of evaluation as Go flagd's router writes them. */
export function ofrepRoute(path: string): string | undefined {
  if (path === eventsPath) return path;
  if (path === flagsPath || path === flagsPathSlash)
    return "/ofrep/v1/evaluate/{path:flags\\/|flags}";
  return path.startsWith(flagsPathSlash) ? flagRoute : undefined;
}
