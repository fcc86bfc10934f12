import { type DescMethodUnary, type Message, toJsonString } from "@bufbuild/protobuf";
import { ExportError, type Exporter } from "./exporter.ts";

/** A line of JSON for each request, on standard output. */
export class ConsoleExporter implements Exporter {
  constructor(private readonly method: DescMethodUnary) {
    process.stdout.on("error", ignore);
  }

  send(request: Message): Promise<void> {
    const line = `${toJsonString(this.method.input, request)}\n`;
    return new Promise((resolve, reject) => {
      process.stdout.write(line, (error) => {
        if (error) reject(new ExportError(error.message, false));
        else resolve();
      });
    });
  }

  close(): void {
    process.stdout.off("error", ignore);
  }
}

/** Of a write that fails its own callback tells; without a listener it would be uncaught as well. */
function ignore(): void {}
