import { resolve } from "node:path";
import { chromium } from "playwright-core";
import { python } from "./python.ts";
import { expectations, sampleContext } from "./sample-flags.ts";
import { until } from "./until.ts";

/** What an application got for its flags: flag → value, reason, error. */
export type Results = Readonly<
  Record<string, { readonly value: unknown; readonly reason?: string; readonly errorCode?: string }>
>;

/** A running application with an OpenFeature provider. */
export interface Client extends AsyncDisposable {
  /** The evaluations at the start and after each change it was told of, in order. */
  readonly reports: readonly Results[];
}

const folder = resolve(import.meta.dir, "../integration/clients");

/** An application run by Node. */
export function nodeClient(
  provider: "flagd" | "ofrep",
  options: Readonly<Record<string, unknown>>,
): Promise<Client> {
  return processClient(["node", `${folder}/client.mjs`], { provider, options });
}

/** An application run by Python. */
export async function pythonClient(options: Readonly<Record<string, unknown>>): Promise<Client> {
  const interpreter = await python(["openfeature-provider-flagd==0.6.1"]);
  return processClient([interpreter, `${folder}/client.py`], { options });
}

async function processClient(command: readonly string[], request: object): Promise<Client> {
  const line = JSON.stringify({ ...request, context: sampleContext, evaluations: expectations });
  const child = Bun.spawn([...command], {
    stdin: Buffer.from(`${line}\n`),
    stdout: "pipe",
    stderr: "pipe",
  });
  const reports: Results[] = [];
  const reading = (async () => {
    const decoder = new TextDecoder();
    let text = "";
    for await (const chunk of child.stdout) {
      const lines = (text + decoder.decode(chunk, { stream: true })).split("\n");
      text = lines.pop() ?? "";
      for (const each of lines) reports.push(JSON.parse(each).results);
    }
  })();
  const errors = new Response(child.stderr).text();
  const end = async () => {
    child.kill("SIGKILL");
    await Promise.all([child.exited, reading, errors]);
  };
  try {
    await until(`${command[1]} evaluating`, () => {
      if (child.exitCode !== null) throw new Error(`it ended with ${child.exitCode}`);
      return reports.length > 0;
    });
  } catch (error) {
    await end();
    throw new Error(`${error}\n${await errors}`);
  }
  return { reports, [Symbol.asyncDispose]: end };
}

/** A page in headless Chromium, served by another origin than flagd. */
export async function browserClient(port: number): Promise<Client> {
  const bundle = await Bun.build({ entrypoints: [`${folder}/page.ts`], target: "browser" });
  const script = await bundle.outputs[0]?.text();
  const html = { headers: { "Content-Type": "text/html" } };
  const javascript = { headers: { "Content-Type": "text/javascript" } };
  const site = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    routes: {
      "/": () => new Response("<script type=module src=/page.js></script>", html),
      "/page.js": () => new Response(script, javascript),
    },
    fetch: () => new Response(null, { status: 404 }),
  });
  const browser = await chromium.launch({
    executablePath: Bun.which("chromium") ?? "chromium",
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
  const page = await browser.newPage();
  await page.goto(`http://127.0.0.1:${site.port}/`);
  await page.waitForFunction("globalThis.start");
  const request = JSON.stringify({ port, context: sampleContext, evaluations: expectations });
  const first = await page.evaluate<{ results: Results }>(`start(${request})`);
  const reports = [first.results];
  const poll = setInterval(async () => {
    const later = await page.evaluate<{ results: Results }[]>("reports").catch(() => []);
    reports.splice(1, reports.length, ...later.map(({ results }) => results));
  }, 50);
  return {
    reports,
    async [Symbol.asyncDispose]() {
      clearInterval(poll);
      await browser.close();
      await site.stop(true);
    },
  };
}
