import { randomUUID } from "node:crypto";
import { type Clock, systemClock } from "../../core/clock.ts";
import {
  type HistoryEntry,
  historyKey,
  keepEntry,
  readHistory,
} from "../../sources/redis/flag-history.ts";
import { type Owner, withOwner } from "../../sources/redis/owner-connection.ts";
import { isRefusal } from "../../sources/redis/redis-errors.ts";
import type { RedisSourceConfig } from "../../sources/redis/redis-kind.ts";
import {
  type Command,
  keyOf,
  readStoredFlags,
  type StoredChange,
  type StoredFlags,
} from "../../sources/redis/stored-flags.ts";
import { SourceError } from "../../sources/source.ts";

/** The flags as they are now, with as many of the latest changes as were asked for. */
export interface PresentFlags {
  readonly flags: StoredFlags;
  readonly history: readonly HistoryEntry[];
  /** Others were faster at the last attempt: what was decided then is to be decided anew. */
  readonly raced: boolean;
}

/** Decides what becomes of the flags; undefined: nothing. May be asked again, with other flags. */
export type Decide = (present: PresentFlags) => Promise<StoredChange | undefined>;

/** Who changes what, for the history. */
interface ChangeNote {
  /** ISO 8601. */
  readonly time: string;
  readonly user: string;
  readonly message: string;
  readonly change: string;
}

export interface ChangeOptions {
  /** How many of the latest changes the decision needs. */
  readonly entries: number;
  /** Changes that are kept; 0: no history. */
  readonly keep: number;
  readonly note: ChangeNote;
  readonly clock?: Clock;
}

/** How a change ended. */
export interface Changed {
  readonly written: boolean;
  /** The replicas that had it within a second, of how many; undefined: only Sentinels move a master. */
  readonly replicas: { readonly reached: number; readonly of: number } | undefined;
}

/** Longer than writers need who take turns. */
const patienceMs = 60_000;
/** Between two attempts, at most and at random: so that two writers do not meet again. */
const restMs = 20;
/** Latest changes among which ours is found if it was done: more than others make before we look. */
const proofEntries = 10;
/** How long replicas have for a write. */
const replicaMs = 1_000;

/**
 * Changes flags so that nobody's change is lost: reads them under WATCH, decides, and writes in MULTI and EXEC, which
 * the server refuses if the key has changed meanwhile. Then all begins again. A connection that is lost after EXEC
 * leaves open whether it was done: the history, or the flags themselves, tell; if they do not, it is not done twice.
 * @throws SourceError, and what `decide` throws
 */
export async function changeFlags(
  config: RedisSourceConfig,
  decide: Decide,
  { entries, keep, note, clock = systemClock }: ChangeOptions,
): Promise<Changed> {
  const id = randomUUID();
  const until = clock.now() + patienceMs;
  let raced = false;
  /** What EXEC was sent for without an answer, and of which version. */
  let sent: { readonly document: string; readonly version: string } | undefined;

  const changed = withOwner(
    config,
    async (owner): Promise<Changed> => {
      const { connection, content, name } = owner;
      const key = keyOf(content);
      const list = keep > 0 ? historyKey(key, connection.server.mode) : undefined;
      for (;;) {
        await connection.send("WATCH", list === undefined ? [key] : [key, list]);
        const flags = await readStoredFlags(connection, content);
        const count = Math.max(entries, sent ? proofEntries : 0);
        const history = list && count > 0 ? await readHistory(connection, list, count) : [];
        if (sent) {
          const done = list
            ? history.some((entry) => entry.id === id)
            : flags.document === sent.document;
          if (done) return { written: true, replicas: undefined };
          // What others have written since may have taken the trace of ours away.
          const open = flags.version !== sent.version && (!list || keep < proofEntries);
          if (open) throw new SourceError(`source ${name}: others have changed the flags`);
        }
        sent = undefined;
        const change = await decide({ flags, history, raced });
        if (change === undefined || change.commands.length === 0) {
          await connection.send("UNWATCH", []);
          return { written: false, replicas: undefined };
        }
        if (list) await checkHistory(owner, list);
        const entry = { id, ...note, before: change.before };
        const kept = list ? keepEntry(list, entry, keep) : [];
        await owner.confirm();
        sent = { document: change.document, version: flags.version };
        const replies = await transaction(owner, [...change.commands, ...kept]).catch((error) => {
          // The server has answered: it has not done it.
          if (!connection.closed) sent = undefined;
          throw error;
        });
        if (replies !== null) return { written: true, replicas: await replicasOf(owner) };
        sent = undefined;
        raced = true;
        if (clock.now() > until) throw new SourceError(await lostRace(owner, list, name));
        await clock.sleep(Math.random() * restMs, new AbortController().signal);
      }
    },
    clock,
  );
  return changed.catch((error: unknown) => {
    if (!sent || !(error instanceof SourceError)) throw error;
    const look = `flagd redis ${keep > 0 ? "history" : "get"}`;
    throw new SourceError(
      `${error.message}; the connection was lost when the change had been sent, so it may have been written: ` +
        `${look} tells`,
    );
  });
}

/** Reads flags, and as many of the latest changes as wanted. @throws SourceError */
export function readFlags(
  config: RedisSourceConfig,
  entries: number,
): Promise<{ readonly flags: StoredFlags; readonly history: readonly HistoryEntry[] }> {
  return withOwner(config, async ({ connection, content }) => {
    const flags = await readStoredFlags(connection, content);
    const list = historyKey(keyOf(content), connection.server.mode);
    const history = list && entries > 0 ? await readHistory(connection, list, entries) : [];
    return { flags, history };
  });
}

/** @returns null if somebody else was faster */
async function transaction(
  { connection, username }: Owner,
  commands: readonly Command[],
): Promise<unknown[] | null> {
  const permission = (error: unknown): never => {
    if (!isRefusal(error)) throw error;
    throw new SourceError(
      `user "${username ?? "default"}" is not permitted to write: grant access with ACL SETUSER ` +
        `${username ?? "default"} ~KEY ~KEY:history +watch +unwatch +multi +exec +role +wait ` +
        `+${[...new Set(commands.map(([name]) => name.toLowerCase()))].join(" +")} (${String((error as Error).message)})`,
    );
  };
  // If it is refused, what follows must not be done one by one.
  await connection.send("MULTI", []).catch(permission);
  const queued = commands.map(([name, ...args]) => connection.fetch(name, args));
  const replies = connection.fetch("EXEC", []);
  // The first failure says why; those after it follow from it.
  const failures = await Promise.allSettled(queued);
  const failed = failures.find((result) => result.status === "rejected");
  if (failed) {
    await replies.catch(() => {});
    return permission(failed.reason);
  }
  const reply = await replies;
  if (reply === null) return null;
  const results = Array.isArray(reply) ? reply : [reply];
  const wrong = results.find((result) => result instanceof Error);
  if (wrong) throw new SourceError(`the server has refused a part of the change: ${wrong.message}`);
  return results;
}

/** What is no list would make a transaction do one half of its work. */
async function checkHistory({ connection, name }: Owner, list: string): Promise<void> {
  const type = await connection.send("TYPE", [list]);
  if (type === "list" || type === "none") return;
  throw new SourceError(
    `source ${name}: the key ${JSON.stringify(list)} holds a ${type}, no list of changes: rename it, or use --no-history`,
  );
}

/** Only if Sentinels may put a replica in the master's place. */
async function replicasOf({ connection, sentinels }: Owner): Promise<Changed["replicas"]> {
  if (!sentinels) return undefined;
  const role = await connection.send("ROLE", []).catch(() => undefined);
  const replicas: unknown = Array.isArray(role) ? role[2] : undefined;
  const of = Array.isArray(replicas) ? replicas.length : 0;
  if (of === 0) return { reached: 0, of };
  const reached = await connection.send("WAIT", ["1", String(replicaMs)]).catch(() => undefined);
  return typeof reached === "number" ? { reached, of } : undefined;
}

async function lostRace(
  { connection }: Owner,
  list: string | undefined,
  name: string,
): Promise<string> {
  const [last] = list ? await readHistory(connection, list, 1) : [];
  const who = last ? `, the last time ${last.user} (${last.change})` : "";
  return `source ${name}: others keep changing the flags${who}: nothing was written; try again`;
}
