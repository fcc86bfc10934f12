/**
 * Programs that the examples and tests run beside flagd: found on the PATH, else installed where
 * that can be done without asking (Debian as root), else named with what to do.
 */
import { $, which } from "bun";

/** Command → the Debian package that has it. */
const packages = {
  "redis-server": "redis-server",
  "redis-cli": "redis-tools",
  openssl: "openssl",
  chromium: "chromium",
  python3: "python3",
} as const;

export type Requirement = keyof typeof packages;

export async function requirements(commands: readonly Requirement[]): Promise<void> {
  const missing = commands.filter((command) => !which(command));
  if (missing.length === 0) return;
  const names = [...new Set(missing.map((command) => packages[command]))];
  if (!which("apt-get") || process.getuid?.() !== 0) throw new MissingRequirement(missing);
  console.log(`Installing ${names.join(", ")} …`);
  const quiet = { DEBIAN_FRONTEND: "noninteractive" };
  await $`apt-get update -qq`.env({ ...process.env, ...quiet }).quiet();
  await $`apt-get install -y -qq --no-install-recommends ${names}`
    .env({ ...process.env, ...quiet })
    .quiet();
  const absent = missing.filter((command) => !which(command));
  if (absent.length > 0) throw new MissingRequirement(absent);
}

export class MissingRequirement extends Error {
  override readonly name = "MissingRequirement";
  constructor(readonly commands: readonly Requirement[]) {
    const names = commands.map((command) => packages[command]);
    super(
      `Not found: ${commands.join(", ")}.\n` +
        `Install them and run this again:\n` +
        `  Debian, Ubuntu:  sudo apt-get install ${names.join(" ")}\n` +
        `  macOS:           brew install ${names.map((name) => (name === "redis-server" || name === "redis-tools" ? "redis" : name)).join(" ")}`,
    );
  }
}
