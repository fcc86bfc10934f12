/**
 * Credentials of clouds and clusters, as the built binary finds them: moto stands for S3 and STS, a small API server
 * and a plugin that gives out tokens for five seconds for Kubernetes. Needs `pip install 'moto[server]' boto3`.
 */
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startFlagd } from "../../support/flagd.ts";
import { freePort } from "../../support/ports.ts";
import { until } from "../../support/until.ts";
import { expectEqual, output, Suite } from "../suite.ts";

const suite = new Suite("credentials of clouds and clusters");
const home = mkdtempSync(join(tmpdir(), "flagd-cloud-"));
const flags = (variant: number) => ({
  flags: { f: { state: "ENABLED", variants: { v: variant }, defaultVariant: "v" } },
});

function command(name: string, print: string): string {
  const path = join(home, name);
  writeFileSync(path, `#!/bin/sh\necho x >> "$0.count"\n${print}\n`);
  chmodSync(path, 0o755);
  return path;
}

const runsOf = (path: string) => readFileSync(`${path}.count`, "utf8").split("\n").length - 1;

async function loads(uri: string, env: Readonly<Record<string, string>>): Promise<void> {
  await using flagd = await startFlagd(["--uri", uri], { env: { HOME: home, ...env } });
  expectEqual((await fetch(`${flagd.http}/readyz`)).status, 200);
}

const port = await freePort();
const endpoint = `http://127.0.0.1:${port}`;
const moto = Bun.spawn(["moto_server", "-H", "127.0.0.1", "-p", String(port)], {
  stdio: ["ignore", "ignore", "ignore"],
});
try {
  await until("moto", async () => (await fetch(endpoint)).status > 0);
  const put = `import boto3; s = boto3.client("s3", endpoint_url="${endpoint}", aws_access_key_id="a", aws_secret_access_key="b", region_name="us-east-1"); s.create_bucket(Bucket="flags"); s.put_object(Bucket="flags", Key="f.json", Body=b'${JSON.stringify(flags(1))}', ContentType="application/json")`;
  await output(["python3", "-c", put]);

  // Renewed when less than five minutes are left: after five seconds.
  const process = command(
    "process",
    `date -u -d '+305 seconds' +'{"Version":1,"AccessKeyId":"p","SecretAccessKey":"s","SessionToken":"t","Expiration":"%Y-%m-%dT%H:%M:%SZ"}'`,
  );
  await mkdir(join(home, ".aws"));
  writeFileSync(
    join(home, ".aws/credentials"),
    "[file]\naws_access_key_id = a\naws_secret_access_key = b\n",
  );
  writeFileSync(
    join(home, ".aws/config"),
    `[profile assumed]\nrole_arn = arn:aws:iam::123456789012:role/r\nsource_profile = file\n[profile process]\ncredential_process = ${process}\n`,
  );
  const jwt = join(home, "jwt");
  writeFileSync(jwt, "jwt");
  const s3 = `s3://flags/f.json?endpoint=${endpoint}&use_path_style=true`;
  const common = { AWS_EC2_METADATA_DISABLED: "true", AWS_ENDPOINT_URL_STS: endpoint };
  const forms: Readonly<Record<string, Readonly<Record<string, string>>>> = {
    "a profile of the shared files": { AWS_PROFILE: "file" },
    "an assumed role": { AWS_PROFILE: "assumed" },
    "a web identity": {
      AWS_WEB_IDENTITY_TOKEN_FILE: jwt,
      AWS_ROLE_ARN: "arn:aws:iam::123456789012:role/r",
    },
  };
  for (const [name, env] of Object.entries(forms)) {
    await suite.check(`S3 by ${name}`, () => loads(s3, { ...common, ...env }));
  }
  await suite.check("S3 by a process, run again before its keys expire", async () => {
    const env = { HOME: home, ...common, AWS_PROFILE: "process" };
    await using _flagd = await startFlagd(["--uri", s3], { env });
    await until("another run of the process", () => runsOf(process) > 1);
  });
} finally {
  moto.kill();
  await moto.exited;
}

const plugin = command(
  "plugin",
  `date -u -d '+5 seconds' +'{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":"t-%s","expirationTimestamp":"%Y-%m-%dT%H:%M:%SZ"}}'`,
);
let refused = 0;
const tokens = new Set<string>();
const api = Bun.serve({
  hostname: "127.0.0.1",
  port: 0,
  async fetch(request) {
    const token = request.headers.get("authorization")?.replace("Bearer t-", "") ?? "";
    if (Number(token) + 1 < Date.now() / 1000) {
      refused++;
      return new Response(null, { status: 401 });
    }
    tokens.add(token);
    const object = {
      metadata: { name: "flags", resourceVersion: String(tokens.size) },
      spec: { flagSpec: flags(tokens.size) },
    };
    if (!request.url.includes("watch=true")) {
      return Response.json({ metadata: { resourceVersion: "1" }, items: [object] });
    }
    await Bun.sleep(2_000);
    return new Response(`${JSON.stringify({ type: "MODIFIED", object })}\n`);
  },
});
await suite.check("Kubernetes by a plugin whose tokens last five seconds", async () => {
  const kubeconfig = join(home, "kubeconfig");
  const exec = { apiVersion: "client.authentication.k8s.io/v1", command: plugin };
  writeFileSync(
    kubeconfig,
    JSON.stringify({
      "current-context": "c",
      contexts: [{ name: "c", context: { cluster: "k", user: "u" } }],
      clusters: [{ name: "k", cluster: { server: `http://127.0.0.1:${api.port}` } }],
      users: [{ name: "u", user: { exec: { ...exec, interactiveMode: "Never" } } }],
    }),
  );
  await using _flagd = await startFlagd(["--uri", "core.openfeature.dev/ns/flags"], {
    env: { HOME: home, KUBECONFIG: kubeconfig },
  });
  await until("three tokens", () => tokens.size > 2);
  expectEqual(refused, 0);
});
api.stop(true);
rmSync(home, { recursive: true, force: true });
suite.finish();
