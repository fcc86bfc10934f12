import type { ConfigOf, SourceKind } from "../source-kind.ts";

const settings = {} as const;

/** `fileinfo` checks once a second only, the others also listen to events of the file system. */
export type FileSourceConfig = ConfigOf<"file" | "fsnotify" | "fileinfo", typeof settings>;

export const fileKind: SourceKind<FileSourceConfig> = {
  providers: ["file", "fsnotify", "fileinfo"],
  doc: "A JSON or YAML file. `file` and `fsnotify` see changes at once, `fileinfo` within a second.",
  prefix: "file:",
  uriForm: "file:path/to/flags.json",
  uriPattern: /^file:/,
  schemes: [],
  settings,
  nameOf: ({ uri, name }) => name ?? uri,
  check: (config) => ({ ...config, uri: config.uri.replace(/^file:/, "") }),
  async create(config, dependencies) {
    return new (await import("./file-source.ts")).FileSource(config, dependencies);
  },
};
