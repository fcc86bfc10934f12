import { parseDocument } from "yaml";
import type { Json } from "./json.ts";
import type { EditStep } from "./json-edit.ts";

/**
 * A YAML text with one value replaced, added, or (undefined) removed. Comments and other scalars stay as they are
 * written: as texts they are read, so that none is rewritten in another notation.
 * @throws Error for what is no YAML, or a path through what is neither map nor list
 */
export function editYaml(text: string, path: readonly EditStep[], value: Json | undefined): string {
  const options = { schema: "failsafe", stringKeys: true, logLevel: "silent" } as const;
  const document = parseDocument(text, options);
  const [error] = document.errors;
  if (error) throw new Error(error.message);
  if (value === undefined) document.deleteIn(path);
  else document.setIn(path, parseDocument(JSON.stringify(value), options).contents);
  return document.toString({ lineWidth: 0 });
}
