import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { messageOf } from "../../../src/core/errors.ts";
import { type Flagd, startFlagd } from "../../support/flagd.ts";
import { MovedClock } from "../../support/moved-clock.ts";
import type { RedisServerOptions } from "../../support/redis.ts";
import { RedisSync } from "../../support/redis-sync.ts";
import { until } from "../../support/until.ts";
import { Chance } from "./chance.ts";
import { Clients } from "./clients.ts";
import { startCluster } from "./cluster.ts";
import { type ContentName, contents } from "./content.ts";
import type { Fleet, FleetFault } from "./fleet.ts";
import { check, type Fault, type Verdict, type Write } from "./history.ts";
import { grouped, groups } from "./partition.ts";
import { startSentinels } from "./sentinels.ts";
import { startSingle } from "./single.ts";

export const topologies = {
  single: startSingle,
  sentinel: startSentinels,
  cluster: startCluster,
} as const;

/** After a first failure a source waits so long; then, as after any outage, up to as long as that has lasted. */
const retryMs = 1000;

export interface TortureOptions {
  readonly topology: keyof typeof topologies;
  readonly content: ContentName;
  readonly seed: number;
  readonly seconds: number;
  /** Move the clocks of servers and of everything that is flagd; see MovedClock. */
  readonly clocks?: boolean;
  /** In which a change has to be visible. */
  readonly limitMs: number;
  /** Path of the RedisJSON module, for JSON. */
  readonly module?: string;
  /** Told what happens. */
  readonly say?: (line: string) => void;
}

export interface Outcome extends Verdict {
  readonly writes: number;
  readonly answers: number;
  /** How often each fault came. */
  readonly faults: ReadonlyMap<string, number>;
  /** Why it ended early: the servers did not get over a fault. What was seen until then is checked. */
  readonly stuck: string | undefined;
}

/**
 * Redis servers with redis-sync and three daemons behind them (one reads Redis, one redis-sync, one is restarted
 * now and then with its last good flags on disk), writes and faults in an order that the seed decides, and
 * clients that ask all the time.
 */
export async function torture(options: TortureOptions): Promise<Outcome> {
  const { limitMs, seconds, say = () => {} } = options;
  const chance = new Chance(options.seed);
  await using stack = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), "flagd-torture-"));
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  const secret = join(folder, "password");
  let password = "first";
  await writeFile(secret, password);
  const serverOptions = (): RedisServerOptions => ({
    users: [["reader", "on", `>${password}`, "~*", "+@all", "-@write"]],
    config: [["busy-reply-threshold", "100"]],
    clock: options.clocks ?? false,
    ...(options.module !== undefined && { module: options.module }),
  });
  const fleet = stack.use(await topologies[options.topology](serverOptions));
  const content = contents[options.content];
  let version = 0;
  await put(true);

  const uri = `${fleet.uri}?${content.query}`;
  const source = { provider: "redis", uri, username: "reader", passwordFile: secret };
  const direct = ["--sources", JSON.stringify([source])];
  const clock = options.clocks ? new MovedClock(folder) : undefined;
  const env = clock?.env ?? {};
  const kept = [...direct, "--state-dir", join(folder, "state")];
  const sync = stack.use(
    await RedisSync.start(
      uri,
      ["--redis-password-file", secret],
      { FLAGD_REDIS_USERNAME: "reader", ...env },
      grouped(groups.relayed).group,
    ),
  );
  const daemon = stack.use(await startFlagd(direct, { env, ...grouped(groups.direct) }));
  const relayed = stack.use(await startFlagd(["--uri", `grpc://127.0.0.1:${sync.port}`], { env }));
  let restarted: Flagd | undefined = await startFlagd(kept, { env });
  stack.defer(async () => void (await restarted?.stop()));

  const began = performance.now();
  const now = () => performance.now() - began;
  const writes: Write[] = [];
  const faults: Fault[] = [];
  const happened: string[] = [];
  const clients = new Clients(
    { direct: () => daemon.http, relayed: () => relayed.http, restarted: () => restarted?.http },
    now,
  );
  const all: readonly [FleetFault, ...FleetFault[]] = [
    { name: "password changed", away: true, run: () => changePassword(fleet) },
    ...fleet.faults.filter(({ name }) => options.clocks || !name.includes("clock")),
    ...(clock ? [clockMoved(clock)] : []),
  ];
  let restart: Promise<void> | undefined;
  let stuck: string | undefined;

  while (stuck === undefined && now() < seconds * 1000) {
    await Bun.sleep(chance.between(10, 1200));
    const what = chance.next();
    if (what < 0.55) {
      await unlessStuck("a write", () => write(false));
    } else if (what < 0.65) {
      restart ??= restartOne().finally(() => {
        restart = undefined;
      });
    } else {
      const fault = chance.of(all);
      await unlessStuck(fault.name, () => fail(fault));
    }
  }
  await restart;
  // Whatever was written last has its time.
  const seenBy = (client: string) =>
    clients.answers.findLast((answer) => answer.client === client)?.versions[0] === version;
  const names = ["direct", "relayed", "restarted"];
  if (stuck === undefined) {
    await until("the last version", () => names.every(seenBy), limitMs / 1000 + 2).catch(() => {});
  }
  await clients[Symbol.asyncDispose]();
  const { answers } = clients;
  const verdict = check({ writes, faults, answers }, limitMs);
  say(`the longest wait: ${verdict.slowest}`);
  if (verdict.violations.length > 0 || Math.max(...verdict.lags) > limitMs / 2) {
    say([daemon.log(), sync.log, relayed.log(), restarted?.log()].join("\n\n"));
  }
  const counts = Map.groupBy(happened, (name) => name);
  return {
    ...verdict,
    writes: writes.length,
    answers: answers.length,
    faults: new Map([...counts].map(([name, list]) => [name, list.length])),
    stuck,
  };

  /** From its beginning on, what the servers did not get over counts as a fault without end. */
  async function unlessStuck(name: string, run: () => Promise<void>): Promise<void> {
    const from = now();
    await run().catch((error: unknown) => {
      faults.push({ name, from, to: Number.POSITIVE_INFINITY, graceMs: 0 });
      stuck = `${Math.round(from)} ms: ${name}: ${messageOf(error)}`;
      say(`stuck: ${stuck}`);
    });
  }

  async function put(fresh: boolean): Promise<void> {
    const next = version + 1;
    await until("the write", () => content.write(fleet, next, fresh).then(() => true), 60);
    version = next;
  }

  async function write(fresh: boolean): Promise<void> {
    await put(fresh);
    writes.push({ version, at: now() });
  }

  async function fail(fault: FleetFault): Promise<void> {
    say(`${Math.round(now())} ms: ${fault.name}`);
    happened.push(fault.name);
    if (fault.whole) return await writeDuring(fault);
    const from = now();
    await fault.run(chance);
    if (fault.forgets) await write(true);
    const to = now();
    say(`${Math.round(to)} ms: over (${new Date().toISOString()})`);
    const { name, client } = fault;
    const graceMs = fault.away ? retryMs + to - from : 0;
    faults.push({ name, from, to, graceMs, ...(client && { client }) });
    if (!fault.forgets) await write(false);
  }

  async function writeDuring(fault: FleetFault): Promise<void> {
    let over = false;
    const run = fault.run(chance).finally(() => {
      over = true;
    });
    while (!over) {
      await write(false);
      await Bun.sleep(300);
    }
    await run;
    say(`${Math.round(now())} ms: over (${new Date().toISOString()})`);
  }

  async function restartOne(): Promise<void> {
    say(`${Math.round(now())} ms: a daemon is restarted`);
    happened.push("daemon restarted");
    const from = now();
    const before = restarted;
    restarted = undefined;
    await before?.stop();
    restarted = await startFlagd(kept, { env });
    faults.push({ name: "daemon restarted", from, to: now(), graceMs: 0, client: "restarted" });
  }

  async function changePassword(servers: Fleet): Promise<void> {
    password = `p${chance.between(0, 1_000_000)}`;
    await writeFile(secret, password);
    for (const server of servers.servers) {
      // One that is down starts with the new one.
      await server
        .command("ACL", "SETUSER", "reader", "resetpass", `>${password}`)
        .then(() => server.command("CLIENT", "KILL", "USER", "reader"))
        .catch(() => {});
    }
  }
}

/** By up to ten days, forwards or backwards. */
function clockMoved(clock: MovedClock): FleetFault {
  return {
    name: "clock moved",
    run: async (chance) => {
      clock.move(chance.between(-864_000, 864_000));
      await Bun.sleep(1000);
    },
  };
}
