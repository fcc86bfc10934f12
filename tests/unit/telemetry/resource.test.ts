import { describe, expect, test } from "bun:test";
import { describeResource } from "../../../src/telemetry/resource.ts";

describe("the resource", () => {
  test("describes the service and its host", () => {
    expect(describeResource("1.2.3", {})).toMatchObject({
      "service.name": "flagd",
      "service.version": "1.2.3",
      "process.runtime.name": "bun",
    });
  });

  test("is overridden by the environment", () => {
    const environment = { OTEL_RESOURCE_ATTRIBUTES: " team = a%20b ,service.version=9" };
    expect(describeResource("1", environment)).toMatchObject({
      team: "a b",
      "service.version": "9",
      "service.name": "flagd",
    });
    expect(describeResource("1", { OTEL_SERVICE_NAME: "x" })["service.name"]).toBe("x");
  });

  test("ignores attributes that are malformed, with a warning", () => {
    for (const OTEL_RESOURCE_ATTRIBUTES of ["a=%zz,b=1", "a=1,b", "=1"]) {
      const warnings: string[] = [];
      const described = describeResource("1", { OTEL_RESOURCE_ATTRIBUTES }, (warning) =>
        warnings.push(warning),
      );
      expect(warnings).toEqual(["OTEL_RESOURCE_ATTRIBUTES ignored: expected key=value,key=value"]);
      expect(described).not.toHaveProperty("a");
      expect(described).not.toHaveProperty("b");
    }
  });
});
