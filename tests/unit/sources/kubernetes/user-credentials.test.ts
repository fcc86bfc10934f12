import { afterAll, describe, expect, test } from "bun:test";
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import type { RequestOptions } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { KubeConfig } from "@kubernetes/client-node";
import { UserCredentials } from "../../../../src/sources/kubernetes/user-credentials.ts";
import { until } from "../../../support/until.ts";

const folder = mkdtempSync(join(tmpdir(), "flagd-plugin-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function configOf(user: object, maxMs?: number) {
  const path = join(folder, `config-${crypto.randomUUID()}`);
  const text = JSON.stringify({
    "current-context": "here",
    contexts: [{ name: "here", context: { cluster: "c", user: "u" } }],
    clusters: [{ name: "c", cluster: { server: "https://127.0.0.1:1" } }],
    users: [{ name: "u", user }],
  });
  writeFileSync(path, text);
  const config = new KubeConfig();
  config.loadFromFile(path);
  const users = new UserCredentials(maxMs);
  users.takeOver(config, path);
  users.serve(config);
  return { config, users };
}

/** A user whose credentials come from a plugin, and the headers and options that it makes. */
function userOf(script: string, { maxMs = 20_000, env = {} } = {}) {
  const command = join(folder, `plugin-${crypto.randomUUID()}`);
  writeFileSync(command, `#!/bin/sh\n${script}\n`);
  chmodSync(command, 0o755);
  const variables = Object.entries(env).map(([name, value]) => ({ name, value }));
  const exec = { apiVersion: "client.authentication.k8s.io/v1", command, env: variables };
  const { config, users: plugins } = configOf({ exec }, maxMs);
  const apply = async () => {
    const options: RequestOptions = {};
    await config.applyToHTTPSOptions(options);
    return options;
  };
  return { command, plugins, apply };
}

const printing = (status: string) => `echo '{"kind":"ExecCredential","status":${status}}'`;
const isAlive = (pid: number) => existsSync(`/proc/${pid}/status`);
const pidIn = (file: string) => Number(readFileSync(file, "utf8"));

describe("a credential plugin", () => {
  test("gives a token or a client certificate", async () => {
    expect((await userOf(printing('{"token":"t"}')).apply()).headers).toEqual({
      Authorization: "Bearer t",
    });
    const { apply } = userOf(printing('{"clientCertificateData":"C","clientKeyData":"K"}'));
    expect(await apply()).toMatchObject({ cert: "C", key: "K" });
  });

  test("is told the variables of the kubeconfig, and what is asked of it", async () => {
    const script = `echo "{\\"status\\":{\\"token\\":\\"$OWN $(echo $KUBERNETES_EXEC_INFO | tr -d '\\"')\\"}}"`;
    const { apply } = userOf(script, { env: { OWN: "x" } });
    expect((await apply()).headers).toEqual({
      Authorization:
        "Bearer x {apiVersion:client.authentication.k8s.io/v1,kind:ExecCredential,spec:{interactive:false}}",
    });
  });

  test("is run again when what it printed has expired, and not before", async () => {
    const count = 'echo x >> "$0.count"; ';
    const until = (year: number) => `"expirationTimestamp":"${year}-01-01T00:00:00Z"`;
    const runs = async (status: string) => {
      const { apply, command } = userOf(count + printing(status));
      await apply();
      await apply();
      return readFileSync(`${command}.count`, "utf8").length / 2;
    };
    expect(await runs(`{"token":"t",${until(2001)}}`)).toBe(2);
    expect(await runs(`{"token":"t",${until(2999)}}`)).toBe(1);
    expect(await runs('{"token":"t"}')).toBe(1);
  });

  test("that hangs is killed with what it has started, and named", async () => {
    const started = join(folder, "started");
    const { apply, command } = userOf(`sleep 600 & echo $! > ${started}; wait`, { maxMs: 300 });
    await expect(apply()).rejects.toThrow(
      `the credential plugin ${command} did not end within 0.3 s and was killed`,
    );
    await until("its end", () => !isAlive(pidIn(started)));
  });

  test("ends with the source", async () => {
    const started = join(folder, "stopped");
    const { apply, plugins } = userOf(`sleep 600 & echo $! > ${started}; wait`);
    const stop = new AbortController();
    plugins.signal = stop.signal;
    const asked = apply().catch((error: unknown) => String(error));
    await until("its start", () => existsSync(started) && pidIn(started) > 0);
    stop.abort();
    expect(await asked).toContain("was stopped");
    await until("its end", () => !isAlive(pidIn(started)));
  });

  test.each([
    ["echo not logged in >&2; exit 3", "ended with status 3: not logged in"],
    ["echo s3cret", "printed no ExecCredential with a status"],
    ["kill -9 $$", "ended with SIGKILL"],
    ["yes | head -c 3000000", "prints more than credentials can be"],
  ])("that does %p is named with the reason, without what it printed", async (script, reason) => {
    const error = await userOf(script)
      .apply()
      .catch((error: unknown) => String(error));
    expect(error).toContain(reason);
    expect(error).not.toContain("s3cret");
  });

  test("that is not installed is named", async () => {
    const { apply, command } = userOf("true");
    rmSync(command);
    await expect(apply()).rejects.toThrow("is not installed, or not in PATH");
  });
});

test("a token file is read for every request, and wins over a token", async () => {
  writeFileSync(join(folder, "token"), "first\n");
  const { config } = configOf({ tokenFile: "token", token: "other" });
  const header = async () => {
    const options: RequestOptions = {};
    await config.applyToHTTPSOptions(options);
    return options.headers;
  };
  expect(await header()).toEqual({ Authorization: "Bearer first" });
  writeFileSync(join(folder, "token"), "second\n");
  expect(await header()).toEqual({ Authorization: "Bearer second" });
  rmSync(join(folder, "token"));
  await expect(header()).rejects.toThrow(/cannot read .*token/);
});
