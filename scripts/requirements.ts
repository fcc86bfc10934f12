/**
 * Programs that the examples and tests run beside flagd: found on the PATH, else installed if that may be
 * done without asking (Debian as root), else named with what to do.
 */
import { $, which } from "bun";

/** Command → the Debian package that has it. */
const packages = {
  "redis-server": "redis-server",
  "redis-cli": "redis-tools",
  openssl: "openssl",
  chromium: "chromium",
  python3: "python3-venv",
} as const;

const brewNames: Partial<Record<string, string>> = {
  "redis-server": "redis",
  "redis-tools": "redis",
  "python3-venv": "python3",
};

export type Requirement = keyof typeof packages;

/**
 * @param options `install`: may install what is missing; the README says so of the two commands that do
 * @throws MissingRequirement
 */
export async function requirements(
  commands: readonly Requirement[],
  { install }: { readonly install: boolean },
): Promise<void> {
  const missing = commands.filter((command) => !isThere(command));
  if (missing.length === 0) return;
  const names = [...new Set(missing.map((command) => packages[command]))];
  if (!install || !which("apt-get") || process.getuid?.() !== 0)
    throw new MissingRequirement(missing);
  console.log(`Installing the Debian packages ${names.join(", ")} …`);
  const quiet = { DEBIAN_FRONTEND: "noninteractive" };
  await $`apt-get update -qq`.env({ ...process.env, ...quiet }).quiet();
  await $`apt-get install -y -qq --no-install-recommends ${names}`
    .env({ ...process.env, ...quiet })
    .quiet();
  const absent = missing.filter((command) => !isThere(command));
  if (absent.length > 0) throw new MissingRequirement(absent);
}

function isThere(command: Requirement): boolean {
  if (!which(command)) return false;
  if (command !== "python3") return true;
  // Debian's python3 cannot make virtual environments without the package python3-venv.
  const { exitCode } = Bun.spawnSync(["python3", "-c", "import venv, ensurepip"], {
    stdio: ["ignore", "ignore", "ignore"],
  });
  return exitCode === 0;
}

export class MissingRequirement extends Error {
  override readonly name = "MissingRequirement";
  constructor(readonly commands: readonly Requirement[]) {
    const names = [...new Set(commands.map((command) => packages[command]))];
    const brews = new Set(names.map((name) => brewNames[name] ?? name));
    super(
      `Not found: ${commands.map((command) => (command === "python3" ? "python3 with venv" : command)).join(", ")}.\n` +
        `Install them and run this again:\n` +
        `  Debian, Ubuntu:  sudo apt-get install ${names.join(" ")}\n` +
        `  macOS:           brew install ${[...brews].join(" ")}`,
    );
  }
}
