// An application with an OpenFeature provider, run by Node as applications are.
// stdin: one line of JSON {provider, options, context, evaluations: [{flag, type, fallback}]}.
// stdout: one JSON line {results: {flag: {value, reason, errorCode}}} at once and again after each
// configuration change.
import { createInterface } from "node:readline";
import { FlagdProvider } from "@openfeature/flagd-provider";
import { OFREPProvider } from "@openfeature/ofrep-provider";
import { OpenFeature, ProviderEvents } from "@openfeature/server-sdk";

const [line] = await createInterface({ input: process.stdin })
  [Symbol.asyncIterator]()
  .next()
  .then((first) => [first.value]);
const { provider, options, context, evaluations } = JSON.parse(line);

const client = OpenFeature.getClient();
const details = {
  boolean: "getBooleanDetails",
  string: "getStringDetails",
  integer: "getNumberDetails",
  float: "getNumberDetails",
  object: "getObjectDetails",
};

async function report() {
  const results = {};
  for (const { flag, type, fallback } of evaluations) {
    const { value, reason, errorCode } = await client[details[type]](flag, fallback, context);
    results[flag] = { value, reason, errorCode };
  }
  console.log(JSON.stringify({ results }));
}

// By itself the provider gives up after half a second, which a busy machine may take to start it.
const patient = { ...options, deadlineMs: 15_000 };
await OpenFeature.setProviderAndWait(
  provider === "ofrep" ? new OFREPProvider(options) : new FlagdProvider(patient),
);
await report();
client.addHandler(ProviderEvents.ConfigurationChanged, report);
if (provider === "ofrep") setInterval(report, 100);
