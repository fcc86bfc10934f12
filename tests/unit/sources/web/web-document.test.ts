import { expect, test } from "bun:test";
import { Validator } from "../../../../src/sources/web/web-document.ts";

const date = "Sun, 29 Nov 2026 12:00:10 GMT";
const headers = (lastModified: string | undefined, etag = '"a"') =>
  new Headers({ etag, date, ...(lastModified && { "last-modified": lastModified }) });

test.each([
  ["two seconds before", "Sun, 29 Nov 2026 12:00:08 GMT", { "if-none-match": '"a"' }],
  ["a second before", "Sun, 29 Nov 2026 12:00:09 GMT", {}],
  ["in the same second", date, {}],
  ["later, by the server's clock", "Sun, 29 Nov 2026 12:00:11 GMT", {}],
  ["nobody knows when", undefined, { "if-none-match": '"a"' }],
])("a document that changed %s", (_when, lastModified, conditions) => {
  const validator = new Validator();
  expect(validator.conditions()).toEqual({});
  validator.renew(headers(lastModified));
  expect(validator.conditions()).toEqual(conditions);
});

test("every tenth poll asks for the whole document", () => {
  const validator = new Validator();
  const asked: boolean[] = [];
  for (let poll = 0; poll < 21; poll++) {
    const conditional = "if-none-match" in validator.conditions();
    asked.push(!conditional);
    if (conditional) validator.confirmed();
    else validator.renew(headers(undefined));
  }
  const whole = asked.flatMap((full, poll) => (full ? [poll] : []));
  expect(whole).toEqual([0, 10, 20]);
});

test.each([
  ['"a-gzip"', '"a-gzip", "a"'],
  ['W/"a-br"', 'W/"a-br", W/"a"'],
  ['"a-gz"', '"a-gz"'],
])("the tag %s is sent as %s", (etag, sent) => {
  const validator = new Validator();
  validator.renew(headers(undefined, etag));
  expect(validator.conditions()).toEqual({ "if-none-match": sent });
});

test("a document without a tag, and one that is of no use, are fetched whole", () => {
  const validator = new Validator();
  validator.renew(new Headers({ date }));
  expect(validator.conditions()).toEqual({});
  validator.renew(headers(undefined));
  validator.forget();
  expect(validator.conditions()).toEqual({});
});
