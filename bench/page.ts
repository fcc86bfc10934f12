/**
 * How soon a change in Redis is on the page, and how soon the page is painted, in Chromium on this machine.
 *
 *   bun build.ts && bun bench/page.ts [--changes 200] [--loads 50]
 *
 * Needs Linux, chromium and redis-server. A change counts from the moment of SET until the page has drawn it; a paint
 * from the beginning of the navigation until the browser's first-contentful-paint.
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

const paints: number[] = [];
for (let load = 0; load < Number(values.loads); load++) {
  const page = await browser.newPage();
  await page.goto(`${flagd.http}/`);
  await page.waitForSelector("#list details");
  paints.push(
    (await page.evaluate(
      "performance.getEntriesByName('first-contentful-paint')[0].startTime",
    )) as number,
  );
  await page.close();
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
] as const) {
  const [p50, p99] = [0.5, 0.99].map((q) => quantile(times, q).toFixed(0));
  console.log(`${title.padEnd(14)} p50 ${p50} ms, p99 ${p99} ms, of ${times.length}`);
}
