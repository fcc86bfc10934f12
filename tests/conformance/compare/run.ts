/** Runs both daemons and asks them the same. */
import { resolve } from "node:path";
import type { Json } from "../../../src/core/json.ts";
import { ask } from "./answers.ts";
import { baseFile, type Daemon, flagsFile, startDaemon } from "./daemon.ts";
import { type Difference, differencesOf, eventDifferences, withoutLeak } from "./differences.ts";
import { documentText, markerKey } from "./documents.ts";
import { explainEvent, explainFate } from "./fates.ts";
import { explain, leakRule } from "./known.ts";
import { type Layers, readLayer } from "./model.ts";
import { Random } from "./random.ts";
import { Findings, type Result } from "./report.ts";
import { describe } from "./request.ts";
import { makeRequest } from "./requests.ts";

export interface Comparison {
  /** Paths of the programs. */
  readonly ours: string;
  readonly theirs: string;
  readonly seed: number;
  /** Requests. */
  readonly count: number;
}

type Pair<T> = readonly [ours: T, theirs: T];

const requestsPerDocument = 25;
/** Milliseconds after which a document that shows no effect counts as rejected. */
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

/** @throws Error if one of the daemons does not start */
export async function compare({ ours, theirs, seed, count }: Comparison): Promise<Result> {
  const starts = [ours, theirs].map((path) => startDaemon(resolve(path), base, first));
  const started = await Promise.allSettled(starts);
  const daemons = started.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
  try {
    const [a, b] = daemons;
    if (a !== undefined && b !== undefined) return await compareDaemons([a, b], seed, count);
    const reasons = started.map((one) => (one.status === "rejected" ? String(one.reason) : ""));
    throw new Error(reasons.join("\n"));
  } finally {
    await Promise.all(daemons.map((daemon) => daemon.stop()));
  }
}

async function compareDaemons(daemons: Pair<Daemon>, seed: number, count: number): Promise<Result> {
  const random = new Random(seed);
  const findings = new Findings();
  const baseLayer = { source: baseFile, flags: readLayer(base) };
  let inStep = true;
  while (findings.requests < count) {
    const text = documentText(random, ++findings.documents);
    if (await restoreMarker(daemons)) inStep = true;
    const [byUs, byThem] = await load(daemons, text);
    const changes = await takeChanges(daemons, [byUs, byThem]);
    if (byUs && byThem) {
      if (inStep) compareEvents(changes, text, findings);
      inStep = true;
    } else if (byUs || byThem) {
      // The next document will be another change to each of them.
      inStep = false;
      findings.note("document", explainFate(text, byUs), () => fate(text, byUs, daemons));
    } else findings.rejected++;
    if (!byUs || !byThem) continue;
    const layers = [baseLayer, { source: flagsFile, flags: readLayer(text) }];
    for (let i = 0; i < requestsPerDocument && findings.requests < count; i++) {
      await compareAnswers(daemons, random, layers, findings);
    }
  }
  return findings;
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

/** A document without the marker would hide whether the next is taken. True: another was loaded. */
async function restoreMarker(daemons: Pair<Daemon>): Promise<boolean> {
  const now = await Promise.all(daemons.map(marker));
  if (!now.some((body) => body.includes("FLAG_NOT_FOUND"))) return false;
  await takeChanges(daemons, await load(daemons, first));
  return true;
}

async function marker(daemon: Daemon): Promise<string> {
  const http = { method: "POST", target: `/ofrep/v1/evaluate/flags/${markerKey}`, headers: [] };
  const answer = await ask(daemon, { kind: "marker", port: "ofrep", selector: undefined, http });
  return answer.body;
}

type Changes = Readonly<Record<string, Json>>;

/** What their event streams say about a document, once those that took it said something. */
async function takeChanges(daemons: Pair<Daemon>, accepted: Pair<boolean>): Promise<Pair<Changes>> {
  const end = performance.now() + loadingMs;
  const isMissing = ({ events }: Daemon, i: number) => accepted[i] === true && events.size === 0;
  while (daemons.some(isMissing) && performance.now() < end) await Bun.sleep(5);
  return [daemons[0].events.takeChanges(), daemons[1].events.takeChanges()];
}

function compareEvents([ours, theirs]: Pair<Changes>, text: string, findings: Findings): void {
  for (const { key, ...said } of eventDifferences(ours, theirs)) {
    findings.note("event", explainEvent(key, base), () => ({
      summary: `${key}: ours ${said.ours}, theirs ${said.theirs}`,
      details: text.slice(0, 2000),
    }));
  }
}

async function compareAnswers(
  daemons: Pair<Daemon>,
  random: Random,
  layers: Layers,
  findings: Findings,
): Promise<void> {
  const keys = new Set(layers.flatMap(({ flags }) => flags.map(({ key }) => key)));
  const request = makeRequest(random, [...keys]);
  const [ours, theirs] = await Promise.all([ask(daemons[0], request), ask(daemons[1], request)]);
  const clean = withoutLeak(request, theirs);
  const leaks = clean.body !== theirs.body;
  const differences = differencesOf(request, ours, clean, layers);
  findings.requests++;
  if (differences.length === 0 && !leaks) findings.same++;
  if (leaks) findings.explained(leakRule);
  for (const difference of differences) {
    const part = difference.part.replace(/^flag .*/s, "flag");
    findings.note(`${request.kind}: ${part}`, explain(difference), () => show(difference));
  }
}

function fate(text: string, byUs: boolean, [ours, theirs]: Pair<Daemon>) {
  const lastLine = (daemon: Daemon) =>
    daemon.log().trimEnd().split("\n").at(-1)?.slice(0, 600) ?? "";
  return {
    summary: byUs ? "ours accepts, the other rejects" : "ours rejects, the other accepts",
    details: `${text.slice(0, 2000)}\nours: ${lastLine(ours)}\ntheirs: ${lastLine(theirs)}`,
  };
}

function show({ request, part, ours, theirs, layers, key }: Difference) {
  const flags = layers.flatMap(({ flags }) => flags.filter((flag) => flag.key === key));
  const details = [
    `  ${part}`,
    `  ours:   ${ours.slice(0, 1500)}`,
    `  theirs: ${theirs.slice(0, 1500)}`,
    ...flags.map(({ definition }) => `  flag:   ${JSON.stringify(definition)}`),
  ];
  return { summary: JSON.stringify(describe(request)), details: details.join("\n") };
}
