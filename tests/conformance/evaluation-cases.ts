import type { JsonObject } from "@bufbuild/protobuf";
import { Code } from "@connectrpc/connect";
import type { Json } from "../../src/core/json.ts";
import type { PreparedFlag } from "../../src/evaluation/resolve.ts";
import { flag, staticFlag } from "../unit/services/fixtures.ts";

/** What each version of the evaluation service answers, as JSON and as errors. */

const set = { setver: 3, team: "core" };
const owned = { n: 1.5, ok: true, owner: "ann", ...set };
const byEmail = (context: Record<string, Json>, match: string, otherwise: string | undefined) =>
  context.email === "a@b.c"
    ? { reason: "TARGETING_MATCH" as const, variant: match }
    : { reason: "DEFAULT" as const, variant: otherwise };
const onOff = { on: true, off: false };

/** In byte order of their keys. */
export const flags: readonly PreparedFlag[] = [
  staticFlag("arr", [1, 2, 3], set),
  flag("b", { variants: onOff, defaultVariant: "on", metadata: owned }, { variant: "on" }),
  flag("badop", { variants: onOff, defaultVariant: "off", metadata: set }, () => ({
    reason: "ERROR",
    errorCode: "PARSE_ERROR",
  })),
  flag("badvar", { variants: onOff, defaultVariant: "off", metadata: set }, () => ({
    reason: "ERROR",
    errorCode: "GENERAL",
  })),
  staticFlag("big", 9007199254740992, set),
  flag("dis", { variants: onOff, defaultVariant: "on", metadata: set }, { reason: "DISABLED" }),
  flag("e", { variants: { e: "" }, defaultVariant: "e", metadata: set }, { variant: "e" }),
  staticFlag("f", -1.75, set),
  staticFlag("huge", 1e30, set),
  staticFlag("i", 1, set),
  staticFlag("low", -1e30, set),
  flag("mixed", { variants: { on: true, str: "s" }, defaultVariant: "on", metadata: set }, () => ({
    reason: "TARGETING_MATCH",
    variant: "str",
  })),
  flag("nodef", { variants: onOff, metadata: set }, { reason: "DEFAULT" }),
  flag("nodeft", { variants: onOff, metadata: set }, (context) =>
    byEmail(context, "on", undefined),
  ),
  flag("noname", { variants: { "": true }, defaultVariant: "", metadata: set }, { variant: "" }),
  staticFlag("nul", null, set),
  staticFlag("o", { k: "v", l: [1, "2", null], m: { x: true }, n: 1 }, set),
  staticFlag("s", "alpha", set),
  flag("t", { variants: onOff, defaultVariant: "off", metadata: set }, (context) =>
    byEmail(context, "on", "off"),
  ),
  staticFlag("z", 0, set),
];

export type Service = "flagd.evaluation.v1" | "flagd.evaluation.v2" | "schema.v1";
export type Expected = Record<string, Json> | { readonly code: Code; readonly message: string };

export interface Case {
  readonly method: "Boolean" | "String" | "Int" | "Float" | "Object";
  readonly key: string;
  readonly context?: JsonObject;
  /** One answer for all services, or one each. */
  readonly expected: Expected | Readonly<Record<Service, Expected>>;
}

const notFound = { code: Code.NotFound, message: "Flag not found" };
const mismatch = { code: Code.InvalidArgument, message: "Type mismatch error" };
const v = (value: Json) => ({ value, reason: "STATIC", variant: "v", metadata: set });
const disabled = (zero: Json) => ({
  "flagd.evaluation.v1": { value: zero, reason: "DISABLED", variant: "", metadata: set },
  "flagd.evaluation.v2": { reason: "DISABLED", metadata: set },
  "schema.v1": { value: zero, reason: "DISABLED", variant: "", metadata: set },
});
const codeDefault = (zero: Json) => ({
  "flagd.evaluation.v1": notFound,
  "flagd.evaluation.v2": { reason: "DEFAULT", metadata: set },
  "schema.v1": { value: zero, reason: "FALLBACK", variant: "", metadata: set },
});
const noname = { value: true, reason: "STATIC", variant: "", metadata: set };
const email = { email: "a@b.c" };
const match = { value: true, reason: "TARGETING_MATCH", variant: "on", metadata: set };
const max = "9223372036854775807";
const min = "-9223372036854775808";

export const cases: readonly Case[] = [
  {
    method: "Boolean",
    key: "b",
    expected: { value: true, reason: "STATIC", variant: "on", metadata: owned },
  },
  { method: "String", key: "s", expected: v("alpha") },
  { method: "String", key: "e", expected: { ...v(""), variant: "e" } },
  { method: "Int", key: "i", expected: v("1") },
  { method: "Int", key: "z", expected: v("0") },
  { method: "Int", key: "big", expected: v("9007199254740992") },
  { method: "Int", key: "f", expected: v("-1") },
  { method: "Int", key: "huge", expected: v(max) },
  { method: "Int", key: "low", expected: v(min) },
  { method: "Float", key: "i", expected: v(1) },
  { method: "Float", key: "f", expected: v(-1.75) },
  { method: "Float", key: "huge", expected: v(1e30) },
  { method: "Object", key: "o", expected: v({ k: "v", l: [1, "2", null], m: { x: true }, n: 1 }) },
  { method: "Boolean", key: "t", context: email, expected: match },
  {
    method: "Boolean",
    key: "t",
    expected: { value: false, reason: "DEFAULT", variant: "off", metadata: set },
  },
  { method: "Boolean", key: "dis", expected: disabled(false) },
  { method: "String", key: "dis", expected: disabled("") },
  { method: "Int", key: "dis", expected: disabled("0") },
  { method: "Float", key: "dis", expected: disabled(0) },
  { method: "Object", key: "dis", expected: disabled({}) },
  { method: "Boolean", key: "nodef", expected: codeDefault(false) },
  { method: "String", key: "nodef", expected: codeDefault("") },
  { method: "Int", key: "nodef", expected: codeDefault("0") },
  { method: "Object", key: "nodef", expected: codeDefault({}) },
  { method: "Boolean", key: "nodeft", expected: codeDefault(false) },
  { method: "Boolean", key: "nodeft", context: email, expected: match },
  {
    method: "Boolean",
    key: "noname",
    expected: {
      "flagd.evaluation.v1": noname,
      "flagd.evaluation.v2": { value: true, reason: "STATIC", metadata: set },
      "schema.v1": noname,
    },
  },
  { method: "Boolean", key: "missing", expected: notFound },
  { method: "Boolean", key: "", expected: notFound },
  { method: "String", key: "b", expected: mismatch },
  { method: "Int", key: "s", expected: mismatch },
  { method: "Object", key: "i", expected: mismatch },
  { method: "Boolean", key: "mixed", expected: mismatch },
  {
    method: "String",
    key: "mixed",
    expected: { value: "s", reason: "TARGETING_MATCH", variant: "str", metadata: set },
  },
  { method: "Object", key: "arr", expected: mismatch },
  { method: "Object", key: "nul", expected: mismatch },
  {
    method: "Boolean",
    key: "badop",
    expected: { code: Code.DataLoss, message: "Error parsing input or configuration" },
  },
  {
    method: "Boolean",
    key: "badvar",
    expected: { code: Code.Unknown, message: "General error" },
  },
];

const any = (
  reason: string,
  variant: string,
  value: Record<string, Json>,
  metadata: Json = set,
) => ({
  reason,
  variant,
  ...value,
  metadata,
});

/** `flags` of ResolveAll in v1 for an empty context; schema.v1 says the same without metadata. */
export const bulkFlags: Readonly<Record<string, Record<string, Json>>> = {
  b: any("STATIC", "on", { boolValue: true }, owned),
  badop: any("ERROR", "", { boolValue: false }),
  badvar: any("ERROR", "", { boolValue: false }),
  big: any("STATIC", "v", { doubleValue: 9007199254740992 }),
  dis: any("DISABLED", "", { boolValue: false }),
  e: any("STATIC", "e", { stringValue: "" }),
  f: any("STATIC", "v", { doubleValue: -1.75 }),
  huge: any("STATIC", "v", { doubleValue: 1e30 }),
  i: any("STATIC", "v", { doubleValue: 1 }),
  low: any("STATIC", "v", { doubleValue: -1e30 }),
  mixed: any("ERROR", "str", { boolValue: false }),
  noname: any("STATIC", "", { boolValue: true }),
  o: any("STATIC", "v", { objectValue: { k: "v", l: [1, "2", null], m: { x: true }, n: 1 } }),
  s: any("STATIC", "v", { stringValue: "alpha" }),
  t: any("DEFAULT", "off", { boolValue: false }),
  z: any("STATIC", "v", { doubleValue: 0 }),
};
