/**
 * Nanoseconds that evaluating one flag takes in process, without transport or encoding.
 * Run: bun bench/evaluation.ts
 */
import type { EvaluationContext } from "../src/evaluation/flag.ts";
import { prepareFlag } from "../src/evaluation/prepare.ts";
import type { Json } from "../src/flags/model.ts";

const cases: readonly { readonly name: string; readonly targeting?: Json }[] = [
  { name: "static" },
  {
    name: "3 conditions",
    targeting: {
      if: [
        {
          and: [
            { "==": [{ var: "country" }, "se"] },
            { in: [{ var: "plan" }, ["pro", "team", "enterprise"]] },
            { ">=": [{ var: "account.age" }, 30] },
          ],
        },
        "on",
        "off",
      ],
    },
  },
  { name: "sem_ver", targeting: { if: [{ sem_ver: [{ var: "version" }, ">=", "2.1.0"] }, "on"] } },
  {
    name: "ends_with",
    targeting: { if: [{ ends_with: [{ var: "email" }, "@example.com"] }, "on"] },
  },
  {
    name: "fractional",
    targeting: {
      fractional: [
        ["on", 25],
        ["off", 75],
      ],
    },
  },
  {
    name: "fractional by email",
    targeting: {
      fractional: [{ cat: [{ var: "$flagd.flagKey" }, { var: "email" }] }, ["on", 25], ["off", 75]],
    },
  },
];

/** Ten attributes, of many users so that no one branch or text is learnt. */
const contexts: readonly EvaluationContext[] = Array.from({ length: 1024 }, (_, i) => ({
  targetingKey: `user-${i}-${(i * 2654435761) % 2 ** 32}`,
  country: i % 3 === 0 ? "no" : "se",
  plan: ["free", "pro", "team"][i % 3] ?? "free",
  account: { age: i % 60, seats: i },
  email: `person.${i}@${i % 2 === 0 ? "example.com" : "test.org"}`,
  version: `2.${i % 5}.${i % 9}`,
  language: "sv",
  platform: "ios",
  beta: i % 7 === 0,
  score: i / 7,
}));

const variants = new Map<string, Json>([
  ["off", false],
  ["on", true],
]);
const rounds = 500;

for (const { name, targeting } of cases) {
  const flag = prepareFlag(
    {
      key: "headerColor",
      state: "ENABLED",
      variants,
      defaultVariant: "off",
      targeting,
      metadata: undefined,
      flagSetId: undefined,
    },
    { now: Date.now, report: (...message) => console.error(message) },
  );
  let hits = 0;
  const once = () => {
    for (const context of contexts) if (flag.evaluate(context).variant === "on") hits++;
  };
  for (let i = 0; i < rounds; i++) once();
  const times = Array.from({ length: 5 }, () => {
    const start = Bun.nanoseconds();
    for (let i = 0; i < rounds; i++) once();
    return (Bun.nanoseconds() - start) / (rounds * contexts.length);
  });
  const share = Math.round((hits / (6 * rounds * contexts.length)) * 100);
  console.log(
    `${name.padEnd(20)} ${Math.min(...times)
      .toFixed(0)
      .padStart(5)} ns  on: ${share} %`,
  );
}
