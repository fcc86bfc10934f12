/** An API server of Kubernetes, and users of a kubeconfig whose tokens last a few seconds. */
import { chmodSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { startFlagd } from "../../support/flagd.ts";
import { until } from "../../support/until.ts";
import { documentWith, light } from "../light-flag.ts";
import { expectEqual } from "../suite.ts";
import { Issuer } from "./internet.ts";

type Check = (name: string, run: () => Promise<void>) => Promise<void>;

export async function checkKubernetes(check: Check, home: string): Promise<void> {
  const issuer = new Issuer(7_000);
  const api = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    async fetch(request) {
      if (request.url.endsWith("/issue")) return new Response(issuer.issue());
      if (!issuer.accepts(request.headers.get("authorization"))) {
        return new Response(null, { status: 401 });
      }
      const object = {
        metadata: { name: "flags", resourceVersion: String(issuer.shown.size) },
        spec: { flagSpec: JSON.parse(documentWith("green")) },
      };
      if (!request.url.includes("watch=true")) {
        return Response.json({ metadata: { resourceVersion: "1" }, items: [object] });
      }
      await Bun.sleep(2_000);
      return new Response(`${JSON.stringify({ type: "MODIFIED", object })}\n`);
    },
  });
  const file = (name: string, text: string) => {
    const path = join(home, name);
    writeFileSync(path, text);
    return path;
  };
  const script = (name: string, text: string) => {
    const path = file(name, `#!/bin/sh\n${text}\n`);
    chmodSync(path, 0o755);
    return path;
  };
  const start = (user: object, unready = false) => {
    const config = {
      "current-context": "c",
      contexts: [{ name: "c", context: { cluster: "k", user: "u" } }],
      clusters: [{ name: "k", cluster: { server: `http://127.0.0.1:${api.port}` } }],
      users: [{ name: "u", user }],
    };
    const env = { HOME: home, KUBECONFIG: file("kubeconfig", JSON.stringify(config)) };
    return startFlagd(["--uri", "core.openfeature.dev/ns/flags"], { env, unready });
  };
  const exec = (command: string) => ({
    exec: {
      apiVersion: "client.authentication.k8s.io/v1",
      command,
      interactiveMode: "Never",
    },
  });
  const survives = async (user: object) => {
    const { refused, shown } = issuer;
    const before = shown.size;
    await using flagd = await start(user);
    expectEqual(await light(flagd), "green");
    await until("three tokens", () => shown.size >= before + 3, 60);
    expectEqual(issuer.refused - refused, 0);
  };
  try {
    const issue = `http://127.0.0.1:${api.port}/issue`;
    await check("Kubernetes by a plugin whose tokens last five seconds", async () => {
      const time = `$(date -u -d '+5 seconds' +%Y-%m-%dT%H:%M:%SZ)`;
      const status = `{"token":"'$(curl -s ${issue})'","expirationTimestamp":"'${time}'"}`;
      await survives(exec(script("plugin", `echo '{"kind":"ExecCredential","status":${status}}'`)));
    });
    await check("Kubernetes by a file whose token is rotated", async () => {
      const path = file("token", issuer.issue());
      const rotating = setInterval(() => writeFileSync(path, issuer.issue()), 3_000);
      try {
        await survives({ tokenFile: path });
      } finally {
        clearInterval(rotating);
      }
    });
    await check("Kubernetes by a plugin that hangs: it is killed, and named", async () => {
      const pid = join(home, "pid");
      const plugin = script("hanging", `sleep 600 & echo $! >> ${pid}; wait`);
      await using flagd = await start(exec(plugin), true);
      await until("the message", () => /hanging did not end within 30 s/.test(flagd.log()), 60);
      const [first] = readFileSync(pid, "utf8").split("\n");
      await until("the end of what it has started", () => !existsSync(`/proc/${first}`));
    });
  } finally {
    await api.stop(true);
  }
}
