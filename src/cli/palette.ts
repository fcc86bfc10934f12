import type { Io } from "./io.ts";

type Style = (text: string) => string;

/** How a command sets off parts of its text. */
export interface Palette {
  readonly bold: Style;
  readonly dim: Style;
  readonly green: Style;
  readonly red: Style;
  readonly cyan: Style;
}

const plain: Style = (text) => text;
const withoutColors: Palette = { bold: plain, dim: plain, green: plain, red: plain, cyan: plain };

/** Colours, if standard output is a terminal that shows them. */
export async function paletteOf({ colors }: Io): Promise<Palette> {
  // Loading the colours takes longer than most evaluations.
  return colors ? (await import("consola/utils")).colors : withoutColors;
}
