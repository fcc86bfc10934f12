import { renameSync, writeFileSync } from "node:fs";
import type { Server } from "../contender.ts";
import { median } from "../statistics.ts";
import type { StreamClients } from "../stream-clients.ts";

/** Milliseconds. */
export interface Change {
  readonly firstToLast: number;
  readonly toLast: number;
  readonly cpu: number;
  /** Of the clients, which run beside the server on the same machine. */
  readonly clientCpu: number;
}

/** In one step, as no reader may see half a file. */
export function replace(file: string, document: string): void {
  writeFileSync(`${file}.new`, document);
  renameSync(`${file}.new`, file);
}

/** One change of a file, until `expected` streams have a message about it. */
export async function change(
  { server, clients, expected }: { server: Server; clients: StreamClients; expected?: number },
  make: () => void,
): Promise<Change> {
  clients.forget();
  const before = server.usage().cpuMicros;
  const clientBefore = process.cpuUsage();
  const started = performance.now();
  make();
  const { first, last } = await clients.arrival(expected);
  const { user, system } = process.cpuUsage(clientBefore);
  // The server may have something to do after the last byte.
  await Bun.sleep(500);
  const cpu = (server.usage().cpuMicros - before) / 1000;
  const clientCpu = (user + system) / 1000;
  return { firstToLast: last - first, toLast: last - started, cpu, clientCpu };
}

export function medianChange(changes: readonly Change[]): Change {
  const of = (key: keyof Change) => median(changes.map((change) => change[key]));
  return {
    firstToLast: of("firstToLast"),
    toLast: of("toLast"),
    cpu: of("cpu"),
    clientCpu: of("clientCpu"),
  };
}
