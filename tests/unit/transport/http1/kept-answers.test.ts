import { expect, test } from "bun:test";
import { type AnswerForm, KeptAnswers } from "../../../../src/transport/http1/kept-answers.ts";

const form: AnswerForm = { end: "Date: 1\r\n\r\n", cors: undefined, type: "json" };
const other = [["Vary", "Origin"]] as const;

function scene(length = 100) {
  const kept = new KeptAnswers();
  let made = 0;
  const get = (owner: object, of: AnswerForm) =>
    kept.get(owner, of, () => {
      made++;
      return { bytes: Buffer.alloc(length, made), bodyBytes: length };
    });
  return { get, made: () => made };
}

test("what is sent again in the same form is the same bytes", () => {
  const { get, made } = scene();
  const owner = {};
  expect(get(owner, { ...form })).toBe(get(owner, { ...form }));
  expect(made()).toBe(1);
});

test.each([
  ["a second later", { ...form, end: "Date: 2\r\n\r\n" }],
  ["for another origin", { ...form, cors: other }],
  ["in another content type", { ...form, type: "json gzip" }],
])("it is made anew %s", (_, changed) => {
  const { get, made } = scene();
  const owner = {};
  const before = get(owner, form);
  expect(get(owner, changed)).not.toBe(before);
  expect(get(owner, changed)).toBe(get(owner, changed));
  expect(made()).toBe(2);
});

test("answers of different owners are not mixed up", () => {
  const { get } = scene();
  const [a, b] = [{}, {}];
  const [ofA, ofB] = [get(a, form), get(b, form)];
  expect(get(a, form)).toBe(ofA);
  expect(get(b, form)).toBe(ofB);
});

test("a long answer is not kept", () => {
  const { get, made } = scene(10_000);
  const owner = {};
  get(owner, form);
  get(owner, form);
  expect(made()).toBe(2);
});
