/**
 * What all outside suites share: checks that run one after another, a line for each that fails, and
 * `N passed, N failed` at the end. Exit status 1 if one failed or none ran.
 */
export class Suite {
  #passed = 0;
  #failed = 0;

  constructor(readonly title: string) {
    console.log(title);
  }

  /** Runs one check; it fails if it throws. */
  async check(name: string, run: () => void | Promise<void>): Promise<void> {
    try {
      await run();
      this.#passed++;
    } catch (error) {
      this.#failed++;
      console.log(`FAILED ${name}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  /** Prints the figures and ends the process. */
  finish(): never {
    console.log(`${this.#passed} passed, ${this.#failed} failed`);
    process.exit(this.#failed > 0 || this.#passed === 0 ? 1 : 0);
  }
}

/** @throws Error that shows both, if `actual` is not deeply equal to `expected` */
export function expectEqual(actual: unknown, expected: unknown): void {
  if (Bun.deepEquals(actual, expected)) return;
  throw new Error(`expected ${JSON.stringify(expected)}, got ${JSON.stringify(actual)}`);
}

/** Runs a command to its end. @returns what it printed @throws Error with its output if it fails */
export async function output(
  command: readonly string[],
  options: { readonly cwd?: string; readonly env?: Readonly<Record<string, string>> } = {},
): Promise<string> {
  const child = Bun.spawn([...command], {
    ...(options.cwd && { cwd: options.cwd }),
    env: { ...process.env, ...options.env },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  const [stdout, stderr, code] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  if (code !== 0) throw new Error(`${command.join(" ")} ended with ${code}:\n${stdout}${stderr}`);
  return stdout;
}
