import { expect, test } from "bun:test";
import { sourceName, withDistinctNames } from "../../../src/sources/source-kind.ts";
import { sourceKinds } from "../../../src/sources/source-table.ts";

test.each([
  ["http://host/flags", "http://host/flags"],
  ["https://host:8443/a?b=c@d", "https://host:8443/a"],
  ["https://host/f.json?X-Amz-Signature=s3cret", "https://host/f.json"],
  ["https://host/f.json?s3cret", "https://host/f.json"],
  ["https://host/f.json#s3cret", "https://host/f.json"],
  ["https://host#s3cret?a=b", "https://host"],
  ["https://amy:secret@host/flags", "https://host/flags"],
  ["https://amy:se@cret@host/flags@2", "https://host/flags@2"],
  ["http://HOST", "http://HOST"],
  ["azblob://box/f.json?sv=1&sig=s3cret", "azblob://box/f.json"],
  ["s3://box/f.json?region=eu-west-1", "s3://box/f.json"],
  ["localhost:8015", "localhost:8015"],
  ["dns://amy:s3cret@host/h:1?x=s3cret", "dns://host/h:1"],
])("the name of %s is %s", (uri, name) => {
  expect(sourceName({ uri })).toBe(name);
});

test.each(sourceKinds.map((kind) => [kind.providers[0], kind] as const))(
  "no name of a %s source has what may be secret",
  (_provider, kind) => {
    if (kind.prefix.endsWith("//")) {
      const uri = `${kind.schemes[0]}://amy:s3cret@host/path/f.json?key=k&sig=s3cret#s3cret`;
      expect(kind.nameOf({ uri })).not.toContain("s3cret");
    }
    expect(kind.nameOf({ uri: "anything", name: "its own" })).toBe("its own");
  },
);

test("sources of different URIs have different names, those of one URI the same", () => {
  const uris = [
    "http://h/f?a=1",
    "http://h/f?a=2",
    "http://h/g",
    "http://h/f?a=1",
    "http://h/f?a=3",
  ];
  const named = withDistinctNames(
    uris.map((uri): { uri: string; name?: string } => ({ uri })),
    sourceName,
  );
  expect(named.map(sourceName)).toEqual([
    "http://h/f",
    "http://h/f~2",
    "http://h/g",
    "http://h/f",
    "http://h/f~3",
  ]);
});
