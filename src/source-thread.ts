import { setPriority } from "node:os";
import { compileAsUsual } from "./runtime/compilation.ts";
import { runSourceThread } from "./sources/thread/run-source-thread.ts";

// Of this thread alone on Linux: requests go first if processors are few, and changes do not starve.
if (process.platform === "linux") setPriority(5);
compileAsUsual();
await runSourceThread();
