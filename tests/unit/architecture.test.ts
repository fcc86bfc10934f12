import { expect, test } from "bun:test";
import { dirname, join, normalize } from "node:path";
import { Glob } from "bun";

/** Folder or file of src → what it may import besides itself and `gen`. */
const mayImport: Readonly<Record<string, readonly string[]>> = {
  flags: [],
  evaluation: ["flags"],
  protobuf: ["flags"],
  store: ["evaluation", "flags"],
  telemetry: ["evaluation", "flags", "transport"],
  config: ["flags"],
  transport: ["telemetry", "config"],
  sources: ["store", "evaluation", "flags", "telemetry", "config", "transport"],
  services: [
    "sources",
    "store",
    "protobuf",
    "evaluation",
    "flags",
    "telemetry",
    "config",
    "transport",
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
  ],
  commands: [
    "runtime",
    "services",
    "sources",
    "store",
    "evaluation",
    "flags",
    "telemetry",
    "config",
  ],
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
    if (to === from || to === "gen" || entries.includes(from) || to === "build-info") continue;
    expect(mayImport[from] ?? [], `${file} imports ${specifier}`).toContain(to);
  }
});

test.each(files)("%s is short enough to be one idea", async (file) => {
  const lines = (await Bun.file(join(root, file)).text()).split("\n").length;
  expect(lines).toBeLessThanOrEqual(401);
});
