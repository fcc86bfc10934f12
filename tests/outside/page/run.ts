/**
 * The page of the built executable in Firefox (Debian's `firefox-esr`): every view, by the keyboard alone, and a change in
 * Redis without a reload. Run it with `npx bun tests/outside/page/run.ts` after `npm run build`; with SCREENSHOTS=FOLDER it
 * leaves pictures of both themes there.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startFlagd } from "../../support/flagd.ts";
import { RedisServer } from "../../support/redis.ts";
import { until } from "../../support/until.ts";
import { expectEqual, Suite } from "../suite.ts";
import { Firefox, key } from "./firefox.ts";
import { shopFlags } from "./shop-flags.ts";

const executable = Bun.which("firefox-esr") ?? Bun.which("firefox");
if (executable === null) throw new Error("there is no Firefox: apt-get install firefox-esr");

const suite = new Suite("The page in Firefox");
const folder = mkdtempSync(join(tmpdir(), "flagd-page-"));
const token = "the-token-of-the-page";
const tokensPath = join(folder, "tokens.json");
writeFileSync(
  tokensPath,
  JSON.stringify({ tokens: [{ name: "page", token, surfaces: ["page"] }] }),
);

await using stack = new AsyncDisposableStack();
stack.defer(() => rmSync(folder, { recursive: true }));
const redis = stack.use(await RedisServer.start());
await redis.set("flags", shopFlags("calm"));
const uri = `redis://127.0.0.1:${redis.port}/0?key=flags`;
const flagd = stack.use(await startFlagd(["--uri", uri, "--page"]));
// A client of the sync stream, and one of the page's own streams.
stack.use(await startFlagd(["--uri", `grpc://127.0.0.1:${flagd.syncPort}`]));
const guarded = stack.use(await startFlagd(["--uri", uri, "--tokens-path", tokensPath]));
await fetch(`${flagd.http}/ofrep/v1/evaluate/flags/banner`, { method: "POST", body: "{}" });

for (const theme of ["light", "dark"] as const) {
  await using firefox = await Firefox.start(executable, theme);
  /** Presses Tab until the element has the focus. Behind the last one, the focus leaves the page. */
  const tabTo = async (selector: string) => {
    const has = `document.activeElement?.matches(${JSON.stringify(selector)}) ?? false`;
    for (let presses = 0; presses < 60; presses++) {
      if (await firefox.value(has)) return;
      await firefox.type(key.tab);
    }
    throw new Error(`${selector} is not reached by Tab`);
  };

  await firefox.open(`${flagd.http}/`);
  await suite.check(`${theme}: every view is there`, async () => {
    await firefox.shows("#list", "banner");
    await firefox.shows("#sources", "synced");
    await firefox.shows("#sources", "redis");
    await firefox.shows("#streams", "sync");
    await firefox.shows("#listeners", "management");
    await firefox.shows("#summary", "ready");
  });
  await suite.check(`${theme}: the theme is the system's`, async () => {
    const colour = await firefox.value("getComputedStyle(document.body).backgroundColor");
    expectEqual(colour === "rgb(255, 255, 255)", theme === "light");
  });
  await suite.check(`${theme}: the flags are searched and opened by the keyboard`, async () => {
    await firefox.type(key.tab);
    expectEqual(await firefox.value("document.activeElement.className"), "skip");
    await firefox.type(key.enter);
    await tabTo("#search");
    await firefox.type("BANN");
    await until(
      "one flag",
      async () => (await firefox.value("document.querySelectorAll('#list details').length")) === 1,
    );
    await tabTo("#list summary");
    await firefox.type(key.enter);
    await firefox.shows("#list details[open]", "ends_with");
    await firefox.shows("#list details[open]", '"owner": "shop"');
    await firefox.type(key.tab, key.shift);
    expectEqual(await firefox.value("document.activeElement.id"), "shadowed");
  });
  await suite.check(`${theme}: a flag is tried by the keyboard, and every step told`, async () => {
    await tabTo("#key");
    await firefox.type(`banner${key.tab}`);
    // Tab leaves the field, and what is in it is selected and replaced.
    await firefox.value("document.activeElement.select()");
    await firefox.type(`{"email":"a@example.com"}${key.tab}${key.enter}`);
    await firefox.shows("#answer", '"variant": "loud"');
    await firefox.shows("#why", "ends_with → true");
    const init = { method: "POST", body: '{"context":{"email":"a@example.com"}}' };
    const answer = await fetch(`${flagd.http}/ofrep/v1/evaluate/flags/banner`, init);
    expectEqual(JSON.parse(await firefox.text("#answer")), await answer.json());
  });
  await suite.check(`${theme}: a change in Redis appears without a reload`, async () => {
    await firefox.value("window.loadedOnce = true");
    await redis.set("flags", shopFlags(theme === "light" ? "loud" : "calm"));
    await firefox.shows("#changes", "defaultVariant");
    // Of the two flags that have a default variant of that name.
    const wanted = theme === "light" ? 2 : 4;
    await until(
      `${wanted} changes`,
      async () =>
        (await firefox.value("document.querySelectorAll('#changes tbody tr').length")) === wanted,
    );
    expectEqual(await firefox.value("window.loadedOnce"), true);
  });
  if (process.env.SCREENSHOTS) {
    writeFileSync(join(process.env.SCREENSHOTS, `${theme}.png`), await firefox.screenshot());
  }

  await suite.check(`${theme}: with tokens it is signed in by the keyboard`, async () => {
    await firefox.open(`${guarded.http}/`);
    await until("the field", () => firefox.value("document.activeElement.id === 'token'"));
    await firefox.type(`wrong-wrong-wrong-wrong${key.enter}`);
    await firefox.shows("#sign-in-problem", "not known");
    await firefox.type(token + key.enter);
    await firefox.shows("#sources", "synced");
  });
  await suite.check(`${theme}: the browser has nothing to complain about`, () => {
    // A token that is not known is answered with 401, which it mentions.
    expectEqual(
      firefox.complaints.filter((text) => !text.includes("401")),
      [],
    );
  });
}
await stack.disposeAsync();
suite.finish();
