import { type DescMethodUnary, type Message, toJsonString } from "@bufbuild/protobuf";
import type { Exporter } from "./exporter.ts";

/** A line of JSON for each request, on standard output. */
export class ConsoleExporter implements Exporter {
  constructor(private readonly method: DescMethodUnary) {}

  async send(request: Message): Promise<void> {
    process.stdout.write(`${toJsonString(this.method.input, request)}\n`);
  }

  close(): void {}
}
