import { join } from "node:path";
import { chromium } from "playwright-core";
import { expectEqual, output } from "../suite.ts";
import type { Release } from "./run.ts";

/** Opens the pages from the unpacked archive in a browser, without a server, and searches. */
export async function checkDocs(release: Release, work: string): Promise<undefined> {
  await output(["tar", "-xzf", release.file("-docs.tar.gz"), "-C", work]);
  const top = `file://${join(work, `flagd-${release.version}-docs`)}`;
  const browser = await chromium.launch({
    executablePath: "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
  });
  try {
    const page = await browser.newPage();
    const failures: string[] = [];
    page.on("pageerror", ({ message }) => failures.push(message));
    page.on("requestfailed", (request) => failures.push(request.url()));
    page.on("request", (request) => {
      if (!request.url().startsWith("file:")) failures.push(request.url());
    });
    await page.goto(`${top}/index.html`);
    expectEqual(await page.textContent("h1"), "Documentation#");
    await page.goto(`${top}/search.html?q=sentinel`);
    await page.waitForSelector("ul.search li a");
    const found = await page.$$eval("ul.search li a", (links) => links.map((a) => a.textContent));
    if (!found.includes("Flags in Redis")) throw new Error(`found ${found.join(", ")}`);
    await page.goto(`${top}/guides/deployment.html`);
    await page.waitForSelector("pre.mermaid svg");
    expectEqual(failures, []);
  } finally {
    await browser.close();
  }
  return undefined;
}
