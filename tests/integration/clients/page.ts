/// <reference lib="dom" />
// A web page with the flagd web provider. `start` returns its first results; later ones, one entry
// a configuration change, are collected in `reports`.
import { FlagdWebProvider } from "@openfeature/flagd-web-provider";
import { OpenFeature, ProviderEvents } from "@openfeature/web-sdk";
import type { Expectation } from "../../support/sample-flags.ts";

interface Request {
  readonly port: number;
  readonly context: Record<string, string>;
  readonly evaluations: readonly Expectation[];
}

const reports: unknown[] = [];

async function start({ port, context, evaluations }: Request): Promise<unknown> {
  await OpenFeature.setContext(context);
  await OpenFeature.setProviderAndWait(
    new FlagdWebProvider({ host: "127.0.0.1", port, tls: false, maxRetries: 5 }),
  );
  const client = OpenFeature.getClient();
  const evaluate = ({ flag, type, fallback }: Expectation) => {
    if (type === "boolean") return client.getBooleanDetails(flag, fallback === true);
    if (type === "string") return client.getStringDetails(flag, String(fallback));
    if (type === "object") return client.getObjectDetails(flag, {});
    return client.getNumberDetails(flag, Number(fallback));
  };
  const report = () => {
    const entries = evaluations.map((evaluation) => {
      const { value, reason, errorCode } = evaluate(evaluation);
      return [evaluation.flag, { value, reason, errorCode }];
    });
    return { results: Object.fromEntries(entries) };
  };
  client.addHandler(ProviderEvents.ConfigurationChanged, () => {
    reports.push(report());
  });
  return report();
}

Object.assign(globalThis, { start, reports });
