/** Text of a user in a message: quoted, control characters escaped, cut where it is long. */
export function quote(text: string): string {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text);
}

/**
 * A URI in a message, without what may be secret: everything before the last `@` (in a mistyped URI
 * the password may stand anywhere there) and the query, which may hold a signature.
 */
export function quoteUri(uri: string): string {
  const at = uri.lastIndexOf("@");
  const scheme = /^[a-z][a-z0-9+.-]*:\/\//i.exec(uri)?.[0] ?? "";
  const bare = at < 0 ? uri : `${scheme}***${uri.slice(at)}`;
  const query = bare.indexOf("?");
  return quote(query < 0 ? bare : `${bare.slice(0, query)}?…`);
}
