/** Finds the route of a request's path; undefined: not one of ours. */
export type RouteOf = (path: string) => string | undefined;

/** Paths that are their own routes, such as RPC methods: `/package.Service/Method`. */
export function exactRoutes(paths: Iterable<string>): RouteOf {
  const known = new Set(paths);
  return (path) => (known.has(path) ? path : undefined);
}
