import { expect, test } from "bun:test";
import { parseTokens } from "../../../../src/services/access/token-file.ts";
import { sha256 } from "../../../../src/services/access/token-table.ts";

const text = "a-long-enough-token";
const good = { name: "a", token: text, surfaces: ["evaluation"] };
const file = (...tokens: object[]) => JSON.stringify({ tokens });

test("a token is found by its text, whether the file has that or its SHA-256, in JSON or YAML", () => {
  const yaml = `tokens:\n  - { name: a, sha256: ${sha256(text).toUpperCase()}, surfaces: [sync], selector: flagSetId=x }\n`;
  expect(parseTokens(file(good)).find(text)?.name).toBe("a");
  expect(parseTokens(yaml).find(text)).toMatchObject({ name: "a", selector: "flagSetId=x" });
  expect(parseTokens(yaml).find(`${text}x`)).toBeUndefined();
  expect(parseTokens(yaml).find(sha256(text))).toBeUndefined();
  expect(parseTokens(file()).find("")).toBeUndefined();
});

test.each([
  ["[", "neither YAML nor JSON"],
  ["[]", "the file is no object"],
  ["{}", 'there is no list "tokens"'],
  ['{"tokens":[],"x":1}', 'unknown member "x"'],
  [file({ ...good, selectors: "flagSetId=x" }), 'tokens[0]: unknown member "selectors"'],
  [file({ ...good, name: "a b" }), "tokens[0].name is not"],
  [file({ ...good, token: "short" }), "tokens[0].token is not"],
  [file({ ...good, token: 1234567890123456 }), "tokens[0].token is not"],
  [file({ ...good, sha256: "0" }), 'tokens[0] has to have either "token" or "sha256"'],
  [file({ name: "a", surfaces: ["sync"] }), 'tokens[0] has to have either "token" or "sha256"'],
  [file({ name: "a", sha256: "0", surfaces: ["sync"] }), "tokens[0].sha256 is not"],
  [file({ ...good, surfaces: [] }), "tokens[0].surfaces is not a list of"],
  [file({ ...good, surfaces: ["all"] }), "tokens[0].surfaces is not a list of"],
  [file({ ...good, selector: "" }), "tokens[0].selector is neither"],
  [file({ ...good, selector: "key=x" }), "tokens[0].selector is neither"],
  [
    file({ ...good, surfaces: ["ofrep", "management"], selector: "flagSetId=x" }),
    "tokens[0] has a selector, and management shows every flag",
  ],
  [
    file({ ...good, surfaces: ["page"], selector: "source=x" }),
    "tokens[0] has a selector, and page shows every flag",
  ],
  [file(good, { ...good, name: "b" }), "tokens[1] is the same token as tokens[0]"],
])("%s is refused, and no token shown", (content, message) => {
  expect(() => parseTokens(content)).toThrow(message);
  try {
    parseTokens(content);
  } catch (error) {
    expect(String(error)).not.toContain(text);
  }
});
