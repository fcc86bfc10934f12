/** OFREP's conditional bulk evaluation, over flags that depend on the context and on the selector. */
import { expect, test } from "bun:test";
import fc from "fast-check";
import type { JsonObject } from "../../../../src/core/json.ts";
import { prepareFlag } from "../../../../src/evaluation/prepare.ts";
import { checkTargeting } from "../../../../src/evaluation/rule/check.ts";
import { parseDocument } from "../../../../src/flags/document.ts";
import { createOfrep } from "../../../../src/services/ofrep/ofrep-service.ts";
import { Store } from "../../../../src/store/store.ts";
import { askHandler } from "../../../support/ask-handler.ts";

function setUp() {
  const store = new Store(["s"], {
    prepare: (definition) =>
      prepareFlag(definition, { now: Date.now, fractional: "v2", report: () => {} }),
    onListenerError: (error) => expect(error).toBeUndefined(),
  });
  let added: JsonObject = {};
  const { handler } = createOfrep({
    store,
    context: {
      get current() {
        return added;
      },
      subscribe: () => {},
    },
    contextFromHeader: new Map([["x-plan", "plan"]]),
    corsOrigins: [],
    maxRequestBody: 1_000_000,
    record: () => {},
  });
  return {
    setFlags(revision: string, targeting: boolean) {
      const rule = (name: string) => ({ if: [{ "==": [{ var: name }, "x"] }, "hit", null] });
      const flag = (more: object) => ({
        state: "ENABLED",
        variants: { hit: "hit", miss: revision },
        defaultVariant: "miss",
        ...more,
      });
      const flags = {
        fixed: flag({}),
        other: flag({ metadata: { flagSetId: "other" } }),
        ...(targeting && {
          tier: flag({ targeting: rule("tier") }),
          plan: flag({ targeting: rule("plan"), metadata: { flagSetId: "other" } }),
          region: flag({ targeting: rule("region") }),
        }),
      };
      const parsed = parseDocument(JSON.stringify({ flags }), {
        format: "json",
        strict: false,
        checkTargeting,
      });
      if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
      store.accept("s", parsed.flagSet);
    },
    setAdded(context: JsonObject) {
      added = context;
    },
    async ask(headers: Readonly<Record<string, string>>, context: object) {
      const body = JSON.stringify({ context });
      const init = { method: "POST", headers, body };
      const response = await askHandler(
        handler,
        new Request("http://h/ofrep/v1/evaluate/flags", init),
      );
      if (!response) throw new Error("not OFREP's");
      return response;
    },
  };
}

const step = fc.record({
  revision: fc.constantFrom("1", "2"),
  targeting: fc.boolean(),
  selector: fc.constantFrom("", "flagSetId=other", "flagSetId=", "flagSetId=none", "s"),
  tier: fc.constantFrom("x", "y"),
  plan: fc.constantFrom("x", "y"),
  region: fc.constantFrom("x", "y"),
});

test("a 304 is sent if, and only if, the body would be the one that the tag came with", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 15 }), async (steps) => {
      const { setFlags, setAdded, ask } = setUp();
      const had = new Map<string, string>();
      for (const { revision, targeting, selector, tier, plan, region } of steps) {
        setFlags(revision, targeting);
        setAdded({ region });
        const headers = { "flagd-selector": selector, "x-plan": plan };
        const whole = await ask(headers, { tier });
        const [body, etag] = [await whole.text(), whole.headers.get("etag") ?? ""];
        had.set(etag, body);
        for (const [known, itsBody] of had) {
          const answer = await ask({ ...headers, "if-none-match": known }, { tier });
          expect(answer.status).toBe(itsBody === body ? 304 : 200);
          expect(await answer.text()).toBe(itsBody === body ? "" : body);
          expect(answer.headers.get("etag")).toBe(etag);
        }
      }
    }),
    { numRuns: 100 },
  );
});
