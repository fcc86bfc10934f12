import { join } from "node:path";

// Replaced at build time; not there when run from source.
declare const FLAGD_PAGE: PageAssets | undefined;

/** The files of the page. */
export interface PageAssets {
  readonly html: string;
  readonly css: string;
  readonly script: string;
}

/** From the executable; when run from source, made at the first call. */
export const pageAssets: () => Promise<PageAssets> = (() => {
  let made: Promise<PageAssets> | undefined;
  return () => {
    made ??= typeof FLAGD_PAGE === "undefined" ? bundlePage() : Promise.resolve(FLAGD_PAGE);
    return made;
  };
})();

/**
 * Bundles `browser/`.
 * @throws AggregateError for code that cannot be bundled
 */
export async function bundlePage(): Promise<PageAssets> {
  const folder = join(import.meta.dir, "browser");
  const read = (name: string) => Bun.file(join(folder, name)).text();
  const { outputs } = await Bun.build({
    entrypoints: [join(folder, "main.ts")],
    target: "browser",
    minify: true,
  });
  const [script] = outputs;
  if (!script) throw new Error("the page has no script");
  return {
    html: await read("index.html"),
    css: await read("page.css"),
    script: await script.text(),
  };
}
