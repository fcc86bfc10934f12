import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { Glob } from "bun";
import { parseAllDocuments } from "yaml";
import { readRedisSyncConfig } from "../../../src/config/redis-sync-config.ts";
import { readStartConfig } from "../../../src/config/start-config.ts";
import { atOnce } from "../../../src/core/turns.ts";
import { checkTargeting } from "../../../src/evaluation/rule/check.ts";
import { parseDocument } from "../../../src/flags/document.ts";
import { readPages, root } from "../../support/documentation.ts";

type Value = string | number | boolean | null | Value[] | { [name: string]: Value };
type Environment = Record<string, string>;

const read = (path: string) => Bun.file(join(root, path)).text();
const files = (pattern: string) => [...new Glob(pattern).scanSync(join(root, "examples"))].sort();

/** What the file says, with anchors, aliases and merges resolved. */
async function readYaml(path: string): Promise<Value[]> {
  return parseAllDocuments(await read(`examples/${path}`), { merge: true, strict: true }).map(
    (document) => {
      if (document.errors[0]) throw document.errors[0];
      return document.toJS() as Value;
    },
  );
}

const at = (value: Value | undefined, ...path: (string | number)[]): Value | undefined =>
  path.reduce<Value | undefined>(
    (found, name) =>
      typeof found === "object" && found !== null
        ? (found as Record<string, Value>)[name]
        : undefined,
    value,
  );

/** flagd takes it all: the daemon would start with these arguments and variables. */
async function expectTaken(command: readonly string[], environment: Environment): Promise<void> {
  const [name, ...args] = command;
  const config =
    name === "redis-sync"
      ? await readRedisSyncConfig(args, environment)
      : await readStartConfig(args, environment);
  expect(name === "redis-sync" || name === "start").toBe(true);
  expect(config?.warnings).toEqual([]);
}

test("compose: flagd takes the arguments and variables of each service", async () => {
  const [compose] = await readYaml("compose/compose.yaml");
  const services = Object.values((at(compose, "services") ?? {}) as Record<string, Value>);
  const own = services.filter((service) => at(service, "image") === "flagd-bun");
  expect(own).toHaveLength(5);
  for (const service of own) {
    const command = at(service, "command") as string[];
    await expectTaken(command, at(service, "environment") as Environment);
  }
});

describe("kubernetes", () => {
  test.each(files("kubernetes/*.yaml"))(
    "%s: flagd takes it, probes and services name its ports",
    async (file) => {
      const [deployment, service] = await readYaml(file);
      const pod = at(deployment, "spec", "template", "spec");
      const container = at(pod, "containers", 0);
      const environment: Environment = {};
      for (const variable of (at(container, "env") ?? []) as Value[]) {
        // The secret holds what the comment at the top of the file puts into it.
        environment[String(at(variable, "name"))] = String(
          at(variable, "value") ?? "redis://change-me@redis:6379/0?key=flags",
        );
      }
      await expectTaken(at(container, "args") as string[], environment);

      const ports = (at(container, "ports") as Value[]).map((port) => at(port, "name"));
      for (const probe of ["readinessProbe", "livenessProbe"]) {
        expect(ports).toContain(at(container, probe, "httpGet", "port"));
      }
      for (const port of at(service, "spec", "ports") as Value[]) {
        expect(ports).toContain(at(port, "targetPort"));
      }
      const labels = at(deployment, "spec", "template", "metadata", "labels");
      expect(at(service, "spec", "selector")).toEqual(labels);
      expect(at(deployment, "spec", "selector", "matchLabels")).toEqual(labels);
    },
  );
});

describe("systemd", () => {
  test.each([...new Glob("*.service").scanSync(join(root, "deploy/systemd"))].sort())(
    "%s: flagd takes its command, its file of options and the environment",
    async (file) => {
      const unit = await read(`deploy/systemd/${file}`);
      const [, words = ""] = /^ExecStart=flagd (.+)$/m.exec(unit) ?? [];
      expect(unit).toContain("EnvironmentFile=-/etc/flagd/environment\n");
      const variables = (await read("deploy/systemd/environment")).matchAll(/^#(\w+)=(.*)$/gm);
      const environment = Object.fromEntries(
        [...variables].map(([, name, value]) => [name, value]),
      );
      expect(Object.keys(environment)).toHaveLength(2);
      const folder = join(root, "deploy/systemd");
      await expectTaken(words.replace("/etc/flagd", folder).split(" "), environment);
    },
  );
});

const flagDocuments = [
  ...files("**/*.json").map(
    (file) => [`examples/${file}`, () => read(`examples/${file}`)] as const,
  ),
  ...(await readPages()).flatMap(({ path, blocks }) =>
    blocks
      .filter(
        ({ language, text }) =>
          /json|yaml/.test(language) &&
          /^(\{\s*"|)(\$|flags)/m.test(text) &&
          // A file of cases names its flags.
          !/^tests:/m.test(text),
      )
      .map(({ text }) => [path, async () => text] as const),
  ),
];

test.each(flagDocuments)("a flag document in %s is one without warnings", async (_, text) => {
  const parsed = parseDocument(await text(), { format: "any", strict: true, checkTargeting });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  expect(atOnce(parsed.warnings())).toEqual([]);
});
