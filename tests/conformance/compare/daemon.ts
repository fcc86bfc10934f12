/** One of the two daemons that are compared, with its own folder and its own copy of the flags. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client, credentials } from "@grpc/grpc-js";
import { freePorts } from "../../support/ports.ts";
import { until } from "../../support/until.ts";
import { EventLog } from "./events.ts";

export type PortName = "evaluation" | "ofrep" | "sync";

/** Relative to the folder of each daemon, for it is the name of the source too. */
export const flagsFile = "flags.json";
export const baseFile = "base.json";

export interface Daemon {
  readonly ports: Readonly<Record<PortName, number>>;
  readonly grpc: Client;
  readonly sync: Client;
  readonly events: EventLog;
  log(): string;
  /** Replaces the flag document in place. */
  write(document: string): void;
  stop(): Promise<void>;
}

export async function startDaemon(binary: string, base: string, first: string): Promise<Daemon> {
  const folder = mkdtempSync(join(tmpdir(), "flagd-compare-"));
  const write = (file: string, text: string) => writeFileSync(join(folder, file), text);
  write(baseFile, base);
  write(flagsFile, first);
  const [evaluation = 0, management = 0, sync = 0, ofrep = 0] = await freePorts(4);
  const args = ["-p", evaluation, "-m", management, "-g", sync, "-r", ofrep].map(String);
  const sources = [baseFile, flagsFile].map((uri) => ({ uri, provider: "fsnotify" }));
  args.push("--sources", JSON.stringify(sources));
  args.push("-X", "static=fixed", "-H", "X-Tier=tier", "--max-request-body", "20000");
  const child = Bun.spawn([binary, "start", ...args], {
    cwd: folder,
    stdin: "ignore",
    stdout: "ignore",
    stderr: "pipe",
  });
  let log = "";
  const reading = (async () => {
    const decoder = new TextDecoder();
    for await (const chunk of child.stderr) log = (log + decoder.decode(chunk)).slice(-100_000);
  })();
  const clients = [evaluation, sync].map(
    (port) => new Client(`127.0.0.1:${port}`, credentials.createInsecure()),
  );
  const [grpc, syncClient] = clients as [Client, Client];
  let events: EventLog | undefined;
  const stop = async () => {
    events?.stop();
    for (const client of clients) client.close();
    child.kill("SIGTERM");
    const timer = setTimeout(() => child.kill("SIGKILL"), 10_000);
    await child.exited;
    await reading;
    clearTimeout(timer);
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await until(`${binary} being ready`, async () => {
      if (child.exitCode !== null) throw new Error(`${binary} ended with ${child.exitCode}`);
      return (await fetch(`http://127.0.0.1:${management}/readyz`)).ok;
    });
    events = await EventLog.open(evaluation);
  } catch (error) {
    await stop();
    throw new Error(`${error}\n${log}`);
  }
  return {
    ports: { evaluation, ofrep, sync },
    grpc,
    sync: syncClient,
    events,
    log: () => log,
    write: (text) => write(flagsFile, text),
    stop,
  };
}
