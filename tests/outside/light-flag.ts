/** The one flag of the suites of sources: a light that is red, green or blue. */
import type { Flagd } from "../support/flagd.ts";
import { until } from "../support/until.ts";

/** The flag document in which the light has this colour. */
export function documentWith(variant: string): string {
  const variants = { red: "red", green: "green", blue: "blue" };
  return JSON.stringify({
    flags: { light: { state: "ENABLED", variants, defaultVariant: variant } },
  });
}

/** The value of the flag, by OFREP; of an answer without one, the answer. */
export async function light(flagd: Pick<Flagd, "http">): Promise<unknown> {
  const response = await fetch(`${flagd.http}/ofrep/v1/evaluate/flags/light`, {
    method: "POST",
    body: JSON.stringify({ context: { targetingKey: "user-1" } }),
  });
  const answer: unknown = await response.json();
  return typeof answer === "object" && answer && "value" in answer ? answer.value : answer;
}

export async function becomes(
  flagd: Pick<Flagd, "http">,
  value: string,
  seconds = 15,
): Promise<void> {
  await until(`the flag being ${value}`, async () => (await light(flagd)) === value, seconds);
}
