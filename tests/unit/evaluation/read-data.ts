import { readFileSync } from "node:fs";

/** The rows of a table in `data/`. */
export function readData<Row>(name: string): readonly Row[] {
  return readObject(name);
}

/** What a file in `data/` holds. */
export function readObject<Content>(name: string): Content {
  return JSON.parse(readFileSync(new URL(`data/${name}.json`, import.meta.url), "utf8"));
}
