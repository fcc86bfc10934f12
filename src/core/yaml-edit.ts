import { isScalar, type Node, parseDocument } from "yaml";
import type { Json } from "./json.ts";
import type { EditStep } from "./json-edit.ts";

/** Read as texts, so that no scalar is rewritten in another notation: `0644` is not 644. */
const options = { schema: "failsafe", stringKeys: true, logLevel: "silent" } as const;
/** Texts that no reader takes for anything else. */
const plainText = /^(?!(?:y|n|yes|no|on|off|true|false|null|nan)$)[a-z][\w-]*$/i;

/**
 * A YAML text with one value replaced, added, or (undefined) removed. Comments stay, and other scalars as they are
 * written.
 * @throws Error for what is no YAML, or a path through what is neither map nor list
 */
export function editYaml(text: string, path: readonly EditStep[], value: Json | undefined): string {
  const document = parseDocument(text, options);
  const [error] = document.errors;
  if (error) throw new Error(error.message);
  if (value === undefined) document.deleteIn(path);
  else {
    const before = document.getIn(path, true) as Node | undefined;
    const { contents } = parseDocument(JSON.stringify(value), options);
    if (contents && before?.comment) contents.comment = before.comment;
    if (isScalar(contents) && isScalar(before) && before.type === "PLAIN") {
      if (plainText.test(String(contents.value))) contents.type = "PLAIN";
    }
    document.setIn(path, contents);
  }
  return document.toString({ lineWidth: 0 });
}
