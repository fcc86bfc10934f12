/** What a command uses of the process that it runs in. */
export interface Io {
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** To standard output. */
  print(text: string): Promise<void>;
  /** To standard error. */
  complain(text: string): Promise<void>;
}

/** A reader that left early (`flagd help | head -1`) is no error. */
async function write(file: Bun.BunFile, text: string): Promise<void> {
  await Bun.write(file, text).catch(() => undefined);
}

/** The real process. */
export const processIo: Io = {
  environment: process.env,
  print: (text) => write(Bun.stdout, text),
  complain: (text) => write(Bun.stderr, text),
};
