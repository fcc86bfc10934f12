import { expect, test } from "bun:test";
import fc from "fast-check";
import { KnownRoutes, routeOf } from "../../../../src/services/ofrep/ofrep-route.ts";

test("a known route is the one that the URL has, whatever was asked before", () => {
  const piece = fc.constantFrom("a", "b", "/", "//", "%2F", "%zz", "?q", "é", "x".repeat(600));
  const url = fc
    .tuple(
      fc.constantFrom("/ofrep/v1/evaluate/flags", "/ofrep/v1/events", "/ofrep", "/"),
      piece,
      piece,
    )
    .map((parts) => parts.join(""));
  fc.assert(
    fc.property(fc.array(url), (urls) => {
      const routes = new KnownRoutes();
      for (const url of [...urls, ...urls]) expect(routes.of(url)).toEqual(routeOf(url));
    }),
  );
});

test("more URLs than are kept have their routes too", () => {
  const routes = new KnownRoutes();
  for (let i = 0; i < 2_500; i++) {
    expect(routes.of(`/ofrep/v1/evaluate/flags/${i}`)).toMatchObject({
      kind: "single",
      key: String(i),
    });
  }
});
