import { type CommandDef, defineCommand } from "citty";
import {
  type DaemonAddress,
  type EvaluateConfig,
  readEvaluateConfig,
  type SourceInput,
} from "../config/evaluate-config.ts";
import { manualOf } from "../config/manual/commands.ts";
import { commandHelp } from "../config/manual/help.ts";
import { ConfigError } from "../core/errors.ts";
import { quote, visible } from "../core/message-text.ts";
import { didYouMean } from "../core/nearest.ts";
import { atOnce } from "../core/turns.ts";
import { type Explanation, explain, explanationJson } from "../evaluation/explain.ts";
import { resolve, resolveAll } from "../evaluation/resolve.ts";
import { type Answer, answerOf } from "../runtime/evaluate/ask-daemon.ts";
import { FlagsAtHand } from "../runtime/evaluate/flags-at-hand.ts";
import { readSource, readStandardInput, type SourceDocument } from "../runtime/read-source.ts";
import { SourceError } from "../sources/source.ts";
import { InvalidSelectorError } from "../store/selector.ts";
import { answersText, answerText } from "./evaluate-output.ts";
import { type Io, paletteOf } from "./io.ts";

/** `flagd evaluate`: what a flag answers, why, and for whom. */
export const evaluate = (io: Io): CommandDef =>
  defineCommand({
    meta: { name: "evaluate" },
    async run({ rawArgs }): Promise<number> {
      const config = await readEvaluateConfig(rawArgs, io.environment);
      if (!config) {
        await io.print(commandHelp(manualOf("evaluate")));
        return 0;
      }
      const { flags, simulation, watch } = config;
      if (simulation && "sources" in flags) return simulate(config, simulation, flags.sources, io);
      if (watch) return observe(config, io);
      const found =
        "daemon" in flags
          ? await askOf(config, flags.daemon)
          : answersOf(config, await Promise.all(flags.sources.map(read)));
      await io.print(await shown(found, config, io));
      return statusOf(found);
    },
  });

function read(input: SourceInput): Promise<SourceDocument> {
  return input === "-" ? readStandardInput() : readSource(input);
}

interface Found {
  readonly answers: readonly Answer[];
  readonly explanation?: Explanation;
}

function answersOf(config: EvaluateConfig, documents: readonly SourceDocument[]): Found {
  const { key, selector, fractional, at } = config;
  const now = () => at ?? Date.now();
  const flags = atHand(documents, { fractional, now, selector });
  const context = () => ({ ...config.context, ...flags.context });
  if (key === undefined) {
    const answers: Answer[] = [];
    atOnce(resolveAll(flags.view, context(), (_, outcome) => answers.push(answerOf(outcome))));
    return { answers };
  }
  const outcome = resolve(flags.view, key, context);
  const definition = flags.view.flags.get(key)?.definition;
  if (definition === undefined) {
    const guess = didYouMean(
      key,
      atOnce(flags.view.ordered()).map((flag) => flag.key),
      quote,
    );
    return { answers: [{ ...answerOf(outcome), errorDetails: `no flag has this key${guess}` }] };
  }
  if (!config.explain && outcome.errorCode === undefined) return { answers: [answerOf(outcome)] };
  const origin = flags.originOf(definition);
  const explanation = explain(definition, origin, context(), { now, fractional });
  if (config.explain) return { answers: [answerOf(outcome)], explanation };
  return { answers: [{ ...answerOf(outcome), errorDetails: explanation.why }] };
}

function atHand(...args: ConstructorParameters<typeof FlagsAtHand>): FlagsAtHand {
  try {
    return new FlagsAtHand(...args);
  } catch (error) {
    if (error instanceof InvalidSelectorError)
      throw new ConfigError(`--selector: ${error.message}`);
    throw error;
  }
}

async function askOf(config: EvaluateConfig, daemon: DaemonAddress): Promise<Found> {
  const { askDaemon } = await import("../runtime/evaluate/ask-daemon.ts");
  return { answers: await askDaemon(config, daemon) };
}

function statusOf({ answers }: Found): number {
  return answers.some(({ errorCode }) => errorCode !== undefined) ? 1 : 0;
}

async function shown(found: Found, { key, json }: EvaluateConfig, io: Io): Promise<string> {
  const { answers, explanation } = found;
  const [answer] = answers;
  if (json) {
    const explained: object = explanation ? explanationJson(explanation) : {};
    return `${JSON.stringify(key === undefined ? { flags: answers } : { ...answer, ...explained })}\n`;
  }
  const palette = await paletteOf(io);
  return key === undefined || answer === undefined
    ? answersText(answers, palette)
    : answerText(answer, explanation, palette);
}

async function simulate(
  config: EvaluateConfig,
  simulation: NonNullable<EvaluateConfig["simulation"]>,
  sources: readonly SourceInput[],
  io: Io,
): Promise<number> {
  const { runSimulation, readKeys } = await import("../runtime/evaluate/run-simulation.ts");
  const { keys, by, against } = simulation;
  const result = runSimulation({
    key: config.key ?? "",
    documents: await Promise.all(sources.map(read)),
    against: against && (await read(against)),
    selector: config.selector,
    context: config.context,
    by,
    keys: typeof keys === "number" ? keys : await readKeys(keys),
    fractional: config.fractional,
    now: config.at ?? Date.now(),
  });
  const { simulationText } = await import("./simulation-text.ts");
  const text = config.json
    ? `${JSON.stringify(result)}\n`
    : simulationText(result, await paletteOf(io));
  await io.print(text);
  return result.distribution.some(({ errorCode }) => errorCode !== undefined) ? 1 : 0;
}

/** How often a daemon is asked. */
const askMs = 1_000;

/** Prints the answer whenever it changes, until SIGINT or SIGTERM. */
async function observe(config: EvaluateConfig, io: Io): Promise<number> {
  const stop = new AbortController();
  const end = () => stop.abort();
  for (const name of ["SIGINT", "SIGTERM"] as const) process.once(name, end);
  let before: string | undefined;
  let problem: string | undefined;
  let status = 0;
  const tell = async (found: Found) => {
    problem = undefined;
    const text = await shown(found, config, io);
    if (text === before) return;
    before = text;
    status = statusOf(found);
    await io.print(text);
  };
  const complain = async (message: string) => {
    if (message === problem) return;
    problem = message;
    await io.complain(`${visible(message)}\n`);
  };
  const { flags } = config;
  if ("sources" in flags) {
    const sources = flags.sources.filter((source) => source !== "-");
    const { observeSources } = await import("../runtime/evaluate/observe-sources.ts");
    const changed = (documents: readonly SourceDocument[]) => tell(answersOf(config, documents));
    await observeSources(sources, { changed, failed: complain }, stop.signal);
    return status;
  }
  const { systemClock } = await import("../core/clock.ts");
  while (!stop.signal.aborted) {
    try {
      await tell(await askOf(config, flags.daemon));
    } catch (error) {
      if (!(error instanceof SourceError)) throw error;
      await complain(error.message);
    }
    await systemClock.sleep(askMs, stop.signal);
  }
  return status;
}
