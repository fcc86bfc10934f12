/** A source as far as its name goes. */
interface Named {
  readonly uri: string;
  readonly name?: string;
}

/**
 * The name of a source, as logs, metrics, selectors and sync clients see it: its URI without user, password, query
 * and fragment, which may be or contain secrets (signatures, tokens).
 */
export function sourceName({ uri, name }: Named): string {
  if (name !== undefined) return name;
  const bare = uri.replace(/[?#].*$/s, "");
  const parts = /^([a-z][a-z0-9+.-]*:\/\/)([^/]*)(.*)$/is.exec(bare);
  if (!parts) return bare;
  const [, scheme = "", authority = "", path = ""] = parts;
  return scheme + authority.slice(authority.lastIndexOf("@") + 1) + path;
}

/**
 * Gives sources of different URIs different names: those that would have the name of an earlier one get a number
 * behind it (`http://host/flags~2`).
 * @param nameOf the name that a source has by itself
 */
export function withDistinctNames<Source extends Named>(
  sources: readonly Source[],
  nameOf: (source: Source) => string,
): Source[] {
  const uris = new Map<string, string[]>();
  return sources.map((source) => {
    const name = nameOf(source);
    const known = uris.get(name) ?? [];
    uris.set(name, known);
    if (!known.includes(source.uri)) known.push(source.uri);
    const position = known.indexOf(source.uri);
    return position === 0 ? source : { ...source, name: `${name}~${position + 1}` };
  });
}
