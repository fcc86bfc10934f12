/**
 * Compares two strings by their UTF-8 bytes, as Go orders keys. JavaScript's own order compares
 * UTF-16 units and differs when a surrogate pair (U+10000 and above) meets U+E000 to U+FFFF.
 * @returns negative, zero or positive, as for `Array.prototype.sort`.
 */
export function compareBytes(a: string, b: string): number {
  if (a === b) return 0;
  const shared = Math.min(a.length, b.length);
  for (let i = 0; i < shared; i++) {
    const left = a.charCodeAt(i);
    const right = b.charCodeAt(i);
    if (left !== right) return rank(left) - rank(right);
  }
  return a.length - b.length;
}

/** Moves the surrogates behind all other UTF-16 units, where their code points belong. */
function rank(unit: number): number {
  if (unit < 0xd800) return unit;
  return unit < 0xe000 ? unit + 0x2000 : unit - 0x800;
}
