/** Flag documents of about 10 MB. */
import { staticFlag, targetedFlag, targetedVariant } from "./flags.ts";

const targetBytes = 10_000_000;

/** Tens of thousands of flags with variants, a rule and metadata. The revision is in one flag of a thousand. */
export function manyFlags(revision: number): string {
  return documentOf((i) => ({
    state: "ENABLED",
    variants: { control: `old ${i}`, [targetedVariant]: `new ${i}`, holdout: "none" },
    defaultVariant: "control",
    targeting: {
      if: [
        {
          and: [
            { in: [{ var: "plan" }, ["pro", "team", "enterprise"]] },
            { ">=": [{ var: "age" }, i % 90] },
            { ends_with: [{ var: "email" }, "@example.com"] },
          ],
        },
        targetedVariant,
        {
          fractional: [
            ["control", 80],
            ["holdout", 20],
          ],
        },
      ],
    },
    metadata: { owner: `team-${i % 10}`, revision: i % 1000 === 0 ? revision : 0 },
  }));
}

/** The same with a change in every flag. */
export function allDifferent(revision: number): string {
  return documentOf((i) => ({
    state: "ENABLED",
    variants: { control: `old ${i}`, [targetedVariant]: `new ${i} ${"x".repeat(200)}` },
    defaultVariant: "control",
    targeting: { if: [{ "==": [{ var: "plan" }, `plan ${i}`] }, targetedVariant, "control"] },
    metadata: { owner: `team-${i % 10}`, revision },
  }));
}

/** A few flags of more than a megabyte: a list of persons in one half, values in the other. */
export function giantFlags(revision: number): string {
  return documentOf((i) => {
    const persons = Array.from({ length: 60_000 }, (_, n) => `person-${i}-${n}-${n * 7919}`);
    const values = Array.from({ length: 30_000 }, (_, n) => [`setting-${n}`, { on: n % 2 === 0 }]);
    return {
      state: "ENABLED",
      variants:
        i % 2 === 0
          ? { control: "old", [targetedVariant]: "new" }
          : { control: { revision: 0 }, [targetedVariant]: Object.fromEntries(values) },
      defaultVariant: "control",
      targeting: {
        if: [
          { in: [{ var: "targetingKey" }, i % 2 === 0 ? persons : ["nobody"]] },
          targetedVariant,
          "control",
        ],
      },
      metadata: { revision },
    };
  });
}

/** Small flags that requests ask for, then flags of one kind until it is large. */
function documentOf(flag: (i: number) => object): string {
  const small = {
    [staticFlag]: { state: "ENABLED", variants: { on: true, off: false }, defaultVariant: "on" },
    [targetedFlag]: {
      state: "ENABLED",
      variants: { control: "old", [targetedVariant]: "new" },
      defaultVariant: "control",
      targeting: { if: [{ "==": [{ var: "country" }, "se"] }, targetedVariant, "control"] },
    },
  };
  const members = [JSON.stringify(small).slice(1, -1)];
  for (let bytes = 0, i = 0; bytes < targetBytes; i++) {
    const member = `"large-${String(i).padStart(6, "0")}":${JSON.stringify(flag(i))}`;
    members.push(member);
    bytes += member.length;
  }
  return `{"flags":{${members.join(",")}}}`;
}
