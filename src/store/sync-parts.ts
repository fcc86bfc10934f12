import type { Steps } from "../core/steps.ts";
import { htmlSafeJson } from "../flags/canonical.ts";
import { PackedFlag } from "../flags/packed.ts";
import type { StoredFlag } from "./stored-flag.ts";

/**
 * The document for sync clients in parts that follow one another. Flags that lie beside one another in
 * bytes that exist already are one part of these.
 */
export function* syncParts(flags: Iterable<StoredFlag>): Steps<readonly Uint8Array[]> {
  const parts: Uint8Array[] = [];
  let text = '{"flags":{';
  let run: PackedRun | undefined;
  const endRun = () => {
    if (run) parts.push(run.bytes.subarray(run.start, run.end));
    run = undefined;
  };
  let separator = "";
  for (const flag of flags) {
    yield;
    const { content } = flag;
    if (content instanceof PackedFlag) {
      if (run?.bytes === content.bytes && run.end + 1 === content.start) {
        run.end = content.end;
        continue;
      }
      endRun();
      text += separator;
      if (text !== "") parts.push(Buffer.from(text));
      text = "";
      run = { bytes: content.bytes, start: content.start, end: content.end };
    } else {
      endRun();
      text += `${separator}${htmlSafeJson(flag.key)}:${content.text}`;
    }
    separator = ",";
  }
  endRun();
  parts.push(Buffer.from(`${text}}}`));
  return parts;
}

interface PackedRun {
  readonly bytes: Buffer;
  readonly start: number;
  end: number;
}
