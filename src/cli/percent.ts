/** `33.3%` of a whole; what is less than half a tenth is not hidden as 0. */
export function percent(part: number, whole: number): string {
  const share = whole === 0 ? 0 : (part / whole) * 100;
  return share > 0 && share < 0.05 ? "<0.1%" : `${share.toFixed(1)}%`;
}
