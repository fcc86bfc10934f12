/** Flag documents of all kinds, a few of them broken. */
import type { Json, JsonObject } from "../../../src/core/json.ts";
import type { Random } from "./random.ts";
import { RuleMaker } from "./rules.ts";

/** The flag in every document whose variant tells which document is served. */
export const markerKey = "document-number";

type Members = Record<string, Json>;

const plainKeys = ["a", "b", "welcome", "new-checkout", "color", "limit", "a.b"];
const oddKeys = [
  "sp ace",
  "a/b",
  "é日",
  "<x>&",
  "%41",
  "a%2Fb",
  '"q"',
  "constructor",
  "x+y",
  "_",
  "..",
  ".",
];
const sets = ["A", "B", "x=y", ""];

export function documentText(random: Random, number: number): string {
  if (random.chance(0.12)) return brokenText(random, number);
  const text = JSON.stringify(documentValue(random, number), null, random.pick([0, 2]));
  return text.replaceAll('"@2^53+1@"', "9007199254740993").replaceAll('"@1.0@"', "1.0");
}

function documentValue(random: Random, number: number): JsonObject {
  const evaluators: Members = {};
  if (random.chance(0.4)) evaluators.isGold = { "==": [{ var: "tier" }, "gold"] };
  if (random.chance(0.3))
    evaluators["half half"] = {
      fractional: [
        ["on", 1],
        ["off", 1],
      ],
    };
  if (random.chance(0.1)) evaluators.name = "off";
  if (random.chance(0.05)) evaluators.nested = { "!": [{ $ref: "isGold" }] };
  if (random.chance(0.02)) evaluators.bad = random.pick<Json>([{}, [], 12, 123, null]);
  const keys = new Set([
    ...plainKeys.filter(() => random.chance(0.8)),
    ...random.list(2, () => random.pick(oddKeys)),
  ]);
  const flags = [...keys].map((key): [string, Json] => [
    key,
    flagValue(random, Object.keys(evaluators)),
  ]);
  const marker = {
    state: "ENABLED",
    variants: { [`n${number}`]: true },
    defaultVariant: `n${number}`,
    metadata: { flagSetId: null },
  };
  flags.splice(random.below(flags.length + 1), 0, [markerKey, marker]);
  const document: Members = {};
  if (random.chance(0.3)) document.$schema = "https://flagd.dev/schema/v0/flags.json";
  if (random.chance(0.1)) document.unknown = [1];
  if (random.chance(0.25)) {
    const list: Json[] = flags.map(([key, flag]) =>
      flag === null ? { key } : { key, ...(flag as JsonObject) },
    );
    if (random.chance(0.3))
      list.push({
        key: "b",
        state: "ENABLED",
        variants: { on: "of set B", off: "" },
        defaultVariant: "on",
        metadata: { flagSetId: "B" },
      });
    if (random.chance(0.1)) list.push(random.pick<Json>([null, { state: "ENABLED" }, { key: "" }]));
    document.flags = list;
  } else document.flags = Object.fromEntries(flags);
  if (Object.keys(evaluators).length > 0 || random.chance(0.1)) document.$evaluators = evaluators;
  if (random.chance(0.5)) document.metadata = metadata(random, false);
  return document;
}

const valueKinds: readonly (readonly Json[])[] = [
  [true, false],
  [false, true, true],
  ["alpha", "", "é日本", "<b>&\u2028", 'q"\\\n', "5"],
  [0, 1, -1.75, 0.5, 1e21, 1e-7, "@2^53+1@", "@1.0@", 123456789012, 100],
  [1, 2, 5],
  [1e30, -1e30, 2 ** 63, -(2 ** 63), 2 ** 53],
  [{ k: "v", b: { z: 1, a: [1, "2", null] } }, {}, { "<": "&", "": 0, 10: 1, 9: 2 }],
  [[1, 2], [], { a: 1 }],
  [null, true, "text"],
  [true, "text", 5, {}, []],
];

function flagValue(random: Random, evaluators: readonly string[]): Json {
  if (random.chance(0.015)) return null;
  const kind = random.weighted([
    [9, () => random.pick(valueKinds.slice(0, 7))],
    [2, () => random.pick(valueKinds)],
  ]);
  const names = [
    "on",
    "off",
    ...random.list(2, () =>
      random.pick(["gold", "a", "true", "1", "[a,1]", "", "<b>", "a b", "é"]),
    ),
  ];
  const variants = Object.fromEntries(names.map((name) => [name, random.pick(kind)]));
  const flag: Members = { state: "ENABLED" };
  if (random.chance(0.15))
    flag.state = random.pick<Json>(["DISABLED", "DISABLED", "DISABLED", null, "disabled", ""]);
  if (random.chance(0.03)) delete flag.state;
  if (!random.chance(0.02)) flag.variants = variants;
  if (flag.variants !== undefined && random.chance(0.85))
    flag.defaultVariant = random.pick(Object.keys(variants));
  else if (random.chance(0.5)) flag.defaultVariant = random.pick([null, ""]);
  if (random.chance(0.7)) flag.targeting = targeting(random, Object.keys(variants), evaluators);
  if (random.chance(0.4)) flag.metadata = metadata(random, true);
  if (random.chance(0.03)) flag.source = "elsewhere";
  if (random.chance(0.03)) flag.key = "otherwise";
  if (random.chance(0.03)) flag.unknown = { a: 1 };
  return flag;
}

function targeting(
  random: Random,
  variants: readonly string[],
  evaluators: readonly string[],
): Json {
  const rules = new RuleMaker(random, variants);
  const reference = () => ({ $ref: random.pick(evaluators) });
  return random.weighted<Json>([
    [14, () => rules.targeting()],
    [1, () => ({})],
    [0.7, () => null],
    [0.7, () => random.pick<Json>(["on", true, 5, ["on"], ""])],
    ...(evaluators.length === 0
      ? []
      : ([
          [2, () => ({ if: [reference(), random.pick(variants), rules.targeting(1)] })],
          [1, reference],
        ] as const)),
  ]);
}

function metadata(random: Random, ofFlag: boolean): JsonObject {
  const members: Members = {};
  if (random.chance(0.6)) members.owner = random.pick(["ann", "<bob>", ""]);
  if (random.chance(0.4)) members.n = random.pick([1.5, 0, 1e21, -1, 1e-7]);
  if (random.chance(0.3)) members.ok = random.chance(0.5);
  if (random.chance(0.15)) members.owner = null;
  if (random.chance(0.1)) members.nested = { b: [1, null, { c: "é" }], a: {} };
  if (random.chance(0.1)) members.source = "said";
  if (random.chance(ofFlag ? 0.15 : 0.3))
    members.flagSetId = random.pick<Json>([
      ...sets.slice(0, 3),
      random.pick<Json>(["", 5, null, "A"]),
    ]);
  return members;
}

/** Documents that are to be rejected, or whose fate is a matter of definition. */
function brokenText(random: Random, number: number): string {
  const flag = { state: "ENABLED", variants: { on: true, off: false }, defaultVariant: "on" };
  const with_ = (members: Members) =>
    JSON.stringify({ flags: { a: { ...flag, ...members }, b: flag } });
  const good = JSON.stringify(documentValue(random, number));
  const at = random.below(good.length);
  return random.pick<() => string>([
    () => "",
    () => " \n",
    () => random.pick(["{}", "null", "[]", '"x"', "5", "{bad", "[1]"]),
    () =>
      random.pick([
        '{"flags":null}',
        '{"flags":{}}',
        '{"flags":[]}',
        '{"flags":5}',
        '{"flags":"x"}',
      ]),
    () => `${good} trailing`,
    () => `/* comment */ ${good}`,
    () => `${good}${good}`,
    () => good.slice(0, at),
    () => good.slice(0, at) + good.slice(at + 1),
    () =>
      good.slice(0, at) +
      random.pick([" ", "\u0000", ",", '"', "{", "1", "\\", "\n"]) +
      good.slice(at),
    () => with_({ defaultVariant: random.pick<Json>(["zz", 5, true, {}]) }),
    () => with_({ state: random.pick<Json>([1, true, {}, []]) }),
    () => with_({ variants: random.pick<Json>([[], "x", 5, {}, null]) }),
    () => with_({ metadata: random.pick<Json>([[], "x", 5, null]) }),
    () => with_({ source: 5 }),
    () => with_({ key: random.pick<Json>([5, null, "x"]) }),
    () => with_({ targeting: { $ref: "nobody" } }),
    () => JSON.stringify({ flags: { a: random.pick<Json>(["x", [], 5, true]), b: flag } }),
    () =>
      JSON.stringify({
        flags: [flag, random.pick<Json>([5, "x", [], null, { key: 5 }, { key: "", state: 1 }])],
      }),
    () => JSON.stringify({ flags: { a: flag }, metadata: random.pick<Json>([[], "x", 5, true]) }),
    () =>
      JSON.stringify({
        flags: { a: flag },
        $evaluators: random.pick<Json>([
          [],
          "x",
          5,
          null,
          { e: {} },
          { e: [] },
          { e: 12 },
          { e: "" },
        ]),
      }),
    () =>
      JSON.stringify({
        $evaluators: { e: { "!": [{ $ref: "e" }] } },
        flags: { a: { ...flag, targeting: { $ref: "e" } } },
      }),
    () => JSON.stringify({ FLAGS: { a: flag } }),
    () => `{"flags":{"a":{"state":"DISABLED","variants":{"on":true}},"a":${JSON.stringify(flag)}}}`,
    () => `{"flags":{"z":${JSON.stringify(flag)}},"flags":{"a":${JSON.stringify(flag)}}}`,
    () => JSON.stringify({ flags: { a: flag, "": flag } }),
    () => JSON.stringify({ flags: { a: { State: "DISABLED", ...flag } } }),
    () => '{"flags":{"a":{"state":"ENABLED","variants":{"on":1e400},"defaultVariant":"on"}}}',
    () =>
      '{"flags":{"half":{"state":"ENABLED","variants":{"on":"\\ud800"},"defaultVariant":"on"}}}',
    () => '{"flags":{"a":{"state":"ENABLED","variants":{"on":"\u0001"},"defaultVariant":"on"}}}',
    () => '{"flags":{"a":{"state":"ENABLED","variants":{"on":01},"defaultVariant":"on"}}}',
  ])();
}
