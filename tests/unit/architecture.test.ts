import { expect, test } from "bun:test";
import { dirname, join, normalize } from "node:path";
import { Glob } from "bun";

/** Folder or file of src → what it may import besides itself and `gen`. */
const mayImport: Readonly<Record<string, readonly string[]>> = {
  core: [],
  flags: ["core"],
  evaluation: ["flags", "core"],
  store: ["evaluation", "flags", "core"],
  protobuf: ["core"],
  telemetry: ["core"],
  transport: ["core"],
  sources: ["store", "evaluation", "flags", "core"],
  config: ["sources", "core"],
  services: [
    "sources",
    "store",
    "evaluation",
    "flags",
    "protobuf",
    "telemetry",
    "transport",
    "core",
  ],
  runtime: [
    "services",
    "sources",
    "store",
    "evaluation",
    "flags",
    "telemetry",
    "config",
    "transport",
    "core",
  ],
  cli: ["runtime", "config", "sources", "store", "evaluation", "flags", "telemetry", "core"],
};
const pure = ["flags", "evaluation", "store"];
const entries = ["main", "worker", "source-thread"];
const io = /^(node:(?!util|buffer)|bun$)/;

const root = join(import.meta.dir, "../../src");
const importPattern = /(?:from|import)\s*\(?\s*"([^"]+)"/g;

const room = (path: string) => (path.split("/")[0] ?? "").replace(/\.ts$/, "");

const files = [...new Glob("**/*.ts").scanSync(root)].filter((file) => !file.startsWith("gen/"));

test.each(files)("%s imports only what its place allows", async (file) => {
  const from = room(file);
  const text = await Bun.file(join(root, file)).text();
  for (const [, specifier = ""] of text.matchAll(importPattern)) {
    if (!specifier.startsWith(".")) {
      if (pure.includes(from)) expect(specifier).not.toMatch(io);
      continue;
    }
    const to = room(normalize(join(dirname(file), specifier)));
    if (to === from || to === "gen" || entries.includes(from)) continue;
    expect(mayImport[from] ?? [], `${file} imports ${specifier}`).toContain(to);
  }
});

test.each(files)("%s is short enough to be one idea", async (file) => {
  const lines = (await Bun.file(join(root, file)).text()).split("\n").length;
  expect(lines).toBeLessThanOrEqual(401);
});
