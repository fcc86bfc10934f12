import { createServer, type Server } from "node:net";

/**
 * Below the ports that systems give to outgoing connections and to who asks for port 0: none of those
 * gets in between when a port was found free, or its listener has died, and it is listened on again.
 */
const [lowest, highest] = [10_000, 32_767];
/** Each process has some for itself: tests run in several at once. */
const blockSize = 128;

let claimed: Promise<number> | undefined;
let given = 0;

/** Ports that nobody listens on, all different. */
export async function freePorts(count: number): Promise<number[]> {
  claimed ??= claimBlock();
  const first = await claimed;
  const ports: number[] = [];
  for (let tries = 0; ports.length < count; tries++) {
    if (tries === blockSize) throw new Error(`ports from ${first} on are all taken`);
    const port = first + 1 + (given++ % (blockSize - 1));
    const server = await listenOn(port);
    if (server === undefined) continue;
    await new Promise((resolve) => server.close(resolve));
    ports.push(port);
  }
  return ports;
}

export async function freePort(): Promise<number> {
  const [port = 0] = await freePorts(1);
  return port;
}

/** @returns The first port of a block, which is this process's while it listens on that. */
async function claimBlock(): Promise<number> {
  for (let first = lowest; first + blockSize <= highest; first += blockSize) {
    const server = await listenOn(first);
    if (server === undefined) continue;
    server.unref();
    return first;
  }
  throw new Error("no port is free");
}

/** undefined: somebody else does. */
function listenOn(port: number): Promise<Server | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(undefined));
    server.listen(port, () => resolve(server));
  });
}
