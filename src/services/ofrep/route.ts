/** Which of OFREP's two endpoints a URL means. */

const FLAGS = "/ofrep/v1/evaluate/flags";

export type Route =
  | { readonly kind: "single"; readonly key: string }
  | { readonly kind: "bulk" }
  /** The path with its empty segments taken out. */
  | { readonly kind: "redirect"; readonly location: string }
  | { readonly kind: "unknown" };

/**
 * @param url as requested. Not parsed as a URL, which fails for some `Host` headers and takes longer
 *   than all the rest.
 * @returns undefined where the path is not OFREP's at all.
 */
export function routeOf(url: string): Route | undefined {
  const path = pathOf(url);
  const clean = path.includes("//") ? path.replace(/\/{2,}/g, "/") : path;
  if (!clean.startsWith("/ofrep/")) return undefined;
  if (clean !== path) {
    const query = url.indexOf("?");
    return { kind: "redirect", location: clean + (query < 0 ? "" : url.slice(query)) };
  }
  if (path === FLAGS || path === `${FLAGS}/`) return { kind: "bulk" };
  if (!path.startsWith(`${FLAGS}/`)) return { kind: "unknown" };
  const key = decodeKey(path.slice(FLAGS.length + 1));
  return key === undefined ? { kind: "unknown" } : { kind: "single", key };
}

/** The path of an absolute URL, as it was sent. */
export function pathOf(url: string): string {
  const start = url.indexOf("/", url.indexOf("://") + 3);
  if (start < 0) return "/";
  const query = url.indexOf("?", start);
  return query < 0 ? url.slice(start) : url.slice(start, query);
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
