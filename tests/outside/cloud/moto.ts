/** S3 and STS as moto serves them. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { S3Client } from "bun";
import { startFlagd } from "../../support/flagd.ts";
import { freePort } from "../../support/ports.ts";
import { python } from "../../support/python.ts";
import { until } from "../../support/until.ts";
import { documentWith, light } from "../light-flag.ts";
import { expectEqual } from "../suite.ts";

type Check = (name: string, run: () => Promise<void>) => Promise<void>;

export async function checkMoto(check: Check, parent: string): Promise<void> {
  const home = join(parent, "moto");
  const port = await freePort();
  const endpoint = `http://127.0.0.1:${port}`;
  const program = join(await python(["moto[server]==5.2.5"]), "../moto_server");
  const moto = Bun.spawn([program, "-H", "127.0.0.1", "-p", String(port)], {
    stdio: ["ignore", "ignore", "ignore"],
  });
  try {
    await until("moto", async () => (await fetch(endpoint)).status > 0, 60);
    await fetch(`${endpoint}/flags`, { method: "PUT" });
    await new S3Client({
      ...{ accessKeyId: "a", secretAccessKey: "b", region: "us-east-1", bucket: "flags", endpoint },
    }).write("f.json", documentWith("green"), { type: "application/json" });
    mkdirSync(join(home, ".aws"), { recursive: true });
    writeFileSync(
      join(home, ".aws/credentials"),
      "[file]\naws_access_key_id = a\naws_secret_access_key = b\n",
    );
    writeFileSync(
      join(home, ".aws/config"),
      "[profile assumed]\nrole_arn = arn:aws:iam::123456789012:role/r\nsource_profile = file\n",
    );
    writeFileSync(join(home, "jwt"), "jwt");
    const forms = {
      "a profile of the shared files": { AWS_PROFILE: "file" },
      "an assumed role": { AWS_PROFILE: "assumed" },
      "a web identity": {
        AWS_WEB_IDENTITY_TOKEN_FILE: join(home, "jwt"),
        AWS_ROLE_ARN: "arn:aws:iam::123456789012:role/r",
      },
    };
    const uri = `s3://flags/f.json?endpoint=${endpoint}&use_path_style=true`;
    const common = { AWS_EC2_METADATA_DISABLED: "true", AWS_ENDPOINT_URL_STS: endpoint };
    for (const [name, form] of Object.entries(forms)) {
      await check(`s3 of moto by ${name}`, async () => {
        const env = { HOME: home, ...common, ...form };
        await using flagd = await startFlagd(["--uri", uri], { env });
        expectEqual(await light(flagd), "green");
      });
    }
  } finally {
    moto.kill();
    await moto.exited;
  }
}
