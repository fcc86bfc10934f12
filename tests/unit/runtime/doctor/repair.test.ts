import { expect, test } from "bun:test";
import { type Ailment, repairOf } from "../../../../src/runtime/doctor/repair.ts";

const redis: Ailment = {
  what: "source",
  provider: "redis",
  subject: "redis://db.example:6390/0?key=flags",
  uri: "redis://:secret@db.example:6390/0?key=flags",
};
const local = { ...redis, subject: "redis://localhost:6390?key=flags" };
const file: Ailment = { what: "source", provider: "file", subject: "f.json", uri: "file:f.json" };
const bucket: Ailment = {
  what: "source",
  provider: "blob",
  subject: "s3://flags/f.json",
  uri: "s3://flags/f.json",
};
const port: Ailment = { what: "port", address: { port: 80 } };

test.each<[message: string, ailment: Ailment, repair: string]>([
  [
    'user "app" is not permitted to read the key: grant access with ACL SETUSER app ~KEY +get +client|info',
    redis,
    "redis-cli -h db.example -p 6390 ACL SETUSER app ~KEY +get +client\\|info",
  ],
  [
    'the key "flags" does not exist in the database',
    redis,
    "flagd redis push flags.json --redis-uri 'redis://db.example:6390/0?key=flags'",
  ],
  ["nothing is listening on localhost:6390", local, "redis-server --port 6390 --daemonize yes"],
  ["nothing is listening on db.example:6390", redis, "redis-cli -h db.example -p 6390 PING"],
  [
    'the server rejected the password of user "app": correct it',
    redis,
    "redis-cli -h db.example -p 6390 --user app --askpass PING",
  ],
  [
    "the certificate is not signed by a trusted CA",
    redis,
    "openssl s_client -connect db.example:6390 -showcerts < /dev/null",
  ],
  ['the key "my flags" holds a list', redis, "redis-cli -h db.example -p 6390 TYPE 'my flags'"],
  ["no AWS credentials: set AWS_ACCESS_KEY_ID", bucket, "aws configure"],
  ["no Azure credentials: set AZURE_CLIENT_ID", bucket, "az login"],
  ["no Google credentials: none", bucket, "gcloud auth application-default login"],
  ["the flags are rejected: $.flags: no", file, "flagd validate f.json"],
  ["cannot read the flag file /f.json: no such file", file, "flagd init f.json"],
  ["cannot read: permission denied", file, "chmod a+r f.json"],
  ["--tokens-path: t: permission denied", { what: "tokens", subject: "t" }, "chmod u+r t"],
  ["it is in use by another process", port, "ss -ltnp 'sport = :80'"],
  ["permission denied", port, 'setcap cap_net_bind_service=+ep "$(command -v flagd)"'],
  [
    "expired at 2020",
    { what: "certificate", subject: "a b.pem", keyPath: "k" },
    "openssl x509 -in 'a b.pem' -noout -subject -dates",
  ],
])("%s", (message, ailment, repair) => {
  expect(repairOf(message, ailment)).toBe(repair);
});

test("no repair shows a password", () => {
  expect(repairOf("what nobody has seen before", redis)).not.toContain("secret");
});

test("for a file of tokens that says something wrong, the message has it all", () => {
  const ailment = { what: "tokens", subject: "t" } as const;
  expect(repairOf("--tokens-path: t: tokens[0]: unknown member", ailment)).toBeUndefined();
});
