import { statSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { Glob, Transpiler } from "bun";
import type { Requirement } from "./requirements.ts";

/** What the tests of some files and folders need. */
export interface TestNeeds {
  readonly programs: readonly Requirement[];
  /** They run `dist/flagd`. */
  readonly executable: boolean;
}

const root = resolve(import.meta.dir, "..");

/** Which programs the modules run that tests share. */
const programsOf: Readonly<Record<string, readonly Requirement[]>> = {
  "tests/support/redis.ts": ["redis-server", "redis-cli"],
  "tests/support/certificates.ts": ["openssl"],
  "tests/support/python.ts": ["python3"],
  "tests/support/client.ts": ["chromium"],
  "tests/integration/docs.test.ts": ["openssl"],
};
const executables = ["tests/support/flagd.ts", "tests/support/redis-sync.ts"];

/** By what the test files below `paths` import, and their imports in turn. */
export async function needsOf(paths: readonly string[]): Promise<TestNeeds> {
  const modules = new Set<string>();
  for (const path of paths) {
    for (const file of testFiles(resolve(root, path))) await addImports(file, modules);
  }
  const used = [...modules].map((module) => relative(root, module));
  return {
    programs: [...new Set(used.flatMap((module) => programsOf[module] ?? []))],
    executable: executables.some((module) => used.includes(module)),
  };
}

function testFiles(path: string): string[] {
  const stats = statSync(path, { throwIfNoEntry: false });
  // A part of a name, as `bun test` takes it: any test may be meant.
  if (!stats) return testFiles(join(root, "tests"));
  if (stats.isFile()) return [path];
  return [...new Glob("**/*.test.ts").scanSync({ cwd: path, absolute: true })];
}

const transpiler = new Transpiler({ loader: "ts" });

async function addImports(file: string, modules: Set<string>): Promise<void> {
  if (modules.has(file)) return;
  modules.add(file);
  const text = await Bun.file(file).text();
  for (const { path } of transpiler.scanImports(text)) {
    if (!path.startsWith(".")) continue;
    const imported = join(dirname(file), path);
    // What tests start beside themselves is found in the tests only.
    if (imported.endsWith(".ts") && imported.startsWith(join(root, "tests"))) {
      await addImports(imported, modules);
    }
  }
}
