import { expect, test } from "bun:test";
import { paletteOf } from "../../../src/cli/io.ts";
import { reports } from "../../../src/cli/test-report.ts";
import type { FileResult } from "../../../src/runtime/test/run-cases.ts";

const files: readonly FileResult[] = [
  {
    path: "a.json",
    cases: [
      { name: 'one # is <fine> & "quoted"', flag: "f", differences: [], why: undefined },
      {
        name: "two\u0000\u001b[31m",
        flag: "g",
        differences: [{ member: "value", expected: "1", found: '"<2>"' }],
        why: "because",
      },
    ],
  },
];
const io = { environment: {}, print: async () => {}, complain: async () => {} };
const plain = await paletteOf(io);

test("for people", () => {
  expect(reports.text(files, plain)).toBe(
    'a.json: 1 of 2 passed\n  ✗ two\\x00\\x1b[31m\n      value: expected 1, found "<2>"\n      because\n1 failed, 1 passed\n',
  );
});

test("TAP escapes what would be a directive", () => {
  expect(reports.tap(files, plain)).toBe(
    'TAP version 14\n1..2\nok 1 - a.json: one \\# is <fine> & "quoted"\nnot ok 2 - a.json: two\\\\x00\\\\x1b[31m\n' +
      '  ---\n  differences:\n    - "value: expected 1, found \\"<2>\\""\n    - "because"\n  ...\n',
  );
});

test("JUnit is XML whatever the names are", () => {
  const xml = reports.junit(files, plain);
  expect(xml).toContain('name="one # is &lt;fine&gt; &amp; &quot;quoted&quot;" classname="f"/>');
  expect(xml).toContain('<testsuites tests="2" failures="1">');
  expect(xml).toContain('<failure message="value: expected 1, found &quot;&lt;2&gt;&quot;">');
  // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what XML cannot hold
  expect(xml).not.toMatch(/[\u0000-\u0008\u000b\u000c\u000e-\u001f]/);
});

test("colours are there on a terminal only", async () => {
  const colored = await paletteOf({ ...io, colors: true });
  expect(plain.red("x")).toBe("x");
  expect(typeof colored.red("x")).toBe("string");
});
