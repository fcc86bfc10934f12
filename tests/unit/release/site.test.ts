import { expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { indexForMachines } from "../../../scripts/site/llms.ts";
import { preparePages } from "../../../scripts/site/prepare-pages.ts";

const root = join(import.meta.dir, "../../..");

test("every page stands in the contents of the site once, and nothing else does", async () => {
  const folder = mkdtempSync(join(tmpdir(), "flagd-pages-"));
  try {
    const pages = (await preparePages(root, folder)).map(({ path }) => path);
    const contents: Record<string, string[]> = await Bun.file(
      join(root, "docs/site/contents.json"),
    ).json();
    const listed = ["README", ...Object.values(contents).flat()];
    expect(listed.sort()).toEqual(pages.sort());
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("links to the sources lead to copies within the site, diagrams are drawn there", async () => {
  const folder = mkdtempSync(join(tmpdir(), "flagd-pages-"));
  try {
    await preparePages(root, folder);
    const page = readFileSync(join(folder, "guides/deployment.md"), "utf8");
    expect(page).toContain("](../files/deploy/Dockerfile)");
    expect(page).toContain('<pre class="mermaid">\nflowchart LR');
    expect(page).toContain('<script src="../_static/mermaid.min.js">');
    expect(page).not.toContain("](../../");
    expect(readFileSync(join(folder, "files/deploy/Dockerfile"), "utf8")).toContain("ENTRYPOINT");
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("llms.txt says of each page what its first sentence says", () => {
  const text = "# Redis\n\n<!-- run -->\nOne [key](x.md) holds\none document. More.\n";
  expect(indexForMachines([{ path: "guides/redis", title: "Redis", text }])).toContain(
    "\n- [Redis](_sources/guides/redis.md.txt): One key holds one document.\n",
  );
});

test("every page begins with a sentence that tells it from the others", async () => {
  const folder = mkdtempSync(join(tmpdir(), "flagd-pages-"));
  try {
    const index = indexForMachines(await preparePages(root, folder));
    const said = Array.from(index.matchAll(/^- \[.*?\]\(.*?\): (.*)$/gm), ([, text = ""]) => text);
    expect(said.filter((text, at) => text.length < 20 || said.indexOf(text) !== at)).toEqual([]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
