import type { Fleet } from "./fleet.ts";

/** The flags in Redis, all of one version. */
export interface Content {
  /** The parameter of the URI. */
  readonly query: string;
  /** Writes all flags, or, if all of them are there, only what has changed. */
  write(fleet: Fleet, version: number, fresh: boolean): Promise<void>;
}

const names = ["one", "two", "three"] as const;
const flag = (version: number) => ({
  state: "ENABLED",
  variants: { now: version },
  defaultVariant: "now",
});
const document = (version: number) =>
  JSON.stringify({ flags: Object.fromEntries(names.map((name) => [name, flag(version)])) });

export const contents = {
  document: {
    query: "key=flags",
    write: async (fleet, version) => void (await fleet.write("SET", "flags", document(version))),
  },
  hash: {
    query: "hash=flags",
    async write(fleet, version) {
      const fields = names.flatMap((name) => [name, JSON.stringify(flag(version))]);
      await fleet.write("HSET", "flags", ...fields);
    },
  },
  json: {
    query: "key=flags",
    async write(fleet, version, fresh) {
      const [path, value] = fresh
        ? ["$", document(version)]
        : ["$.flags.*.variants.now", `${version}`];
      await fleet.write("JSON.SET", "flags", path, value);
    },
  },
} as const satisfies Record<string, Content>;

export type ContentName = keyof typeof contents;
