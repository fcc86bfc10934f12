import { expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startFlagd } from "../support/flagd.ts";
import { until } from "../support/until.ts";

/** Longer than an idle connection may live where there are no streams: Bun closes it after 4 to 8 s. */
const silenceMs = 9_000;

test("a stream of OFREP outlives silence, tells of a change, and ends with the daemon", async () => {
  const folder = mkdtempSync(join(tmpdir(), "flagd-ofrep-events-"));
  const file = join(folder, "flags.json");
  const write = (defaultVariant: string) =>
    writeFileSync(
      file,
      JSON.stringify({
        flags: { f: { state: "ENABLED", variants: { on: true, off: false }, defaultVariant } },
      }),
    );
  write("on");
  try {
    await using flagd = await startFlagd(["-f", `file:${file}`, "--ofrep-sse"]);
    const ask = async (query = "") => {
      const url = `${flagd.http}/ofrep/v1/evaluate/flags${query}`;
      return (await fetch(url, { method: "POST" })).json();
    };
    const { eventStreams } = await ask();
    const response = await fetch(flagd.http + eventStreams[0].endpoint.requestUri);
    let text = "";
    let over = false;
    const reading = (async () => {
      const decoder = new TextDecoder();
      for await (const chunk of response.body ?? []) text += decoder.decode(chunk);
      over = true;
    })();
    const events = () => text.split("\n\n").filter((block) => block.startsWith("id:"));
    // Its flags were loaded a moment ago: an event tells of them.
    await until("the first event", () => events().length === 1);
    await Bun.sleep(silenceMs);
    expect(over).toBe(false);
    write("off");
    await until("the second event", () => events().length === 2);
    const { etag } = JSON.parse(/^data: (.*)$/m.exec(events()[1] ?? "")?.[1] ?? "{}");
    const { flags } = await ask(`?${new URLSearchParams({ flagConfigEtag: etag })}`);
    expect(flags[0].value).toBe(false);
    const before = performance.now();
    expect(await flagd.stop()).toBe(0);
    await reading;
    expect(performance.now() - before).toBeLessThan(8_000);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
