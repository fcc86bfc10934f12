/** The page of the management port, of the built binary, in Chromium. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import axe from "axe-core";
import fc from "fast-check";
import { type Browser, chromium, type Page } from "playwright-core";
import { type Flagd, startFlagd } from "../support/flagd.ts";
import { RedisServer } from "../support/redis.ts";
import { RedisSync } from "../support/redis-sync.ts";
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

test("only shadowed flags are listed and counted if asked for", async () => {
  await page.check("#shadowed");
  await page.locator("#found", { hasText: /^0 flags$/ }).waitFor();
  expect(await page.locator("#list details").count()).toBe(0);
  await page.uncheck("#shadowed");
  await page.locator("#found", { hasText: /^3 flags$/ }).waitFor();
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

test("the answer to one flag comes with every step that led to it", async () => {
  await page.fill("#key", "banner");
  await page.fill("#context", '{"email":"a@example.com"}');
  await page.click("#try button");
  await page.locator("#why", { hasText: "ends_with → true" }).waitFor();
  const why = await page.innerText("#why");
  expect(why).toContain('the targeting selects the variant "loud"');
  expect(why).toMatch(/then "loud" decides/);
  expect(why).toMatch(/otherwise "calm" not reached/);
});

test("trying gives what OFREP gives for 500 generated cases", async () => {
  const ofrep = `${flagd.http}/ofrep/v1/evaluate/flags`;
  const values = fc.oneof(fc.jsonValue({ maxDepth: 2 }), fc.constantFrom("a@example.com", "b"));
  const cases = fc.sample(
    fc.record({
      key: fc.constantFrom("banner", "other", "nowhere", "", hostile),
      context: fc.dictionary(fc.oneof(fc.string(), fc.constant("email")), values, { maxKeys: 4 }),
    }),
    { numRuns: 500, seed: 7 },
  );
  // As the form sends it, in the page.
  const tried = (await page.evaluate(
    `Promise.all(${JSON.stringify(cases)}.map(async ({ key, context }) => {
      const init = { method: "POST", body: JSON.stringify({ context }) };
      return (await fetch("page/try?key=" + encodeURIComponent(key), init)).text();
    }))`,
  )) as string[];
  const expected = await Promise.all(
    cases.map(async ({ key, context }) => {
      const init = { method: "POST", body: JSON.stringify({ context }) };
      return (await fetch(`${ofrep}${key && `/${encodeURIComponent(key)}`}`, init)).text();
    }),
  );
  expect(tried).toEqual(expected);
});

test.each(["light", "dark"] as const)("axe finds nothing to improve, %s", async (colorScheme) => {
  await page.emulateMedia({ colorScheme });
  await page.locator("#list details summary").first().click();
  await page.evaluate(axe.source);
  const { violations } = (await page.evaluate("axe.run()")) as axe.AxeResults;
  expect(violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)])).toEqual([]);
});

test("what is tried is not counted as an evaluation", async () => {
  const count = async () => {
    const text = await (await fetch(`${flagd.http}/metrics`)).text();
    return /impression_total\{feature_flag_key="other".*\} (\d+)/.exec(text)?.[1] ?? "0";
  };
  const before = await count();
  await fetch(`${flagd.http}/page/try?key=other`, { method: "POST", body: "{}" });
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

test("with tokens it asks for one, says what is wrong with it, and ends with it", async () => {
  const folder = mkdtempSync(join(tmpdir(), "flagd-page-"));
  const tokensPath = join(folder, "tokens.json");
  const entry = (name: string, surface: string) => ({
    name,
    token: `secret-token-for-${name}`,
    surfaces: [surface],
  });
  const [own, other] = [entry("page", "page"), entry("ofrep", "ofrep")];
  writeFileSync(tokensPath, JSON.stringify({ tokens: [own, other] }));
  await using guarded = await startFlagd([
    ...["--uri", `redis://127.0.0.1:${redis.port}/0?key=flags`, "--tokens-path", tokensPath],
  ]);
  const asked = await browser.newPage();
  await asked.goto(`${guarded.http}/`);
  const signIn = async (token: string) => {
    await asked.fill("#token", token);
    await asked.keyboard.press("Enter");
  };
  await asked.locator("#sign-in", { has: asked.locator("input:focus") }).waitFor();
  expect(await asked.locator("#page").isVisible()).toBe(false);
  await signIn("wrong-wrong-wrong-wrong");
  await asked.locator("#sign-in-problem", { hasText: "not known" }).waitFor();
  await signIn(other.token);
  await asked.locator("#sign-in-problem", { hasText: "is not for page" }).waitFor();
  await signIn(own.token);
  await asked.waitForSelector("#list details");
  expect(await asked.textContent("#sources")).toContain("synced");
  writeFileSync(tokensPath, JSON.stringify({ tokens: [other] }));
  await asked.locator("#sign-in-problem", { hasText: "not known" }).waitFor();
  expect(guarded.log()).not.toContain("secret-token");
  await asked.close();
  rmSync(folder, { recursive: true });
});

test("works of redis-sync, and with several threads", async () => {
  await using sync = await RedisSync.start(redis, ["--page"]);
  await using threads = await startFlagd([
    ...["--uri", `redis://127.0.0.1:${redis.port}/0?key=flags`, "--page", "--workers", "3"],
  ]);
  for (const url of [sync.management, threads.http]) {
    const opened = await openPage(`${url}/`);
    expect(await opened.textContent("#sources")).toContain("synced");
    expect(await opened.textContent("#listeners")).toContain("management");
    await opened.fill("#key", "banner");
    await opened.click("#try button");
    await opened.locator("#why", { hasText: "ends_with" }).waitFor();
    await opened.close();
  }
});

test("works behind a path prefix, and behind a proxy that decodes paths", async () => {
  const proxy = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: (request) => {
      const url = new URL(request.url);
      if (!url.pathname.startsWith("/tools/flagd/")) return new Response(null, { status: 404 });
      const path = decodeURIComponent(url.pathname.slice("/tools/flagd".length));
      const target = flagd.http + path + url.search;
      return fetch(target, { method: request.method, body: request.body, decompress: false });
    },
  });
  const behind = await openPage(`http://127.0.0.1:${proxy.port}/tools/flagd/`);
  expect(await behind.textContent("#sources")).toContain("synced");
  await behind.fill("#key", hostile);
  await behind.click("#try button");
  await behind.locator("#answer", { hasText: '"variant"' }).waitFor();
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
