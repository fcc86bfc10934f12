/** Targeting rules: most of them sensible, some of them not. */
import type { Json, JsonObject } from "../../../src/core/json.ts";
import type { Random } from "./random.ts";

const paths = [
  "email",
  "tier",
  "age",
  "version",
  "targetingKey",
  "user.name",
  "user.roles",
  "items",
  "tags",
  "flag",
  "static",
  "user",
  "$flagd.flagKey",
  "missing",
  "nothing",
] as const;
const oddPaths = [
  "",
  "user..name",
  ".email",
  "tags.0",
  "tags.length",
  "email.0",
  "a.b",
  "constructor",
];
const texts = [
  "ann@example.com",
  "gold",
  "",
  "é日本",
  "@example.com",
  "admin",
  "1.2.3",
  "5",
  " x ",
];
const numbers = [0, 1, -1, 5, 30, 0.5, 1e21, 1e-7, 100];

export class RuleMaker {
  constructor(
    readonly random: Random,
    readonly variants: readonly string[],
  ) {}

  /** A rule whose result is meant to be a variant's name. */
  targeting(depth = 3): Json {
    const { random } = this;
    const deeper = () => this.targeting(depth - 1);
    if (depth <= 0) return this.result();
    return random.weighted<Json>([
      [8, () => ({ if: [this.condition(2), deeper(), deeper()] })],
      [1, () => ({ if: [this.condition(1), deeper()] })],
      [1, () => ({ if: [this.condition(1), deeper(), this.condition(1), deeper(), deeper()] })],
      [6, () => this.fractional()],
      [2, () => this.result()],
      [1, () => ({ var: random.pick(["flag", "tier", "tags", "items", "age", "user"]) })],
      [1, () => ({ var: ["missing", this.result()] })],
      [2, () => this.wild(2)],
      [1, () => this.condition(2)],
      [
        1,
        () => ({
          cat: [random.pick(this.variants).slice(0, 1), random.pick(this.variants).slice(1)],
        }),
      ],
      [1, () => random.pick<Json>([{ bogus: [1] }, { fractionalEvaluation: [["on", 1]] }, {}, []])],
    ]);
  }

  result(): Json {
    const { random } = this;
    return random.weighted<Json>([
      [10, () => random.pick(this.variants)],
      [2, () => null],
      [1, () => random.pick<Json>(["no such variant", "", "null", " on ", "<b>", 'a"b', "a\tb"])],
      [1, () => random.pick<Json>([true, false, 1, 1.5, 1e21, 0, -0.5])],
      [1, () => random.pick<Json>([["on"], ["a", 1], { a: 1, b: 2 }])],
    ]);
  }

  /** A rule whose result is meant to be true or false. */
  condition(depth: number): Json {
    const { random } = this;
    const deeper = () => this.condition(depth - 1);
    if (depth > 0 && random.chance(0.3)) {
      return random.pick<() => Json>([
        () => ({ and: [deeper(), deeper()] }),
        () => ({ or: [deeper(), deeper()] }),
        () => ({ "!": [deeper()] }),
        () => ({ "!!": deeper() }),
      ])();
    }
    return random.weighted<Json>([
      [
        4,
        () => ({
          [random.pick(["==", "===", "!=", "!=="])]: [this.variable(), random.pick(texts)],
        }),
      ],
      [
        3,
        () => ({ [random.pick(["<", "<=", ">", ">="])]: [this.variable(), random.pick(numbers)] }),
      ],
      [4, () => ({ [random.pick(["starts_with", "ends_with"])]: [this.variable(), this.text()] })],
      [4, () => this.semVer()],
      [2, () => ({ in: [this.text(), this.variable()] })],
      [2, () => ({ in: [this.variable(), random.list(3, () => random.pick(texts))] })],
      [1, () => ({ in: [random.pick(["admin", "x"]), { var: "user.roles" }] })],
      [
        1,
        () => ({
          [random.pick(["some", "all", "none"])]: [
            { var: random.pick(["items", "tags"]) },
            this.onItem(),
          ],
        }),
      ],
      [1, () => ({ "!": [{ missing: random.list(2, () => random.pick(paths)) }] })],
      [1, () => ({ "<": [random.pick(numbers), { var: "age" }, random.pick(numbers)] })],
      [1, () => this.variable()],
      [1, () => random.chance(0.5)],
    ]);
  }

  fractional(): Json {
    const { random } = this;
    const weight = () =>
      random.weighted<Json[]>([
        [8, () => [random.below(100)]],
        [2, () => []],
        [
          1,
          () => [random.pick<Json>([null, -3, 1.5, "50", true, 2147483647, 2147483648, 1e300, 0])],
        ],
        [1, () => [random.pick<Json>([{ var: "age" }, { "+": [1, 2] }, { if: [true, 3] }])]],
      ]);
    const arm = (): Json =>
      random.weighted<Json>([
        [12, () => [random.pick(this.variants), ...weight()]],
        [1, () => [this.condition(0), ...weight()]],
        [
          1,
          () => [
            random.chance(0.5)
              ? {
                  fractional: [
                    [random.pick(this.variants), 1],
                    ["off", 1],
                  ],
                }
              : this.result(),
            1,
          ],
        ],
        [0.3, () => random.pick<Json>([[], "on", ["on", 1, 2], { on: 1 }, null, [["on"], 1]])],
      ]);
    const text = random.weighted<Json[]>([
      [8, () => []],
      [5, () => [{ var: random.pick(["email", "targetingKey", "user.name", "missing"]) }]],
      [3, () => [{ cat: [{ var: "$flagd.flagKey" }, { var: "email" }] }]],
      [2, () => [random.pick(texts)]],
      [0.5, () => [random.pick<Json>([null, 5, true, { var: "age" }, { var: "tags" }])]],
    ]);
    const arms = [arm(), ...random.list(4, arm)];
    return random.chance(0.03)
      ? { fractional: random.pick<Json>([[], "x", null]) }
      : { fractional: [...text, ...arms] };
  }

  semVer(): Json {
    const { random } = this;
    const versions = [
      "1.2.3",
      "1.2",
      "1",
      "v1.2.0",
      "V2.0.0",
      "2.0.0-rc.1",
      "1.0.0-alpha.1",
      "1.2.3+b",
      "01.0.0",
      "1.2.3.4",
      "latest",
      "",
      "99999999999999999999.0.0",
    ];
    const operators = ["=", "!=", "<", "<=", ">", ">=", "^", "~", "==", " = "];
    const version = () =>
      random.weighted<Json>([
        [5, () => random.pick(versions)],
        [5, () => ({ var: "version" })],
        [0.5, () => random.pick<Json>([1, 1.5, 1000000, 123456, 21e6, true, null, [1]])],
      ]);
    const operands = [
      version(),
      random.chance(0.05) ? random.pick<Json>([1, null]) : random.pick(operators),
      version(),
    ];
    return { sem_ver: random.chance(0.05) ? operands.slice(random.below(2) + 1) : operands };
  }

  variable(): Json {
    const { random } = this;
    return random.weighted<Json>([
      [16, () => ({ var: random.pick(paths) })],
      [1, () => ({ var: [random.pick(paths), this.text()] })],
      [1, () => ({ var: random.pick(oddPaths) })],
      [1, () => random.pick(texts)],
    ]);
  }

  text(): Json {
    return this.random.chance(0.8) ? this.random.pick(texts) : this.variable();
  }

  onItem(): Json {
    const { random } = this;
    const item = { var: random.pick(["", "name", "price", "tier"]) };
    return {
      [random.pick(["==", ">", "starts_with", "in"])]: [item, random.pick<Json>([1, "gold", "a"])],
    };
  }

  /** Any operator with any operands. */
  wild(depth: number): Json {
    const { random } = this;
    if (depth <= 0)
      return random.chance(0.5)
        ? this.variable()
        : random.pick<Json>([...texts, ...numbers, null, true, [], {}]);
    const operator = random.pick(wildOperators);
    const operands = random.list(3, () => this.wild(depth - 1));
    return { [operator]: random.chance(0.1) ? this.wild(depth - 1) : operands };
  }
}

const wildOperators = [
  ..."+ - * / % max min cat substr merge map filter reduce all some none if ?: and or ! !! == === != !== < <= > >= in missing missing_some var".split(
    " ",
  ),
  ..."fractional sem_ver starts_with ends_with".split(" "),
];

/** What requests say about the user that a flag is evaluated for. */
export function evaluationContext(random: Random): JsonObject {
  const context: Record<string, Json> = {};
  const say = (name: string, probability: number, value: () => Json) => {
    if (random.chance(probability)) context[name] = value();
  };
  say("targetingKey", 0.7, () =>
    random.weighted<Json>([
      [12, () => `user-${random.below(50)}`],
      [1, () => random.pick<Json>(["", 5, null, "é日", true])],
    ]),
  );
  say("email", 0.7, () =>
    random.pick<Json>(["ann@example.com", "bob@test.org", "", 5, null, "é日本"]),
  );
  say("tier", 0.6, () => random.pick<Json>(["gold", "silver", "on", "5", 5]));
  say("age", 0.6, () => random.pick<Json>([5, 30, 0, -1, "30", 1.5, null, 1e21]));
  say("version", 0.6, () =>
    random.pick<Json>(["1.2.3", "2.0.0", "1", "v1.9.9", "x", 1.2, 2, 1000000, null]),
  );
  say("flag", 0.3, () => random.pick<Json>(["on", "off", true, "gold", 1, "a<b", null, ["a", 1]]));
  say("user", 0.5, () =>
    random.pick<Json>([{ name: "ann", roles: ["admin", "x"] }, { name: "bob" }, {}, "ann", []]),
  );
  say("items", 0.4, () =>
    random.pick<Json>([
      [
        { name: "a", price: 1 },
        { name: "gold", price: 5 },
      ],
      [],
      [{ tier: "gold" }],
      "abc",
      null,
    ]),
  );
  say("tags", 0.4, () => random.pick<Json>([["gold", "a"], [], [1, 2, 3], ["on", 1], "gold"]));
  say("$flagd", 0.05, () => random.pick<Json>([{ flagKey: "mine" }, "mine"]));
  say("static", 0.05, () => "mine");
  say("nested", 0.1, () => ({ a: [1, { b: null }], "": "empty", é: [[]] }));
  return context;
}
