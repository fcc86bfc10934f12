/**
 * Credentials of clouds and clusters, as the built binary finds them and replaces them in time. The clouds' hosts are
 * on this machine and give out credentials for a few seconds; moto stands for S3 and STS, a small API server for
 * Kubernetes. Arguments choose by name: `npx bun tests/outside/cloud/run.ts azblob`.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startFlagd } from "../../support/flagd.ts";
import { until } from "../../support/until.ts";
import { light } from "../light-flag.ts";
import { expectEqual, Suite } from "../suite.ts";
import { type Form, Forms } from "./forms.ts";
import { Internet } from "./internet.ts";
import { checkKubernetes } from "./kubernetes.ts";
import { checkMoto } from "./moto.ts";

const wanted = process.argv.slice(2);
const suite = new Suite("credentials of clouds and clusters");
const check = async (name: string, run: () => Promise<void>) => {
  if (wanted.length === 0 || wanted.some((word) => name.includes(word))) {
    await suite.check(name, run);
  }
};
const home = mkdtempSync(join(tmpdir(), "flagd-cloud-"));
const forms = new Forms(home);
try {
  await using internet = await new Internet(forms.hosts()).start();
  for (const form of forms.all()) await check(form.name, () => survives(form, internet));
  await checkMoto(check, home);
  await checkKubernetes(check, home);
} finally {
  forms.stop();
  rmSync(home, { recursive: true, force: true });
}
suite.finish();

/** Loads flags with the form's credentials, and with at least three of them one after another. */
async function survives(form: Form, internet: Internet): Promise<void> {
  const { issuer, uri, env, asks } = form;
  const { refused, shown } = issuer;
  const before = shown.size;
  internet.asked.clear();
  const source = { uri, provider: uri.split("://")[0]?.replace("gs", "gcs"), interval: 1 };
  await using flagd = await startFlagd(["--sources", JSON.stringify([source])], {
    env: { HOME: home, ...internet.env, ...env },
  });
  expectEqual(await light(flagd), "red");
  await until("three credentials, one after another", () => shown.size >= before + 3, 60);
  const log = flagd.log();
  expectEqual(
    [
      issuer.refused - refused,
      /secret-key|ISSUED|federated/.test(log),
      asks && internet.asked.has(asks),
    ],
    [0, false, asks && true],
  );
  expectEqual(/warn|error/i.test(log) ? log : "", "");
}
