import { expect, test } from "bun:test";
import { commands } from "../../../../src/config/manual/commands.ts";
import { manualPage } from "../../../../src/config/manual/man-page.ts";
import { environmentName } from "../../../../src/config/options/option.ts";

const page = manualPage(commands, "1.2.3", new Date(Date.UTC(2026, 0, 2)));

test("the manual page has every option of every command, with its variable", () => {
  expect(page).toStartWith('.TH FLAGD 1 "2026-01-02" "flagd 1.2.3" "flagd"\n');
  for (const { name, options } of commands) {
    expect(page).toContain(`.SH FLAGD ${name.toUpperCase()}\n`);
    for (const [option, { commandLineOnly }] of Object.entries(options)) {
      expect(page).toContain(`\\fB\\-\\-${option.replaceAll("-", "\\-")}\\fR`);
      if (!commandLineOnly) expect(page).toContain(`Environment: ${environmentName(option)}.`);
    }
  }
});

test("no text of ours is taken for a macro", () => {
  const command = {
    name: "try",
    summary: ".summary\n'quoted \\ text",
    usage: "",
    options: {},
    examples: [],
  };
  const lines = manualPage([command], "1", new Date(0)).split("\n");
  const text = lines.filter((line) => line.includes("summary") || line.includes("quoted"));
  expect(text).toEqual(["\\&.summary", "\\&'quoted \\e text."]);
});
