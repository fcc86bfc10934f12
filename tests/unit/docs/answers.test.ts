import { describe, expect, test } from "bun:test";
import type { JsonObject } from "../../../src/core/json.ts";
import { readPages } from "../../support/documentation.ts";
import { answerOf } from "./answer-at.ts";

/** Pages of documents, each with a table of contexts and what its flags answer. */
const pages = (await readPages()).filter(({ path }) =>
  /\/(?:cookbook|from-[\w-]+)\.md$/.test(path),
);

interface Case {
  readonly document: string;
  readonly key: string;
  readonly context: JsonObject;
  readonly time: string | undefined;
  readonly answer: string;
}

const cells = (row: string) =>
  row
    .split("|")
    .slice(1, -1)
    .map((cell) => cell.trim().replace(/^`(.*)`$/, "$1"));

function casesOf(text: string): Case[] {
  const cases: Case[] = [];
  const pattern = /^```json\n(?<document>.*?)^```\n\n(?<table>(?:\|[^\n]*\n)+)/gms;
  for (const { groups = {} } of text.matchAll(pattern)) {
    const { document = "", table = "" } = groups;
    const [head = "", , ...rows] = table.trim().split("\n");
    const names = cells(head);
    for (const row of rows) {
      const values = cells(row);
      const context = JSON.parse(values[0] ?? "");
      const time = names[1] === "time" ? values[1] : undefined;
      for (let i = time ? 2 : 1; i < names.length; i++) {
        const [key = "", answer = ""] = [names[i], values[i]];
        cases.push({ document, key, context, time, answer });
      }
    }
  }
  return cases;
}

describe.each(pages.map(({ path, text }) => [path, text] as const))("%s", (_, text) => {
  test.each(casesOf(text).map((found) => [found.key, found.context, found.time, found] as const))(
    "%s for %j at %s",
    (key, context, time, { document, answer }) => {
      expect(answerOf(document, key, context, time)).toBe(answer);
    },
  );
});

test("the cookbook has at least 25 recipes, each with a document and contexts", () => {
  const cookbook = pages.find(({ path }) => path.endsWith("cookbook.md"));
  const recipes = cookbook?.text.split(/^## /m).slice(1) ?? [];
  expect(recipes.length).toBeGreaterThanOrEqual(25);
  for (const recipe of recipes) expect(casesOf(recipe).length).toBeGreaterThan(0);
  expect(pages).toHaveLength(4);
});
