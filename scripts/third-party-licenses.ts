/** The licences of what the executable contains: the bundled packages, and Bun with its libraries. */
import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";

const root = resolve(import.meta.dir, "..");

/** What the executable is bundled from. */
export const entrypoints = ["src/main.ts", "src/worker.ts", "src/source-thread.ts"];

interface Package {
  readonly name: string;
  readonly version: string;
  /** SPDX expression. */
  readonly license: string;
  /** The package's, and those of the files that have their own. */
  readonly texts: readonly string[];
}

/** What `flagd version --licenses` prints. @throws Error if a licence cannot be found */
export async function thirdPartyLicenses(): Promise<string> {
  const packages = [...(await bundledFiles())].map(readPackage).sort(byName);
  const bun = readBun();
  return [
    "What the flagd executable contains besides flagd, and under which licences.",
    heading("Packages"),
    ...packages.map(({ name, version, license }) => `${name} ${version}: ${license}`),
    heading(`Bun ${bun.version}`),
    "The runtime is under the MIT licence. It contains JavaScriptCore and other parts of WebKit under",
    "the LGPL 2; https://github.com/oven-sh/bun and https://github.com/oven-sh/WebKit have their source",
    "and say how to link Bun with changed ones. `npx bun build.ts` makes flagd with the Bun that runs it.",
    "It also contains:",
    "",
    ...bun.parts.map(([name, license]) => `${name}: ${license}`),
    ...texts(packages).map(({ names, text }) => `${heading(names.join(", "))}\n${text}`),
    "",
  ].join("\n");
}

function heading(title: string): string {
  return `\n${"=".repeat(title.length)}\n${title}\n${"=".repeat(title.length)}\n`;
}

/** The folder of each package whose code the bundler takes → the files that it takes. */
async function bundledFiles(): Promise<Map<string, string[]>> {
  const { metafile } = await Bun.build({
    entrypoints: entrypoints.map((file) => join(root, file)),
    root,
    target: "bun",
    metafile: true,
  });
  const files = new Map<string, string[]>();
  for (const path of Object.keys(metafile?.inputs ?? {})) {
    const folder = /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)?.[0];
    if (folder) files.set(folder, [...(files.get(folder) ?? []), path]);
  }
  return files;
}

function readPackage([folder, files]: [string, string[]]): Package {
  const read = (path: string) => readFileSync(resolve(root, path), "utf8");
  const { name, version, license } = JSON.parse(read(join(folder, "package.json")));
  if (typeof license !== "string") throw new Error(`${name} names no licence`);
  const file = readdirSync(resolve(root, folder)).find((entry) =>
    /^(?:un)?licen[sc]e(\.|$)/i.test(entry),
  );
  const text = file ? read(join(folder, file)).trim() : standardText(name, license);
  return { name, version, license, texts: [text, ...files.flatMap((path) => notice(read(path)))] };
}

/** The licence that stands above the code of a file taken from elsewhere. */
function notice(code: string): string[] {
  const comment = /^(?:\/\/.*\n)+/.exec(code)?.[0] ?? "";
  return comment.includes("Redistribution") ? [comment.replace(/^\/\/ ?/gm, "").trim()] : [];
}

function byName(a: Package, b: Package): number {
  const [left, right] = [a, b].map(({ name, version }) => `${name} ${version}`) as [string, string];
  return left < right ? -1 : 1;
}

/** What a package without a licence file means. */
function standardText(name: string, license: string): string {
  if (license.includes("Apache-2.0")) return readFileSync(join(root, "LICENSE"), "utf8").trim();
  throw new Error(`${name} has no licence file, and ${license} has no text here`);
}

/** Each text once. */
function texts(packages: readonly Package[]): { names: string[]; text: string }[] {
  const namesOf = new Map<string, string[]>();
  for (const { name, texts } of packages) {
    for (const text of texts) namesOf.set(text, [...(namesOf.get(text) ?? []), name]);
  }
  return [...namesOf].map(([text, names]) => ({ names, text }));
}

/** The tables of libraries on Bun's page about licences, in its package of types. */
function readBun(): { version: string; parts: [string, string][] } {
  const { version } = JSON.parse(readFileSync(join(root, "node_modules/bun/package.json"), "utf8"));
  const page = readFileSync(join(root, "node_modules/bun-types/docs/project/license.mdx"), "utf8");
  const parts = [...page.matchAll(/^\| (.*\[.*?) *\| (.*?) *\|$/gm)].map(
    ([, name = "", license = ""]): [string, string] => [plain(name), plain(license)],
  );
  if (parts.length < 20) throw new Error("Bun's page about licences reads differently now");
  return { version, parts };
}

/** Markdown's links and code as text: the address in parentheses. */
function plain(markdown: string): string {
  return markdown.replace(/\[`?(.*?)`?\]\((.*?)\)/g, "$1 ($2)");
}
