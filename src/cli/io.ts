import { ConfigError } from "../core/errors.ts";

/** What a command uses of the process that it runs in. */
export interface Io {
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Standard output is a terminal that shows colours. */
  readonly colors?: boolean;
  /** To standard output. */
  print(text: string): Promise<void>;
  /** To standard error. */
  complain(text: string): Promise<void>;
  /** Asks at the terminal, and waits for a line; undefined: nobody is there to ask. */
  ask?(question: string): Promise<string | undefined>;
  /** Begins the command anew in the same process, with these variables as well. Returns if that cannot be done. */
  restart?(variables: Readonly<Record<string, string>>): void;
}

/** The real process. */
export const processIo: Io = {
  environment: process.env,
  get colors() {
    // https://no-color.org; not of process.stdout, which takes time to make.
    return isatty(1) && !process.env.NO_COLOR && process.env.TERM !== "dumb";
  },
  async print(text) {
    try {
      await Bun.write(Bun.stdout, text);
    } catch (error) {
      // A reader that left early (`flagd help | head -1`) is no error, half a completion script is one.
      if ((error as NodeJS.ErrnoException).code === "EPIPE") return;
      throw new ConfigError(`standard output cannot be written: ${(error as Error).message}`);
    }
  },
  async complain(text) {
    // There is nobody else to tell.
    await Bun.write(Bun.stderr, text).catch(() => undefined);
  },
  async ask(question) {
    if (!isatty(0) || !isatty(2)) return undefined;
    await this.complain(question);
    for await (const line of console) return line;
    return undefined;
  },
  restart(variables) {
    // An executable is its own script.
    const script = Bun.main.startsWith("/$bunfs/") ? [] : [...process.execArgv, Bun.main];
    const words = [process.execPath, ...script, ...process.argv.slice(2)];
    try {
      process.execve?.(process.execPath, words, { ...process.env, ...variables });
    } catch {
      // Windows has no such call, and the file may be gone.
    }
  },
};

/** The module is loaded for it: most commands of scripts never ask. */
function isatty(descriptor: number): boolean {
  return process.getBuiltinModule("node:tty").isatty(descriptor);
}

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
