import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { jsonLines } from "../../../../src/sources/kubernetes/flag-api.ts";
import { parseResource, resourcePath } from "../../../../src/sources/kubernetes/flag-resource.ts";

/** A text as bytes, cut into pieces of these lengths in turn. */
async function* inPieces(text: string, lengths: readonly number[]): AsyncGenerator<Uint8Array> {
  const bytes = new TextEncoder().encode(text);
  for (let at = 0, turn = 0; at < bytes.length; turn++) {
    const length = lengths[turn % lengths.length] ?? 1;
    yield bytes.subarray(at, at + length);
    at += length;
  }
}

describe("lines of JSON", () => {
  test("are read however they are cut", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.jsonValue()),
        fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 }),
        async (values, lengths) => {
          const text = values.map((value) => `${JSON.stringify(value)}\n`).join("");
          const read = await Array.fromAsync(jsonLines(inPieces(text, lengths)));
          expect(JSON.stringify(read)).toBe(JSON.stringify(values));
        },
      ),
    );
  });

  test("may have empty ones among them, and end without one", async () => {
    const read = await Array.fromAsync(jsonLines(inPieces('\n1\n\n"cut', [3])));
    expect(read).toEqual([1]);
  });

  test("that are too long are refused before they end", async () => {
    async function* endless() {
      const chunk = new Uint8Array(1 << 20).fill(32);
      for (;;) yield chunk;
    }
    await expect(jsonLines(endless()).next()).rejects.toThrow("larger than 67108864 bytes");
  });
});

describe("the URI of a FeatureFlag", () => {
  test("is a namespace and a name", () => {
    const resource = parseResource("my-shop/flags.v1");
    expect(resource).toEqual({ namespace: "my-shop", name: "flags.v1" });
    expect(resourcePath(resource)).toBe(
      "/apis/core.openfeature.dev/v1beta1/namespaces/my-shop/featureflags",
    );
  });

  test.each(["flags", "a/b/c", "/b", "a/", "a/..", "A/b", "a/b?c"])("%s is refused", (uri) => {
    expect(() => parseResource(uri)).toThrow("expected NAMESPACE/NAME");
  });
});
