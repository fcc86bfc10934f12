import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { sha256, type Token, TokenTable } from "../../../../src/services/access/token-table.ts";

function token(text: string, more: Partial<Token> = {}): Token {
  const surfaces: Token["surfaces"] = new Set(["ofrep"]);
  return { name: "a", sha256: sha256(text), surfaces, selector: undefined, ...more };
}

test("the hash is SHA-256 in lower-case hexadecimal digits", () => {
  // FIPS 180-2, appendix B.1
  expect(sha256("abc")).toBe("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
});

describe.each([
  ["as it runs", undefined],
  ["when all texts share a quick hash", () => 7],
])("%s", (_, quickHash) => {
  const texts = ["first-token-of-the-file", "other-token-of-the-file", "third"];
  const tokens = texts.map((text, index) => token(text, { name: `${index}` }));

  test("each token is found, again and again, in any order", () => {
    const table = new TokenTable(tokens, quickHash);
    for (const index of [0, 0, 1, 0, 2, 1, 1, 2, 0]) {
      expect(table.find(texts[index] ?? "")?.name).toBe(`${index}`);
    }
  });

  test("nothing but a token is found, whichever was found before", () => {
    const table = new TokenTable(tokens, quickHash);
    const near = fc
      .tuple(fc.constantFrom(...texts), fc.nat(30), fc.string({ maxLength: 3 }))
      .map(([text, at, more]) => text.slice(0, at) + more + text.slice(at + more.length));
    fc.assert(
      fc.property(fc.constantFrom(...texts), fc.oneof(near, fc.string()), (known, text) => {
        table.find(known);
        expect(table.find(text) !== undefined).toBe(texts.includes(text));
      }),
      { numRuns: 500 },
    );
  });
});

test("a token is the same one only with the same name, rights and selector", () => {
  const own = token("t", { selector: "flagSetId=x" });
  const table = new TokenTable([own]);
  expect(table.has({ ...own })).toBe(true);
  expect(table.has({ ...own, name: "b" })).toBe(false);
  expect(table.has({ ...own, selector: undefined })).toBe(false);
  expect(table.has({ ...own, surfaces: new Set(["ofrep", "sync"]) })).toBe(false);
  expect(table.has(token("other"))).toBe(false);
});
