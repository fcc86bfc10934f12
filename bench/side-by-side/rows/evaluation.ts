import type { Json } from "../../../src/core/json.ts";
import { prepareFlag } from "../../../src/evaluation/prepare.ts";
import type { EvaluationContext } from "../../../src/evaluation/resolve.ts";
import type { Measurement } from "../bench.ts";
import { threeConditions } from "../flags.ts";
import { median } from "../statistics.ts";

interface Case {
  readonly name: string;
  readonly targeting?: Json;
  readonly target?: string;
}

const split = [
  ["treatment", 25],
  ["control", 75],
];
const cases: readonly Case[] = [
  { name: "static", target: "200 ns" },
  { name: "rule of 3 conditions", targeting: threeConditions, target: "1500 ns" },
  { name: "fractional", targeting: { fractional: split }, target: "1000 ns" },
  {
    name: "fractional by email",
    targeting: {
      fractional: [{ cat: [{ var: "$flagd.flagKey" }, { var: "email" }] }, ...split],
    },
  },
  {
    name: "sem_ver",
    targeting: { if: [{ sem_ver: [{ var: "version" }, ">=", "2.1.0"] }, "treatment"] },
  },
  {
    name: "ends_with",
    targeting: { if: [{ ends_with: [{ var: "email" }, "@example.com"] }, "treatment"] },
  },
];

/** Ten attributes, of many users so that no one branch or text is learnt. */
const contexts: readonly EvaluationContext[] = Array.from({ length: 1024 }, (_, i) => ({
  targetingKey: `user-${i}-${(i * 2654435761) % 2 ** 32}`,
  country: i % 3 === 0 ? "no" : "se",
  plan: ["free", "pro", "team"][i % 3] ?? "free",
  age: i % 60,
  email: `person.${i}@${i % 2 === 0 ? "example.com" : "test.org"}`,
  version: `2.${i % 5}.${i % 9}`,
  language: "sv",
  platform: "ios",
  beta: i % 7 === 0,
  score: i / 7,
}));

const repetitions = 200;
const rounds = 7;

/** One evaluation of one flag without transport or encoding, in this process. */
export const evaluation: Measurement = {
  id: "evaluation",
  async run() {
    return cases.map(({ name, targeting, target }) => ({
      work: `in process, ${name}`,
      cells: [`${Number(measure(targeting).toPrecision(3))} ns`],
      target,
    }));
  },
};

/** Nanoseconds each. */
function measure(targeting: Json | undefined): number {
  const variants = new Map<string, Json>([
    ["control", false],
    ["treatment", true],
  ]);
  const flag = prepareFlag(
    {
      key: "saleBadge",
      state: "ENABLED",
      variants,
      defaultVariant: "control",
      targeting,
      metadata: undefined,
      flagSetId: undefined,
    },
    { now: Date.now, fractional: "v2", report: (...message) => console.error(message) },
  );
  let errors = 0;
  const nanosecondsEach = () => {
    const start = Bun.nanoseconds();
    for (let i = 0; i < repetitions; i++) {
      for (const context of contexts) if (flag.evaluate(context).variant === undefined) errors++;
    }
    return (Bun.nanoseconds() - start) / (repetitions * contexts.length);
  };
  nanosecondsEach();
  const times = Array.from({ length: rounds }, nanosecondsEach);
  if (errors > 0) throw new Error(`${errors} evaluations gave no variant`);
  return median(times);
}
