/** The flag documents that daemons are compared with. */
export const staticFlag = "flag-000";
export const targetedFlag = "flag-001";

/** What {@link tenAttributes} makes of {@link targetedFlag}. */
export const targetedVariant = "treatment";

export const tenAttributes = {
  targetingKey: "user-4711",
  country: "se",
  plan: "team",
  age: 42,
  email: "some.person@example.com",
  version: "2.3.1",
  language: "sv",
  platform: "ios",
  beta: true,
  score: 0.75,
};

export const threeConditions = {
  if: [
    {
      and: [
        { "==": [{ var: "country" }, "se"] },
        { in: [{ var: "plan" }, ["pro", "team", "enterprise"]] },
        { ">=": [{ var: "age" }, 30] },
      ],
    },
    targetedVariant,
    "control",
  ],
};

/** Flags of which every other is a static boolean and every other a string with a rule. */
export function flagDocument(count: number, revision = 0): string {
  const flags = Array.from({ length: count }, (_, i) => {
    const targeted = i % 2 === 1;
    const flag = {
      state: "ENABLED",
      variants: targeted ? { control: "old", [targetedVariant]: "new" } : { on: true, off: false },
      defaultVariant: targeted ? "control" : "on",
      ...(targeted && { targeting: threeConditions }),
      metadata: { owner: `team-${i % 10}`, revision: i === 0 ? revision : 0 },
    };
    return [`flag-${String(i).padStart(3, "0")}`, flag];
  });
  return JSON.stringify({ flags: Object.fromEntries(flags) });
}

/** About so many kilobytes of flags with targeting; `revision` is the value of the flag of that name. */
export function largeDocument(kilobytes: number, revision: number): string {
  const targeting = {
    if: [
      { in: [{ var: "email" }, "x".repeat(700)] },
      "on",
      {
        fractional: [
          ["on", 50],
          ["off", 50],
        ],
      },
    ],
  };
  const variants = { on: true, off: false };
  const large = { state: "ENABLED", variants, defaultVariant: "off", targeting };
  const flags = Object.fromEntries(
    Array.from({ length: kilobytes }, (_, i) => [`flag-${i}`, large]),
  );
  const small = { state: "ENABLED", variants: { it: revision }, defaultVariant: "it" };
  return JSON.stringify({ flags: { revision: small, ...flags } });
}
