/**
 * Makes the documentation as a site that works from any folder, server or not, with its search:
 *
 *   npm run site   →   dist/docs/index.html
 */
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { $ } from "bun";
import { cachedFolder } from "../../tests/support/cache.ts";
import { python } from "../../tests/support/python.ts";
import { sourceDate, sourceVersion } from "../source-version.ts";
import { fullText, indexForMachines } from "./llms.ts";
import { preparePages, type SitePage } from "./prepare-pages.ts";

const root = resolve(import.meta.dir, "../..");
const mermaid = { name: "mermaid@12.3.0", file: "package/dist/mermaid.min.js" };

/** @param output the folder that is made */
export async function buildSite(output: string): Promise<void> {
  const site = join(root, "docs/site");
  const requirements = readFileSync(join(site, "requirements.txt"), "utf8").trim().split("\n");
  const interpreter = await python(requirements);
  const diagrams = await cachedFolder(mermaid.name, async (folder) => {
    const archive = (await $`npm pack --silent ${mermaid.name}`.cwd(folder).text()).trim();
    await $`tar xzf ${archive} ${mermaid.file} && rm ${archive}`.cwd(folder);
  });
  const work = mkdtempSync(join(tmpdir(), "flagd-site-"));
  try {
    const pages = await preparePages(root, work);
    const contents: Contents = JSON.parse(readFileSync(join(site, "contents.json"), "utf8"));
    writeFileSync(join(work, "index.md"), home(pages, contents));
    rmSync(join(work, "README.md"));
    rmSync(output, { recursive: true, force: true });
    const config = ["-c", site, "-d", join(work, ".doctrees")];
    const strict = ["-b", "html", "-q", "-W", "--keep-going", "-E"];
    await $`${interpreter} -m sphinx ${strict} ${config} ${work} ${output}`.env({
      ...process.env,
      FLAGD_VERSION: await sourceVersion(),
      SOURCE_DATE_EPOCH: `${await sourceDate()}`,
      TZ: "UTC",
    });
    cpSync(join(diagrams, mermaid.file), join(output, "_static/mermaid.min.js"));
    const order = Object.values(contents).flat();
    const sorted = order.flatMap((path) => pages.find((page) => page.path === path) ?? []);
    writeFileSync(join(output, "llms.txt"), indexForMachines(sorted));
    writeFileSync(join(output, "llms-full.txt"), fullText(sorted));
    rmSync(join(output, ".buildinfo"), { force: true });
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

type Contents = Readonly<Record<string, readonly string[]>>;

/** The page that the site begins with; what stands beside every page is made of `contents`. */
function home(pages: readonly SitePage[], contents: Contents): string {
  const readme = pages.find(({ path }) => path === "README")?.text ?? "";
  const trees = Object.entries(contents).map(
    ([caption, paths]) =>
      `\`\`\`{toctree}\n:hidden:\n:caption: ${caption}\n:maxdepth: 1\n\n${paths.join("\n")}\n\`\`\`\n`,
  );
  return `${readme}\n${trees.join("\n")}`;
}

if (import.meta.main) {
  const output = resolve(process.argv[2] ?? "dist/docs");
  await buildSite(output);
  console.log(`${output}/index.html`);
}
