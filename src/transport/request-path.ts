/**
 * The path of a request, as it was sent and without its query. The URL is not parsed: that takes
 * longer than answering a probe. It is a bare path where `Host` is absent or no host name.
 */
export function requestPath({ url }: Request): string {
  return pathOf(url);
}

/** As {@link requestPath}, of a request's URL. */
export function pathOf(url: string): string {
  const start = url.startsWith("/") ? 0 : url.indexOf("/", url.indexOf("://") + 3);
  if (start < 0) return "/";
  const query = url.indexOf("?", start);
  return query < 0 ? url.slice(start) : url.slice(start, query);
}
