/** Which of OFREP's endpoints a request is for. */
import { pathOf } from "../../transport/http-handler.ts";

/** Where OFREP is served, and as what metrics and traces know it. */

const root = "/ofrep/";

/** All flags; one flag's path is this, a slash and its key. */
export const flagsPath = `${root}v1/evaluate/flags`;

/** The path of event streams. */
export const eventsPath = `${root}v1/events`;

/** Is the path OFREP's, be there something or not? */
export function isOfrepPath(path: string): boolean {
  return path.startsWith(root);
}

const flagsPathSlash = `${flagsPath}/`;
const flagRoute = `${flagsPath}/{key}`;

/** OFREP's routes; those of evaluation as Go flagd's router writes them. */
export function ofrepRoute(path: string): string | undefined {
  if (path === eventsPath) return path;
  if (path === flagsPath || path === flagsPathSlash)
    return "/ofrep/v1/evaluate/{path:flags\\/|flags}";
  return path.startsWith(flagsPathSlash) ? flagRoute : undefined;
}

/** With the request's path, as it was sent. */
export type Route = Endpoint & { readonly path: string };

type Endpoint =
  | { readonly kind: "single"; readonly key: string }
  | { readonly kind: "bulk" }
  | { readonly kind: "events" }
  /** The path without empty and dot segments. */
  | { readonly kind: "redirect"; readonly location: string }
  /** Percent-encoding that is none. */
  | { readonly kind: "malformed" }
  | { readonly kind: "unknown" };

/** undefined: the path is not OFREP's at all. */
export function routeOf(target: string): Route | undefined {
  const path = pathOf(target);
  const endpoint = endpointOf(target, path);
  return endpoint && { ...endpoint, path };
}

function endpointOf(target: string, path: string): Endpoint | undefined {
  const clean = cleaned(path);
  if (!isOfrepPath(clean)) return undefined;
  if (clean !== path) {
    const query = target.indexOf("?");
    return { kind: "redirect", location: clean + (query < 0 ? "" : target.slice(query)) };
  }
  if (path === flagsPath || path === `${flagsPath}/`) return { kind: "bulk" };
  if (path === eventsPath) return { kind: "events" };
  if (!path.startsWith(`${flagsPath}/`)) return { kind: "unknown" };
  const segment = path.slice(flagsPath.length + 1);
  if (segment.includes("/")) return { kind: "unknown" };
  if (/%(?![0-9a-f]{2})/i.test(segment)) return { kind: "malformed" };
  return { kind: "single", key: decodeKey(segment) };
}

const unclean = /\/\/|\/\.{1,2}(?:\/|$)/;

/** Without empty segments, and without `.` and `..` (RFC 3986 §5.2.4). */
function cleaned(path: string): string {
  if (!unclean.test(path)) return path;
  const kept: string[] = [];
  for (const segment of path.split("/")) {
    if (segment === "..") kept.pop();
    else if (segment !== "" && segment !== ".") kept.push(segment);
  }
  const folder = /\/\.{0,2}$/.test(path) && kept.length > 0;
  return `/${kept.join("/")}${folder ? "/" : ""}`;
}

/** One path segment. A `/` within a key is written `%2F`; bytes that are no UTF-8 become U+FFFD. */
function decodeKey(segment: string): string {
  if (!segment.includes("%")) return segment;
  const parts = segment.split(/(%[0-9a-f]{2})/i);
  const bytes = parts.map((part) =>
    part.startsWith("%") ? Buffer.from(part.slice(1), "hex") : Buffer.from(part),
  );
  return Buffer.concat(bytes).toString("utf8");
}

const maxKnown = 1_000;
const maxKnownLength = 500;

/**
 * The routes of the targets asked for last. Clients ask for the same flags over and over, and taking a
 * target apart costs more than evaluating the flag that it names.
 */
export class KnownRoutes {
  readonly #known = new Map<string, Route>();

  /** As {@link routeOf}. */
  of(target: string): Route | undefined {
    const known = this.#known.get(target);
    if (known !== undefined) return known;
    const route = routeOf(target);
    if (route !== undefined && target.length <= maxKnownLength) {
      if (this.#known.size === maxKnown) this.#known.clear();
      this.#known.set(target, route);
    }
    return route;
  }
}
