/**
 * The candidate that `word` is most likely a slip of, by Damerau–Levenshtein distance (optimal string
 * alignment); undefined if none is near enough to be worth a guess.
 */
export function nearest(word: string, candidates: Iterable<string>): string | undefined {
  const sought = word.toLowerCase();
  // A third of the letters may be wrong, more is no slip; the bound also keeps the work small.
  let best = Math.min(Math.max(1, Math.floor(sought.length / 3)), 4);
  let found: string | undefined;
  for (const candidate of candidates) {
    if (Math.abs(candidate.length - sought.length) > best) continue;
    const distance = editDistance(sought, candidate.toLowerCase());
    if (distance < best || (distance === best && found === undefined)) {
      best = distance;
      found = candidate;
    }
  }
  return found ?? prefixed(sought, candidates);
}

/** ` (did you mean X?)`, or nothing. */
export function didYouMean(
  word: string,
  candidates: Iterable<string>,
  show = (name: string) => name,
): string {
  const name = nearest(word, candidates);
  return name === undefined ? "" : ` (did you mean ${show(name)}?)`;
}

function prefixed(sought: string, candidates: Iterable<string>): string | undefined {
  if (sought.length < 3) return undefined;
  const matches = [...candidates].filter((name) => name.toLowerCase().startsWith(sought));
  return matches.length === 1 ? matches[0] : undefined;
}

function editDistance(a: string, b: string): number {
  let before: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const current = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      let cost = Math.min(
        (previous[j] ?? 0) + 1,
        (current[j - 1] ?? 0) + 1,
        (previous[j - 1] ?? 0) + (same ? 0 : 1),
      );
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        cost = Math.min(cost, (before[j - 2] ?? 0) + 1);
      }
      current.push(cost);
    }
    before = previous;
    previous = current;
  }
  return previous[b.length] ?? 0;
}
