/**
 * Types the quickstarts of `docs/quickstarts` into empty folders and compares what they print:
 * `npx bun tests/outside/quickstarts/run.ts [node|web|react|python|go|java|rust]` after `npm run build`. It needs what each
 * page says that it needs, and chromium.
 */
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { chromium } from "playwright-core";
import { startFlagd } from "../../support/flagd.ts";
import { freePort } from "../../support/ports.ts";
import { protocolCompiler } from "../providers/clients.ts";
import { output, Suite } from "../suite.ts";
import { readQuickstart, type Step } from "./quickstart.ts";

const languages = ["node", "web", "react", "python", "go", "java", "rust"];
const wanted = process.argv.slice(2);

const suite = new Suite("Quickstarts");
for (const language of languages) {
  if (wanted.length > 0 && !wanted.includes(language)) continue;
  await suite.check(language, async () => {
    const folder = mkdtempSync(join(tmpdir(), `flagd-quickstart-${language}-`));
    try {
      const began = performance.now();
      await run(language, folder);
      console.log(`${language}: ${((performance.now() - began) / 1000).toFixed(0)} s`);
    } finally {
      // Go makes its folders read-only.
      await output(["chmod", "-R", "u+w", folder]);
      rmSync(folder, { recursive: true, force: true });
    }
  });
}
suite.finish();

async function run(language: string, folder: string): Promise<void> {
  await using flagd = await startFlagd([
    "-f",
    `file:${join(process.cwd(), "examples/flags.json")}`,
  ]);
  const pagePort = await freePort();
  const ports = { 8013: flagd.port, 8014: flagd.httpPort, 8015: flagd.syncPort, 8080: pagePort };
  const steps = await readQuickstart(language, ports);
  const env = language === "rust" ? { PROTOC: await protocolCompiler(folder) } : {};
  let printed = "";
  for (const step of steps) {
    if (step.kind === "file") {
      mkdirSync(dirname(join(folder, step.name)), { recursive: true });
      await Bun.write(join(folder, step.name), step.text);
    } else if (step.kind === "run") {
      printed = await runCommands(step, folder, env, pagePort);
    } else {
      if (printed.trim() !== step.text.trim()) throw new Error(`it printed:\n${printed}`);
      return;
    }
  }
  throw new Error("the page shows no output");
}

async function runCommands(
  { text }: Step,
  folder: string,
  env: Readonly<Record<string, string>>,
  pagePort: number,
): Promise<string> {
  if (!text.includes("--serve=")) return output(["sh", "-ec", text], { cwd: folder, env });
  const [server = "", ...rest] = text.trim().split("\n").reverse();
  await output(["sh", "-ec", rest.reverse().join("\n")], { cwd: folder, env });
  const serving = Bun.spawn(["sh", "-c", `exec ${server.replace("npx ", "node_modules/.bin/")}`], {
    cwd: folder,
    // esbuild serves as long as there is somebody who could type.
    stdio: ["pipe", "ignore", "ignore"],
  });
  try {
    return await textOfPage(`http://localhost:${pagePort}`);
  } finally {
    serving.kill();
    await serving.exited;
  }
}

async function textOfPage(url: string): Promise<string> {
  const browser = await chromium.launch({
    executablePath: "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
  });
  try {
    const page = await browser.newPage();
    const deadline = Date.now() + 20_000;
    while (!(await page.goto(url).catch(() => null)) && Date.now() < deadline) await Bun.sleep(100);
    await page.waitForFunction(`document.body.innerText.includes("banner-text")`);
    return await page.innerText("body");
  } finally {
    await browser.close();
  }
}
