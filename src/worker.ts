import { runWorker } from "./runtime/workers/run.ts";

await runWorker();
