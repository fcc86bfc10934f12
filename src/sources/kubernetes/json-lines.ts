import { SourceError } from "../source-error.ts";

const largestLine = 64 * 1024 * 1024;

/**
 * The JSON values of a stream that has one per line.
 * @throws SourceError for a line that is too long or no JSON
 */
export async function* jsonLines(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<unknown> {
  let parts: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of chunks) {
    let start = 0;
    for (;;) {
      const end = chunk.indexOf(10, start);
      const part = chunk.subarray(start, end < 0 ? chunk.length : end);
      length += part.length;
      if (length > largestLine)
        throw new SourceError(`an event is larger than ${largestLine} bytes`);
      parts.push(part);
      if (end < 0) break;
      start = end + 1;
      if (length > 0) yield parse(Buffer.concat(parts).toString());
      parts = [];
      length = 0;
    }
  }
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    throw new SourceError("the server does not speak the Kubernetes API: an event is not JSON");
  }
}
