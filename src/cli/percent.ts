/** `33.3%` of a whole; a few are not hidden as none, nor nearly all as all. */
export function percent(part: number, whole: number): string {
  const share = whole === 0 ? 0 : (part / whole) * 100;
  if (share > 0 && share < 0.05) return "<0.1%";
  return share < 100 && share >= 99.95 ? ">99.9%" : `${share.toFixed(1)}%`;
}
