/** A semantic version; numbers are digits without leading zeros, as large as they may be. */
export interface Version {
  readonly major: string;
  readonly minor: string;
  readonly patch: string;
  /** Identifiers of the pre-release part; none: a release. */
  readonly preRelease: readonly string[];
}

/** Characters; what is longer is refused before the pattern runs. No version of any registry comes near. */
const maxVersionLength = 256;

const number = "(0|[1-9][0-9]*)";
const identifiers = "([0-9A-Za-z-]+(?:\\.[0-9A-Za-z-]+)*)";
const pattern = new RegExp(
  `^[vV]?${number}(?:\\.${number}(?:\\.${number}(?:-${identifiers})?(?:\\+${identifiers})?)?)?$`,
);

/**
 * Reads `MAJOR[.MINOR[.PATCH[-pre][+build]]]` (https://semver.org, with absent parts counting
 * as 0), with or without one leading `v`. undefined if it is none.
 */
export function parseVersion(text: string): Version | undefined {
  if (text.length > maxVersionLength) return undefined;
  const match = pattern.exec(text);
  if (match === null) return undefined;
  const [, major = "0", minor = "0", patch = "0", pre] = match;
  const preRelease = pre?.split(".") ?? [];
  if (preRelease.some((identifier) => /^0[0-9]+$/.test(identifier))) return undefined;
  return { major, minor, patch, preRelease };
}

/** Negative, 0 or positive, by the precedence of https://semver.org/#spec-item-11. */
export function compareVersions(a: Version, b: Version): number {
  return (
    compareNumbers(a.major, b.major) ||
    compareNumbers(a.minor, b.minor) ||
    compareNumbers(a.patch, b.patch) ||
    comparePreReleases(a.preRelease, b.preRelease)
  );
}

/** Of digits without leading zeros: the longer is the larger. */
function compareNumbers(a: string, b: string): number {
  return a.length - b.length || compareTexts(a, b);
}

function comparePreReleases(a: readonly string[], b: readonly string[]): number {
  if (a.length === 0 || b.length === 0) return b.length - a.length;
  for (const [i, identifier] of a.entries()) {
    const other = b[i];
    if (other === undefined) return 1;
    const order = compareIdentifiers(identifier, other);
    if (order !== 0) return order;
  }
  return a.length - b.length;
}

/** Numbers come before words. */
function compareIdentifiers(a: string, b: string): number {
  const numeric = /^[0-9]+$/;
  if (numeric.test(a)) return numeric.test(b) ? compareNumbers(a, b) : -1;
  return numeric.test(b) ? 1 : compareTexts(a, b);
}

function compareTexts(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
