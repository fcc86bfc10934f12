import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { describeChange, differences } from "../../../src/store/diff.ts";

const flag = (members: object) =>
  JSON.stringify({ state: "ENABLED", defaultVariant: "calm", variants: { calm: 1 }, ...members });

const change = (before: object | undefined, after: object | undefined) =>
  describeChange({
    key: "banner",
    before: before && flag(before),
    after: after && flag(after),
  });

describe("a change in a line", () => {
  test.each<[object | undefined, object | undefined, string]>([
    [undefined, {}, "banner: added"],
    [{}, undefined, "banner: removed"],
    [{}, { defaultVariant: "loud" }, "banner: defaultVariant calm → loud"],
    [{}, { defaultVariant: "" }, "banner: defaultVariant calm → none"],
    [{}, { state: "DISABLED" }, "banner: state ENABLED → DISABLED"],
    [{}, { variants: { calm: "1" } }, 'banner: variants.calm 1 → "1"'],
    [{}, { variants: { calm: 1, b: [2] } }, "banner: variants.b added: [2]"],
    [{}, { targeting: { var: "a" } }, 'banner: targeting added: {"var":"a"}'],
    [{ targeting: { var: "a" } }, {}, "banner: targeting removed"],
    [
      { targeting: { if: [{ in: ["@a.com", { var: "email" }] }, "loud"] } },
      { targeting: { if: [{ in: ["@b.com", { var: "email" }] }, "loud"] } },
      'banner: targeting.if[0].in[0] "@a.com" → "@b.com"',
    ],
    [
      { targeting: { fractional: [["a", 1]] } },
      { targeting: { fractional: [["a", 1], ["b"]] } },
      'banner: targeting.fractional [["a",1]] → [["a",1],["b"]]',
    ],
    [
      { metadata: { a: 1, b: 2, c: 3, d: 4, e: 5 } },
      { metadata: { a: 2, b: 3, c: 4, d: 5, e: 6 } },
      "banner: metadata.a 1 → 2, metadata.b 2 → 3, metadata.c 3 → 4, 2 more differences",
    ],
  ])("%j, then %j", (before, after, line) => expect(change(before, after)).toBe(line));

  test("is short, however long the values are", () => {
    const long = (letter: string) => ({ variants: { calm: letter.repeat(20_000) } });
    expect(change(long("a"), long("b")).length).toBeLessThan(300);
    const tooLong = { variants: { calm: "a".repeat(100_000) } };
    expect(change({}, tooLong)).toBe("banner: changed");
  });

  test("of values nested deeply names the place down to a depth", () => {
    const nested = (leaf: number) => {
      let value: unknown = leaf;
      for (let i = 0; i < 900; i++) value = [value];
      return { metadata: { value } };
    };
    expect(change(nested(1), nested(2))).toStartWith("banner: metadata.value[0][0]");
    expect(change(nested(1), nested(2)).length).toBeLessThan(400);
  });
});

test("values without a difference have none, and others have one", () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.jsonValue(), (a, b) => {
      const [before, after] = [JSON.parse(JSON.stringify(a)), JSON.parse(JSON.stringify(b))];
      expect(differences(before, structuredClone(before))).toEqual([]);
      expect(differences(before, after).length > 0).toBe(!Bun.deepEquals(before, after));
    }),
  );
});
