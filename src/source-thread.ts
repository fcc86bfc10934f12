import { setPriority } from "node:os";
import { compileAsUsual } from "./runtime/compilation.ts";
import { runSourceThread } from "./sources/thread/run.ts";

// Of this thread alone on Linux: requests go first where processors are few.
if (process.platform === "linux") setPriority(10);
compileAsUsual();
await runSourceThread();
