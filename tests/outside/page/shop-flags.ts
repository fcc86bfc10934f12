/** A document with what the page has to show: a rule, a split, metadata, a flag that is turned off, a warning. */
export function shopFlags(variant: "calm" | "loud"): string {
  const variants = { calm: "Welcome back", loud: "SALE!" };
  return JSON.stringify({
    flags: {
      banner: {
        state: "ENABLED",
        variants,
        defaultVariant: variant,
        targeting: {
          if: [
            { ends_with: [{ var: "email" }, "@example.com"] },
            "loud",
            { in: [{ var: "country" }, ["no", "se"]] },
            "calm",
            null,
          ],
        },
        metadata: { owner: "shop" },
      },
      "new-checkout": {
        state: "ENABLED",
        variants: { on: true, off: false },
        defaultVariant: "off",
        targeting: {
          fractional: [
            { cat: [{ var: "$flagd.flagKey" }, { var: "email" }] },
            ["on", 25],
            ["off", 75],
          ],
        },
      },
      retired: { state: "DISABLED", variants, defaultVariant: variant },
    },
    metadata: { flagSetId: "shop" },
  });
}
