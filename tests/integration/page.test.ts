/** The page of the management port, of the built binary, in Chromium. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { type Browser, chromium, type Page } from "playwright-core";
import { type Flagd, startFlagd } from "../support/flagd.ts";
import { RedisServer } from "../support/redis.ts";
import { until } from "../support/until.ts";

const hostile = `<img src=x onerror="document.title='owned'">\u001b[31m\u202e</script><script>alert(1)</script>`;
const flag = (value: string) => ({
  state: "ENABLED",
  variants: { calm: "calm", loud: value },
  defaultVariant: "calm",
  targeting: { if: [{ ends_with: [{ var: "email" }, "@example.com"] }, "loud", "calm"] },
  metadata: { owner: "shop" },
});
const document = (variant: "calm" | "loud") => ({
  flags: {
    banner: { ...flag("loud"), defaultVariant: variant },
    other: flag("x"),
    [hostile]: { ...flag(hostile), metadata: { [hostile]: hostile } },
  },
});

let redis: RedisServer;
let flagd: Flagd;
let browser: Browser;
let page: Page;
const complaints: string[] = [];

async function openPage(url: string): Promise<Page> {
  const opened = await browser.newPage();
  opened.on("console", (message) => {
    if (message.type() === "error") complaints.push(message.text());
  });
  opened.on("pageerror", (error) => complaints.push(String(error)));
  await opened.goto(url);
  await opened.waitForSelector("#list details");
  return opened;
}

beforeAll(async () => {
  redis = await RedisServer.start();
  await redis.set("flags", JSON.stringify(document("calm")));
  flagd = await startFlagd(["--uri", `redis://127.0.0.1:${redis.port}/0?key=flags`, "--page"]);
  browser = await chromium.launch({
    executablePath: Bun.which("chromium") ?? "chromium",
    args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
  });
  page = await openPage(`${flagd.http}/`);
}, 60_000);

afterAll(async () => {
  await browser?.close();
  await flagd?.[Symbol.asyncDispose]();
  await redis?.[Symbol.asyncDispose]();
});

test("shows sources, flags with rule and metadata, listeners; the log says so", async () => {
  expect(await page.textContent("#sources")).toContain("synced");
  expect(await page.textContent("#listeners")).toContain("management");
  const banner = page.locator("#list details", { hasText: "banner" });
  await banner.locator("summary").click();
  const text = await banner.innerText();
  expect(text).toContain("ends_with");
  expect(text).toContain('"owner": "shop"');
  expect(flagd.log()).toContain("page at http://");
});

test("names, values and metadata of a document are text, whatever is in them", async () => {
  const elements = await page.evaluate<number>(
    "document.querySelectorAll('img, #list script, #changes script').length",
  );
  expect(elements).toBe(0);
  expect(await page.title()).toBe("flagd");
  const list = await page.textContent("#list");
  expect(list).toContain("<img src=x onerror=");
  expect(list).toContain("\\u001b");
  expect(list).not.toContain("\u001b");
  expect(list).not.toContain("\u202e");
});

test("a search narrows the list", async () => {
  await page.fill("#search", "OTHER");
  await until("one flag listed", async () => (await page.locator("#list details").count()) === 1);
  await page.fill("#search", "");
  await until("all flags listed", async () => (await page.locator("#list details").count()) === 3);
});

test("a change in Redis appears without a reload, with what it changed", async () => {
  await redis.set("flags", JSON.stringify(document("loud")));
  await page.locator("#changes", { hasText: "defaultVariant" }).waitFor();
  const changes = await page.innerText("#changes");
  expect(changes).toContain('"calm"');
  expect(changes).toContain('"loud"');
});

test("trying a flag gives what OFREP gives, for one flag and for all, and its link repeats it", async () => {
  const contexts = ["a@example.com", "b@example.org", "", null, 7, hostile].map((email) => ({
    targetingKey: "u",
    email,
  }));
  for (const key of ["banner", hostile, "nowhere", ""]) {
    for (const context of contexts) {
      const path = key === "" ? "" : `/${encodeURIComponent(key)}`;
      const init = { method: "POST", body: JSON.stringify({ context }) };
      const expected = await (
        await fetch(`${flagd.http}/ofrep/v1/evaluate/flags${path}`, init)
      ).json();
      await page.fill("#key", key);
      await page.fill("#context", JSON.stringify(context));
      const answered = page.waitForResponse(/page\/try/);
      await page.click("#try button");
      expect(await (await answered).json()).toEqual(expected);
    }
  }
  await page.fill("#key", "banner");
  const link = await page.getAttribute("#link", "href");
  const again = await openPage(`${flagd.http}/${link}`);
  await again.locator("#answer", { hasText: '"variant"' }).waitFor();
  expect(await again.inputValue("#key")).toBe("banner");
  await again.close();
});

test("what is tried is not counted as an evaluation", async () => {
  const count = async () => {
    const text = await (await fetch(`${flagd.http}/metrics`)).text();
    return /impression_total\{feature_flag_key="other".*\} (\d+)/.exec(text)?.[1] ?? "0";
  };
  const before = await count();
  await fetch(`${flagd.http}/page/try/other`, { method: "POST", body: "{}" });
  expect(await count()).toBe(before);
});

test("works by keyboard alone", async () => {
  await page.focus("#key");
  await page.keyboard.type("other");
  for (let presses = 0; presses < 2; presses++) await page.keyboard.press("Tab");
  const answered = page.waitForResponse(/page\/try/);
  await page.keyboard.press("Enter");
  await answered;
  const summary = page.locator("#list details summary").nth(1);
  await summary.focus();
  await page.keyboard.press("Enter");
  expect(await page.locator("#list details").nth(1).getAttribute("open")).not.toBeNull();
});

test("works behind a path prefix", async () => {
  const proxy = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: (request) => {
      const url = new URL(request.url);
      if (!url.pathname.startsWith("/tools/flagd/")) return new Response(null, { status: 404 });
      const target = flagd.http + url.pathname.slice("/tools/flagd".length) + url.search;
      return fetch(target, { method: request.method, body: request.body, decompress: false });
    },
  });
  const behind = await openPage(`http://127.0.0.1:${proxy.port}/tools/flagd/`);
  expect(await behind.textContent("#sources")).toContain("synced");
  await behind.close();
  await proxy.stop(true);
});

test("the browser has nothing to complain about, its content policy included", () => {
  // A flag that does not exist is answered with 404, which the browser mentions.
  expect(complaints.filter((text) => !text.includes("404"))).toEqual([]);
});

test("without --page there is none on a port that other machines reach", async () => {
  await using plain = await startFlagd(["--uri", `redis://127.0.0.1:${redis.port}/0?key=flags`]);
  expect((await fetch(`${plain.http}/`)).status).toBe(404);
  expect((await fetch(`${plain.http}/page/flags`)).status).toBe(404);
});
