import { join } from "node:path";
import { root } from "../../support/documentation.ts";

/** A file to write, commands to run, or what they are to print. */
export interface Step {
  readonly kind: "file" | "run" | "prints";
  readonly name: string;
  readonly text: string;
}

const block = /(?:`(?<name>[\w./]+)`:\n\n)?^```(?<language>\w+)\n(?<text>.*?)^```$/gms;

/**
 * The steps of a page up to its output: blocks below the name of a file are that file.
 * @param ports those that the page names → those to use
 */
export async function readQuickstart(
  language: string,
  ports: Readonly<Record<number, number>>,
): Promise<Step[]> {
  const page = await Bun.file(join(root, `docs/quickstarts/${language}.md`)).text();
  const text = page.replace(/\b80(13|14|15|80)\b/g, (port) => `${ports[Number(port)]}`);
  const steps: Step[] = [];
  for (const { groups = {} } of text.matchAll(block)) {
    const { name = "", language = "", text = "" } = groups;
    const kind = name ? "file" : language === "sh" ? "run" : "prints";
    steps.push({ kind, name, text });
    if (kind === "prints") break;
  }
  return steps;
}
