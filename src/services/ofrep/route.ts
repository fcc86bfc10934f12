/** Which of OFREP's two endpoints a request is for. */
import { requestPath } from "../../transport/request-path.ts";

const FLAGS = "/ofrep/v1/evaluate/flags";

export type Route =
  | { readonly kind: "single"; readonly key: string }
  | { readonly kind: "bulk" }
  /** The path with its empty segments taken out. */
  | { readonly kind: "redirect"; readonly location: string }
  | { readonly kind: "unknown" };

/** undefined: the path is not OFREP's at all. */
export function routeOf(request: Request): Route | undefined {
  const path = requestPath(request);
  const clean = path.includes("//") ? path.replace(/\/{2,}/g, "/") : path;
  if (!clean.startsWith("/ofrep/")) return undefined;
  if (clean !== path) {
    const query = request.url.indexOf("?");
    return { kind: "redirect", location: clean + (query < 0 ? "" : request.url.slice(query)) };
  }
  if (path === FLAGS || path === `${FLAGS}/`) return { kind: "bulk" };
  if (!path.startsWith(`${FLAGS}/`)) return { kind: "unknown" };
  const key = decodeKey(path.slice(FLAGS.length + 1));
  return key === undefined ? { kind: "unknown" } : { kind: "single", key };
}

/** One path segment. A `/` within a key is written `%2F`. */
function decodeKey(segment: string): string | undefined {
  if (segment.includes("/")) return undefined;
  if (!segment.includes("%")) return segment;
  try {
    return decodeURIComponent(segment);
  } catch {
    return undefined;
  }
}
