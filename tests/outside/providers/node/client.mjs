// Reads one line of JSON: mode, host, port, evaluations, changing. Prints one line for each evaluation, and
// one more as soon as the flag `changing` has the value "after", or after the time it says.
import { createInterface } from "node:readline";
import { FlagdProvider } from "@openfeature/flagd-provider";
import { OFREPProvider } from "@openfeature/ofrep-provider";
import { OpenFeature } from "@openfeature/server-sdk";

const methods = {
  boolean: "getBooleanDetails",
  string: "getStringDetails",
  integer: "getNumberDetails",
  float: "getNumberDetails",
  object: "getObjectDetails",
};

const [line] = await createInterface({ input: process.stdin })
  [Symbol.asyncIterator]()
  .next()
  .then(({ value }) => [value]);
const { mode, host, port, evaluations, changing, patienceMs } = JSON.parse(line);
const provider =
  mode === "ofrep"
    ? new OFREPProvider({ baseUrl: `http://${host}:${port}` })
    : new FlagdProvider({ host, port, resolverType: mode });
await OpenFeature.setProviderAndWait(provider);
const client = OpenFeature.getClient();

for (const { flag, type, fallback, context } of evaluations) {
  const { value, variant, reason, errorCode } = await client[methods[type]](
    flag,
    fallback,
    context,
  );
  console.log(JSON.stringify({ value, variant, reason, errorCode }));
}
console.log(JSON.stringify({ evaluated: true }));

const end = Date.now() + patienceMs;
let value;
do {
  await new Promise((resolve) => setTimeout(resolve, 50));
  value = await client.getStringValue(changing, "fallback", {});
} while (value !== "after" && Date.now() < end);
console.log(JSON.stringify({ value }));
process.exit(0);
