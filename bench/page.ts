/**
 * How soon a change in Redis is on the page, and how soon the page is painted, in Chromium on this machine.
 *
 *   bun build.ts && bun bench/page.ts [--changes 200] [--loads 50]
 *
 * Needs Linux, chromium and redis-server. A change counts from the moment of SET until the page has drawn it; a paint
 * from the beginning of the navigation until the browser's first-contentful-paint, beside that of a page of one word.
 */
import { parseArgs } from "node:util";
import { chromium } from "playwright-core";
import { startFlagd } from "../tests/support/flagd.ts";
import { RedisServer } from "../tests/support/redis.ts";
import { quantile } from "./side-by-side/statistics.ts";

const { values } = parseArgs({
  options: {
    changes: { type: "string", default: "200" },
    loads: { type: "string", default: "50" },
  },
});

const flags = Array.from({ length: 100 }, (_, n) => `flag-${n}`);
const documentOf = (version: number) =>
  JSON.stringify({
    flags: Object.fromEntries(
      flags.map((key) => [
        key,
        { state: "ENABLED", variants: { now: version }, defaultVariant: "now" },
      ]),
    ),
  }).replace(/"now":\d+/g, (text, at) => (at < 100 ? text : '"now":0'));

await using stack = new AsyncDisposableStack();
const redis = stack.use(await RedisServer.start());
await redis.set("flags", documentOf(0));
const flagd = stack.use(
  await startFlagd(["--uri", `redis://127.0.0.1:${redis.port}/0?key=flags`, "--page"]),
);
const browser = await chromium.launch({
  executablePath: Bun.which("chromium") ?? "chromium",
  args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
});
stack.defer(() => browser.close());

const word = Bun.serve({
  port: 0,
  hostname: "127.0.0.1",
  fetch: () => new Response("<!doctype html><p>word", { headers: { "Content-Type": "text/html" } }),
});
stack.defer(() => word.stop(true));

async function firstPaint(url: string, shown: string): Promise<number> {
  const page = await browser.newPage();
  await page.goto(url);
  await page.waitForSelector(shown);
  const paint = await page.evaluate<number>(
    `new Promise((resolve) => {
      const observer = new PerformanceObserver((list) =>
        resolve(list.getEntriesByName("first-contentful-paint")[0].startTime));
      observer.observe({ type: "paint", buffered: true });
    })`,
  );
  await page.close();
  return paint;
}

const paints: number[] = [];
const wordPaints: number[] = [];
for (let load = 0; load < Number(values.loads); load++) {
  paints.push(await firstPaint(`${flagd.http}/`, "#list details"));
  wordPaints.push(await firstPaint(`${word.url}`, "p"));
}

const page = await browser.newPage();
await page.goto(`${flagd.http}/`);
await page.waitForSelector("#list details");
const changes: number[] = [];
for (let version = 1; version <= Number(values.changes); version++) {
  // Milliseconds since 1970, by the clock of this machine, as here.
  const drawn = page.evaluate<number>(`new Promise((resolve) => {
    const changes = document.getElementById("changes");
    const observer = new MutationObserver(() => {
      if (!changes.querySelector("ins")?.textContent.includes("${version}")) return;
      observer.disconnect();
      resolve(performance.timeOrigin + performance.now());
    });
    observer.observe(changes, { childList: true, subtree: true });
  })`);
  // The observer is there.
  await page.evaluate("0");
  const set = performance.timeOrigin + performance.now();
  await redis.set("flags", documentOf(version));
  changes.push((await drawn) - set);
}

for (const [title, times] of [
  ["SET to drawn", changes],
  ["first paint", paints],
  ["– of a word", wordPaints],
] as const) {
  const [p50, p99] = [0.5, 0.99].map((q) => quantile(times, q).toFixed(0));
  console.log(`${title.padEnd(14)} p50 ${p50} ms, p99 ${p99} ms, of ${times.length}`);
}
