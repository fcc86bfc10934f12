import { describe, expect, test } from "bun:test";
import { onceAMinute } from "../../../../src/telemetry/log/once-a-minute.ts";

describe("rate limit", () => {
  test("lets a key pass once in each window", () => {
    let time = 0;
    const allow = onceAMinute({ now: () => time });
    expect([allow("a"), allow("a"), allow("b")]).toEqual([true, false, true]);
    time = 59_999;
    expect(allow("a")).toBe(false);
    time = 60_000;
    expect(allow("a")).toBe(true);
  });

  test("many different keys do not pass without end", () => {
    const allow = onceAMinute({ keys: 3, now: () => 0 });
    const passed = Array.from({ length: 1000 }, (_, i) => allow(`${i}`)).filter(Boolean);
    expect(passed).toHaveLength(3);
  });
});
