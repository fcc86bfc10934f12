// A program whose only worker cannot start, for want of a certificate; it writes its log on stdout.
import { readStartConfig } from "../../src/config/start-config.ts";
import type { Log } from "../../src/core/log.ts";
import { WorkerPool } from "../../src/runtime/workers/pool.ts";

const write: Log["error"] = (message, fields) => console.log(message, JSON.stringify(fields));
const log: Log = {
  debugging: false,
  debug: write,
  info: write,
  warn: write,
  error: write,
  fatal: write,
  with: () => log,
};
const ports = ["-p", "0", "-g", "0", "-r", "0", "-m", "0"];
const config = await readStartConfig(["-f", "file:flags.json", ...ports], {});
if (!config) throw new Error("there is a configuration");
// The evaluation port is open by then.
const sync = { ...config.sync, tls: { certPath: "none.pem", keyPath: "none.key" } };
new WorkerPool({
  size: 1,
  init: { config: { ...config, sync }, sources: [{ name: "s", provider: "file" }] },
  reply: async () => ({ status: 200, headers: [], body: "" }),
  log,
});
