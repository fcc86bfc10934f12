/** Makes of `docs/` what the site is generated from: pages whose links stay within it. */
import { copyFileSync, existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { dirname, join, posix, relative, resolve } from "node:path";
import { Glob } from "bun";

export interface SitePage {
  /** Its path below the site, without an extension. */
  readonly path: string;
  readonly title: string;
  readonly text: string;
}

/** Below docs: for those who change the code, with links into it; they stay in the repository. */
const leftOut = /^(decisions|development|site)\b/;

/**
 * Writes the pages to `folder`, beside copies of the files that they link to.
 * @throws Error if a link leads nowhere
 */
export async function preparePages(root: string, folder: string): Promise<SitePage[]> {
  const docs = join(root, "docs");
  const pages: SitePage[] = [];
  for (const file of [...new Glob("**/*").scanSync(docs)].sort()) {
    if (leftOut.test(file)) continue;
    const target = join(folder, file);
    mkdirSync(dirname(target), { recursive: true });
    if (!file.endsWith(".md")) {
      copyFileSync(join(docs, file), target);
      continue;
    }
    const markdown = await Bun.file(join(docs, file)).text();
    const text = withDiagrams(
      markdown.replace(/(?<!\\)\]\(([^)#\s]+)(#[^)\s]*)?\)/g, (link, to, anchor = "") =>
        isOutside(to) ? link : `](${place(file, to)}${anchor})`,
      ),
      file,
    );
    writeFileSync(target, text);
    const title = /^# (.+)$/m.exec(text)?.[1] ?? file;
    pages.push({ path: file.replace(/\.md$/, ""), title, text });
  }
  return pages;

  /** Where the target of a link lies in the site, as seen from the page. */
  function place(page: string, to: string): string {
    const file = relative(docs, resolve(docs, dirname(page), to));
    if (!existsSync(join(docs, file))) throw new Error(`docs/${page}: ${to} does not exist`);
    if (!file.startsWith("..") && !leftOut.test(file)) return to;
    const copy = copyOf(relative(root, join(docs, file)));
    return posix.relative(dirname(page), copy) || copy;
  }

  /** A file of the repository, or the list of a folder's. @returns its path below the site */
  function copyOf(file: string): string {
    const source = join(root, file);
    if (statSync(source).isDirectory()) {
      const list = join("files", file, "files.txt");
      const names = readdirSync(source, { recursive: true, encoding: "utf8" }).sort();
      write(list, `The folder ${file} of the source code:\n\n${names.join("\n")}\n`);
      return list;
    }
    const copy = join("files", file.endsWith(".md") ? `${file}.txt` : file);
    mkdirSync(join(folder, dirname(copy)), { recursive: true });
    copyFileSync(source, join(folder, copy));
    return copy;
  }

  function write(file: string, text: string): void {
    mkdirSync(join(folder, dirname(file)), { recursive: true });
    writeFileSync(join(folder, file), text);
  }
}

function isOutside(link: string): boolean {
  return /^[a-z]+:/.test(link);
}

/** GitHub draws such blocks by itself. */
function withDiagrams(text: string, file: string): string {
  const drawn = text.replace(/^```mermaid\n(.*?)^```\n/gms, (_, diagram: string) => {
    return `<pre class="mermaid">\n${Bun.escapeHTML(diagram)}</pre>\n`;
  });
  if (drawn === text) return text;
  const up = "../".repeat(file.split("/").length - 1);
  const start = `mermaid.initialize({ theme: matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "neutral" })`;
  return `${drawn}\n<script src="${up}_static/mermaid.min.js"></script>\n<script>${start}</script>\n`;
}
