import { open } from "node:fs/promises";
import { defineCommand } from "citty";
import { parseArguments } from "../config/argv.ts";
import { manualOf } from "../config/manual/commands.ts";
import { commandHelp } from "../config/manual/help.ts";
import { initOptions } from "../config/options/tool-options.ts";
import { ConfigError } from "../core/errors.ts";
import type { Io } from "./io.ts";

const schema = "https://flagd.dev/schema/v0/flags.json";

const json = `{
  "$schema": "${schema}",
  "flags": {
    "new-checkout": {
      "metadata": {
        "description": "A switch. DISABLED gives every application its own default. A tenth of all users get it, by targetingKey; people with an address of example.com always do."
      },
      "state": "ENABLED",
      "variants": { "on": true, "off": false },
      "defaultVariant": "off",
      "targeting": {
        "if": [
          { "ends_with": [{ "var": "email" }, "@example.com"] },
          "on",
          { "fractional": [["on", 10], ["off", 90]] }
        ]
      }
    },
    "banner-text": {
      "metadata": {
        "description": "A text for everybody: change defaultVariant to show another one."
      },
      "state": "ENABLED",
      "variants": { "calm": "Welcome back", "loud": "Everything must go!" },
      "defaultVariant": "calm"
    }
  }
}
`;

const yaml = `# yaml-language-server: $schema=${schema}

# Facts about the user or the request are the evaluation context; rules read them by {var: NAME}.
flags:
  new-checkout:
    # DISABLED: every application gets its own default.
    state: ENABLED
    # What applications can get, by name. All of one type: booleans, texts, numbers or objects.
    variants:
      "on": true
      "off": false
    # If no rule decides.
    defaultVariant: "off"
    # A rule gives the name of a variant, or null for the default.
    targeting:
      if:
        # Everybody with such an address …
        - ends_with: [{ var: email }, "@example.com"]
        - "on"
        # … and a tenth of all others, the same ones each time, by targetingKey.
        - fractional: [["on", 10], ["off", 90]]

  banner-text:
    state: ENABLED
    variants:
      calm: Welcome back
      loud: Everything must go!
    defaultVariant: calm
`;

/** `flagd init`: a flag document to begin with. */
export const init = (io: Io) =>
  defineCommand({
    meta: { name: "init" },
    async run({ rawArgs }): Promise<number> {
      const { help, options, positional } = parseArguments(rawArgs, initOptions);
      if (help) {
        await io.print(commandHelp(manualOf("init")));
        return 0;
      }
      const [path = "flags.json", ...more] = positional;
      if (more.length > 0) throw new ConfigError("expected: flagd init [FILE]");
      if (path === "-") {
        await io.print(json);
        return 0;
      }
      const isYaml = /\.ya?ml$/i.test(path);
      if (!isYaml && !/\.json$/i.test(path)) {
        throw new ConfigError(`${path}: expected a name that ends with .json, .yaml or .yml`);
      }
      await write(path, isYaml ? yaml : json, options.has("force"));
      await io.print(
        `wrote ${path}\n` +
          `  check it:     flagd validate ${path}\n` +
          `  try it:       flagd evaluate new-checkout ${path} -c email=ann@example.com --explain\n` +
          `  serve it:     flagd start --uri file:${path}\n`,
      );
      return 0;
    },
  });

async function write(path: string, text: string, force: boolean): Promise<void> {
  try {
    const file = await open(path, force ? "w" : "wx");
    await file.writeFile(text);
    await file.close();
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new ConfigError(
      code === "EEXIST"
        ? `${path} is there already: name another file, or add --force to replace it`
        : `${path} cannot be written: ${message}`,
    );
  }
}
