/** The pages for users, taken apart: what tests of the documentation read. */

import { dirname, join, resolve } from "node:path";
import { Glob } from "bun";

export const root = resolve(import.meta.dir, "../..");

export interface Block {
  readonly language: string;
  readonly text: string;
  /** What the comment before the block says of it: `<!-- run -->`, `<!-- gives -->`. */
  readonly mark: string | undefined;
}

export interface Page {
  /** From the root of the project. */
  readonly path: string;
  readonly text: string;
  readonly blocks: readonly Block[];
}

const fence = /(?:<!-- (?<mark>run|gives) -->\n)?^```(?<language>\w*)\n(?<text>.*?)^```$/gms;

/** README.md and everything in docs/ and examples/ that is Markdown. */
export async function readPages(): Promise<Page[]> {
  const paths = ["README.md", ...new Glob("{docs,examples}/**/*.md").scanSync(root)].sort();
  return Promise.all(
    paths.map(async (path) => {
      const text = await Bun.file(join(root, path)).text();
      const blocks = [...text.matchAll(fence)].map(({ groups = {} }) => ({
        language: groups.language ?? "",
        text: groups.text ?? "",
        mark: groups.mark,
      }));
      return { path, text, blocks };
    }),
  );
}

/** The targets of a page's links, but for those to other sites: files from the root, with `#anchor`. */
export function localLinks({ path, text }: Page): string[] {
  const prose = text.replace(fence, "").replace(/`[^`\n]*`/g, "");
  return [...prose.matchAll(/\]\((?<target>[^)\s]+)\)/g)]
    .map(({ groups }) => groups?.target ?? "")
    .filter((target) => !/^[a-z]+:/.test(target))
    .map((target) => (target.startsWith("#") ? path + target : join(dirname(path), target)));
}

/** The anchor that GitHub and others make of a heading. */
export function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, "")
    .replaceAll(" ", "-");
}
