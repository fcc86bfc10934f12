/** Runs both daemons and asks them the same. */
import { resolve } from "node:path";
import type { Json } from "../../../src/flags/model.ts";
import { type Answer, ask } from "./answers.ts";
import { baseFile, type Daemon, flagsFile, startDaemon } from "./daemon.ts";
import { documentText, markerKey } from "./documents.ts";
import { explainFate } from "./fates.ts";
import { type Difference, knownRules } from "./known.ts";
import { isObject, type Layer, readLayer } from "./model.ts";
import { partsOf } from "./parts.ts";
import { Random } from "./random.ts";
import type { Finding, Result } from "./report.ts";
import { describe, makeRequest, type Request } from "./requests.ts";

export interface Comparison {
  /** Paths of the programs. */
  readonly ours: string;
  readonly theirs: string;
  readonly seed: number;
  readonly count: number;
}

type Pair<T> = readonly [ours: T, theirs: T];

const requestsPerDocument = 25;
const loadingMs = 700;

const flag = (variants: Record<string, Json>) => ({
  state: "ENABLED",
  variants,
  defaultVariant: "on",
});
const base = JSON.stringify({
  metadata: { layer: "base" },
  flags: [
    { key: "low", ...flag({ on: "base", off: "" }) },
    { key: "color", ...flag({ on: "of base" }) },
    { key: "a", ...flag({ on: true }), metadata: { flagSetId: "base" } },
  ],
});
const first = JSON.stringify({ flags: { [markerKey]: flag({ on: true }) } });

export async function compare({ ours, theirs, seed, count }: Comparison): Promise<Result> {
  const random = new Random(seed);
  const started = await Promise.allSettled(
    [ours, theirs].map((path) => startDaemon(resolve(path), base, first)),
  );
  const daemons = started.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
  try {
    const [a, b] = daemons;
    if (a === undefined || b === undefined)
      throw new Error(
        JSON.stringify(started.map((one) => one.status === "rejected" && String(one.reason))),
      );
    return await compareDaemons([a, b], random, count);
  } finally {
    await Promise.all(daemons.map((daemon) => daemon.stop()));
  }
}

async function compareDaemons(
  daemons: Pair<Daemon>,
  random: Random,
  count: number,
): Promise<Result> {
  const known = new Map<string, number>();
  const unknown = new Map<string, Finding[]>();
  const note = (kind: string, rule: string | undefined, finding: () => Finding) => {
    if (rule !== undefined) known.set(rule, (known.get(rule) ?? 0) + 1);
    else unknown.set(kind, [...(unknown.get(kind) ?? []), finding()]);
  };
  const baseLayer = { source: baseFile, flags: readLayer(base) };
  let [documents, rejected, requests, same] = [0, 0, 0, 0];
  while (requests < count) {
    const text = documentText(random, ++documents);
    const [byUs, byThem] = await load(daemons, text);
    if (byUs !== byThem) {
      note("document", explainFate(text, byUs), () => ({
        summary: `ours ${byUs ? "accepts" : "rejects"}, the other ${byThem ? "accepts" : "rejects"}`,
        details: `${text.slice(0, 2000)}\nours: ${lastLine(daemons[0])}\ntheirs: ${lastLine(daemons[1])}`,
      }));
    }
    if (!byUs && !byThem) rejected++;
    if (!byUs || !byThem) continue;
    const layers = [baseLayer, { source: flagsFile, flags: readLayer(text) }];
    const keys = keysOf(layers.map(({ flags }) => flags));
    for (let i = 0; i < requestsPerDocument && requests < count; i++) {
      requests++;
      const request = makeRequest(random, keys);
      const answers = await Promise.all([ask(daemons[0], request), ask(daemons[1], request)]);
      const differences = compareAnswers(request, answers, layers);
      if (differences.length === 0) same++;
      for (const difference of differences) {
        const rule = knownRules.find(({ explains }) => explains(difference))?.name;
        note(
          `${request.kind}: ${difference.part.replace(/ .*/, difference.part.startsWith("header") ? "$&" : "")}`,
          rule,
          () => findingOf(difference),
        );
      }
    }
  }
  return { documents, rejected, requests, same, known, unknown };
}

function keysOf(layers: readonly Layer[]): string[] {
  return [...new Set(layers.flatMap((flags) => flags.map(({ key }) => key)))];
}

function compareAnswers(
  request: Request,
  [a, b]: Pair<Answer>,
  layers: Difference["layers"],
): Difference[] {
  const [ours, theirs] = [partsOf(request, a), partsOf(request, b)];
  return [...new Set([...ours.keys(), ...theirs.keys()])].flatMap((part): Difference[] => {
    const [mine, other] = [ours.get(part), theirs.get(part)];
    if (mine?.text === other?.text) return [];
    const key = request.question?.key ?? mine?.key ?? other?.key;
    return [
      {
        request,
        part,
        key,
        ours: mine?.text ?? "",
        theirs: other?.text ?? "",
        statuses: [a.status, b.status],
        layers,
      },
    ];
  });
}

/** Whether each of them took the document, told by what the marker flag answers. */
async function load(daemons: Pair<Daemon>, text: string): Promise<Pair<boolean>> {
  const before = await Promise.all(daemons.map(marker));
  for (const daemon of daemons) daemon.write(text);
  const end = performance.now() + loadingMs;
  for (;;) {
    const now = await Promise.all(daemons.map(marker));
    const [ours = false, theirs = false] = now.map((body, i) => body !== before[i]);
    if ((ours && theirs) || performance.now() > end) return [ours, theirs];
    await Bun.sleep(5);
  }
}

async function marker(daemon: Daemon): Promise<string> {
  const http = { method: "POST", target: `/ofrep/v1/evaluate/flags/${markerKey}`, headers: [] };
  const answer = await ask(daemon, { kind: "marker", port: "ofrep", selector: undefined, http });
  return answer.body;
}

const lastLine = (daemon: Daemon) => daemon.log().trimEnd().split("\n").at(-1)?.slice(0, 600) ?? "";

function findingOf(difference: Difference): Finding {
  const { request, part, ours, theirs, layers, key } = difference;
  const defined = layers.flatMap(({ flags }) => flags.filter((flag) => flag.key === key));
  const request_ = describe(request);
  return {
    summary: `${isObject(request_) ? JSON.stringify(request_) : ""}`,
    details: `  ${part}\n  ours:   ${ours.slice(0, 1500)}\n  theirs: ${theirs.slice(0, 1500)}\n  flag: ${JSON.stringify(defined.map(({ definition }) => definition))}`,
  };
}
