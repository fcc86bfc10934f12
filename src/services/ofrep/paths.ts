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
