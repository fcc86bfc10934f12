#!/usr/bin/env bash
# @kubernetes/client-node 2.0.1: a user of a kubeconfig with `tokenFile` is sent to the server without a token. The
# kubeconfig (v1) format has that member, and kubectl and client-go read the file anew when it is rotated; the
# library looks for `token-file`, which the format does not have.
#
# Output seen:
#   token: Bearer t
#   tokenFile: none
# Fails if one of them is otherwise. Needs npm; runs in Bun, as the library wants a newer Node.js than some systems have.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{"private":true}' >package.json
npm install --silent --no-audit --no-fund @kubernetes/client-node@2.0.1 bun@1.4.5 >/dev/null
printf t >token
cat >run.mjs <<'JS'
import { writeFileSync } from "node:fs";
import { KubeConfig } from "@kubernetes/client-node";
for (const user of [{ token: "t" }, { tokenFile: "token" }]) {
  const config = {
    apiVersion: "v1",
    kind: "Config",
    "current-context": "c",
    contexts: [{ name: "c", context: { cluster: "k", user: "u" } }],
    clusters: [{ name: "k", cluster: { server: "https://127.0.0.1:6443" } }],
    users: [{ name: "u", user }],
  };
  writeFileSync("kubeconfig", JSON.stringify(config));
  const loaded = new KubeConfig();
  loaded.loadFromFile("kubeconfig");
  const options = {};
  await loaded.applyToHTTPSOptions(options);
  console.log(`${Object.keys(user)[0]}: ${options.headers?.Authorization ?? "none"}`);
}
JS
npx --no-install bun run.mjs | tee seen
printf 'token: Bearer t\ntokenFile: none\n' | diff - seen
