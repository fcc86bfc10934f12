import { expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { anchorOf, localLinks, readPages, root } from "../../support/documentation.ts";

const pages = await readPages();

test.each(pages.map((page) => [page.path, page] as const))(
  "%s links to what is there",
  (_, page) => {
    for (const link of localLinks(page)) {
      const [path = "", anchor] = link.split("#");
      if (!existsSync(join(root, path))) throw new Error(`${path} does not exist`);
      if (anchor === undefined) continue;
      const target = pages.find((other) => other.path === path);
      const headings = [...(target?.text ?? "").matchAll(/^#+ (.+)$/gm)];
      expect(headings.map(([, heading = ""]) => anchorOf(heading))).toContain(anchor);
    }
  },
);

test("every page can be found from docs/README.md", () => {
  const index = pages.find(({ path }) => path === "docs/README.md");
  if (!index) throw new Error("docs/README.md does not exist");
  const linked = new Set(localLinks(index).map((link) => link.replace(/#.*/, "")));
  for (const { path } of pages) {
    if (path.startsWith("docs/") && path !== "docs/README.md") expect(linked).toContain(path);
  }
});
