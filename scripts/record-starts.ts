/** Records which parts of the executable a start needs. */
import { join } from "node:path";

/** Starts differ in a few of thousands of entries. */
const starts = 5;

/**
 * Starts the daemon as it is used most, and writes what every start needed to `folder`/start.order. The
 * entries are sorted: their order makes no difference to the time that a start takes.
 * @returns the file's path
 */
export async function recordStarts(binary: string, folder: string): Promise<string> {
  let common: Set<string> | undefined;
  let head = "";
  for (let i = 0; i < starts; i++) {
    const file = join(folder, `${i}.order`);
    await start(binary, file);
    const [version = "", ...entries] = (await Bun.file(file).text()).trim().split("\n");
    head = version;
    common = new Set(common ? entries.filter((entry) => common?.has(entry)) : entries);
  }
  const path = join(folder, "start.order");
  await Bun.write(path, `${[head, ...[...(common ?? [])].sort()].join("\n")}\n`);
  return path;
}

async function start(binary: string, profile: string): Promise<void> {
  const ports = ["-p", "-m", "-r", "-g"].flatMap((option) => [option, "0"]);
  const daemon = Bun.spawn([binary, "start", "--uri", "file:examples/flags.json", ...ports], {
    env: { ...process.env, BUN_BYTECODE_ORDER_OUT: profile },
    timeout: 30_000,
    stdio: ["ignore", "ignore", "pipe"],
  });
  let log = "";
  let told = false;
  const decoder = new TextDecoder();
  for await (const chunk of daemon.stderr) {
    log += decoder.decode(chunk, { stream: true });
    if (told || !log.includes("ready: every source has delivered")) continue;
    // Once: a second signal means haste.
    daemon.kill("SIGTERM");
    told = true;
  }
  if ((await daemon.exited) !== 0) throw new Error(`the daemon just built does not start:\n${log}`);
}
