/** What generated documents define, read a second time without the daemon's own code. */
import type { Json, JsonObject } from "../../../src/core/json.ts";

export interface Flag {
  readonly key: string;
  readonly set: string | undefined;
  readonly definition: JsonObject;
  /** References are replaced. */
  readonly targeting: Json | undefined;
  readonly metadata: JsonObject;
}

/** The flags that a source defines. */
export type Layer = readonly Flag[];

/** The flags of all sources, those of the highest priority last. */
export type Layers = readonly { readonly source: string; readonly flags: Layer }[];

export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** @param text a document that was accepted */
export function readLayer(text: string): Layer {
  // Half a character is none in UTF-8.
  const document = JSON.parse(text.replaceAll("\\ud800", "\ufffd")) as JsonObject;
  const evaluators = isObject(document.$evaluators) ? document.$evaluators : {};
  const shared = isObject(document.metadata) ? document.metadata : {};
  const entries: [string, Json][] = Array.isArray(document.flags)
    ? document.flags.map((flag: Json) => [isObject(flag) ? String(flag.key ?? "") : "", flag])
    : Object.entries(isObject(document.flags) ? document.flags : {});
  const found = new Map<string, Flag>();
  for (const [key, value] of entries) {
    const definition = isObject(value) ? (replaced(value, evaluators) as JsonObject) : {};
    const own = isObject(definition.metadata) ? definition.metadata : {};
    const metadata = { ...shared, ...own };
    const set = typeof metadata.flagSetId === "string" ? metadata.flagSetId : undefined;
    if (key === "" || set === "") continue;
    const { targeting } = definition;
    found.set(JSON.stringify([key, set]), { key, set, definition, targeting, metadata });
  }
  return [...found.values()];
}

/** References at any depth replaced, also within what they stand for. */
function replaced(value: Json, evaluators: JsonObject): Json {
  if (Array.isArray(value)) return value.map((each) => replaced(each, evaluators));
  if (!isObject(value)) return value;
  const names = Object.keys(value);
  const name = value.$ref;
  if (names.length === 1 && typeof name === "string" && name in evaluators) {
    return replaced(evaluators[name] ?? null, evaluators);
  }
  return Object.fromEntries(names.map((name) => [name, replaced(value[name] ?? null, evaluators)]));
}

/** A flag and where it is from. */
export type Candidate = Flag & { readonly source: string };

/** The flags that a key can mean under a selector, those of the source of highest priority first. */
export function candidates(
  layers: Layers,
  selector: string | undefined,
  key: string,
): readonly Candidate[] {
  const [name, value] = split(selector ?? "");
  const chosen = layers.filter(({ source }) => name !== "source" || source === value);
  return chosen
    .toReversed()
    .flatMap(({ source, flags }) =>
      flags
        .filter((flag) => flag.key === key && (name !== "flagSetId" || (flag.set ?? "") === value))
        .map((flag) => ({ ...flag, source })),
    );
}

function split(selector: string): [name: string, value: string] {
  if (selector === "") return ["", ""];
  const at = selector.indexOf("=");
  return at < 0 ? ["source", selector] : [selector.slice(0, at), selector.slice(at + 1)];
}
