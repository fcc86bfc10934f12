/** Requests by every protocol, a good part of them odd. */
import type { JsonObject } from "../../../src/core/json.ts";
import { oddEvaluation, oddOfrep, plainKeys } from "./odd-requests.ts";
import { encode, methods, services } from "./protocol.ts";
import type { Random } from "./random.ts";
import { envelope, type Request } from "./request.ts";
import { evaluationContext } from "./rules.ts";
import { oddSelectors, selectors } from "./selectors.ts";

const types = ["Boolean", "String", "Int", "Float", "Object"];
const surfaces = {
  "flagd.evaluation.v1.Service": "v1",
  "flagd.evaluation.v2.Service": "v2",
  "schema.v1.Service": "schema",
} as const;
/** Some on a connection that is to end, which the daemon may serve by another path. */
export function makeRequest(random: Random, keys: readonly string[]): Request {
  const request = anyRequest(random, keys);
  const close = random.chance(0.4);
  return "http" in request ? { ...request, http: { ...request.http, close } } : request;
}

function anyRequest(random: Random, keys: readonly string[]): Request {
  const key = random.chance(0.06)
    ? random.pick(["nobody", "", "é", "A", "flags", "toString"])
    : random.pick(keys);
  return random.weighted<Request>([
    // Without a key the path is that of all flags.
    [26, () => ofrep(random, key || undefined)],
    [8, () => ofrep(random, undefined)],
    [24, () => resolve(random, key, "json")],
    [14, () => resolve(random, key, "grpc")],
    [3, () => resolve(random, key, "proto")],
    [3, () => resolve(random, key, "grpc-web")],
    [8, () => resolveAll(random)],
    [7, () => oddEvaluation(random, random.pick(plainKeys))],
    [7, () => oddOfrep(random, random.pick(plainKeys))],
    [4, () => fetchAllFlags(random)],
  ]);
}

function selecting(random: Random): { selector: string | undefined; headers: [string, string][] } {
  const selector = random.weighted<string | undefined>([
    [14, () => undefined],
    [6, () => random.pick(selectors)],
    [1, () => random.pick(oddSelectors)],
  ]);
  const headers: [string, string][] = selector === undefined ? [] : [["Flagd-Selector", selector]];
  if (random.chance(0.1)) headers.push(["X-Tier", random.pick(["gold", "on", ""])]);
  if (random.chance(0.1)) headers.push(["Origin", "http://a.test"]);
  return { selector, headers };
}

function tierOf(headers: readonly (readonly string[])[]): JsonObject {
  const tier = headers.find(([name]) => name === "X-Tier")?.[1];
  return tier ? { tier } : {};
}

/** What both daemons make of a request's context. */
function completed(
  context: JsonObject,
  headers: readonly (readonly string[])[],
  surface: string,
): JsonObject {
  return { ...context, static: "fixed", ...(surface === "schema" ? {} : tierOf(headers)) };
}

function ofrep(random: Random, key: string | undefined): Request {
  const { selector, headers } = selecting(random);
  const context = evaluationContext(random);
  const path = key === undefined ? random.pick(["", "/"]) : `/${encodeURIComponent(key)}`;
  return {
    kind: key === undefined ? "OFREP bulk" : "OFREP single",
    port: "ofrep",
    selector,
    question: {
      surface: "ofrep",
      ...(key === undefined ? {} : { key }),
      context: completed(context, headers, "ofrep"),
    },
    http: {
      method: "POST",
      target: `/ofrep/v1/evaluate/flags${path}`,
      headers: [["Content-Type", "application/json"], ...headers],
      body: JSON.stringify({ context }),
    },
  };
}

type Codec = "json" | "grpc" | "proto" | "grpc-web";

function resolve(random: Random, flagKey: string, codec: Codec): Request {
  const service = random.pick(services);
  const type = random.chance(0.6) ? "Boolean" : random.pick(types);
  const { context, ...rest } = call(random, service.typeName, `Resolve${type}`, { flagKey }, codec);
  const surface = surfaces[service.typeName as keyof typeof surfaces];
  return { ...rest, question: { surface, type, key: flagKey, context } };
}

function resolveAll(random: Random): Request {
  const service = random.pick(services);
  const codec = random.pick<Codec>(["json", "json", "grpc", "proto"]);
  const { context, ...rest } = call(random, service.typeName, "ResolveAll", {}, codec);
  const surface = surfaces[service.typeName as keyof typeof surfaces];
  return { ...rest, question: { surface, context } };
}

function call(
  random: Random,
  service: string,
  name: string,
  members: JsonObject,
  codec: Codec,
): Request & { context: JsonObject } {
  const { selector, headers } = selecting(random);
  const said = evaluationContext(random);
  const path = `/${service}/${name}`;
  const value = { ...members, context: said };
  const input = methods.get(path)?.input;
  const message = input === undefined ? new Uint8Array() : encode(input, value);
  const surface = service.startsWith("schema") ? "schema" : "evaluation";
  const common = {
    kind: `${codec} ${name === "ResolveAll" ? name : "Resolve"} of ${service.split(".").at(-2)}`,
    port: "evaluation",
    selector,
    context: completed(said, headers, surface),
  } as const;
  if (codec === "grpc") {
    return { ...common, grpc: { path, message, headers: Object.fromEntries(headers) } };
  }
  const bodies = {
    json: ["application/json", JSON.stringify(value)],
    proto: ["application/proto", message],
    "grpc-web": ["application/grpc-web+proto", envelope(message)],
  } as const;
  const [contentType, body] = bodies[codec];
  return {
    ...common,
    http: {
      method: "POST",
      target: path,
      headers: [["Content-Type", contentType], ...headers],
      body,
    },
  };
}

function fetchAllFlags(random: Random): Request {
  const selector = random.chance(0.5) ? undefined : random.pick([...selectors, ...oddSelectors]);
  const path = "/flagd.sync.v1.FlagSyncService/FetchAllFlags";
  const input = methods.get(path)?.input;
  if (input === undefined) throw new Error(`${path} is not known`);
  const inBody = random.chance(0.5);
  const message = encode(input, inBody && selector !== undefined ? { selector } : {});
  const headers = inBody || selector === undefined ? {} : { "Flagd-Selector": selector };
  return {
    kind: "sync FetchAllFlags",
    port: "sync",
    selector,
    question: { surface: "sync", context: {} },
    grpc: { path, message, headers },
  };
}
