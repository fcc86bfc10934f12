import { afterEach, beforeEach, expect, test } from "bun:test";
import { OwnerSearch, type Standing } from "../../../../src/sources/redis/owner-search.ts";
import { serverName } from "../../../../src/sources/redis/redis-address.ts";
import { Redirection } from "../../../../src/sources/redis/redis-errors.ts";
import { FakeClock } from "../../../support/fake-clock.ts";
import { addressOf } from "./fake-redis.ts";

const at = (host: string) => addressOf(`redis://${host}?key=k`);
const hung = new Promise<Standing>(() => {});

let clock: FakeClock;
let standings: Record<string, Standing | Promise<Standing>>;
let asked: string[];
let deadlines: number[];
/** How many questions were not answered or given up yet. */
let open: number;
let found: string | undefined;
let search: OwnerSearch;

beforeEach(() => {
  clock = new FakeClock();
  standings = {};
  asked = [];
  deadlines = [];
  open = 0;
  found = undefined;
});

afterEach(async () => {
  search.close();
  await clock.advance(0);
  expect(clock.sleeping).toBe(0);
  expect(open).toBe(0);
});

function searchAmong(...names: readonly string[]): void {
  search = new OwnerSearch(names.map(at), {
    clock,
    delayMs: 0,
    onFound: () => {},
    ask: async (node, { deadlineMs, signal }) => {
      const name = serverName(node);
      asked.push(name);
      deadlines.push(deadlineMs);
      open++;
      const late = clock.sleep(deadlineMs, signal).then(() => undefined);
      const standing = await Promise.race([standings[name], late]);
      open--;
      return standing;
    },
  });
  void search.owner.then((owner) => {
    found = serverName(owner);
  });
}

test("nobody waits for nodes that hang", async () => {
  standings = { "a:1": hung, "b:1": hung };
  searchAmong("a:1", "b:1", "c:1");
  await clock.advance(500);
  expect(found).toBeUndefined();
  standings["c:1"] = "owner";
  await clock.advance(250);
  expect(found).toBe("c:1");
});

test("what a node says of another one is not believed, but that one is asked as well", async () => {
  standings = { "a:1": new Redirection("MOVED", undefined, 2) };
  searchAmong("a:1");
  await clock.advance(0);
  expect(found).toBeUndefined();
  expect(asked).toEqual(["a:1", "a:2"]);
  standings["a:2"] = "owner";
  await clock.advance(250);
  expect(found).toBe("a:2");
});

test("a node that was silent until now has to say a second time that it has the keys", async () => {
  const woken = Promise.withResolvers<Standing>();
  standings = { "a:1": woken.promise };
  searchAmong("a:1");
  await clock.advance(400);
  woken.resolve("owner");
  await clock.advance(0);
  expect(found).toBeUndefined();
  // By then it has heard of its successor.
  standings["a:1"] = new Redirection("MOVED", "b", 1);
  await clock.advance(250);
  expect(found).toBeUndefined();
  expect(asked).toEqual(["a:1", "a:1", "b:1"]);
});

test("a long way makes every answer late, which is believed the second time", async () => {
  const slow = () => clock.sleep(300).then((): Standing => "owner");
  standings = { "a:1": slow() };
  searchAmong("a:1");
  await clock.advance(540);
  standings["a:1"] = slow();
  await clock.advance(310);
  expect(found).toBe("a:1");
});

test("at most 16 are asked side by side, and the others as soon as one has answered", async () => {
  const names = Array.from({ length: 20 }, (_, n) => `h:${n + 1}`);
  standings = Object.fromEntries(names.slice(0, 16).map((name) => [name, hung]));
  standings["h:20"] = "owner";
  searchAmong(...names);
  await clock.advance(999);
  expect(open).toBe(16);
  await clock.advance(1);
  expect(found).toBe("h:20");
});

test("one that stays silent is given more time, up to eight seconds", async () => {
  standings = { "a:1": hung };
  searchAmong("a:1");
  await clock.advance(200_000);
  expect([deadlines[0], deadlines[8], deadlines.at(-1)]).toEqual([1000, 2000, 8000]);
});

test("after a minute nodes are asked every five seconds", async () => {
  searchAmong("a:1");
  await clock.advance(60_000);
  expect(asked.length).toBeGreaterThanOrEqual(240);
  const before = asked.length;
  await clock.advance(50_000);
  expect(asked.length - before).toBe(10);
});

test("one that refuses us is remembered", async () => {
  standings = { "b:1": "refuses" };
  searchAmong("a:1", "b:1");
  await clock.advance(0);
  expect(search.refusing && serverName(search.refusing)).toBe("b:1");
});
