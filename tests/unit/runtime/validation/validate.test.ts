import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { run } from "../../../../src/cli/run.ts";

let folder: string;

const document = (flags: object) => JSON.stringify({ flags }, null, 2);
const flag = { state: "ENABLED", variants: { on: true, off: false }, defaultVariant: "off" };

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "flagd-validate-"));
  await mkdir(join(folder, "flags/more"), { recursive: true });
  await mkdir(join(folder, "flags/node_modules"));
  const files = {
    "good.json": document({ a: flag }),
    "also-good.yaml": "flags:\n  a:\n    state: ENABLED\n    variants: {'on': true}\n",
    "flags/warning.json": document({ a: { ...flag, targetting: {} } }),
    "flags/more/error.yaml":
      "flags:\n  a:\n    state: ENABLED\n    variants: {'on': true}\n    defaultVariant: 'off'\n",
    "flags/package.json": "{}",
    "flags/cases.test.yaml": "flags: warning.json\ntests: []\n",
    "flags/cases.test.json": '{"flags": "warning.json", "tests": []}',
    "flags/node_modules/flags.json": "{",
    "mixed-flags/feature-flag.yaml":
      "kind: Namespace\n---\nkind: FeatureFlag\nspec:\n  flagSpec:\n    flags:\n      a: {variants: {'on': true}, state: ENABLED}\n",
    "mixed-flags/config-map.yaml":
      'kind: ConfigMap\ndata:\n  flags: |\n    {"flags": {"a": {"variants": {}}}}\n',
    "mixed-flags/schema.json":
      '{"$schema": "http://json-schema.org/draft-07/schema#", "properties": {"flags": {"variants": {}}}}',
    "mixed-flags/other-product.json": '{"flags": [{"id": 1, "feature_state_value": "x"}]}',
    "percent %,:.json": document({ a: { ...flag, State: 1 } }),
  };
  for (const [name, text] of Object.entries(files)) await Bun.write(join(folder, name), text);
});
afterAll(() => rm(folder, { recursive: true }));

async function validate(...args: string[]) {
  const told = { status: 0, output: "", errors: "" };
  const words = args.map((arg) => (/\.|flags$|nothing/.test(arg) ? join(folder, arg) : arg));
  told.status = await run(["validate", ...words], {
    environment: {},
    async print(text) {
      told.output += text;
    },
    async complain(text) {
      told.errors += text;
    },
  });
  return { ...told, output: told.output.replaceAll(`${folder}/`, "") };
}

describe("the exit status", () => {
  test.each([
    [["good.json", "also-good.yaml"], 0],
    [["flags/warning.json"], 0],
    [["--strict", "flags/warning.json"], 1],
    [["flags/more/error.yaml"], 1],
    [["good.json", "flags"], 1],
    [["nothing"], 1],
  ])("of %j is %d", async (args, status) => {
    expect(await validate(...args)).toMatchObject({ status, errors: "" });
  });

  test("without a source is 1, with what to name", async () => {
    const { status, errors } = await validate();
    expect(status).toBe(1);
    expect(errors).toContain("a file, a folder, a URI, or - for standard input");
  });
});

test("text: one line each, and a summary that --quiet leaves out", async () => {
  const { output } = await validate("flags");
  expect(output).toBe(
    `flags/more/error.yaml:5:5: error: $.flags.a.defaultVariant: "off" is not a variant of flag "a": use one of "on", or null [default-variant]
flags/warning.json:10:7: warning: $.flags.a.targetting: this member is ignored (did you mean "targeting"?) [misspelt-member]
2 documents, 1 flag: 1 error, 1 warning; 3 other files skipped
`,
  );
  expect((await validate("--quiet", "flags")).output.split("\n")).toHaveLength(2);
  expect((await validate("--quiet", "good.json")).output).toBe("");
});

test("of a folder, manifests of flags are checked; other manifests, schemas and flags of other products are not", async () => {
  const { output } = await validate("mixed-flags");
  expect(output).toBe("1 document, 1 flag: 0 errors, 0 warnings; 3 other files skipped\n");
});

test("of two sources, the later one has priority; files of a folder are not compared", async () => {
  const { output } = await validate("good.json", "also-good.yaml");
  expect(output).toContain("good.json:3:5: information: $.flags.a: ");
  expect(output).toContain("also-good.yaml defines this flag too, and has priority");
  expect((await validate("flags")).output).not.toContain("priority");
});

test("portability is information, and with --portability a warning", async () => {
  const rule = { if: [{ "<": [{ var: "age" }, 18] }, "on", null] };
  await Bun.write(join(folder, "age.json"), document({ a: { ...flag, targeting: rule } }));
  expect((await validate("--strict", "age.json")).status).toBe(0);
  const strict = await validate("--strict", "--portability", "age.json");
  expect(strict.status).toBe(1);
  expect(strict.output).toContain("warning: ");
  const quiet = await validate("--quiet", "--strict", "--portability", "age.json");
  expect(quiet).toMatchObject({ status: 1, output: strict.output.replace(/^1 document.*\n/m, "") });
  expect((await validate("--quiet", "--portability", "age.json")).output).toBe("");
});

test("of very many findings the first ones are shown, and all are counted", async () => {
  const flags = Object.fromEntries(
    Array.from({ length: 1100 }, (_, i) => [`flag-${i}`, { ...flag, targetting: {} }]),
  );
  await Bun.write(join(folder, "many.json"), document(flags));
  const lines = (await validate("many.json")).output.trimEnd().split("\n");
  expect(lines).toHaveLength(1002);
  expect(lines.slice(-2)).toEqual([
    "many.json: and 100 more",
    "1 document, 1100 flags: 0 errors, 1100 warnings",
  ]);
});

test("json has everything", async () => {
  const report = JSON.parse((await validate("--format", "json", "flags")).output);
  expect(report).toMatchObject({ errors: 1, warnings: 1, skipped: 3 });
  expect(report.documents[0].findings).toEqual([
    {
      code: "default-variant",
      severity: "error",
      path: "$.flags.a.defaultVariant",
      line: 5,
      column: 5,
      message: '"off" is not a variant of flag "a": use one of "on", or null',
    },
  ]);
});

test("github: annotations, with what ends a property escaped", async () => {
  const { output } = await validate("--format", "github", "percent %,:.json");
  expect(output).toBe(
    '::warning file=percent %25%2C%3A.json,line=10,col=7,title=member-case::$.flags.a.State: this member is ignored, rename it to "state"\n',
  );
});

test("sarif: each result has a rule of the log and a region", async () => {
  const log = JSON.parse((await validate("--format", "sarif", "flags")).output);
  const [{ tool, results }] = log.runs;
  expect(log.version).toBe("2.1.0");
  expect(results).toHaveLength(2);
  for (const result of results) {
    expect(tool.driver.rules[result.ruleIndex].id).toBe(result.ruleId);
    expect(result.level).toMatch(/^(error|warning|note)$/);
  }
  expect(results[0].locations[0].physicalLocation).toEqual({
    artifactLocation: { uri: "flags/more/error.yaml" },
    region: { startLine: 5, startColumn: 5 },
  });
});
