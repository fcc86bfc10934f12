import { expect, test } from "bun:test";
import { sourceOfWord } from "../../../../src/config/sources/source-of-word.ts";

const nobody = { "redis-username": "", "redis-password": "", "redis-password-file": "" };
const of = (word: string) => sourceOfWord(word, nobody);

test.each([
  ["flags.json", "file", "flags.json"],
  ["./a:b.json", "file", "./a:b.json"],
  ["/etc/flags", "file", "/etc/flags"],
  ["file:flags.json", "file", "flags.json"],
  ["redis://h/0?key=f", "redis", "redis://h/0?key=f"],
  ["core.openfeature.dev/ns/name", "kubernetes", "ns/name"],
  ['{"provider":"http","uri":"http://h/f"}', "http", "http://h/f"],
])("%s is a source", (word, provider, uri) => {
  expect(of(word)).toMatchObject({ provider, uri } as never);
});

test.each([
  ["rdis://h/0?key=f", "rdis://"],
  ["s3://bucket", "expected s3://bucket/object"],
  ['{"provider":"http"}', "uri is missing"],
  ['{"provider":', "not valid JSON at line 1"],
  ['{"provider":"http","uri":"http://h/f","intervall":3}', "interval"],
])("%s is refused", (word, message) => {
  expect(() => of(word)).toThrow(message);
});

test("the login of the options is that of Redis servers without one", () => {
  const login = { ...nobody, "redis-password": "pw" };
  expect(sourceOfWord("redis://h/0?key=f", login)).toMatchObject({ password: "pw" });
  expect(sourceOfWord("redis://:own@h/0?key=f", login)).not.toHaveProperty("password");
  expect(sourceOfWord("flags.json", login)).not.toHaveProperty("password");
});
