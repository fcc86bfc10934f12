import { readFileSync } from "node:fs";

/** The rows of a table in `data/`. */
export function readData<Row>(name: string): readonly Row[] {
  return JSON.parse(readFileSync(new URL(`data/${name}.json`, import.meta.url), "utf8"));
}
