const longest = 100;

/** Text of unknown length, as long as a message may show it. */
export function shorten(text: string): string {
  return text.length > longest ? `${text.slice(0, longest)}…` : text;
}
